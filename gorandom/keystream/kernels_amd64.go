//go:build amd64 && !purego

package keystream

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

//go:generate sh -c "cd asm && go run . -out ../kernels_amd64.s -stubs ../stubs_amd64.go -pkg keystream"

const (
	aesni kernel = 1 + iota
	vaes256
)

var architecture = []description{
	{"aesni", 128, hasAESNI()},
	{"vaes256", 256, hasVAES256()},
}

func hasAESNI() bool { return cpu.X86.HasAES && cpu.X86.HasSSE41 }

// hasVAES256 reports whether the processor has VAES in its VEX-encoded, 256-bit
// form. x/sys/cpu knows the feature only as a part of AVX-512, which processors
// of the Zen 3 generation don't have. HasAVX2 includes that the system saves
// the wide registers.
func hasVAES256() bool {
	const (
		leaf    = 7
		vaesECX = 1 << 9
	)
	if !hasAESNI() || !cpu.X86.HasAVX2 {
		return false
	}
	if highest, _, _, _ := cpuid(0, 0); highest < leaf {
		return false
	}
	_, _, ecx, _ := cpuid(leaf, 0)
	return ecx&vaesECX != 0
}

// expand makes all round keys, or for generic keeps the key alone: crypto/aes
// makes the rest at each use.
func (k kernel) expand(schedule *[scheduleSize]byte, key *[KeySize]byte) {
	if k == generic {
		copy(schedule[:], key[:])
		return
	}
	expandAESNI(schedule, key)
}

// group is how many blocks fillVAES makes at once.
const group = 16

// fill makes whole blocks with a kernel that isn't generic.
func (k kernel) fill(dst *byte, blocks uint64, schedule *[scheduleSize]byte, lo, hi uint64) error {
	if k == vaes256 {
		if wide := blocks &^ (group - 1); wide != 0 {
			fillVAES(dst, wide, schedule, lo, hi)
			if blocks == wide {
				return nil
			}
			dst = (*byte)(unsafe.Add(unsafe.Pointer(dst), wide*BlockSize))
			lo += wide
			blocks -= wide
		}
	}
	fillAESNI(dst, blocks, schedule, lo, hi)
	return nil
}
