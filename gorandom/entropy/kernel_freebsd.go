package entropy

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Kernel is FreeBSD's random number generator: getrandom(2), since FreeBSD 12.
type Kernel struct{}

// NewKernel returns the kernel's source.
func NewKernel() *Kernel { return &Kernel{} }

// Name returns "getrandom".
func (*Kernel) Name() string { return "getrandom" }

// Read fills b from getrandom(2), without blocking. EAGAIN is ErrNotReady.
func (*Kernel) Read(b []byte) error {
	err := readFull(b, getrandom)
	if err == nil {
		return nil
	}
	clear(b)
	if err == unix.EAGAIN {
		return ErrNotReady
	}
	return wrap("getrandom", "", err)
}

func getrandom(b []byte) (int, error) {
	const nonBlocking = 1 // GRND_NONBLOCK of FreeBSD's sys/random.h
	n, _, errno := unix.Syscall(unix.SYS_GETRANDOM, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), nonBlocking)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
