//go:build amd64 && !purego

package keystream

import (
	"golang.org/x/sys/cpu"
)

//go:generate sh -c "cd asm && go run . -out ../kernels_amd64.s -stubs ../stubs_amd64.go -pkg keystream"

const (
	aesni kernel = 1 + iota
	vaes256
	vaes512
)

var architecture = []description{
	{"aesni", hasAESNI(), true},
	{"vaes256", hasVAES256(), true},
	{"vaes512", hasVAES512(), !slowsDown()},
}

func hasAESNI() bool { return cpu.X86.HasAES && cpu.X86.HasSSE41 }

// hasVAES256 reports whether the processor has VAES in its VEX-encoded, 256-bit form.
// x/sys/cpu knows the feature only as a part of AVX-512, which processors of the Zen 3
// generation lack. HasAVX2 implies that the system saves the wide registers.
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

// hasVAES512: HasAVX512F implies that the system saves registers of 512 bits.
func hasVAES512() bool { return hasVAES256() && cpu.X86.HasAVX512F }

// slowsDown reports whether the processor lowers its frequency for registers of 512 bits,
// and so would slow down the program around us. These are Intel's Ice Lake and Tiger Lake,
// by Linux's list (zmm_exclusion_list in arch/x86/kernel/cpu/intel.c). There VAES has the
// same peak at 256 bits.
func slowsDown() bool {
	const intel = 0x756e6547 // "Genu", of GenuineIntel
	if _, vendor, _, _ := cpuid(0, 0); vendor != intel {
		return false
	}
	signature, _, _, _ := cpuid(1, 0)
	// Bits 8 to 11 are the family, 4 to 7 the model, 16 to 19 its high half.
	if signature>>8&0xf != 6 {
		return false
	}
	switch signature>>12&0xf0 | signature>>4&0xf {
	case 0x6a, 0x6c, 0x7d, 0x7e, 0x9d, // Ice Lake
		0x8c, 0x8d: // Tiger Lake
		return true
	}
	return false
}

// expand makes all round keys. For generic it only stores the key, as crypto/aes makes the
// rest at each use.
func (k kernel) expand(schedule *[scheduleSize]byte, key *[KeySize]byte) {
	if k == generic {
		copy(schedule[:], key[:])
		return
	}
	expandAESNI(schedule, key)
}

// few is the most blocks that fillAESNI makes as fast as the wide kernels.
const few = 8

// fill makes whole blocks with any kernel but generic.
func (k kernel) fill(dst *byte, blocks uint64, schedule *[scheduleSize]byte, lo, hi uint64) error {
	switch {
	case k == aesni || blocks <= few:
		fillAESNI(dst, blocks, schedule, lo, hi)
	case k == vaes256:
		fillVAES256(dst, blocks, schedule, lo, hi)
	case k == vaes512:
		fillVAES512(dst, blocks, schedule, lo, hi)
	default:
		return ErrKernel
	}
	return nil
}

// fillUncached is fill for whole passes into whole lines. Kernels that are faster than
// memory store them past the caches.
func (k kernel) fillUncached(dst *byte, blocks uint64, schedule *[scheduleSize]byte, lo, hi uint64) error {
	switch k {
	case vaes256:
		fillUncachedVAES256(dst, blocks, schedule, lo, hi)
	case vaes512:
		fillUncachedVAES512(dst, blocks, schedule, lo, hi)
	default:
		return k.fill(dst, blocks, schedule, lo, hi)
	}
	return nil
}
