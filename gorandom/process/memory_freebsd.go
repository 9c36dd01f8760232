package process

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

const mapFlags = 0

// inheritZero is INHERIT_ZERO of FreeBSD's sys/mman.h: a child gets zeros.
const inheritZero = 3

func wipeAtFork(b []byte) bool {
	_, _, errno := unix.Syscall(unix.SYS_MINHERIT, uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), inheritZero)
	return errno == 0
}

func leaveOutOfDumps(b []byte) bool { return unix.Madvise(b, unix.MADV_NOCORE) == nil }
