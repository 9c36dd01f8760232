package entropy

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestHardware covers each answer of /dev/hwrng. The descriptor is always closed at the
// end. It fails if Read doesn't close it, or accepts another device.
func TestHardware(t *testing.T) {
	for _, v := range []struct {
		name  string
		file  *file
		reads []answer
		want  error // nil: bytes
	}{
		{"full", character(10, 183, 'h'), nil, nil},
		{"short", character(10, 183, 'h'), []answer{{n: 1}, {n: 31}, {n: all}}, nil},
		{"interrupted", character(10, 183, 'h'), []answer{{err: unix.EINTR}, {n: all}}, nil},
		{"nothing now", character(10, 183, 'h'), []answer{{err: unix.EAGAIN}}, ErrUnavailable},
		{"nothing more", character(10, 183, 'h'), []answer{{n: 5}, {err: unix.EAGAIN}}, ErrUnavailable},
		{"no generator behind it", character(10, 183, 'h'), []answer{{err: unix.ENODEV}}, unix.ENODEV},
		{"end of file", character(10, 183, 'h'), []answer{{n: 0}}, io.ErrUnexpectedEOF},
		{"another device", character(1, 5, 'z'), nil, errDevice},
		{"a file", &file{identity{number: unix.Mkdev(10, 183)}, 'f', true}, nil, errDevice},
		{"none", nil, nil, unix.ENOENT},
	} {
		t.Run(v.name, func(t *testing.T) {
			s := newSystem()
			if v.file != nil {
				s.paths["/dev/hwrng"] = v.file
			}
			s.reads = v.reads
			h := newHardware(s.calls())
			b := bytes.Repeat([]byte{0xee}, 64)
			err := h.Read(b)
			fill := byte('h')
			if v.want != nil {
				fill = 0
			}
			if !bytes.Equal(b, bytes.Repeat([]byte{fill}, 64)) {
				t.Errorf("buffer %x", b)
			}
			switch {
			case v.want == errDevice:
				if !errors.Is(err, errDevice) || s.count("read") != 0 {
					t.Errorf("got %v after %q", err, s.log)
				}
			case !errors.Is(err, v.want):
				t.Errorf("got %v, want %v", err, v.want)
			}
			if len(s.fds) != 0 {
				t.Errorf("a descriptor is left open: %q", s.log)
			}
			if slices.ContainsFunc(s.log, func(l string) bool { return strings.HasPrefix(l, "open ") && l != "open /dev/hwrng" }) {
				t.Errorf("%q", s.log)
			}
		})
	}
}

// TestRealHardware reads this machine's generator, if a test may read it.
func TestRealHardware(t *testing.T) {
	if f, err := os.Open("/dev/hwrng"); err != nil {
		t.Skipf("NOT RUN: %v", err)
	} else {
		_ = f.Close()
	}
	a, b := make([]byte, 32), make([]byte, 32)
	h := NewHardware()
	if err := errors.Join(h.Read(a), h.Read(b)); err != nil {
		t.Skipf("NOT RUN: %v", err)
	}
	if bytes.Equal(a, b) || bytes.Equal(a, make([]byte, 32)) {
		t.Errorf("got %x and %x", a, b)
	}
}
