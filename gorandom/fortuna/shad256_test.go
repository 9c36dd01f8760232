package fortuna

import (
	"bytes"
	"reflect"
	"testing"
	"unsafe"
)

// TestToolIsErased looks into the library's object, which is not visible outside this
// package. After giveBack neither it nor text holds anything of what was hashed. The
// test fails if giveBack omits the two halves of a zero block (the last partial block
// stays) or the last Reset.
func TestToolIsErased(t *testing.T) {
	var fresh SHAd256
	unused := fresh.borrow()
	unused.giveBack()
	want := memory(unused) // now: the same tool may be borrowed again

	secret := bytes.Repeat([]byte{0xd5}, 1000)
	var h SHAd256
	_, _ = h.Write(secret)
	used := h.borrow()
	used.digest.Write(h.tail[:h.length%64])
	used.sum()
	used.giveBack()
	if got := memory(used); !bytes.Equal(got, want) {
		t.Errorf("a used tool:\n%x\nan unused one:\n%x", got, want)
	}
	if bytes.Contains(memory(used), secret[:8]) {
		t.Error("a piece of the message is left")
	}
}

// TestTailIsErased: the tail no longer holds bytes that were hashed with their block.
func TestTailIsErased(t *testing.T) {
	for n := range 200 {
		var h SHAd256
		_, _ = h.Write(bytes.Repeat([]byte{0xd5}, 40))
		_, _ = h.Write(bytes.Repeat([]byte{0xd5}, n))
		if rest := h.tail[h.length%64:]; !bytes.Equal(rest, make([]byte, len(rest))) {
			t.Errorf("%d bytes: %x is left", 40+n, rest)
		}
	}
}

// memory returns the bytes of the tool's digest object and of its text.
func memory(t *tool) []byte {
	v := reflect.ValueOf(t.digest)
	object := unsafe.Slice((*byte)(v.UnsafePointer()), v.Type().Elem().Size())
	return append(bytes.Clone(object), t.text[:]...)
}
