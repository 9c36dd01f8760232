package mac

import (
	"bytes"
	"reflect"
	"runtime"
	"runtime/debug"
	"testing"
	"unsafe"
)

// TestGiveBackErases: a spare tool, the library's object included, holds nothing of key
// and message, after any way to a tag and with tails of all lengths. It fails if giveBack
// writes no zeros, or one fewer.
func TestGiveBackErases(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes sync.Pool forget, and this test needs the same tool back")
	}
	// A sync.Pool has a place for each processor, and the collector empties it.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	for a := range algorithms {
		t.Run(a.String(), func(t *testing.T) {
			block := newTool(descriptions[a].new()).hash.BlockSize()
			for n := range 3 * block {
				secret := bytes.Repeat([]byte{0xe5}, n)
				var k Key
				if err := k.Set(a, secret); err != nil {
					t.Fatal(err)
				}
				for way, do := range map[string]func(){
					"Set":     func() { _ = k.Set(a, secret) },
					"Key.Sum": func() { k.Sum(nil, secret) },
					"Sum":     func() { _, _ = Sum(nil, a, secret, secret) },
				} {
					for tools[a].Get() != nil {
					}
					own := newTool(descriptions[a].new())
					fresh := contents(newTool(descriptions[a].new()))
					tools[a].Put(own)
					do()
					if got := tools[a].Get(); got != own {
						t.Fatal("another tool was used")
					}
					if left := contents(own); !bytes.Equal(left, fresh) {
						t.Fatalf("%s with %d bytes leaves\n%x, a fresh one has\n%x", way, n, left, fresh)
					}
				}
			}
		})
	}
}

// contents are the bytes of a tool's hash object and buffers.
func contents(t *tool) []byte {
	object := reflect.ValueOf(t.hash).Elem()
	all := bytes.Clone(unsafe.Slice((*byte)(object.Addr().UnsafePointer()), object.Type().Size()))
	all = append(all, t.block[:]...)
	all = append(all, t.digest[:]...)
	return append(all, t.text[:]...)
}
