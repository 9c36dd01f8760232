// Package fortuna is the random number generator Fortuna of Ferguson, Schneier,
// Kohno, Cryptography Engineering, chapter 9. Its output is byte for byte that of
// PyCrypto's Crypto.Random.Fortuna. Section numbers in this package are the book's.
//
// It is the algorithm alone: no clock, file, goroutine or source of entropy. Time is
// an argument, and policy is the caller's. No value may be used by two goroutines at
// once.
//
// All types are plain data without Go pointers, ready from their zero value. So a
// caller can keep them in memory outside the Go heap that is locked, left out of
// core dumps and wiped at a fork. It can copy them, and erases them by Wipe. A wiped
// generator is an unseeded one, which refuses to give bytes.
package fortuna

import (
	"crypto/sha256"
	"encoding"
	"hash"
	"sync"
)

// DigestSize is the size of a SHAd256 digest, in bytes.
const DigestSize = sha256.Size

// SHAd256 is SHA-256 applied twice, the hash that Fortuna is built on: the second
// application prevents length extension (section 5.4.2). The zero value has hashed
// nothing. A copy is an independent hash.
//
// crypto/sha256 keeps its state in an object in the Go heap, which is no place for
// pools that live for hours. So the state is kept here between calls. The library's
// object is only borrowed, and erased after each use.
type SHAd256 struct {
	state  [stateSize]byte        // after the whole blocks, if there are any
	tail   [sha256.BlockSize]byte // the bytes after them, then zeros
	length uint64                 // bytes hashed
}

// Write hashes p. The error is always nil.
func (h *SHAd256) Write(p []byte) (int, error) {
	n := len(p)
	used := int(h.length % sha256.BlockSize)
	if used+n < sha256.BlockSize {
		copy(h.tail[used:], p)
		h.length += uint64(n)
		return n, nil
	}
	t := h.borrow()
	for len(p) > 0 {
		m := copy(h.tail[used:], p)
		p = p[m:]
		h.length += uint64(m)
		if used += m; used == sha256.BlockSize {
			t.digest.Write(h.tail[:])
			clear(h.tail[:])
			used = 0
		}
	}
	t.save(&h.state)
	t.giveBack()
	return n, nil
}

// Sum returns the digest of what was written so far. More may be written after.
func (h *SHAd256) Sum() (digest [DigestSize]byte) {
	h.sumTo(&digest)
	return digest
}

// sumTo is Sum for a secret digest: a returned digest would pass over the stack.
func (h *SHAd256) sumTo(digest *[DigestSize]byte) {
	t := h.borrow()
	t.digest.Write(h.tail[:h.length%sha256.BlockSize])
	t.sum()
	t.digest.Reset()
	t.digest.Write(t.text[:DigestSize])
	t.sum()
	copy(digest[:], t.text[:])
	t.giveBack()
}

// Len returns how many bytes were written.
func (h *SHAd256) Len() uint64 { return h.length }

// Wipe makes h the hash of nothing again, and erases what it held.
func (h *SHAd256) Wipe() { *h = SHAd256{} }

// borrow returns a tool that holds the state after h's whole blocks.
func (h *SHAd256) borrow() *tool {
	t := tools.Get().(*tool)
	if h.length >= sha256.BlockSize {
		t.load(&h.state)
	}
	return t
}

// stateSize is the size in bytes of a crypto/sha256 state as its AppendBinary writes
// it: a magic number of 4, the state of 32, a block of 64, the length of 8.
const stateSize = 4 + 32 + sha256.BlockSize + 8

// tool is one of the library's objects, with buffers for its input and output.
// Nothing in it is secret while it is in tools.
type tool struct {
	digest hash.Hash
	coder  interface {
		encoding.BinaryAppender
		encoding.BinaryUnmarshaler
	}
	text [stateSize]byte
}

var tools = sync.Pool{New: func() any {
	d := sha256.New()
	t := &tool{digest: d}
	// crypto/sha256 documents that its digests have both methods. The size of the
	// encoding, and that it can be decoded, are checked below.
	t.coder, _ = d.(interface {
		encoding.BinaryAppender
		encoding.BinaryUnmarshaler
	})
	return t
}}

// The encoding is internal to the library. If a Go release changes its size, that must
// be noticed before the first secret is hashed, and not by a wrong digest. After
// this check load and save can't fail.
func init() {
	t := tools.Get().(*tool)
	if t.coder == nil {
		panic("fortuna: crypto/sha256 doesn't encode its state")
	}
	text, err := t.coder.AppendBinary(nil)
	if err != nil || len(text) != stateSize || t.coder.UnmarshalBinary(text) != nil {
		panic("fortuna: crypto/sha256 encodes its state in another size")
	}
	tools.Put(t)
}

// load and save go through text. An argument of an interface's method escapes, so
// otherwise every SHAd256 on a stack would move to the heap.

func (t *tool) load(state *[stateSize]byte) {
	t.text = *state
	_ = t.coder.UnmarshalBinary(t.text[:])
}

func (t *tool) save(state *[stateSize]byte) {
	_, _ = t.coder.AppendBinary(t.text[:0])
	*state = t.text
}

// sum puts the SHA-256 digest at the start of text.
func (t *tool) sum() { t.digest.Sum(t.text[:0]) }

var zeros [sha256.BlockSize / 2]byte

// giveBack erases the tool. The two halves of a zero block overwrite the
// library's block buffer, which Reset alone would leave as it is.
func (t *tool) giveBack() {
	t.digest.Reset()
	t.digest.Write(zeros[:])
	t.digest.Write(zeros[:])
	t.digest.Reset()
	clear(t.text[:])
	tools.Put(t)
}
