package keystream

import (
	"crypto/aes"
	"crypto/cipher"
	"reflect"
	"unsafe"
)

// fillGeneric encrypts a block at a time with crypto/aes. It is the fallback
// for processors without a kernel, and the oracle that the kernels are tested
// against.
//
// crypto/aes keeps its own key schedule in the Go heap. fillGeneric erases it before it
// returns. It can't erase what crypto/aes spilled to the stack or left in a register.
func (s *Schedule) fillGeneric(dst []byte, c Counter) error {
	block, err := newCipher(s.words[:KeySize])
	if err != nil {
		return err
	}
	defer scrub(block)
	// Encrypt through s.block: an argument of an interface's method escapes, so passing dst
	// would move every caller's buffer to the heap.
	for len(dst) >= BlockSize {
		s.block = c.Bytes()
		block.Encrypt(s.block[:], s.block[:])
		copy(dst, s.block[:])
		c.Add(1)
		dst = dst[BlockSize:]
	}
	return nil
}

var newCipher = aes.NewCipher // or a test's

// scrub erases the object behind b if it is plain data. It leaves an object with
// pointers alone, because the collector needs them.
func scrub(b cipher.Block) {
	v := reflect.ValueOf(b)
	if v.Kind() != reflect.Pointer || v.IsNil() || !plain(v.Type().Elem()) {
		return
	}
	clear(unsafe.Slice((*byte)(v.UnsafePointer()), v.Type().Elem().Size()))
}

// plain reports whether a value of type t holds no pointer.
func plain(t reflect.Type) bool {
	switch k := t.Kind(); k {
	case reflect.Array:
		return plain(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if !plain(t.Field(i).Type) {
				return false
			}
		}
		return true
	default:
		return reflect.Bool <= k && k <= reflect.Complex128
	}
}
