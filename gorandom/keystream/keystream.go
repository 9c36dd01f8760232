// Package keystream makes the keystream of Fortuna's generator: AES-256 over a
// 128-bit little-endian counter (Ferguson, Schneier, Kohno, Cryptography
// Engineering, section 9.4). That is counter mode without the exclusive-or. The
// counter's bytes are in the opposite order of NIST SP 800-38A's, so crypto/cipher's
// CTR can't be used.
//
// A kernel does the work. It is chosen at start by the processor's features, or later
// by Use:
//
//	generic   a block at a time by crypto/aes; everywhere; the tests' oracle
//	aesni     amd64: eight registers of one block in flight
//	vaes256   amd64: eight registers of two blocks
//	vaes512   amd64: eight registers of four blocks
//	armv8     arm64: eight registers of one block
//
// The types are plain data without pointers, and their zero values are usable. So a
// caller can keep them in memory outside the Go heap.
package keystream

import (
	"errors"
	"unsafe"
)

// Sizes in bytes, of AES-256 (FIPS 197, section 5).
const (
	KeySize      = 32
	BlockSize    = 16
	scheduleSize = 15 * BlockSize // fourteen rounds and the whitening before them
)

// maxRun is the most blocks, 64 KiB, that one call of a kernel makes. Assembly can't
// be preempted, and a call of some tens of microseconds delays no garbage collection.
const maxRun = 1 << 12

// Stores past the caches write whole lines, and the kernels that make them work in
// whole passes of eight registers.
const (
	line = 64                   // bytes
	pass = 8 * line / BlockSize // blocks, of the widest registers
)

// ErrKernel is returned for the name of a kernel that doesn't exist or that this
// processor lacks.
var ErrKernel = errors.New("keystream: no such kernel on this processor")

// Counter is a 128-bit block counter. AES sees it as Lo and then Hi, each
// little-endian. It wraps at 2^128.
type Counter struct{ Lo, Hi uint64 }

// Add advances the counter by n blocks.
func (c *Counter) Add(n uint64) {
	lo := c.Lo
	c.Lo += n
	if c.Lo < lo {
		c.Hi++
	}
}

// Bytes returns the counter block.
func (c Counter) Bytes() (b [BlockSize]byte) {
	for i := range 8 {
		b[i] = byte(c.Lo >> (8 * i))
		b[8+i] = byte(c.Hi >> (8 * i))
	}
	return b
}

// Schedule is an AES-256 key expanded for a kernel. The zero value has no key, and
// must be expanded before the first Fill.
type Schedule struct {
	// The key is also the first two round keys (FIPS 197, section 5.2), so it is stored
	// only once. The generic kernel uses only these 32 bytes.
	words [scheduleSize]byte
	block [BlockSize]byte // scratch of a call; zero between calls
	// The kernel that words were made for. Another one may be active by now.
	kernel kernel
}

// Expand prepares s to encrypt under key with the active kernel.
func (s *Schedule) Expand(key *[KeySize]byte) { s.expand(kernel(active.Load()), key) }

func (s *Schedule) expand(k kernel, key *[KeySize]byte) {
	k.expand(&s.words, key)
	s.kernel = k
}

// Key returns a pointer to the key in s.
func (s *Schedule) Key() *[KeySize]byte { return (*[KeySize]byte)(s.words[:]) }

// Wipe erases the key.
func (s *Schedule) Wipe() { *s = Schedule{} }

// Fill overwrites dst with keystream from counter block c on. It advances c by one for
// each block begun; the rest of a last, partial block is thrown away. Only the generic
// kernel allocates or can fail.
func (s *Schedule) Fill(dst []byte, c *Counter) error { return s.fill(dst, c, false) }

// FillUncached is Fill for output larger than the processor's caches. If the kernel can,
// and dst begins at a multiple of 16 bytes, it stores the output past the caches. That
// saves reading each line before it is written, but the next reader of dst reads it
// from memory.
func (s *Schedule) FillUncached(dst []byte, c *Counter) error { return s.fill(dst, c, true) }

func (s *Schedule) fill(dst []byte, c *Counter, uncached bool) error {
	for len(dst) >= BlockSize {
		n := min(uint64(len(dst)/BlockSize), maxRun)
		// Kernels count in the low word only, so a run ends where it wraps.
		if untilWrap := -c.Lo; untilWrap != 0 {
			n = min(n, untilWrap)
		}
		lines := false
		if uncached {
			n, lines = wholeLines(&dst[0], n)
		}
		if err := s.fillRun(dst[:n*BlockSize], *c, lines); err != nil {
			return err
		}
		c.Add(n)
		dst = dst[n*BlockSize:]
	}
	if len(dst) > 0 {
		if err := s.fillRun(s.block[:], *c, false); err != nil {
			return err
		}
		c.Add(1)
		copy(dst, s.block[:])
	}
	clear(s.block[:])
	return nil
}

// wholeLines returns how many of n blocks the next run makes, and whether they are whole
// passes into whole lines. Blocks before the first line and after the last pass are runs
// of their own.
func wholeLines(dst *byte, n uint64) (uint64, bool) {
	switch at := uint64(uintptr(unsafe.Pointer(dst)) % line); {
	case at%BlockSize != 0:
		return n, false
	case at != 0:
		return min(n, (line-at)/BlockSize), false
	case n < pass:
		return n, false
	}
	return n - n%pass, true
}

// fillRun fills one or more whole blocks, across which c.Lo doesn't wrap. lines is what
// wholeLines returned.
func (s *Schedule) fillRun(dst []byte, c Counter, lines bool) error {
	if s.kernel == generic {
		return s.fillGeneric(dst, c)
	}
	blocks := uint64(len(dst) / BlockSize)
	if lines {
		return s.kernel.fillUncached(&dst[0], blocks, &s.words, c.Lo, c.Hi)
	}
	return s.kernel.fill(&dst[0], blocks, &s.words, c.Lo, c.Hi)
}
