//go:build linux

package seedfile

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// inode returns a file's inode number, or 0.
func inode(path string) uint64 {
	var s unix.Stat_t
	if unix.Stat(path, &s) != nil {
		return 0
	}
	return s.Ino
}

// TestSynced: the new file is on the disk before it gets its name, and the folder before
// the old seed is used. It fails if one of the two calls of fsync(2) is missing or syncs
// another file.
func TestSynced(t *testing.T) {
	path := newFile(t)
	var got []string
	defer func() { hook, fsync = nil, unix.Fsync }()
	hook = func(s step) { got = append(got, string(s)) }
	fsync = func(fd int) error {
		var s unix.Stat_t
		if err := unix.Fstat(fd, &s); err != nil {
			return err
		}
		switch s.Ino {
		case inode(path + ".new"):
			got = append(got, "fsync of the file")
		case inode(path[:len(path)-len("/seed")]):
			got = append(got, "fsync of the folder")
		default:
			got = append(got, "fsync of another file")
		}
		return nil
	}
	if err := Load(path, &generator{}); err != nil {
		t.Fatal(err)
	}
	want := []string{"written", "fsync of the file", "synced", "renamed", "fsync of the folder", "directory synced", "used"}
	if at := slices.Index(got, "written"); at < 0 || !slices.Equal(got[at:], want) {
		t.Errorf("got %q, want it to end with %q", got, want)
	}
}

// TestSyncFails: no seed is used. If the next one has no name yet, it is removed.
func TestSyncFails(t *testing.T) {
	for i, what := range []string{"the file", "the folder"} {
		path := newFile(t)
		var g generator
		calls := 0
		fsync = func(int) error {
			if calls++; calls == i+1 {
				return unix.EIO
			}
			return nil
		}
		err := Load(path, &g)
		fsync = unix.Fsync
		if !errors.Is(err, unix.EIO) || len(g.events)+g.reseeds != 0 {
			t.Errorf("%s: %v, %d events, %d reseeds", what, err, len(g.events), g.reseeds)
		}
		if _, err := os.Lstat(path + ".new"); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: the temporary file is left: %v", what, err)
		}
	}
}

// TestShortWrite: after a partial write the rest is written too, which fails here.
func TestShortWrite(t *testing.T) {
	path := newFile(t)
	before := content(t, path)
	signal.Ignore(unix.SIGXFSZ)
	defer signal.Reset(unix.SIGXFSZ)
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: uint64(Size) - 1, Max: old.Max}); err != nil {
		t.Fatal(err)
	}
	var g generator
	err := Load(path, &g)
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(err, unix.EFBIG) || len(g.events) != 0 || !bytes.Equal(before, content(t, path)) {
		t.Errorf("got %v, %d events", err, len(g.events))
	}
}

// TestLockFileIsJudged: the lock's file must be a regular file of this user.
func TestLockFileIsJudged(t *testing.T) {
	path := newFile(t)
	if err := unix.Mkfifo(path+".lock", 0o600); err != nil {
		t.Fatal(err)
	}
	var g generator
	if err := Load(path, &g); !errors.Is(err, errKind) || len(g.events) != 0 {
		t.Errorf("got %v, %d events", err, len(g.events))
	}
}

// TestLockIsGivenBack: a child that was forked during a call keeps copies of its descriptors
// open. They no longer lock anything.
func TestLockIsGivenBack(t *testing.T) {
	path := newFile(t)
	defer func() { hook = nil }()
	hook = func(s step) {
		if s != stepRead {
			return
		}
		hook = nil
		folder, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Error(err)
		}
		for _, entry := range folder {
			target, _ := os.Readlink("/proc/self/fd/" + entry.Name())
			var fd int
			if _, err := fmt.Sscan(entry.Name(), &fd); err != nil || target != path && target != path+".lock" {
				continue
			}
			copied, err := unix.Dup(fd)
			if err != nil {
				t.Error(err)
			}
			t.Cleanup(func() { _ = unix.Close(copied) })
		}
	}
	for range 2 {
		if err := Load(path, &generator{}); err != nil {
			t.Error(err)
		}
	}
}

// TestDescriptorsAreNotInherited: at each step, an exec would close every descriptor of the
// call.
func TestDescriptorsAreNotInherited(t *testing.T) {
	path := newFile(t)
	folder := path[:len(path)-len("/seed")]
	defer func() { hook = nil }()
	most := 0
	hook = func(s step) {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Error(err)
		}
		found := 0
		for _, entry := range entries {
			target, _ := os.Readlink("/proc/self/fd/" + entry.Name())
			var fd int
			if _, err := fmt.Sscan(entry.Name(), &fd); err != nil || len(target) < len(folder) || target[:len(folder)] != folder {
				continue
			}
			found++
			if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
				t.Errorf("at %q %s would be inherited (%v)", s, target, err)
			}
		}
		most = max(most, found)
	}
	if err := Load(path, &generator{}); err != nil {
		t.Fatal(err)
	}
	if most != 4 {
		t.Errorf("at most %d descriptors were open: not what this test is for", most)
	}
}

// refusing is a generator that takes nothing.
type refusing struct{ generator }

var errTaken = errors.New("not taken")

func (*refusing) AddEvent(byte, []byte) error { return errTaken }

// TestGeneratorTakesNothing: its error is Load's, and there is no reseed.
func TestGeneratorTakesNothing(t *testing.T) {
	var g refusing
	if err := Load(newFile(t), &g); !errors.Is(err, errTaken) || g.reseeds != 0 {
		t.Errorf("got %v, %d reseeds", err, g.reseeds)
	}
}

// counting is a generator that gives no zeros.
type counting struct{ generator }

func (*counting) FillAny(b []byte) error {
	for i := range b {
		b[i] = byte(i + 1)
	}
	return nil
}

// TestCallIsErased: no seed stays in the Go heap, whether the call succeeded or not.
func TestCallIsErased(t *testing.T) {
	c := new(call)
	defer func(old func() any) { calls = sync.Pool{New: old} }(calls.New)
	calls = sync.Pool{New: func() any { return c }}
	for _, path := range []string{newFile(t), newFile(t) + "x"} {
		for _, do := range []func(string, Generator) error{Load, Refresh, Save} {
			if err := do(path, new(counting)); err != nil && !errors.Is(err, syscall.ENOENT) {
				t.Fatal(err)
			}
			if c.old != [SeedSize]byte{} || c.fresh != [SeedSize]byte{} || c.next != [SeedSize]byte{} || c.event != [len(c.event)]byte{} {
				t.Errorf("left: old %x, fresh %x, next %x, event %x", c.old, c.fresh, c.next, c.event)
			}
		}
	}
}
