//go:build darwin || openbsd

package entropy

import (
	"syscall"
	"unsafe"
)

// Kernel is the system's random number generator, read by getentropy(2): since macOS
// 10.12 and OpenBSD 5.6. Both systems seed it before the first program starts.
//
// It is called through the C library, the only stable way into these kernels. Package
// crypto/rand would ask arc4random(3), whose generator is in this process's memory.
// These bytes must help the process to recover from a leak of its memory, so they must
// not come from there.
type Kernel struct{}

// NewKernel returns the kernel's source.
func NewKernel() *Kernel { return &Kernel{} }

// Name returns "getentropy".
func (*Kernel) Name() string { return "getentropy" }

// Read fills b from getentropy(2).
func (*Kernel) Read(b []byte) error {
	if err := readFull(b, getentropy); err != nil {
		clear(b)
		return wrap("getentropy", "", err)
	}
	return nil
}

// maxEntropy is the most that one getentropy(2) gives, in bytes: POSIX.1-2024's
// GETENTROPY_MAX. A call gives all that was asked for, or fails.
const maxEntropy = 256

const wordSize = unsafe.Sizeof(uintptr(0)) // for the assembly

func getentropy(b []byte) (int, error) {
	n := min(len(b), maxEntropy)
	_, _, errno := syscallSyscall(getentropyAddr, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(n), 0)
	if errno != 0 {
		return 0, errno
	}
	return n, nil
}

// getentropyAddr is the address of a jump to the C library's function. The linker
// resolves it even in a program without cgo; x/sys/unix does the same for its own
// calls.
var getentropyAddr uintptr

// syscallSyscall calls a function of the C library on a stack of its own.
//
//go:linkname syscallSyscall syscall.syscall
func syscallSyscall(fn, a1, a2, a3 uintptr) (r1, r2 uintptr, err syscall.Errno)
