//go:build darwin || freebsd || linux || openbsd

package seedfile

// These tests act between the steps of a call, and kill processes there. The others are
// in tests/go/seedfile.

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/gofrs/flock"
)

var steps = []step{
	stepLocked, stepOpened, stepRead, stepCreated, stepWritten, stepSynced, stepRenamed,
	stepDirectorySynced, stepUsed,
}

// generator records what it is given.
type generator struct {
	events  [][]byte
	reseeds int
}

func (g *generator) FillAny(b []byte) error {
	clear(b)
	return nil
}

func (g *generator) AddEvent(source byte, data []byte) error {
	if source != Source {
		return fmt.Errorf("source %d", source)
	}
	g.events = append(g.events, bytes.Clone(data))
	return nil
}

func (g *generator) Reseed() error { g.reseeds++; return nil }

func content(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func newFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "seed")
	b := encode(seedOf(1))
	if err := os.WriteFile(path, b[:], 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestLock: our lock and that of gofrs/flock, an independent implementation, exclude each other.
func TestLock(t *testing.T) {
	path := newFile(t)
	other := flock.New(path + ".lock")
	if ok, err := other.TryLock(); !ok || err != nil {
		t.Fatal(ok, err)
	}
	before := content(t, path)
	for name, call := range map[string]func(string, Generator) error{"Load": Load, "Refresh": Refresh} {
		var g generator
		if err := call(path, &g); !errors.Is(err, ErrLocked) || len(g.events)+g.reseeds != 0 {
			t.Errorf("%s: %v, %d events, %d reseeds", name, err, len(g.events), g.reseeds)
		}
	}
	if !bytes.Equal(before, content(t, path)) {
		t.Error("a locked file was changed")
	}
	if err := other.Unlock(); err != nil {
		t.Fatal(err)
	}
	hook = func(s step) {
		second := flock.New(path + ".lock")
		if ok, err := second.TryLock(); ok || err != nil {
			t.Errorf("at %q the lock isn't held: %v", s, err)
		}
		_ = second.Close()
	}
	defer func() { hook = nil }()
	if err := Load(path, &generator{}); err != nil {
		t.Fatal(err)
	}
	if ok, err := other.TryLock(); !ok || err != nil {
		t.Error("still locked after the call", err)
	}
	_ = other.Close()
}

// TestOrder: the next seed is on the disk before the old one is used.
func TestOrder(t *testing.T) {
	var got []step
	var g generator
	hook = func(s step) {
		got = append(got, s)
		if s != stepUsed && (len(g.events) > 0 || g.reseeds > 0) {
			t.Errorf("used at %q", s)
		}
	}
	defer func() { hook = nil }()
	if err := Load(newFile(t), &g); err != nil || !slices.Equal(got, steps) {
		t.Error(got, err)
	}
}

// TestLockRemoved: somebody removes the lock's file while the lock is held. The next call
// makes another one and locks it, but the seed is still used once.
func TestLockRemoved(t *testing.T) {
	path := newFile(t)
	var first, second generator
	hook = func(s step) {
		if s != stepCreated {
			return
		}
		hook = nil
		if err := os.Remove(path + ".lock"); err != nil {
			t.Error(err)
		}
		if err := Load(path, &second); !errors.Is(err, ErrLocked) {
			t.Error(err)
		}
	}
	defer func() { hook = nil }()
	if err := Load(path, &first); err != nil || len(first.events) == 0 || len(second.events) != 0 {
		t.Error(err, len(first.events), len(second.events))
	}
	if err := Load(path, &second); err != nil {
		t.Error(err)
	}
}

// TestReplacedWhileRead: after this call opened the file, another one, with another lock,
// has used and replaced it.
func TestReplacedWhileRead(t *testing.T) {
	path := newFile(t)
	var first, second generator
	hook = func(s step) {
		if s != stepOpened {
			return
		}
		hook = nil
		if err := errors.Join(os.Remove(path+".lock"), Load(path, &second)); err != nil {
			t.Error(err)
		}
	}
	defer func() { hook = nil }()
	if err := Load(path, &first); !errors.Is(err, ErrLocked) || len(first.events) != 0 {
		t.Error(err, len(first.events))
	}
}

const dieAt, dieFile = "SEEDFILE_TEST_STEP", "SEEDFILE_TEST_FILE"

// TestMain runs the program that dies, if it is told at which step.
func TestMain(m *testing.M) {
	if last := os.Getenv(dieAt); last != "" {
		hook = func(s step) {
			if string(s) == last {
				_ = syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
				select {}
			}
		}
		_ = Load(os.Getenv(dieFile), &generator{})
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// TestKilled: whatever the step, the next process finds a whole seed and no lock. A seed
// that may have been used is gone.
func TestKilled(t *testing.T) {
	for i, last := range steps {
		t.Run(string(last), func(t *testing.T) {
			path := newFile(t)
			before := content(t, path)
			c := exec.Command(os.Args[0])
			c.Env = append(os.Environ(), dieAt+"="+string(last), dieFile+"="+path)
			var ended *exec.ExitError
			if err := c.Run(); !errors.As(err, &ended) || ended.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
				t.Fatalf("didn't die at the step: %v", err)
			}
			replaced := !bytes.Equal(before, content(t, path))
			if renamed := i >= slices.Index(steps, stepRenamed); replaced != renamed {
				t.Errorf("replaced: %v", replaced)
			}
			if err := Load(path, &generator{}); err != nil {
				t.Error(err)
			}
			if _, err := os.Lstat(path + ".new"); !errors.Is(err, os.ErrNotExist) {
				t.Error("the temporary file is left:", err)
			}
		})
	}
}
