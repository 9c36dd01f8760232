// Package gorandom_test checks the package that Go programs import.
package gorandom_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gorandom.dev/gorandom"
	"gorandom.dev/gorandom/csprng"
	"gorandom.dev/gorandom/keystream"
)

// TestRead: every way to get bytes fills all of the buffer, and none repeats.
func TestRead(t *testing.T) {
	seen := map[string]string{}
	for name, read := range map[string]func([]byte) error{
		"Read":    gorandom.Read,
		"Urandom": gorandom.Urandom,
		"Reader": func(b []byte) error {
			n, err := gorandom.Reader.Read(b)
			if err == nil && n != len(b) {
				return fmt.Errorf("%d bytes of %d", n, len(b))
			}
			return err
		},
		"io.ReadFull": func(b []byte) error {
			_, err := io.ReadFull(gorandom.Reader, b)
			return err
		},
	} {
		for _, n := range []int{0, 1, 15, 16, 17, 4095, 4096, 4097, 1<<20 - 1, 1 << 20, 1<<20 + 1, 3 << 20} {
			b := make([]byte, n)
			if err := read(b); err != nil {
				t.Fatalf("%s, %d bytes: %v", name, n, err)
			}
			if n < 16 {
				continue
			}
			for _, piece := range [][]byte{b[:16], b[n/2-8:][:16], b[n-16:]} {
				what := fmt.Sprintf("%s, %d bytes", name, n)
				if bytes.Equal(piece, make([]byte, 16)) {
					t.Errorf("%s: not filled", what)
				}
				if other, ok := seen[string(piece)]; ok && other != what {
					t.Errorf("%s: bytes of %s", what, other)
				}
				seen[string(piece)] = what
			}
		}
	}
}

// TestTheRest: the other names work in a process that is ready.
func TestTheRest(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := gorandom.Wait(ended); err != nil {
		t.Errorf("Wait: %v", err)
	}
	before := gorandom.Status()
	if err := gorandom.Reseed(); err != nil {
		t.Errorf("Reseed: %v", err)
	}
	reseeds := gorandom.Status().Reseeds
	gorandom.AtFork()
	if got := gorandom.Status().Reseeds; got <= reseeds {
		t.Errorf("AtFork: %d reseeds after it, %d before", got, reseeds)
	}
	if err := gorandom.AddEvent(3, []byte("an event")); err != nil {
		t.Errorf("AddEvent: %v", err)
	}
	if err := gorandom.AddEvent(3, nil); !errors.Is(err, csprng.ErrEvent) {
		t.Errorf("AddEvent of nothing: got %v, want ErrEvent", err)
	}
	after := gorandom.Status()
	if !after.Started || after.Reseeds < before.Reseeds+2 || after.Events <= before.Events {
		t.Errorf("status %+v, before %+v", after, before)
	}
	if after.Keystream != keystream.Active() || len(after.Sources) == 0 {
		t.Errorf("status %+v", after)
	}
	if !regexp.MustCompile(`^\d+\.\d+\.\d+$`).MatchString(gorandom.Version) {
		t.Errorf("Version: %q", gorandom.Version)
	}
}

// booting is a kernel that isn't ready before a moment, or is broken.
type booting struct {
	ready time.Time
	err   error
	asked atomic.Int64
}

func (*booting) Name() string { return "booting" }

func (s *booting) Read(b []byte) error {
	s.asked.Add(1)
	if time.Now().Before(s.ready) {
		clear(b)
		return s.err
	}
	for i := range b {
		b[i] = byte(i)
	}
	return nil
}

// use makes an RNG with this kernel the process's own, until the test ends.
func use(t *testing.T, s *booting) {
	t.Helper()
	r, err := csprng.New(csprng.Config{Lanes: 2, Source: s})
	if err != nil {
		t.Fatal(err)
	}
	restore := gorandom.SetRNGForTesting(r)
	t.Cleanup(func() {
		restore()
		_ = r.Close()
	})
}

// TestBoot: while the kernel isn't ready, Urandom says so at once and Read waits.
// An hour passes at once, by synctest's clock. It fails if Read returns
// ErrNotReady, or Urandom waits.
func TestBoot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		use(t, &booting{ready: start.Add(time.Hour), err: gorandom.ErrNotReady})
		b := []byte{1, 2, 3}
		if err := gorandom.Urandom(b); !errors.Is(err, gorandom.ErrNotReady) || !bytes.Equal(b, make([]byte, 3)) {
			t.Errorf("Urandom: %v, %v", err, b)
		}
		errEnough := errors.New("enough")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errEnough)
		defer cancel()
		if err := gorandom.Wait(ctx); !errors.Is(err, errEnough) || time.Since(start) != time.Minute {
			t.Errorf("Wait for a minute: %v after %v", err, time.Since(start))
		}
		if err := gorandom.Reseed(); !errors.Is(err, gorandom.ErrNotReady) {
			t.Errorf("Reseed: %v", err)
		}
		b = make([]byte, 100)
		if err := gorandom.Read(b); err != nil || bytes.Equal(b[50:], make([]byte, 50)) {
			t.Errorf("Read: %v, %x", err, b)
		}
		if took := time.Since(start); took < time.Hour || took > time.Hour+50*time.Millisecond {
			t.Errorf("Read came after %v", took)
		}
	})
}

// TestBrokenKernel: an error that waiting won't cure ends every call, with zeros.
func TestBrokenKernel(t *testing.T) {
	errBroken := errors.New("broken")
	use(t, &booting{ready: time.Now().Add(time.Hour), err: errBroken})
	for name, read := range map[string]func([]byte) error{
		"Read":    gorandom.Read,
		"Urandom": gorandom.Urandom,
		"Reader": func(b []byte) error {
			n, err := gorandom.Reader.Read(b)
			if n != 0 {
				t.Errorf("%d bytes and an error", n)
			}
			return err
		},
		"Wait": func(b []byte) error { clear(b); return gorandom.Wait(context.Background()) },
	} {
		b := []byte{1, 2, 3}
		if err := read(b); !errors.Is(err, errBroken) || !bytes.Equal(b, make([]byte, 3)) {
			t.Errorf("%s: %v, %v", name, err, b)
		}
	}
}

// TestAllAtOnce is for the race detector, and for the first call of all.
func TestAllAtOnce(t *testing.T) {
	var wg sync.WaitGroup
	var seen sync.Map
	for range 16 {
		wg.Go(func() {
			for range 300 {
				var b [16]byte
				if err := gorandom.Read(b[:]); err != nil {
					t.Error(err)
				}
				if _, twice := seen.LoadOrStore(b, true); twice {
					t.Errorf("%x came twice", b)
				}
			}
			if err := errors.Join(gorandom.Reseed(), gorandom.AddEvent(1, []byte{1}), gorandom.Wait(t.Context())); err != nil {
				t.Error(err)
			}
			_ = gorandom.Status()
		})
	}
	wg.Wait()
}

// TestNoAllocation: a buffer on the caller's stack stays there.
func TestNoAllocation(t *testing.T) {
	if raceEnabled || keystream.Active() == "generic" {
		t.Skip("NOT RUN: the race detector makes sync.Pool forget, and the generic kernel allocates")
	}
	if n := testing.AllocsPerRun(500, func() {
		var b [32]byte
		if err := gorandom.Read(b[:]); err != nil {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkRead(b *testing.B) {
	for _, v := range []struct {
		name string
		read func([]byte) error
	}{
		{"gorandom", gorandom.Read},
		{"crypto-rand", func(b []byte) error { _, err := rand.Read(b); return err }},
	} {
		for _, n := range []int{16, 256, 4096, 1 << 20} {
			b.Run(fmt.Sprintf("%s/%d", v.name, n), func(b *testing.B) {
				buf := make([]byte, n)
				b.SetBytes(int64(n))
				b.ReportAllocs()
				for b.Loop() {
					if err := v.read(buf); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
