//go:build arm64 && !purego

package keystream

import "golang.org/x/sys/cpu"

const armv8 kernel = 1

var architecture = []description{{"armv8", cpu.ARM64.HasAES, true}}

// expandARMv8 writes the 15 round keys of key to schedule.
// The two may overlap if they start at the same address.
//
//go:noescape
func expandARMv8(schedule *[scheduleSize]byte, key *[KeySize]byte)

// fillARMv8 writes blocks encrypted counter blocks to dst.
// The low word of the counter must not wrap before the last of them.
//
//go:noescape
func fillARMv8(dst *byte, blocks uint64, schedule *[scheduleSize]byte, lo, hi uint64)

// expand makes all round keys. For generic it only stores the key, as crypto/aes makes the
// rest at each use.
func (k kernel) expand(schedule *[scheduleSize]byte, key *[KeySize]byte) {
	if k == generic {
		copy(schedule[:], key[:])
		return
	}
	expandARMv8(schedule, key)
}

// fill makes whole blocks with any kernel but generic.
func (k kernel) fill(dst *byte, blocks uint64, schedule *[scheduleSize]byte, lo, hi uint64) error {
	if k != armv8 {
		return ErrKernel
	}
	fillARMv8(dst, blocks, schedule, lo, hi)
	return nil
}

func (k kernel) fillUncached(dst *byte, blocks uint64, schedule *[scheduleSize]byte, lo, hi uint64) error {
	return k.fill(dst, blocks, schedule, lo, hi)
}
