//go:build darwin || freebsd || linux || openbsd

package process

import "golang.org/x/sys/unix"

func allocate(size int) (*Memory, error) {
	page := unix.Getpagesize()
	size = (size + page - 1) / page * page
	b, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON|mapFlags)
	if err != nil {
		return nil, noMemory{err}
	}
	return &Memory{b, Protection{
		WipedAtFork: wipeAtFork(b),
		Undumped:    leaveOutOfDumps(b),
		Locked:      unix.Mlock(b) == nil,
	}, unix.Munmap}, nil
}
