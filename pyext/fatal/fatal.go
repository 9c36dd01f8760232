//go:build linux

// Package fatal cuts what Go's runtime writes to standard error when it ends the process
// down to one line. The rest would be traces, and words of memory in them may be
// secrets. GOTRACEBACK=none suppresses them in some cases only.
package fatal

import (
	"syscall"
	"unsafe"
)

//go:linkname overrideWrite runtime.overrideWrite
var overrideWrite func(fd uintptr, p unsafe.Pointer, n int32) int32

func init() { overrideWrite = firstLine }

const prefix = "gorandom: "

// No atomics: under the race detector they need a goroutine, and there may be none.
// Two threads that die at once may write two lines.
var begun, ended bool

// firstLine is the runtime's write. The runtime calls it from anywhere, even without a
// goroutine, so it neither allocates nor lets the stack grow.
//
//go:nosplit
//go:norace
func firstLine(fd uintptr, p unsafe.Pointer, n int32) int32 {
	if fd != 2 {
		return write(fd, p, n)
	}
	if ended {
		return n
	}
	if !begun {
		begun = true
		write(fd, unsafe.Pointer(unsafe.StringData(prefix)), int32(len(prefix)))
	}
	write(fd, p, length(p, n))
	return n
}

// length is how much of a piece is written: everything up to the end of the line. The
// runtime prints words of memory as hexadecimal numbers, each in a piece of its own. Of
// those only the 0x is written.
//
//go:nosplit
//go:norace
func length(p unsafe.Pointer, n int32) int32 {
	if n > 2 && at(p, 0) == '0' && at(p, 1) == 'x' {
		return 2
	}
	for i := range n {
		if at(p, i) == '\n' {
			ended = true
			return i + 1
		}
	}
	return n
}

//go:nosplit
//go:norace
func at(p unsafe.Pointer, i int32) byte { return *(*byte)(unsafe.Add(p, i)) }

//go:nosplit
//go:norace
func write(fd uintptr, p unsafe.Pointer, n int32) int32 {
	r, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, fd, uintptr(p), uintptr(n))
	if errno != 0 {
		return -int32(errno)
	}
	return int32(r)
}
