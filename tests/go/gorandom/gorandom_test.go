// Package gorandom_test checks the package that Go programs import.
package gorandom_test

import (
	"bytes"
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"slices"
	"sync"
	"testing"

	"gorandom.dev/gorandom"
	"gorandom.dev/gorandom/csprng"
	"gorandom.dev/gorandom/keystream"
)

// TestRead: every way to get bytes fills the whole buffer, and none repeats.
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

// TestTheRest: the other functions work in a process that is ready.
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

// TestSource: numbers use all 64 bits, none comes twice, and a rand.Rand can use them. It
// fails if a byte of a number is always the same.
func TestSource(t *testing.T) {
	var source rand.Source = gorandom.Source{}
	seen := map[uint64]bool{}
	ones, zeros := uint64(0), ^uint64(0)
	for range 200 {
		n := source.Uint64()
		seen[n] = true
		ones, zeros = ones|n, zeros&n
	}
	if len(seen) != 200 || ones != ^uint64(0) || zeros != 0 {
		t.Errorf("%d numbers of 200; bits ever set %x, always set %x", len(seen), ones, zeros)
	}
	order := rand.New(source).Perm(1000)
	slices.Sort(order)
	if order[0] != 0 || len(slices.Compact(order)) != 1000 {
		t.Errorf("no permutation: %v", order)
	}
}

// TestAllAtOnce is for the race detector. Its goroutines also compete for the process's first call.
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
				for _, drawn := range []any{b, gorandom.Source{}.Uint64()} {
					if _, twice := seen.LoadOrStore(drawn, true); twice {
						t.Errorf("%x came twice", drawn)
					}
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
		_ = gorandom.Source{}.Uint64()
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
		{"crypto-rand", func(b []byte) error { _, err := crand.Read(b); return err }},
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
