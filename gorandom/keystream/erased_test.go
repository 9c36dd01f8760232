package keystream

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"reflect"
	"sync"
	"testing"
	"unsafe"
)

// TestScratchIsErased: the unused rest of a last, partial block is erased.
func TestScratchIsErased(t *testing.T) {
	for _, name := range Kernels() {
		k, err := find(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{1, 16, 20, 1000} {
			var s Schedule
			var c Counter
			s.expand(k, &[KeySize]byte{1})
			if err := s.Fill(make([]byte, n), &c); err != nil || s.block != [BlockSize]byte{} {
				t.Errorf("%s, %d bytes: %v, %x", name, n, err, s.block)
			}
		}
	}
}

// TestFillWithErases: no key that was used once stays among the spare schedules.
func TestFillWithErases(t *testing.T) {
	s := new(Schedule)
	defer func(old func() any) { schedules.New = old }(schedules.New)
	schedules = sync.Pool{New: func() any { return s }}
	if err := FillWith(generic.name(), &[KeySize]byte{1}, make([]byte, 100), new(Counter)); err != nil {
		t.Fatal(err)
	}
	if *s != (Schedule{}) {
		t.Errorf("left: %+v", s)
	}
}

func (k kernel) name() string { return kernels[k].name }

// TestGenericIsErased: crypto/aes's round keys are erased in the Go heap.
func TestGenericIsErased(t *testing.T) {
	var made cipher.Block
	defer func() { newCipher = aes.NewCipher }()
	newCipher = func(key []byte) (block cipher.Block, err error) {
		made, err = aes.NewCipher(key)
		return made, err
	}
	if err := FillWith(generic.name(), &[KeySize]byte{1, 2, 3}, make([]byte, 100), new(Counter)); err != nil {
		t.Fatal(err)
	}
	v := reflect.ValueOf(made)
	object := unsafe.Slice((*byte)(v.UnsafePointer()), v.Type().Elem().Size())
	if len(object) < 2*KeySize || !bytes.Equal(object, make([]byte, len(object))) {
		t.Errorf("left in %d bytes: %x", len(object), object)
	}
}
