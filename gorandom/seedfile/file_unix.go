//go:build darwin || freebsd || linux || openbsd

package seedfile

import (
	"errors"
	"strings"

	"golang.org/x/sys/unix"
)

// file is a seed file whose lock is held. Everything happens below one open
// directory, so that a directory renamed meanwhile makes no difference.
type file struct {
	directory int
	name      string
}

const always = unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_CLOEXEC

// retry makes a system call again that a signal has interrupted.
func retry(call func() error) error {
	for {
		if err := call(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

func openAt(directory int, name string, flags int) (fd int, err error) {
	err = retry(func() error {
		fd, err = unix.Openat(directory, name, flags, 0o600)
		return err
	})
	// What open(2) says of a symbolic link with O_NOFOLLOW.
	if flags&unix.O_NOFOLLOW != 0 && (errors.Is(err, unix.ELOOP) || errors.Is(err, unix.EMLINK)) {
		return -1, errKind
	}
	return fd, err
}

// withFile calls do with the lock of path held.
func withFile(path string, do func(*file) error) error {
	if strings.IndexByte(path, 0) >= 0 {
		return unix.EINVAL
	}
	at := strings.LastIndexByte(path, '/') + 1
	parent, name := path[:at], path[at:]
	if parent == "" {
		parent = "."
	}
	if path == "" {
		return unix.ENOENT
	}
	if name == "" || name == "." || name == ".." {
		return errKind
	}
	directory, err := openAt(unix.AT_FDCWD, parent, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC)
	if err != nil {
		return err
	}
	defer unix.Close(directory)
	lock, err := openAt(directory, name+".lock", unix.O_RDWR|unix.O_CREAT|always)
	if err != nil {
		return err
	}
	defer unix.Close(lock)
	if err := check(lock, false); err != nil {
		return err
	}
	err = retry(func() error { return unix.Flock(lock, unix.LOCK_EX|unix.LOCK_NB) })
	if errors.Is(err, unix.EWOULDBLOCK) {
		return ErrLocked
	}
	if err != nil {
		return err
	}
	// Not by close alone: a forked child may have a copy of the descriptor.
	defer func() { _ = unix.Flock(lock, unix.LOCK_UN) }()
	reached(Locked)
	return do(&file{directory, name})
}

// check refuses what isn't a regular file of this user, and, if it is to be
// private, one that others have access to.
func check(fd int, private bool) error {
	var s unix.Stat_t
	if err := retry(func() error { return unix.Fstat(fd, &s) }); err != nil {
		return err
	}
	return judge(&s, private)
}

func judge(s *unix.Stat_t, private bool) error {
	switch {
	case s.Mode&unix.S_IFMT != unix.S_IFREG:
		return errKind
	case int(s.Uid) != unix.Geteuid():
		return errOwner
	case private && s.Mode&0o077 != 0:
		return errMode
	}
	return nil
}

func (f *file) read(seed *[SeedSize]byte) error {
	fd, err := openAt(f.directory, f.name, unix.O_RDONLY|always)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := check(fd, true); err != nil {
		return err
	}
	var b [Size + 1]byte // one more, to see that there is no more
	defer clear(b[:])
	n := 0
	for n < len(b) {
		var k int
		err := retry(func() (err error) {
			k, err = unix.Read(fd, b[n:])
			return err
		})
		if err != nil {
			return err
		}
		if k <= 0 {
			break
		}
		n += k
	}
	return Decode(b[:n], seed)
}

// replaceable refuses to replace what isn't this user's file.
func (f *file) replaceable() error {
	var s unix.Stat_t
	err := retry(func() error { return unix.Fstatat(f.directory, f.name, &s, unix.AT_SYMLINK_NOFOLLOW) })
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	if err != nil {
		return err
	}
	return judge(&s, false)
}

// write replaces the file in one step, and returns when that is on the disk. If
// it returns an error, the file on the disk is the old one or the new one.
func (f *file) write(seed *[SeedSize]byte) error {
	temporary := f.name + ".new"
	// The lock is held, so one that is there was left by a process that died.
	if err := f.remove(temporary); err != nil && !errors.Is(err, unix.ENOENT) {
		return err
	}
	fd, err := openAt(f.directory, temporary, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|always)
	if err != nil {
		return err
	}
	reached(Created)
	err = f.fill(fd, seed)
	// Not tried again: the descriptor is closed even if a signal came.
	if e := unix.Close(fd); err == nil && !errors.Is(e, unix.EINTR) {
		err = e
	}
	if err == nil {
		err = retry(func() error { return unix.Renameat(f.directory, temporary, f.directory, f.name) })
	}
	if err != nil {
		_ = f.remove(temporary)
		return err
	}
	reached(Renamed)
	if err := retry(func() error { return unix.Fsync(f.directory) }); err != nil {
		return err
	}
	reached(DirectorySynced)
	return nil
}

func (f *file) remove(name string) error {
	return retry(func() error { return unix.Unlinkat(f.directory, name, 0) })
}

func (f *file) fill(fd int, seed *[SeedSize]byte) error {
	b := Encode(seed)
	defer clear(b[:])
	// The umask may have taken bits of the owner's away.
	if err := retry(func() error { return unix.Fchmod(fd, 0o600) }); err != nil {
		return err
	}
	for rest := b[:]; len(rest) > 0; {
		var k int
		err := retry(func() (err error) {
			k, err = unix.Write(fd, rest)
			return err
		})
		if err != nil {
			return err
		}
		if k <= 0 {
			return unix.EIO
		}
		rest = rest[k:]
	}
	reached(Written)
	if err := retry(func() error { return unix.Fsync(fd) }); err != nil {
		return err
	}
	reached(Synced)
	return nil
}
