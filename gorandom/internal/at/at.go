//go:build darwin || freebsd || linux || openbsd

// Package at makes the system calls that take a directory and a file name, without
// leaving garbage. Package unix copies each name to the heap, and a process whose
// runtime never collects would keep the copies. On systems other than Linux the calls
// go through package unix all the same.
package at

// Max is the size of the longest path that a kernel takes, with its NUL: Linux's
// PATH_MAX, which is the largest.
const Max = 4096

// Name puts name, suffix and a NUL into room and returns them. room must have Max bytes
// unless the name is known to be short. A name that doesn't fit is too long for the
// kernel too.
func Name(room []byte, name, suffix string) ([]byte, error) {
	if len(name)+len(suffix) >= len(room) {
		return nil, tooLong
	}
	n := copy(room, name)
	n += copy(room[n:], suffix)
	room[n] = 0
	return room[:n+1], nil
}
