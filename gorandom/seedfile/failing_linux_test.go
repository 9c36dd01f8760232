package seedfile

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"gorandom.dev/gorandom/internal/at"
)

// TestFailingCalls: when a system call fails, its step fails with the same error. It
// fails if a step ignores the error: a seed would be used though it is not replaced, or
// its successor not on the disk.
func TestFailingCalls(t *testing.T) {
	gone := &file{directory: -1, lock: -1, seed: -1, name: "seed"}
	long := &file{directory: unix.AT_FDCWD, seed: -1, name: strings.Repeat("x", at.Max)}
	readOnly, err := os.Open(newFile(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = readOnly.Close() }()
	var pipe [2]int // it can be written to, and not synced
	if err := unix.Pipe(pipe[:]); err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = unix.Close(pipe[0]), unix.Close(pipe[1]) }()
	var seed [SeedSize]byte
	for _, c := range []struct {
		name string
		call func() error
		want error
	}{
		{"check", func() error { return check(-1, true) }, unix.EBADF},
		{"read", func() error { return gone.read(&seed) }, unix.EBADF},
		{"current", gone.current, unix.EBADF},
		{"replaceable", gone.replaceable, unix.EBADF},
		{"write", func() error { return gone.write(&seed) }, unix.EBADF},
		{"renameNew", gone.renameNew, unix.EBADF},
		{"removeNew", gone.removeNew, unix.EBADF},
		{"fill, nothing open", func() error { return gone.fill(-1, &seed) }, unix.EBADF},
		{"fill, not for writing", func() error { return gone.fill(int(readOnly.Fd()), &seed) }, unix.EBADF},
		{"fill, not to be synced", func() error { return gone.fill(pipe[1], &seed) }, unix.EINVAL},
		{"read of a long name", func() error { return long.read(&seed) }, unix.ENAMETOOLONG},
		{"replaceable of a long name", long.replaceable, unix.ENAMETOOLONG},
		{"renameNew of a long name", long.renameNew, unix.ENAMETOOLONG},
		{"removeNew of a long name", long.removeNew, unix.ENAMETOOLONG},
	} {
		if err := c.call(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

// TestDirectoryIsNotSynced: a new seed that a loss of power may undo is an error, and the
// temporary file is removed. A directory opened by O_PATH can't be synced.
func TestDirectoryIsNotSynced(t *testing.T) {
	folder := t.TempDir()
	directory, err := unix.Open(folder, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(directory) }()
	f := &file{directory: directory, lock: -1, seed: -1, name: "seed"}
	if err := f.write(seedOf(3)); !errors.Is(err, unix.EBADF) {
		t.Error(err)
	}
	if want := encode(seedOf(3)); !bytes.Equal(content(t, folder+"/seed"), want[:]) {
		t.Error("neither the old nor the new file")
	}
}

// full is a generator that takes n events.
type full struct {
	generator
	n int
}

var errFull = errors.New("full")

func (g *full) AddEvent(source byte, data []byte) error {
	if len(g.events) == g.n {
		return errFull
	}
	return g.generator.AddEvent(source, data)
}

// TestRefusedEvent: Load returns an error if the generator takes no event, or not all of
// them. The seed counts as used, so it has been replaced.
func TestRefusedEvent(t *testing.T) {
	for _, n := range []int{0, 31} {
		path := newFile(t)
		before := content(t, path)
		g := full{n: n}
		if err := Load(path, &g); !errors.Is(err, errFull) || g.reseeds != 0 {
			t.Errorf("after %d events: %v, %d reseeds", n, err, g.reseeds)
		}
		if bytes.Equal(before, content(t, path)) {
			t.Errorf("after %d events: the seed is still there", n)
		}
	}
}
