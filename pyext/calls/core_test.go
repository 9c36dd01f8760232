package calls

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"gorandom.dev/gorandom/entropy"
	"gorandom.dev/gorandom/keystream"
	"gorandom.dev/gorandom/mac"
	"gorandom.dev/gorandom/process"
)

// TestWithoutCore: calls before a seed, or after a failed one, give no bytes.
func TestWithoutCore(t *testing.T) {
	b := []byte{1, 2, 3}
	p, n := at(b)
	for name, f := range map[string]func() int{
		"fill":   func() int { return Fill(0, p, n, n) },
		"event":  func() int { return Event(7, p, n) },
		"reseed": Reseed,
	} {
		if got := f(); got != broken {
			t.Errorf("%s answers %d", name, got)
		}
	}
	if text := string(AppendStatus([]byte("as before"))); text != "as before" {
		t.Errorf("status: %q", text)
	}
	if text := string(AppendSeedFile(nil, "2f", Load)); !strings.HasPrefix(text, "internal:0:") {
		t.Errorf("seed file: %q", text)
	}
}

// repeating is a kernel that returns the same bytes at each read.
type repeating struct{}

func (repeating) Name() string { return "repeating" }

func (repeating) Read(b []byte) error {
	for i := range b {
		b[i] = byte(i % 32)
	}
	return nil
}

// failing is a kernel with an error.
type failing struct{ err error }

func (failing) Name() string          { return "failing" }
func (s failing) Read(b []byte) error { clear(b); return s.err }

// TestSeedThatFails: whatever is missing at the start, no core is made.
func TestSeedThatFails(t *testing.T) {
	none := func(int) (*process.Memory, error) { return nil, process.ErrMemory }
	before := keystream.Active()
	defer func() { _ = keystream.Use(before) }()
	for _, c := range []struct {
		name     string
		kernel   string
		source   entropy.Source
		allocate func(int) (*process.Memory, error)
		want     int
	}{
		{"no such kernel", "none", entropy.NewKernel(), process.Allocate, noKernel},
		{"no memory", "", entropy.NewKernel(), none, broken},
		{"not ready", "", failing{entropy.ErrNotReady}, process.Allocate, notReady},
		{"refused", "", failing{fmt.Errorf("the kernel: %w", syscall.EPERM)}, process.Allocate, int(syscall.EPERM)},
		{"repeats itself", "", repeating{}, process.Allocate, int(syscall.EIO)},
		{"for a reason of its own", "", failing{fmt.Errorf("unknown")}, process.Allocate, broken},
	} {
		var kernel unsafe.Pointer
		if c.kernel != "" {
			kernel, _ = at([]byte(c.kernel + "\x00"))
		}
		var chosen [nameSize]byte
		if got := Seed(1, kernel, unsafe.Pointer(&chosen), c.source, c.allocate); got != c.want {
			t.Errorf("%s: answers %d, want %d", c.name, got, c.want)
		}
		if core != nil || chosen != [nameSize]byte{} {
			t.Errorf("%s: there is a core", c.name)
			core = nil
		}
	}
}

// TestSeedByName: the requested kernel is the one in use.
func TestSeedByName(t *testing.T) {
	before := keystream.Active()
	defer func() { _ = keystream.Use(before) }()
	for _, name := range keystream.Kernels() {
		kernel, _ := at([]byte(name + "\x00"))
		var chosen [nameSize]byte
		if r := Seed(1, kernel, unsafe.Pointer(&chosen), entropy.NewKernel(), process.Allocate); r != 0 {
			t.Fatal(name, r)
		}
		if got := strings.TrimRight(string(chosen[:]), "\x00"); got != name || keystream.Active() != name {
			t.Errorf("%s was asked for, %q chosen, and %s serves", name, got, keystream.Active())
		}
		_ = core.Close()
		core = nil
	}
}

// TestTagOfAnotherSize: nothing is written past the caller's room for a tag.
func TestTagOfAnotherSize(t *testing.T) {
	var key mac.Key
	b := make([]byte, 100)
	p, _ := at(b)
	if r := MACSet(int(mac.SHA256), p, 10, unsafe.Pointer(&key)); r != 0 {
		t.Fatal(r)
	}
	for _, size := range []uintptr{0, 31, 33} {
		tag := make([]byte, 64)
		out, _ := at(tag)
		if r := MACSum(unsafe.Pointer(&key), p, 5, out, size); r != broken {
			t.Errorf("sum of %d bytes answers %d", size, r)
		}
		if r := MACOnce(int(mac.SHA256), p, 10, p, 5, out, size); r != broken {
			t.Errorf("once of %d bytes answers %d", size, r)
		}
		for i, c := range tag {
			if c != 0 && i >= int(size) {
				t.Fatalf("%d bytes were asked for, and byte %d is written", size, i)
			}
		}
	}
}
