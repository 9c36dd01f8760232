//go:build darwin || freebsd || linux || openbsd

package seedfile

import (
	"errors"
	"strings"

	"golang.org/x/sys/unix"

	"gorandom.dev/gorandom/internal/at"
)

// file is a seed file whose lock is held. Every operation goes through one open
// directory, so renaming the directory meanwhile makes no difference.
type file struct {
	directory, lock int
	seed            int // what read has opened, or -1
	name            string
	rooms           [2][at.Max]byte // of names, on their way to the kernel
}

const always = unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_CLOEXEC

var fsync = unix.Fsync // or a test's

// retry repeats a system call that a signal has interrupted.
func retry(call func() error) error {
	for {
		if err := call(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// inRoom prepares a name for the kernel in room i, and overwrites the name before.
func (f *file) inRoom(i int, name, suffix string) ([]byte, error) {
	return at.Name(f.rooms[i][:], name, suffix)
}

func (f *file) openAt(directory int, name, suffix string, flags int) (fd int, err error) {
	path, err := f.inRoom(0, name, suffix)
	if err != nil {
		return -1, err
	}
	err = retry(func() error {
		fd, err = at.Open(directory, path, flags)
		return err
	})
	// These errors are open(2)'s for a symbolic link with O_NOFOLLOW, a directory, and a socket.
	switch {
	case flags&unix.O_NOFOLLOW == 0:
	case errors.Is(err, unix.ELOOP), errors.Is(err, unix.EMLINK), errors.Is(err, unix.EISDIR), errors.Is(err, unix.ENXIO):
		return -1, errKind
	}
	return fd, err
}

// open takes path's lock. close releases it.
func (f *file) open(path string) error {
	if strings.IndexByte(path, 0) >= 0 {
		return unix.EINVAL
	}
	i := strings.LastIndexByte(path, '/') + 1
	parent, name := path[:i], path[i:]
	if parent == "" {
		parent = "."
	}
	if path == "" {
		return unix.ENOENT
	}
	if name == "" || name == "." || name == ".." {
		return errKind
	}
	directory, err := f.openAt(unix.AT_FDCWD, parent, "", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC)
	if err != nil {
		return err
	}
	lock, err := f.openAt(directory, name, ".lock", unix.O_RDWR|unix.O_CREAT|always)
	if err == nil {
		err = take(lock, false)
		if err == nil {
			// The umask may have removed the owner's bits, and the next call must be able to open it.
			err = retry(func() error { return unix.Fchmod(lock, 0o600) })
		}
		if err != nil {
			_ = unix.Close(lock)
		}
	}
	if err != nil {
		_ = unix.Close(directory)
		return err
	}
	f.directory, f.lock, f.seed, f.name = directory, lock, -1, name
	reached(stepLocked)
	return nil
}

// take locks an open file.
func take(fd int, private bool) error {
	if err := check(fd, private); err != nil {
		return err
	}
	err := retry(func() error { return unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) })
	if errors.Is(err, unix.EWOULDBLOCK) {
		return ErrLocked
	}
	return err
}

// close releases the locks.
func (f *file) close() {
	if f.seed >= 0 {
		giveBack(f.seed)
	}
	giveBack(f.lock)
	_ = unix.Close(f.directory)
	f.name = ""
}

// giveBack unlocks explicitly: close(2) alone would not, if a forked child has a copy of
// the descriptor.
func giveBack(fd int) {
	_ = unix.Flock(fd, unix.LOCK_UN)
	_ = unix.Close(fd)
}

// check refuses everything but a regular file of this user. If it is to be private, check
// also refuses a file that others have access to, or that has a second name: its seed
// would still be found there.
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
	case private && s.Nlink > 1:
		return errLinked
	}
	return nil
}

// read also locks the seed file itself until the call ends. If somebody removes the lock's
// file, two calls can each hold a lock, and would otherwise read the same seed. (It opens
// the file for writing because NFS requires that for a lock.)
func (f *file) read(seed *[SeedSize]byte) error {
	fd, err := f.openAt(f.directory, f.name, "", unix.O_RDWR|always)
	if err != nil {
		return err
	}
	f.seed = fd
	reached(stepOpened)
	if err := take(fd, true); err != nil {
		return err
	}
	if err := f.current(); err != nil {
		return err
	}
	var b [Size + 1]byte // one more, to notice a file that is too long
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
	return decode(b[:n], seed)
}

// current checks that the open file still has its name. Another call may have used and
// replaced it before this one got its lock.
func (f *file) current() error {
	var open, named unix.Stat_t
	err := retry(func() error { return unix.Fstat(f.seed, &open) })
	if err == nil {
		err = f.stat(&named)
	}
	if err == nil && (open.Dev != named.Dev || open.Ino != named.Ino) {
		err = ErrLocked
	}
	return err
}

func (f *file) stat(s *unix.Stat_t) error {
	path, err := f.inRoom(0, f.name, "")
	if err != nil {
		return err
	}
	return retry(func() error { return at.Stat(f.directory, path, s) })
}

// replaceable returns an error if the file exists and isn't this user's regular file.
func (f *file) replaceable() error {
	var s unix.Stat_t
	err := f.stat(&s)
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	if err != nil {
		return err
	}
	return judge(&s, false)
}

// write replaces the file in one step, and returns when the new one is on the disk. If it
// returns an error, the file on the disk is either the old one or the new one.
func (f *file) write(seed *[SeedSize]byte) error {
	// The lock is held, so a file of that name was left by a process that died.
	if err := f.removeNew(); err != nil && !errors.Is(err, unix.ENOENT) {
		return err
	}
	fd, err := f.openAt(f.directory, f.name, ".new", unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|always)
	if err != nil {
		return err
	}
	reached(stepCreated)
	err = f.fill(fd, seed)
	// Not repeated: the descriptor is closed even after EINTR.
	if e := unix.Close(fd); err == nil && !errors.Is(e, unix.EINTR) {
		err = e
	}
	if err == nil {
		err = f.renameNew()
	}
	if err != nil {
		_ = f.removeNew()
		return err
	}
	reached(stepRenamed)
	if err := retry(func() error { return fsync(f.directory) }); err != nil {
		return err
	}
	reached(stepDirectorySynced)
	return nil
}

func (f *file) renameNew() error {
	from, err := f.inRoom(0, f.name, ".new")
	if err != nil {
		return err
	}
	to, err := f.inRoom(1, f.name, "")
	if err != nil {
		return err
	}
	return retry(func() error { return at.Rename(f.directory, from, to) })
}

func (f *file) removeNew() error {
	path, err := f.inRoom(0, f.name, ".new")
	if err != nil {
		return err
	}
	return retry(func() error { return at.Remove(f.directory, path) })
}

func (f *file) fill(fd int, seed *[SeedSize]byte) error {
	b := encode(seed)
	defer clear(b[:])
	// The umask may have removed the owner's bits.
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
	reached(stepWritten)
	if err := retry(func() error { return fsync(fd) }); err != nil {
		return err
	}
	reached(stepSynced)
	return nil
}
