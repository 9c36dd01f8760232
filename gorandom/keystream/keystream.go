// Package keystream makes the keystream of Fortuna's generator: AES-256 over a
// 128-bit little-endian counter (Ferguson, Schneier, Kohno, Cryptography
// Engineering, section 9.4). It is counter mode without the exclusive-or, and
// with the counter's bytes in the order opposite to NIST SP 800-38A's, so
// crypto/cipher's CTR can't serve.
//
// The work is done by a kernel, chosen at start by the processor's features, or
// by Use:
//
//	generic   a block at a time by crypto/aes; everywhere; the tests' oracle
//	aesni     amd64: eight registers of one block in flight
//	vaes256   amd64: eight registers of two blocks
//	vaes512   amd64: eight registers of four blocks
//	armv8     arm64: eight registers of one block
//
// The types are plain data without pointers, usable from their zero value, so
// that a caller can keep them in memory outside the Go heap.
package keystream

import "errors"

// Sizes in bytes, of AES-256 (FIPS 197, section 5).
const (
	KeySize      = 32
	BlockSize    = 16
	scheduleSize = 15 * BlockSize // fourteen rounds and the whitening before them
)

// maxRun is the most blocks, 64 KiB, that one call of a kernel makes. Assembly
// can't be preempted; this keeps a call to some tens of microseconds at most,
// so that it delays no garbage collection.
const maxRun = 1 << 12

// ErrKernel is returned where a kernel is asked for by a name that is unknown
// or that this processor lacks.
var ErrKernel = errors.New("keystream: no such kernel on this processor")

// Counter is a 128-bit block counter. Its bytes, as AES sees them, are Lo and
// then Hi, each little-endian. It wraps at 2^128.
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

// Schedule is an AES-256 key made ready for a kernel. The zero value is no key:
// it must be expanded before the first Fill.
type Schedule struct {
	// The key is also the first two round keys (FIPS 197, section 5.2), so it
	// stands here once. The generic kernel uses only these 32 bytes.
	words [scheduleSize]byte
	block [BlockSize]byte // scratch of a call; zero between calls
	// What words are made for: the active kernel may be another by now.
	kernel kernel
}

// Expand makes s ready to encrypt under key, by the active kernel.
func (s *Schedule) Expand(key *[KeySize]byte) { s.expand(kernel(active.Load()), key) }

func (s *Schedule) expand(k kernel, key *[KeySize]byte) {
	k.expand(&s.words, key)
	s.kernel = k
}

// Key returns the key that s was expanded from, where it stands in s.
func (s *Schedule) Key() *[KeySize]byte { return (*[KeySize]byte)(s.words[:]) }

// Wipe erases the key.
func (s *Schedule) Wipe() { *s = Schedule{} }

// Fill overwrites dst with keystream from counter block c on, and advances c by
// one for each block begun: what is left of a last, partial block is thrown
// away. Only the generic kernel allocates or can fail.
func (s *Schedule) Fill(dst []byte, c *Counter) error {
	for len(dst) >= BlockSize {
		n := min(uint64(len(dst)/BlockSize), maxRun)
		// Kernels add to the low word alone, so a run ends where it wraps.
		if untilWrap := -c.Lo; untilWrap != 0 {
			n = min(n, untilWrap)
		}
		if err := s.fillRun(dst[:n*BlockSize], *c); err != nil {
			return err
		}
		c.Add(n)
		dst = dst[n*BlockSize:]
	}
	if len(dst) > 0 {
		if err := s.fillRun(s.block[:], *c); err != nil {
			return err
		}
		c.Add(1)
		copy(dst, s.block[:])
	}
	clear(s.block[:])
	return nil
}

// fillRun fills whole blocks, at least one, across which c.Lo doesn't wrap.
func (s *Schedule) fillRun(dst []byte, c Counter) error {
	if s.kernel == generic {
		return s.fillGeneric(dst, c)
	}
	return s.kernel.fill(&dst[0], uint64(len(dst)/BlockSize), &s.words, c.Lo, c.Hi)
}
