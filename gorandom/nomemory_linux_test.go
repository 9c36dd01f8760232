//go:build !race

package gorandom

import (
	"bytes"
	"context"
	"errors"
	"syscall"
	"testing"

	"gorandom.dev/gorandom/process"
)

// TestNoMemory: without memory for secrets each function returns an error and zeros,
// and the next call tries again. It fails if one of them ignores the error of standard.
// (The race detector needs memory at any time, and ends the process without it.)
func TestNoMemory(t *testing.T) {
	old := shared.Swap(nil)
	t.Cleanup(func() {
		if r := shared.Swap(old); r != nil && r != old {
			_ = r.Close()
		}
	})
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_DATA, &limit); err != nil {
		t.Fatal(err)
	}
	read, urandom, data := []byte{1, 2, 3}, []byte{1, 2, 3}, []byte("an event")
	var got [6]error
	none := limit
	none.Cur = 1
	if err := syscall.Setrlimit(syscall.RLIMIT_DATA, &none); err != nil {
		t.Fatal(err)
	}
	got[0] = Read(read)
	got[1] = Urandom(urandom)
	got[2] = Wait(context.Background())
	got[3] = AddEvent(1, data)
	got[4] = Reseed()
	got[5] = Status().LastFailure
	if err := syscall.Setrlimit(syscall.RLIMIT_DATA, &limit); err != nil {
		t.Fatal(err)
	}
	for i, err := range got {
		if !errors.Is(err, process.ErrMemory) || !errors.Is(err, syscall.ENOMEM) {
			t.Errorf("call %d: %v", i, err)
		}
	}
	if zeros := make([]byte, 3); !bytes.Equal(read, zeros) || !bytes.Equal(urandom, zeros) {
		t.Error(read, urandom)
	}
	if err := Read(read); err != nil {
		t.Error("with memory again:", err)
	}
}
