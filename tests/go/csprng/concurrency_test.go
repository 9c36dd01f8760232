package csprng_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gorandom.dev/gorandom/csprng"
	"gorandom.dev/gorandom/entropy"
	"gorandom.dev/gorandom/keystream"
)

// patience is how long other goroutines may take before a test says that they hang. A
// test that passes never waits that long.
const patience = time.Minute

// finishes fails unless f returns.
func finishes(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatalf("%s: hangs", what)
	}
}

// blocking is a kernel that can be made to hang.
type blocking struct {
	source
	hang    atomic.Bool
	entered chan struct{}
	leave   chan struct{}
}

func (s *blocking) Read(b []byte) error {
	if s.hang.CompareAndSwap(true, false) {
		close(s.entered)
		<-s.leave
	}
	return s.source.Read(b)
}

// TestLanesDontWaitForTheRoot: while a Reseed holds the root's lock, here in a kernel that
// hangs, seeded lanes continue to draw and to take samples. It hangs if tryAdd locks
// instead of trying.
func TestLanesDontWaitForTheRoot(t *testing.T) {
	s := &blocking{entered: make(chan struct{}), leave: make(chan struct{})}
	r, err := csprng.New(csprng.Config{Lanes: 2, Source: s, Clock: func() time.Duration { return 0 }})
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 64)
	for lane := range 2 {
		if err := r.Fill(lane, b); err != nil {
			t.Fatal(err)
		}
	}
	s.hang.Store(true)
	done := make(chan error, 1)
	go func() { done <- r.Reseed() }()
	<-s.entered
	finishes(t, "draws", func() {
		for i := range 1000 {
			if err := r.Fill(i%2, b); err != nil {
				t.Error(err)
			}
		}
	})
	close(s.leave)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// TestLanesDontWaitForEachOther: a lane whose draw hangs, here in the clock, blocks neither
// another lane nor FillAny. It fails if two lanes share a lock.
func TestLanesDontWaitForEachOther(t *testing.T) {
	var hang atomic.Bool
	entered, leave := make(chan struct{}), make(chan struct{})
	r, err := csprng.New(csprng.Config{Lanes: 4, Source: &source{}, Clock: func() time.Duration {
		if hang.CompareAndSwap(true, false) {
			close(entered)
			<-leave
		}
		return 0
	}})
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 64)
	for lane := range 4 {
		if err := r.Fill(lane, b); err != nil {
			t.Fatal(err)
		}
	}
	hang.Store(true)
	done := make(chan error, 1)
	go func() { done <- r.Fill(1, make([]byte, 64)) }()
	<-entered
	finishes(t, "other lanes", func() {
		for i := range 1000 {
			if err := errors.Join(r.Fill(i%4/2*3, b), r.FillAny(b)); err != nil { // lanes 0 and 3
				t.Error(err)
			}
		}
	})
	close(leave)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// TestAllAtOnce is for the race detector: everything happens at once, with reseeds by age
// and rule, forks and a failing kernel, and a Close at the end.
func TestAllAtOnce(t *testing.T) {
	x := newBench(t, 4, true)
	var wg sync.WaitGroup
	var closed atomic.Bool
	work := func(f func(i int) error) {
		wg.Go(func() {
			for i := range 2000 {
				err := f(i)
				if errors.Is(err, csprng.ErrClosed) && closed.Load() {
					return
				}
				if err != nil && !errors.Is(err, entropy.ErrNotReady) {
					t.Error(err)
					return
				}
			}
		})
	}
	for lane := range 4 {
		work(func(i int) error { return x.Fill(lane, make([]byte, i%300)) })
		work(func(i int) error { return x.FillAny(make([]byte, i%300)) })
	}
	work(func(i int) error { return x.AddEvent(byte(i), make([]byte, 1+i%64)) })
	work(func(i int) error { x.pass(10 * time.Millisecond); return nil })
	work(func(i int) error { _ = x.Status().Sources; return nil })
	work(func(i int) error {
		if i%100 == 0 {
			x.fork(true)
		}
		return x.Reseed()
	})
	work(func(i int) error {
		x.source.fail([]error{nil, nil, entropy.ErrNotReady}[i%3])
		return nil
	})
	wg.Go(func() {
		for x.Status().Reseeds < 500 && !t.Failed() {
			_ = x.Reseed()
		}
		closed.Store(true)
		if err := x.Close(); err != nil {
			t.Error(err)
		}
	})
	finishes(t, "all at once", wg.Wait)
}

// TestNoAllocation: a draw makes no garbage, whatever happens during it.
func TestNoAllocation(t *testing.T) {
	if raceEnabled || keystream.Active() == "generic" {
		t.Skip("NOT RUN: the race detector makes sync.Pool forget, and the generic kernel allocates")
	}
	now := time.Duration(0)
	r, err := csprng.New(csprng.Config{Lanes: 2, Clock: func() time.Duration { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	for what, f := range map[string]func() error{
		"draw": func() error {
			var b [100]byte
			return r.Fill(1, b[:])
		},
		"draw from any lane": func() error {
			var b [100]byte
			return r.FillAny(b[:])
		},
		"draw with a reseed": func() error {
			now += time.Second
			var b [100]byte
			return r.Fill(0, b[:])
		},
		"event": func() error {
			var b [100]byte
			return r.AddEvent(1, b[:])
		},
		"Reseed": r.Reseed,
	} {
		n := testing.AllocsPerRun(500, func() {
			if err := f(); err != nil {
				t.Error(err)
			}
		})
		if n != 0 {
			t.Errorf("%s: %v allocations", what, n)
		}
	}
}

func BenchmarkFill(b *testing.B) {
	for _, n := range []int{16, 4096, 1 << 20} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r, err := csprng.New(csprng.Config{})
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = r.Close() }()
			buf := make([]byte, n)
			b.SetBytes(int64(n))
			b.ReportAllocs()
			for b.Loop() {
				if err := r.Fill(0, buf); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkFillParallel(b *testing.B) {
	for _, n := range []int{16, 4096} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r, err := csprng.New(csprng.Config{Lanes: 16})
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = r.Close() }()
			b.SetBytes(int64(n))
			b.RunParallel(func(pb *testing.PB) {
				buf := make([]byte, n)
				for pb.Next() {
					if err := r.FillAny(buf); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

// BenchmarkStart measures what a process's first draw costs after its runtime's start.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		r, err := csprng.New(csprng.Config{Lanes: 2})
		if err != nil {
			b.Fatal(err)
		}
		var buf [16]byte
		if err := r.Fill(0, buf[:]); err != nil {
			b.Fatal(err)
		}
		_ = r.Close()
	}
}
