//go:build darwin || freebsd || openbsd || (linux && !amd64 && !arm64)

package at

import "golang.org/x/sys/unix"

const tooLong = unix.ENAMETOOLONG

func text(name []byte) string { return string(name[:len(name)-1]) }

// Open is openat(2). Here and below the name is what Name returned. A file that it makes
// has mode 0600.
func Open(directory int, name []byte, flags int) (int, error) {
	return unix.Openat(directory, text(name), flags, 0o600)
}

// Stat is fstatat(2). It doesn't follow a symbolic link.
func Stat(directory int, name []byte, s *unix.Stat_t) error {
	return unix.Fstatat(directory, text(name), s, unix.AT_SYMLINK_NOFOLLOW)
}

// Rename is renameat(2) within the directory.
func Rename(directory int, from, to []byte) error {
	return unix.Renameat(directory, text(from), directory, text(to))
}

// Remove is unlinkat(2) of a file.
func Remove(directory int, name []byte) error { return unix.Unlinkat(directory, text(name), 0) }
