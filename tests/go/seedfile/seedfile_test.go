//go:build darwin || freebsd || linux || openbsd

// Package seedfile_test gives the package files of all kinds. Tests of the single steps at
// which a process may die are beside the code.
package seedfile_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"

	"github.com/google/renameio/v2"
	"gorandom.dev/gorandom/csprng"
	"gorandom.dev/gorandom/seedfile"
)

// generator counts and records what it is given.
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

// newFile makes a seed file without the package's help.
func newFile(t testing.TB, c byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "seed")
	b := append([]byte("gorandom seed 1\n"), bytes.Repeat([]byte{c}, seedfile.SeedSize)...)
	digest := sha256.Sum256(b)
	if err := renameio.WriteFile(path, append(b, digest[:]...), 0o600); err != nil {
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

// tryContent returns nil for anything but a regular file: reading a FIFO would block.
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

// TestNextDependsOnBoth: the next seed depends on the old one and on the generator.
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
		t.Error("the next seed doesn't depend on both the old one and the generator's bytes")
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

// TestCutShort: a file of the wrong size is refused, and Save repairs it.
func TestCutShort(t *testing.T) {
	var path string
	for _, n := range []int64{0, 1, 16, 80, int64(seedfile.Size) - 1, int64(seedfile.Size) + 1, 1 << 20} {
		path = newFile(t, 1) // whole, so that a longer file begins with a good one
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
	// The lock's file too: otherwise only root could ever open it again.
	for _, name := range []string{path, path + ".lock"} {
		if s, err := os.Stat(name); err != nil || s.Mode() != 0o600 {
			t.Error(name, s, err)
		}
	}
}

// TestLinked: a used seed could still be read under the file's second name, so such a file is
// refused. Save accepts it, because the other name keeps the old file.
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
	// The lock's file and the temporary file don't follow links either.
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

// TestRace: of the calls of many goroutines each succeeds or returns ErrLocked, and no seed
// is used twice.
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
