//go:build (!amd64 && !arm64) || purego

package keystream

// architecture has no kernel here: the generic one is used.
var architecture []description

// expand stores the key. crypto/aes makes the rest of the schedule at each use.
func (k kernel) expand(schedule *[scheduleSize]byte, key *[KeySize]byte) {
	copy(schedule[:], key[:])
}

func (k kernel) fill(dst *byte, blocks uint64, schedule *[scheduleSize]byte, lo, hi uint64) error {
	return ErrKernel
}

func (k kernel) fillUncached(dst *byte, blocks uint64, schedule *[scheduleSize]byte, lo, hi uint64) error {
	return k.fill(dst, blocks, schedule, lo, hi)
}
