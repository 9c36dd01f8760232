package fortuna

import (
	"bytes"
	"reflect"
	"testing"
	"unsafe"
)

// TestFailedRequestIsErased: when a kernel fails, neither the caller's memory nor ahead
// keeps any output or the next key.
func TestFailedRequestIsErased(t *testing.T) {
	var g Generator
	g.Reseed([]byte("seed"))
	before := g.schedule
	field := reflect.ValueOf(&g.schedule).Elem().FieldByName("kernel")
	*(*uint8)(unsafe.Pointer(field.UnsafeAddr())) = 200 // no such kernel
	for i := range g.ahead {
		g.ahead[i] = 0xee
	}
	b := bytes.Repeat([]byte{0xee}, 1000)
	if err := g.Request(b); err == nil {
		t.Fatal("no error")
	}
	if !bytes.Equal(b, make([]byte, len(b))) {
		t.Errorf("output: %x", b)
	}
	if g.ahead != [len(g.ahead)]byte{} {
		t.Errorf("ahead: %x", g.ahead)
	}
	if *g.schedule.Key() != *before.Key() {
		t.Error("the key was replaced")
	}
}
