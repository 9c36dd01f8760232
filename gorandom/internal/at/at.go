//go:build darwin || freebsd || linux || openbsd

// Package at makes the system calls that take a directory and a file's name, and
// leaves no garbage: package unix copies each name to the heap, and a process whose
// runtime collects none would keep the copies. Elsewhere than on Linux they go
// through package unix all the same.
package at

// Max is the size of the longest path that a kernel takes, and its NUL: Linux's
// PATH_MAX, which is the largest.
const Max = 4096

// Name puts name, suffix and a NUL into room, which is no smaller than Max if the
// name may be any, and returns them. What has no room there has none in the kernel.
func Name(room []byte, name, suffix string) ([]byte, error) {
	if len(name)+len(suffix) >= len(room) {
		return nil, tooLong
	}
	n := copy(room, name)
	n += copy(room[n:], suffix)
	room[n] = 0
	return room[:n+1], nil
}
