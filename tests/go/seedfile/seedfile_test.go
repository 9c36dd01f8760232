//go:build darwin || freebsd || linux || openbsd

// Package seedfile_test kills processes at each step, and looks at what they left.
package seedfile_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"

	"github.com/gofrs/flock"
	"github.com/google/renameio/v2"
	"gorandom.dev/gorandom/csprng"
	"gorandom.dev/gorandom/seedfile"
)

var steps = []seedfile.Step{
	seedfile.Locked, seedfile.Opened, seedfile.Read, seedfile.Created, seedfile.Written, seedfile.Synced, seedfile.Renamed,
	seedfile.DirectorySynced, seedfile.Used,
}

// generator counts and keeps what it is given.
type generator struct {
	events  [][]byte
	reseeds int
	drawn   int
	err     error
}

func (g *generator) FillAny(b []byte) error {
	if g.err != nil {
		return g.err
	}
	g.drawn++
	for i := range b {
		b[i] = byte(g.drawn)
	}
	return nil
}

func (g *generator) AddEvent(source byte, data []byte) error {
	if source != seedfile.Source {
		return fmt.Errorf("source %d", source)
	}
	g.events = append(g.events, bytes.Clone(data))
	return nil
}

func (g *generator) Reseed() error { g.reseeds++; return nil }

func seedOf(c byte) *[seedfile.SeedSize]byte {
	return (*[seedfile.SeedSize]byte)(bytes.Repeat([]byte{c}, seedfile.SeedSize))
}

// newFile makes a seed file by means of its own.
func newFile(t testing.TB, c byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "seed")
	content := seedfile.Encode(seedOf(c))
	if err := renameio.WriteFile(path, content[:], 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func content(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// tryContent is nil for what isn't a regular file: a FIFO would be waited for.
func tryContent(path string) []byte {
	if s, err := os.Lstat(path); err != nil || !s.Mode().IsRegular() {
		return nil
	}
	b, _ := os.ReadFile(path)
	return b
}

// wantRefused checks that nothing was used or changed.
func wantRefused(t *testing.T, path string, want error) {
	t.Helper()
	before := tryContent(path)
	var g generator
	for name, call := range map[string]func(string, seedfile.Generator) error{"Load": seedfile.Load, "Refresh": seedfile.Refresh} {
		if err := call(path, &g); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", name, err, want)
		}
	}
	if len(g.events) != 0 || g.reseeds != 0 {
		t.Errorf("%d events, %d reseeds from a refused file", len(g.events), g.reseeds)
	}
	if after := tryContent(path); !bytes.Equal(before, after) {
		t.Error("a refused file was changed")
	}
}

func TestLoad(t *testing.T) {
	path := newFile(t, 1)
	seen := [][]byte{content(t, path)}
	var g, twin generator
	for range 5 {
		if err := seedfile.Load(path, &g); err != nil {
			t.Fatal(err)
		}
		now := content(t, path)
		for _, old := range seen {
			if bytes.Equal(now[16:80], old[16:80]) {
				t.Fatal("a seed came twice")
			}
		}
		seen = append(seen, now)
	}
	if len(g.events) != 5*32 || g.reseeds != 5 {
		t.Errorf("%d events and %d reseeds in 5 loads", len(g.events), g.reseeds)
	}
	texts := make([]string, len(g.events))
	for i, e := range g.events {
		if len(e) != 32 {
			t.Errorf("event %d has %d bytes", i, len(e))
		}
		texts[i] = string(e)
	}
	slices.Sort(texts)
	if len(slices.Compact(texts)) != 5*32 {
		t.Error("an event came twice")
	}
	if err := seedfile.Load(newFile(t, 1), &twin); err != nil || !bytes.Equal(twin.events[0], g.events[0]) {
		t.Error("the events don't depend on the seed alone", err)
	}
	s, err := os.Stat(path)
	if err != nil || s.Mode() != 0o600 || s.Size() != int64(seedfile.Size) {
		t.Error(s.Mode(), s.Size(), err)
	}
}

// TestNextDependsOnBoth: on the seed before and on the generator.
func TestNextDependsOnBoth(t *testing.T) {
	next := func(c byte, drawn int) string {
		path := newFile(t, c)
		if err := seedfile.Refresh(path, &generator{drawn: drawn}); err != nil {
			t.Fatal(err)
		}
		return string(content(t, path))
	}
	a := next(1, 0)
	if a != next(1, 0) || a == next(2, 0) || a == next(1, 1) {
		t.Error("the next seed isn't made of the old one and the generator's bytes")
	}
}

// TestReader: the real generator takes the seed before its next byte.
func TestReader(t *testing.T) {
	r, err := csprng.New(csprng.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	path := filepath.Join(t.TempDir(), "seed")
	if err := seedfile.Save(path, r); err != nil {
		t.Fatal(err)
	}
	before := r.Status()
	if err := seedfile.Load(path, r); err != nil {
		t.Fatal(err)
	}
	after := r.Status()
	if after.Events < before.Events+32 || after.Reseeds <= before.Reseeds {
		t.Errorf("events %d to %d, reseeds %d to %d", before.Events, after.Events, before.Reseeds, after.Reseeds)
	}
}

func TestGeneratorFails(t *testing.T) {
	path := newFile(t, 1)
	before := content(t, path)
	want := errors.New("not ready")
	for _, call := range []func(string, seedfile.Generator) error{seedfile.Load, seedfile.Refresh, seedfile.Save} {
		if err := call(path, &generator{err: want}); !errors.Is(err, want) {
			t.Error(err)
		}
	}
	if !bytes.Equal(before, content(t, path)) {
		t.Error("the file was changed")
	}
}

// TestTorn: every prefix, every bit, and more than there should be.
func TestTorn(t *testing.T) {
	whole := seedfile.Encode(seedOf(7))
	refuse := func(b []byte) {
		t.Helper()
		seed := *seedOf(1)
		if err := seedfile.Decode(b, &seed); !errors.Is(err, seedfile.ErrRefused) || seed != *seedOf(1) {
			t.Errorf("%d bytes: %v", len(b), err)
		}
	}
	for n := range whole {
		refuse(whole[:n])
		refuse(append(bytes.Clone(whole[:n]), make([]byte, len(whole)-n)...))
		for bit := range 8 {
			b := bytes.Clone(whole[:])
			b[n] ^= 1 << bit
			refuse(b)
		}
	}
	refuse(append(whole[:], 0))
	path := newFile(t, 1)
	for _, n := range []int64{0, 1, 16, 80, int64(seedfile.Size) - 1, int64(seedfile.Size) + 1, 1 << 20} {
		if err := os.Truncate(path, n); err != nil {
			t.Fatal(err)
		}
		wantRefused(t, path, seedfile.ErrRefused)
	}
	if err := seedfile.Save(path, &generator{}); err != nil {
		t.Error("Save doesn't repair:", err)
	}
	if err := seedfile.Load(path, &generator{}); err != nil {
		t.Error(err)
	}
}

func TestModes(t *testing.T) {
	path := newFile(t, 1)
	for _, mode := range []os.FileMode{0o604, 0o602, 0o601, 0o640, 0o620, 0o644, 0o666} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		wantRefused(t, path, seedfile.ErrRefused)
	}
	path = newFile(t, 1)
	old := syscall.Umask(0o777)
	err := seedfile.Save(path, &generator{})
	syscall.Umask(old)
	if err != nil {
		t.Fatal(err)
	}
	// The lock's too: who isn't root could never open it again.
	for _, name := range []string{path, path + ".lock"} {
		if s, err := os.Stat(name); err != nil || s.Mode() != 0o600 {
			t.Error(name, s, err)
		}
	}
}

// TestLinked: the seed of a file with a second name would be there again under that
// one, once it was used. Saving is allowed: the other name keeps the old file.
func TestLinked(t *testing.T) {
	path := newFile(t, 1)
	if err := os.Link(path, path+".copy"); err != nil {
		t.Skip(err)
	}
	wantRefused(t, path, seedfile.ErrRefused)
	wantRefused(t, path+".copy", seedfile.ErrRefused)
	if err := errors.Join(seedfile.Save(path, &generator{}), seedfile.Load(path+".copy", &generator{})); err != nil {
		t.Error(err)
	}
}

func TestKinds(t *testing.T) {
	folder := t.TempDir()
	target, link := newFile(t, 1), filepath.Join(folder, "link")
	fifo, dangling := filepath.Join(folder, "fifo"), filepath.Join(folder, "dangling")
	if err := errors.Join(os.Symlink(target, link), os.Symlink("nothing", dangling), syscall.Mkfifo(fifo, 0o600)); err != nil {
		t.Fatal(err)
	}
	socket, err := net.Listen("unix", filepath.Join(folder, "socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = socket.Close() }()
	for _, path := range []string{link, dangling, fifo, folder + "/socket", folder, folder + "/", folder + "/."} {
		wantRefused(t, path, seedfile.ErrRefused)
		if err := seedfile.Save(path, &generator{}); !errors.Is(err, seedfile.ErrRefused) {
			t.Errorf("Save(%q): %v", path, err)
		}
	}
	if got, _ := os.Readlink(link); got != target {
		t.Error("the link was replaced")
	}
	// The lock's file and the temporary one don't follow links either.
	path := newFile(t, 1)
	if err := os.Symlink(target, path+".lock"); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, path, seedfile.ErrRefused)
	path = newFile(t, 1)
	before := content(t, target)
	if err := errors.Join(os.Symlink(target, path+".new"), seedfile.Load(path, &generator{})); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, content(t, target)) {
		t.Error("written through a link")
	}
}

func TestForeignOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to give a file away")
	}
	path := newFile(t, 1)
	if err := os.Chown(path, 12345, 12345); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, path, seedfile.ErrRefused)
	if err := seedfile.Save(path, &generator{}); !errors.Is(err, seedfile.ErrRefused) {
		t.Error(err)
	}
}

func TestMissing(t *testing.T) {
	folder := t.TempDir()
	wantRefused(t, filepath.Join(folder, "none"), syscall.ENOENT)
	wantRefused(t, filepath.Join(folder, "none", "none"), syscall.ENOENT)
	wantRefused(t, "", syscall.ENOENT)
	wantRefused(t, "a\x00b", syscall.EINVAL)
}

// TestLock: gofrs/flock, which is another implementation, and ours exclude each other.
func TestLock(t *testing.T) {
	path := newFile(t, 1)
	other := flock.New(path + ".lock")
	if ok, err := other.TryLock(); !ok || err != nil {
		t.Fatal(ok, err)
	}
	wantRefused(t, path, seedfile.ErrLocked)
	if err := other.Unlock(); err != nil {
		t.Fatal(err)
	}
	seedfile.HookForTesting = func(s seedfile.Step) {
		second := flock.New(path + ".lock")
		if ok, err := second.TryLock(); ok || err != nil {
			t.Errorf("at %q the lock isn't held: %v", s, err)
		}
		_ = second.Close()
	}
	defer func() { seedfile.HookForTesting = nil }()
	if err := seedfile.Load(path, &generator{}); err != nil {
		t.Fatal(err)
	}
	if ok, err := other.TryLock(); !ok || err != nil {
		t.Error("still locked after the call", err)
	}
	_ = other.Close()
}

// TestOrder: the next seed is on the disk before the old one is used.
func TestOrder(t *testing.T) {
	var got []seedfile.Step
	var g generator
	seedfile.HookForTesting = func(s seedfile.Step) {
		got = append(got, s)
		if s != seedfile.Used && (len(g.events) > 0 || g.reseeds > 0) {
			t.Errorf("used at %q", s)
		}
	}
	defer func() { seedfile.HookForTesting = nil }()
	if err := seedfile.Load(newFile(t, 1), &g); err != nil || !slices.Equal(got, steps) {
		t.Error(got, err)
	}
}

func TestFailedWrite(t *testing.T) {
	path := newFile(t, 1)
	if err := os.Mkdir(path+".new", 0o700); err != nil { // cannot be removed as a file
		t.Fatal(err)
	}
	var g generator
	if err := seedfile.Load(path, &g); err == nil || len(g.events) > 0 {
		t.Errorf("%v, %d events", err, len(g.events))
	}
}

// TestRace: of the calls of many goroutines each ends well or with ErrLocked, and
// no seed is used twice.
func TestRace(t *testing.T) {
	path := newFile(t, 1)
	var mu sync.Mutex
	seen := map[string]bool{}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				var g generator
				err := seedfile.Load(path, &g)
				if errors.Is(err, seedfile.ErrLocked) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if seen[string(g.events[0])] {
					t.Error("a seed was used twice")
				}
				seen[string(g.events[0])] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}

// TestLockRemoved: somebody removes the lock's file while its lock is held. The next
// call makes another one, and has it; the seed is still used once.
func TestLockRemoved(t *testing.T) {
	path := newFile(t, 1)
	var first, second generator
	seedfile.HookForTesting = func(s seedfile.Step) {
		if s != seedfile.Created {
			return
		}
		seedfile.HookForTesting = nil
		if err := os.Remove(path + ".lock"); err != nil {
			t.Error(err)
		}
		if err := seedfile.Load(path, &second); !errors.Is(err, seedfile.ErrLocked) {
			t.Error(err)
		}
	}
	defer func() { seedfile.HookForTesting = nil }()
	if err := seedfile.Load(path, &first); err != nil || len(first.events) == 0 || len(second.events) != 0 {
		t.Error(err, len(first.events), len(second.events))
	}
	if err := seedfile.Load(path, &second); err != nil {
		t.Error(err)
	}
}

// TestReplacedWhileRead: what was opened is no longer the file, but what another
// call, by another lock, has used and replaced.
func TestReplacedWhileRead(t *testing.T) {
	path := newFile(t, 1)
	var first, second generator
	seedfile.HookForTesting = func(s seedfile.Step) {
		if s != seedfile.Opened {
			return
		}
		seedfile.HookForTesting = nil
		if err := errors.Join(os.Remove(path+".lock"), seedfile.Load(path, &second)); err != nil {
			t.Error(err)
		}
	}
	defer func() { seedfile.HookForTesting = nil }()
	if err := seedfile.Load(path, &first); !errors.Is(err, seedfile.ErrLocked) || len(first.events) != 0 {
		t.Error(err, len(first.events))
	}
}

const dieAt, dieFile = "SEEDFILE_TEST_STEP", "SEEDFILE_TEST_FILE"

// TestMain is the program that dies, if it is told where.
func TestMain(m *testing.M) {
	if step := os.Getenv(dieAt); step != "" {
		seedfile.HookForTesting = func(s seedfile.Step) {
			if string(s) == step {
				_ = syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
				select {}
			}
		}
		_ = seedfile.Load(os.Getenv(dieFile), &generator{})
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// TestKilled: whatever the step, the next process finds a whole seed and no lock,
// and one that may have been used is gone.
func TestKilled(t *testing.T) {
	for i, step := range steps {
		t.Run(string(step), func(t *testing.T) {
			path := newFile(t, 1)
			before := content(t, path)
			c := exec.Command(os.Args[0])
			c.Env = append(os.Environ(), dieAt+"="+string(step), dieFile+"="+path)
			var ended *exec.ExitError
			if err := c.Run(); !errors.As(err, &ended) || ended.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
				t.Fatalf("didn't die at the step: %v", err)
			}
			replaced := !bytes.Equal(before, content(t, path))
			if renamed := i >= slices.Index(steps, seedfile.Renamed); replaced != renamed {
				t.Errorf("replaced: %v", replaced)
			}
			if err := seedfile.Load(path, &generator{}); err != nil {
				t.Error(err)
			}
			if _, err := os.Lstat(path + ".new"); !errors.Is(err, os.ErrNotExist) {
				t.Error("the temporary file is left:", err)
			}
		})
	}
}

// FuzzDecode: what is read is what Encode writes, and nothing else is read.
func FuzzDecode(f *testing.F) {
	whole := seedfile.Encode(seedOf(3))
	f.Add(whole[:])
	f.Add(whole[:80])
	f.Add([]byte{})
	other := append([]byte("gorandom seed 2\n"), whole[16:80]...) // of another version, and whole
	digest := sha256.Sum256(other)
	f.Add(append(other, digest[:]...))
	f.Fuzz(func(t *testing.T, b []byte) {
		var seed [seedfile.SeedSize]byte
		err := seedfile.Decode(b, &seed)
		if err == nil {
			if again := seedfile.Encode(&seed); !bytes.Equal(again[:], b) {
				t.Errorf("read %x", b)
			}
		} else if !errors.Is(err, seedfile.ErrRefused) || seed != ([seedfile.SeedSize]byte{}) {
			t.Error(err)
		}
	})
}
