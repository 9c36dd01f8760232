package mac

import (
	"encoding"
	"hash"
)

// The bytes combined with those of a key's block: RFC 2104, section 2.
const (
	innerByte = 0x36
	outerByte = 0x5c
)

// state is a hash's state after a padded key: the library's encoding if there is one,
// else the padded key itself.
type state [maxStateSize]byte

// tool is a hash object of the library, with buffers for its input and output. An
// argument of an interface's method escapes to the heap, so these buffers are passed.
// Nothing in it is secret unless somebody has borrowed it.
type tool struct {
	hash  hash.Hash
	coder interface {
		encoding.BinaryAppender
		encoding.BinaryUnmarshaler
	} // nil: the object can't encode its state
	encoded int // bytes of an encoding
	block   [maxBlock]byte
	text    state
	digest  [MaxSize]byte
}

func newTool(h hash.Hash) *tool {
	t := &tool{hash: h}
	coder, ok := h.(interface {
		encoding.BinaryAppender
		encoding.BinaryUnmarshaler
	})
	if !ok {
		return t
	}
	// The encoding is internal to the library. One that can't be decoded, or doesn't fit,
	// is not used.
	encoding, err := coder.AppendBinary(t.text[:0])
	if err == nil && len(encoding) <= len(t.text) && coder.UnmarshalBinary(encoding) == nil {
		t.coder, t.encoded = coder, len(encoding)
	}
	clear(t.text[:])
	return t
}

// pad makes the key's block, each byte combined with b.
func (t *tool) pad(key []byte, b byte) {
	block := t.block[:t.hash.BlockSize()]
	clear(block)
	if len(key) > len(block) {
		t.hash.Write(key)
		t.sum()
		copy(block, t.digest[:t.hash.Size()])
		t.hash.Reset()
	} else {
		copy(block, key)
	}
	for i := range block {
		block[i] ^= b
	}
}

// turnPad turns the inner block into the outer one.
func (t *tool) turnPad() {
	block := t.block[:t.hash.BlockSize()]
	for i := range block {
		block[i] ^= innerByte ^ outerByte
	}
}

// save gives the state of a hash that has read the block.
func (t *tool) save(s *state) {
	if t.coder == nil {
		copy(s[:], t.block[:])
		return
	}
	t.hash.Reset()
	t.hash.Write(t.block[:t.hash.BlockSize()])
	// Neither can fail, after newTool.
	_, _ = t.coder.AppendBinary(t.text[:0])
	*s = t.text
}

// load puts the hash into a saved state.
func (t *tool) load(s *state) {
	if t.coder == nil {
		copy(t.block[:], s[:])
		t.hash.Reset()
		t.hash.Write(t.block[:t.hash.BlockSize()])
		return
	}
	t.text = *s
	_ = t.coder.UnmarshalBinary(t.text[:t.encoded])
}

// sum puts the hash's digest into t.digest.
func (t *tool) sum() { t.hash.Sum(t.digest[:0]) }

// finish hashes the inner digest, appends the result to dst, and gives t back.
func (t *tool) finish(dst []byte, a Algorithm) []byte {
	size := t.hash.Size()
	t.hash.Write(t.digest[:size])
	t.sum()
	dst = append(dst, t.digest[:size]...)
	t.giveBack(a)
	return dst
}

var zeros [maxBlock]byte

// giveBack erases t. Zeros overwrite the library's block buffer, which Reset alone would
// leave as it is. They are one byte short of a block, because a whole block would be
// hashed in place, past the buffer. Our data never reaches the buffer's last byte, as
// each write begins on a block's boundary. BLAKE2 gets a whole block, because it keeps a
// full one until more follows.
func (t *tool) giveBack(a Algorithm) {
	n := t.hash.BlockSize() - 1
	if a == BLAKE2b || a == BLAKE2s {
		n++
	}
	t.hash.Reset()
	t.hash.Write(zeros[:n])
	t.hash.Reset()
	clear(t.block[:])
	clear(t.text[:])
	clear(t.digest[:])
	tools[a].Put(t)
}
