// Package mac computes HMAC (RFC 2104, FIPS 198-1) of a whole message at once, and
// compares tags in constant time. The key is used once, or prepared for many messages.
//
//	var key mac.Key
//	if err := key.Set(mac.SHA256, secret); err != nil {
//		return err
//	}
//	defer key.Wipe()
//	tag := key.Sum(nil, message)
//
// A Key is plain data without Go pointers, so a caller can keep it in memory
// outside the Go heap that is locked and left out of core dumps. The hash functions'
// own objects are in the Go heap; what they see of the key is erased after each call.
package mac

import (
	"crypto/subtle"
	"errors"
)

// ErrAlgorithm is returned for an Algorithm that is none of the constants.
var ErrAlgorithm = errors.New("mac: no such algorithm")

// ErrMismatch is returned for a tag that is not the message's.
var ErrMismatch = errors.New("mac: the tag is not the message's")

// Key is a key prepared for one algorithm: the hash's states after the key's two
// padded blocks (RFC 2104, section 4). A prepared key is as secret as the key itself.
// It must be set before use and may be copied. Sum and Verify only read it, so any
// number of goroutines may call them.
type Key struct {
	algorithm    Algorithm
	set          bool
	inner, outer state
}

// Set prepares key, of any length, for a. As in RFC 2104, a key longer than a's block
// is hashed first.
func (k *Key) Set(a Algorithm, key []byte) error {
	if !a.known() {
		return ErrAlgorithm
	}
	t := a.borrow()
	t.pad(key, innerByte)
	t.save(&k.inner)
	t.turnPad()
	t.save(&k.outer)
	t.giveBack(a)
	k.algorithm, k.set = a, true
	return nil
}

// Sum appends the message's tag to dst. It panics if k was not set. Nothing is
// allocated if dst has room.
func (k *Key) Sum(dst, message []byte) []byte {
	if !k.set {
		panic("mac: the key was not set")
	}
	t := k.algorithm.borrow()
	t.load(&k.inner)
	t.hash.Write(message)
	t.sum()
	t.load(&k.outer)
	return t.finish(dst, k.algorithm)
}

// Verify returns nil if tag is the message's whole tag, else ErrMismatch. Its time does
// not depend on where they differ.
func (k *Key) Verify(message, tag []byte) error {
	var room [MaxSize]byte
	if !Equal(k.Sum(room[:0], message), tag) {
		return ErrMismatch
	}
	return nil
}

// Wipe erases k, which then has to be set again.
func (k *Key) Wipe() { *k = Key{} }

// Sum appends the message's tag under key to dst. For a key that is used once it is
// faster than a Key.
func Sum(dst []byte, a Algorithm, key, message []byte) ([]byte, error) {
	if !a.known() {
		return dst, ErrAlgorithm
	}
	t := a.borrow()
	t.pad(key, innerByte)
	t.hash.Write(t.block[:t.hash.BlockSize()])
	t.hash.Write(message)
	t.sum()
	t.hash.Reset()
	t.turnPad()
	t.hash.Write(t.block[:t.hash.BlockSize()])
	return t.finish(dst, a), nil
}

// Equal reports whether a and b are the same bytes. Its time depends only on their
// lengths.
func Equal(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }
