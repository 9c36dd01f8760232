//go:build linux

package fatal

import (
	"os"
	"syscall"
	"testing"
	"unsafe"
)

// TestPieces: the runtime writes a message in pieces. Standard error gets them up to the
// end of the first line, and only the 0x of a piece that is a number. Other descriptors
// get everything. TestOneLine sees the same from outside, where coverage isn't counted.
func TestPieces(t *testing.T) {
	var pipe [2]int
	if err := syscall.Pipe(pipe[:]); err != nil {
		t.Fatal(err)
	}
	standardError, err := syscall.Dup(2)
	if err != nil {
		t.Fatal(err)
	}
	send := func(fd int, pieces ...string) {
		for _, piece := range pieces {
			if n := firstLine(uintptr(fd), unsafe.Pointer(unsafe.StringData(piece)), int32(len(piece))); n < 0 {
				t.Errorf("%q: %d", piece, n)
			}
		}
	}
	begun, ended = false, false
	defer func() { begun, ended = false, false }()
	if err := syscall.Dup3(pipe[1], 2, 0); err != nil {
		t.Fatal(err)
	}
	send(2, "fatal error: ", "0xc000123456", " here\nand more", "goroutine 1:\n")
	_ = syscall.Dup3(standardError, 2, 0)
	send(pipe[1], "0xabc\n", "all\n")
	_ = syscall.Close(pipe[1])
	room := make([]byte, 1000)
	reader := os.NewFile(uintptr(pipe[0]), "pipe")
	n, _ := reader.Read(room)
	if got, want := string(room[:n]), "gorandom: fatal error: 0x here\n0xabc\nall\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	_ = reader.Close()
	b := byte('x')
	if got := write(^uintptr(0), unsafe.Pointer(&b), 1); got != -int32(syscall.EBADF) {
		t.Errorf("a write that fails answers %d", got)
	}
}
