//go:build linux && (amd64 || arm64)

package at

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

const tooLong = unix.ENAMETOOLONG

func result(errno unix.Errno) error {
	if errno != 0 {
		return errno
	}
	return nil
}

// Open is openat(2). Here and below the name is what Name returned. A file that it makes
// has mode 0600.
func Open(directory int, name []byte, flags int) (int, error) {
	fd, _, errno := unix.Syscall6(unix.SYS_OPENAT, uintptr(directory), uintptr(unsafe.Pointer(&name[0])), uintptr(flags|unix.O_LARGEFILE), 0o600, 0, 0)
	if errno != 0 {
		return -1, errno
	}
	return int(fd), nil
}

// Stat is fstatat(2). It doesn't follow a symbolic link.
func Stat(directory int, name []byte, s *unix.Stat_t) error {
	_, _, errno := unix.Syscall6(fstatat, uintptr(directory), uintptr(unsafe.Pointer(&name[0])), uintptr(unsafe.Pointer(s)), unix.AT_SYMLINK_NOFOLLOW, 0, 0)
	return result(errno)
}

// Rename is renameat(2) within the directory.
func Rename(directory int, from, to []byte) error {
	_, _, errno := unix.Syscall6(unix.SYS_RENAMEAT, uintptr(directory), uintptr(unsafe.Pointer(&from[0])), uintptr(directory), uintptr(unsafe.Pointer(&to[0])), 0, 0)
	return result(errno)
}

// Remove is unlinkat(2) of a file.
func Remove(directory int, name []byte) error {
	_, _, errno := unix.Syscall(unix.SYS_UNLINKAT, uintptr(directory), uintptr(unsafe.Pointer(&name[0])), 0)
	return result(errno)
}
