// Package csprng_test checks the policy. The clock, the kernel and the memory answer as each
// test wants, and no test sleeps.
package csprng_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gorandom.dev/gorandom/csprng"
	"gorandom.dev/gorandom/entropy"
	"gorandom.dev/gorandom/fortuna"
	"gorandom.dev/gorandom/process"
)

// source is a fake kernel: the hashes of a counter, or an error.
type source struct {
	mu    sync.Mutex
	state uint64
	err   error
	sizes []int // of each successful read
	asked int
}

func (s *source) Name() string { return "fake kernel" }

func (s *source) Read(b []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.err != nil {
		clear(b)
		return s.err
	}
	for rest := b; len(rest) > 0; s.state++ {
		digest := sha256.Sum256(binary.LittleEndian.AppendUint64(nil, s.state))
		rest = rest[copy(rest, digest[:]):]
	}
	s.sizes = append(s.sizes, len(b))
	return nil
}

func (s *source) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// silent is a processor that never has a word.
type silent struct{}

func (silent) Name() string      { return "silent" }
func (silent) Read([]byte) error { return entropy.ErrUnavailable }

// bench is an RNG with everything around it faked, in ordinary memory.
type bench struct {
	*csprng.RNG
	source source
	now    atomic.Int64
	pid    atomic.Int64
	reads  atomic.Uint64 // of the cycle counter
	looked func()        // called before the clock answers; or nil
	memory []byte
}

// cycles is a counter of 1 GHz that passes the tests of noise: it advances by some hundreds
// from one reading to the next, each time by a different number.
func (x *bench) cycles() uint64 {
	return uint64(x.now.Load()) + reading(x.reads.Add(1))
}

// reading is what the counter shows at reading n, if the clock stands still.
func reading(n uint64) uint64 { return 128*n + n*0x9e3779b97f4a7c15>>57 }

// newBench makes a bench. With pidMode the memory isn't wiped at a fork. Two benches are
// alike: the same calls give the same bytes.
func newBench(t testing.TB, lanes int, pidMode bool) *bench {
	t.Helper()
	x := new(bench)
	x.now.Store(int64(time.Hour))
	x.pid.Store(100)
	r, err := csprng.New(csprng.Config{
		Lanes:     lanes,
		Source:    &x.source,
		Processor: silent{},
		Cycles:    x.cycles,
		Clock: func() time.Duration {
			if x.looked != nil {
				x.looked()
			}
			return time.Duration(x.now.Load())
		},
		Getpid: func() int { return int(x.pid.Load()) },
		Allocate: func(size int) (*process.Memory, error) {
			x.memory = make([]byte, size)
			return process.NewMemory(x.memory, process.Protection{WipedAtFork: !pidMode}, nil), nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	x.RNG = r
	return x
}

// pass moves the clock, and the cycle counter with it: 1 GHz.
func (x *bench) pass(d time.Duration) { x.now.Add(int64(d)) }

// draw draws n bytes, and checks that the whole buffer was written.
func (x *bench) draw(t testing.TB, lane, n int) []byte {
	t.Helper()
	b := bytes.Repeat([]byte{0xee}, n)
	if err := x.Fill(lane, b); err != nil {
		t.Fatalf("Fill(%d, %d bytes): %v", lane, n, err)
	}
	if n >= 16 && bytes.Equal(b[n-16:], bytes.Repeat([]byte{0xee}, 16)) {
		t.Fatalf("Fill(%d, %d bytes): not filled to the end", lane, n)
	}
	return b
}

// refused draws, and checks that it gets nothing but the error.
func (x *bench) refused(t testing.TB, lane, n int, want error) {
	t.Helper()
	b := bytes.Repeat([]byte{0xee}, n)
	if err := x.Fill(lane, b); !errors.Is(err, want) {
		t.Errorf("Fill(%d, %d bytes): got %v, want %v", lane, n, err, want)
	}
	if !bytes.Equal(b, make([]byte, n)) {
		t.Errorf("Fill(%d, %d bytes): an error, and bytes that aren't zero", lane, n)
	}
}

func (x *bench) wantReseeds(t testing.TB, want uint64) {
	t.Helper()
	if got := x.Status().Reseeds; got != want {
		t.Errorf("%d reseeds, want %d", got, want)
	}
}

// TestFirstBytes builds by hand, from package fortuna, what the package's documentation
// says: 32 kernel bytes for each pool, a first reseed with 32 more, a 32-byte seed for each
// lane, the cycle counter, the book's requests.
func TestFirstBytes(t *testing.T) {
	var kernel source
	fresh := make([]byte, 33*32)
	_ = kernel.Read(fresh)
	var root fortuna.Accumulator
	for i := range 32 {
		if err := root.AddEvent(csprng.SourceKernel, i, fresh[32*i:][:32]); err != nil {
			t.Fatal(err)
		}
	}
	root.Reseed(0, fresh[32*32:])

	x := newBench(t, 3, false)
	readings := uint64(1024 + 1)          // for the 1024 steps that are tested at the start
	for _, lane := range []int{2, 0, 1} { // each seeded at its first draw
		var g fortuna.Generator
		seed, want := make([]byte, 32), make([]byte, 3<<20+100)
		if err := root.Generator.Request(seed); err != nil {
			t.Fatal(err)
		}
		g.Reseed(seed)
		readings++
		g.Reseed(binary.LittleEndian.AppendUint64(nil, uint64(x.now.Load())+reading(readings)))
		if err := g.PseudoRandomData(want[:1<<20]); err != nil {
			t.Fatal(err)
		}
		got := x.draw(t, lane, 1000)
		if !bytes.Equal(got, want[:1000]) {
			t.Errorf("lane %d: first bytes %x, want %x", lane, got[:16], want[:16])
		}
	}
	if !slices.Equal(x.source.sizes, []int{33 * 32}) {
		t.Errorf("reads from the kernel: %v", x.source.sizes)
	}
	x.wantReseeds(t, 1)
	if s := x.Status(); s.Events != 32 || s.Collected != 0 {
		t.Errorf("%d events, pool 0 has %d bytes", s.Events, s.Collected)
	}
}

// TestLaterBytes continues by hand where there is a processor. A lane's key takes a word at
// its first request and a millisecond later. The root's key takes words at Reseed, with the
// pools, and at a reseed for its age, without them.
func TestLaterBytes(t *testing.T) {
	x := newObserved(t, 1, func(c *csprng.Config) { c.Hardware = nil })
	kernel, processor, readings := new(source), &scripted{name: "processor"}, uint64(1024)
	take := func(from entropy.Source, n int) []byte {
		b := make([]byte, n)
		_ = from.Read(b)
		return b
	}
	counter := func() []byte {
		readings++
		return binary.LittleEndian.AppendUint64(nil, uint64(x.now.Load())+reading(readings))
	}
	fresh := func() []byte { return slices.Concat(take(kernel, 32), take(processor, 32), counter()) }
	var root fortuna.Accumulator
	var lane fortuna.Generator
	seedLane := func() {
		seed := make([]byte, 32)
		if err := root.Generator.Request(seed); err != nil {
			t.Fatal(err)
		}
		lane.Reseed(seed)
	}
	mix := func() { lane.Reseed(slices.Concat(take(processor, 8), counter())) }
	check := func(when string) {
		t.Helper()
		want := make([]byte, 100)
		if err := lane.Request(want); err != nil {
			t.Fatal(err)
		}
		if got := x.draw(t, 0, len(want)); !bytes.Equal(got, want) {
			t.Errorf("%s: got %x, want %x", when, got[:16], want[:16])
		}
	}

	start := take(kernel, 33*32)
	event := func(source byte, pool int, data []byte) {
		if err := root.AddEvent(source, pool, data); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 32 {
		event(csprng.SourceKernel, i, start[32*i:][:32])
	}
	for range 31 {
		take(processor, 8)
	}
	event(csprng.SourceProcessor, 0, take(processor, 8))
	root.Reseed(0, start[32*32:])
	seedLane()
	counter()
	mix()
	check("the first request")

	if err := x.Reseed(); err != nil {
		t.Fatal(err)
	}
	root.Reseed(0, fresh())
	seedLane()
	counter() // of a request within the millisecond, whose value the key doesn't take
	check("after Reseed")

	x.pass(2 * time.Millisecond)
	mix()
	check("two milliseconds later")

	x.pass(time.Second)
	root.Generator.Reseed(fresh())
	seedLane()
	mix()
	check("a second later")
}

// TestSizes: a draw of any size is a series of requests of at most 1 MiB.
func TestSizes(t *testing.T) {
	for _, n := range []int{0, 1, 15, 16, 17, 4095, 4096, 4097, 1<<20 - 1, 1 << 20, 1<<20 + 1, 5<<20 + 3, 32<<20 + 7} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			one, row := newBench(t, 1, false), newBench(t, 1, false)
			got := one.draw(t, 0, n)
			var want []byte
			for len(want) < n {
				want = append(want, row.draw(t, 0, min(n-len(want), 1<<20))...)
			}
			if !bytes.Equal(got, want) {
				t.Error("one draw isn't the series of its requests")
			}
			if n > 0 && !bytes.Equal(one.draw(t, 0, 32), row.draw(t, 0, 32)) {
				t.Error("the next bytes differ")
			}
		})
	}
}

// TestNothingDrawn: an empty draw seeds the RNG, and changes nothing after that.
func TestNothingDrawn(t *testing.T) {
	x, twin := newBench(t, 1, false), newBench(t, 1, false)
	x.draw(t, 0, 0)
	x.wantReseeds(t, 1)
	x.draw(t, 0, 0)
	if !bytes.Equal(x.draw(t, 0, 32), twin.draw(t, 0, 32)) {
		t.Error("an empty draw changed the bytes that follow")
	}
}

// TestNotReady: before the first success every call returns the source's error and zeros.
// Then bytes come. It fails if the start goes on without its source.
func TestNotReady(t *testing.T) {
	for _, err := range []error{entropy.ErrNotReady, errors.New("broken")} {
		x := newBench(t, 2, false)
		x.source.fail(err)
		for _, n := range []int{0, 16, 3 << 20} {
			x.refused(t, 0, n, err)
			x.refused(t, 1, n, err)
		}
		b := []byte{1, 2, 3}
		if e := x.FillAny(b); !errors.Is(e, err) || !bytes.Equal(b, make([]byte, 3)) {
			t.Errorf("FillAny: %v, %v", e, b)
		}
		if e := x.Reseed(); !errors.Is(e, err) {
			t.Errorf("Reseed: %v", e)
		}
		// An event doesn't need the kernel, and doesn't replace it.
		for range 100 {
			if e := x.AddEvent(1, make([]byte, 32)); e != nil {
				t.Errorf("AddEvent: %v", e)
			}
		}
		x.pass(time.Hour)
		x.refused(t, 0, 16, err)
		if s := x.Status(); s.Started || s.Reseeds != 0 || !errors.Is(s.LastFailure, err) {
			t.Errorf("status %+v", s)
		}
		x.source.fail(nil)
		x.draw(t, 0, 16)
		if s := x.Status(); !s.Started || s.Reseeds != 1 || s.LastFailure != nil || s.FailedReseeds != 0 {
			t.Errorf("status %+v", s)
		}
	}
}

// TestStale checks the age at which a draw reseeds though no event has come. Without the
// reseedAt half of mustLook the times above it fail. Without the other half the clock that
// goes back fails.
func TestStale(t *testing.T) {
	for _, v := range []struct {
		after time.Duration
		want  uint64
	}{
		{0, 1}, {999 * time.Millisecond, 1}, {time.Second - 1, 1},
		{time.Second, 2}, {time.Hour, 2}, {math.MaxInt64 - 2*time.Hour, 2},
		{-1, 2}, {-time.Hour, 2},
	} {
		x := newBench(t, 2, false)
		x.draw(t, 0, 16)
		x.draw(t, 1, 16)
		x.pass(v.after)
		x.draw(t, 1, 16)
		x.draw(t, 0, 16)
		if got := x.Status().Reseeds; got != v.want {
			t.Errorf("after %v: %d reseeds, want %d", v.after, got, v.want)
		}
	}
}

// TestStaleReseedLeavesThePools: pool 0 with less than 64 bytes is not emptied, however
// often the generator is reseeded for its age. It fails if that reseed takes the pools: an
// attacker could then guess events one by one.
func TestStaleReseedLeavesThePools(t *testing.T) {
	x := newBench(t, 1, false)
	x.draw(t, 0, 16)
	if err := x.AddEvent(7, []byte("one event")); err != nil {
		t.Fatal(err)
	}
	for i := range uint64(5) {
		x.pass(time.Second)
		x.draw(t, 0, 1)
		x.wantReseeds(t, 2+i)
		if got := x.Status().Collected; got != 2+9 {
			t.Fatalf("pool 0 has %d bytes, want 11", got)
		}
	}
}

// TestBookRule: the rule is 64 bytes in pool 0 and more than 100 ms. Round robin puts every
// 32nd event of a source into pool 0. Two with 32 bytes of data make 68 bytes.
func TestBookRule(t *testing.T) {
	x := newBench(t, 1, false)
	x.draw(t, 0, 16)
	add := func(n int) {
		t.Helper()
		for range n {
			if err := x.AddEvent(7, make([]byte, 32)); err != nil {
				t.Fatal(err)
			}
		}
	}
	add(32)
	x.pass(500 * time.Millisecond)
	x.draw(t, 0, 1)
	x.wantReseeds(t, 1) // 34 bytes
	add(1)
	if got := x.Status().Collected; got != 68 {
		t.Fatalf("pool 0 has %d bytes, want 68", got)
	}
	x.draw(t, 0, 1)
	x.wantReseeds(t, 2)
	if got := x.Status().Collected; got != 0 {
		t.Errorf("pool 0 has %d bytes after the reseed", got)
	}
	add(64)
	x.pass(100 * time.Millisecond)
	x.draw(t, 0, 1)
	x.wantReseeds(t, 2) // not more than 100 ms
	x.pass(1)
	x.draw(t, 0, 1)
	x.wantReseeds(t, 3)
}

// TestFreshBytesAtEachReseed: whatever the reason for a reseed, 32 bytes of the kernel's go
// into the key. It fails if one kind of reseed omits them.
func TestFreshBytesAtEachReseed(t *testing.T) {
	for name, reseed := range map[string]func(*bench) error{
		"stale": func(x *bench) error { x.pass(time.Second); return nil },
		"asked": func(x *bench) error { return x.Reseed() },
		"by the rule": func(x *bench) error {
			for range 33 {
				if err := x.AddEvent(7, make([]byte, 32)); err != nil {
					return err
				}
			}
			x.pass(200 * time.Millisecond)
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			a, b, c := newBench(t, 2, false), newBench(t, 2, false), newBench(t, 2, false)
			for _, x := range []*bench{a, b, c} {
				x.draw(t, 0, 16)
				x.draw(t, 1, 16)
			}
			c.source.state += 77 // another kernel from here on
			for _, x := range []*bench{a, b, c} {
				if err := reseed(x); err != nil {
					t.Fatal(err)
				}
			}
			for lane := range 2 {
				x, y, z := a.draw(t, lane, 32), b.draw(t, lane, 32), c.draw(t, lane, 32)
				if !bytes.Equal(x, y) {
					t.Errorf("lane %d: the benches aren't alike", lane)
				}
				if bytes.Equal(x, z) {
					t.Errorf("lane %d: the kernel's bytes didn't matter", lane)
				}
			}
			if want := []int{33 * 32, 32}; !slices.Equal(a.source.sizes, want) {
				t.Errorf("reads from the kernel: %v, want %v", a.source.sizes, want)
			}
		})
	}
}

// TestReseedReachesEveryLane: the very next byte of each lane differs from what it would
// have been without the reseed. It fails if lanes don't compare epochs.
func TestReseedReachesEveryLane(t *testing.T) {
	const lanes = 16
	x, twin := newBench(t, lanes, false), newBench(t, lanes, false)
	for lane := range lanes {
		x.draw(t, lane, 16)
		twin.draw(t, lane, 16)
	}
	if err := x.Reseed(); err != nil {
		t.Fatal(err)
	}
	for lane := range lanes {
		if bytes.Equal(x.draw(t, lane, 16), twin.draw(t, lane, 16)) {
			t.Errorf("lane %d goes on as before", lane)
		}
	}
}

// TestKernelFailsLater: after a first success a refusing kernel is counted and is no error.
// The pools still count, and the kernel is asked again after 100 ms, not at each draw. Only
// Reseed returns the error. It fails if a failed reseed stops draws.
func TestKernelFailsLater(t *testing.T) {
	errGone := errors.New("gone")
	x := newBench(t, 1, false)
	first := x.draw(t, 0, 32)
	x.source.fail(errGone)
	if err := x.Reseed(); !errors.Is(err, errGone) {
		t.Errorf("Reseed: got %v, want %v", err, errGone)
	}
	x.pass(time.Second)
	asked := x.source.asked
	for range 10 {
		if bytes.Equal(x.draw(t, 0, 32), first) {
			t.Error("a repeat")
		}
		x.pass(9 * time.Millisecond)
	}
	if n := x.source.asked - asked; n != 1 {
		t.Errorf("asked %d times in 90 ms, want 1", n)
	}
	x.pass(10 * time.Millisecond)
	x.draw(t, 0, 1)
	s := x.Status()
	if s.Reseeds != 1 || s.FailedReseeds != 3 || !errors.Is(s.LastFailure, errGone) || !s.Started {
		t.Errorf("status %+v", s)
	}
	// With enough events the pools reseed without the kernel.
	for range 33 {
		if err := x.AddEvent(7, make([]byte, 32)); err != nil {
			t.Fatal(err)
		}
	}
	x.draw(t, 0, 1)
	x.wantReseeds(t, 2)
	// The clock is set back while the kernel is away.
	x.pass(-time.Minute)
	x.draw(t, 0, 1)
	x.source.fail(nil)
	x.pass(time.Second)
	x.draw(t, 0, 1)
	if s := x.Status(); s.LastFailure != nil || s.Reseeds != 3 {
		t.Errorf("the kernel is back: status %+v", s)
	}
}

// TestKernelFailsAndTheClockIsSetBack: here too the kernel is asked again after 100 ms, and
// not at each draw.
func TestKernelFailsAndTheClockIsSetBack(t *testing.T) {
	x := newBench(t, 2, false)
	x.draw(t, 0, 1)
	x.draw(t, 1, 1)
	x.source.fail(errors.New("gone"))
	x.pass(-time.Minute)
	asked := x.source.asked
	for range 5 {
		x.draw(t, 0, 1)
		x.draw(t, 1, 1)
	}
	if n := x.source.asked - asked; n != 1 {
		t.Errorf("asked %d times at once, want 1", n)
	}
	x.pass(100 * time.Millisecond)
	x.draw(t, 0, 1)
	x.draw(t, 1, 1)
	if n := x.source.asked - asked; n != 2 {
		t.Errorf("asked %d times in 100 ms, want 2", n)
	}
}

// TestLargeDrawFailsInTheMiddle: the process is forked after a request, and the kernel
// refuses the child. None of the bytes from the parent's key are left.
func TestLargeDrawFailsInTheMiddle(t *testing.T) {
	errGone := errors.New("gone")
	x := newBench(t, 1, true)
	x.draw(t, 0, 16)
	looks := 0
	x.looked = func() {
		if looks++; looks == 3 {
			x.fork(true)
			x.source.fail(errGone)
		}
	}
	x.refused(t, 0, 4<<20, errGone)
	if looks < 3 {
		t.Errorf("%d looks at the clock", looks)
	}
}

// TestEvents: some events are refused, some hashed, and 32 in turn reach each pool.
func TestEvents(t *testing.T) {
	x := newBench(t, 1, false)
	if err := x.AddEvent(1, nil); !errors.Is(err, csprng.ErrEvent) {
		t.Errorf("nil: got %v, want ErrEvent", err)
	}
	if err := x.AddEvent(1, []byte{}); !errors.Is(err, csprng.ErrEvent) {
		t.Errorf("empty: got %v, want ErrEvent", err)
	}
	for source, n := range []int{1, 31, 32, 33, 1 << 20} {
		before := x.Status()
		if err := x.AddEvent(byte(source), make([]byte, n)); err != nil {
			t.Errorf("%d bytes: %v", n, err)
		}
		after := x.Status()
		if got, want := after.Collected-before.Collected, uint64(2+min(n, 32)); got != want {
			t.Errorf("%d bytes: pool 0 grew by %d, want %d", n, got, want)
		}
		if after.Events != before.Events+1 {
			t.Errorf("%d bytes: %d events, want %d", n, after.Events, before.Events+1)
		}
	}
	x = newBench(t, 1, false)
	for i := range 64 {
		before := x.Status().Collected
		if err := x.AddEvent(200, []byte{1}); err != nil {
			t.Fatal(err)
		}
		if grew := x.Status().Collected != before; grew != (i%32 == 0) {
			t.Errorf("event %d: pool 0 grew: %v", i, grew)
		}
	}
}

// TestEventsCount: an event changes what comes after the reseed that uses it, and nothing
// before. The same holds for an event before the start.
func TestEventsCount(t *testing.T) {
	x, twin := newBench(t, 1, false), newBench(t, 1, false)
	if err := x.AddEvent(1, []byte("early")); err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(x.draw(t, 0, 32), twin.draw(t, 0, 32)) {
		t.Error("an event before the start was lost")
	}
	x, twin = newBench(t, 1, false), newBench(t, 1, false)
	x.draw(t, 0, 32)
	twin.draw(t, 0, 32)
	if err := x.AddEvent(1, []byte("late")); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(x.draw(t, 0, 32), twin.draw(t, 0, 32)) {
		t.Error("an event took effect at once")
	}
	if x.Reseed() != nil || twin.Reseed() != nil {
		t.Fatal("refused")
	}
	if bytes.Equal(x.draw(t, 0, 32), twin.draw(t, 0, 32)) {
		t.Error("an event was lost")
	}
}

// TestSamples: 16 draws give an event of the cycle counter, and 64 one of the processor's.
// Their data reaches the key: if a single reading or word differs, so do the bytes after the
// reseed that takes its pool.
func TestSamples(t *testing.T) {
	x := newBench(t, 1, false)
	x.draw(t, 0, 1)
	start := x.Status().Events
	for i := range 160 - 1 {
		x.draw(t, 0, 1)
		if got, want := x.Status().Events-start, uint64(i+2)/16; got != want {
			t.Fatalf("%d draws: %d events, want %d", i+2, got, want)
		}
	}

	// 32 words are read at the start, and one at the first draw for the lane's key. The next
	// word is the 64th draw's.
	const inPool0, inPool1 = 1024 + 1 + 10, 32 + 1 + 1
	bytesAfter := func(otherReading, otherWord uint64) string {
		t.Helper()
		var readings uint64
		words := &counting{other: otherWord}
		r, err := csprng.New(csprng.Config{
			Source:    &source{},
			Processor: words,
			Cycles: func() uint64 {
				readings++
				c := 1<<40 + reading(readings)
				if readings == otherReading {
					c++
				}
				return c
			},
			Clock: func() time.Duration { return 0 },
		})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = r.Close() }()
		for range 128 {
			if err := r.Fill(0, make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
		}
		if words.reads != 32+1+2 { // the last for twice 64 draws
			t.Errorf("%d words of the processor, want 35", words.reads)
		}
		if got := r.Status().Events; got != 32+1+8+2 {
			t.Errorf("%d events, want 43", got)
		}
		if err := r.Reseed(); err != nil {
			t.Fatal(err)
		}
		if words.reads != 32+1+2+1 || words.last != 32 {
			t.Errorf("Reseed: %d reads of the processor, want 36, the last with %d bytes, want 32", words.reads, words.last)
		}
		b := make([]byte, 32)
		if err := r.Fill(0, b); err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	same := bytesAfter(0, 0)
	if bytesAfter(0, 0) != same {
		t.Error("two equal runs differ: something else matters too")
	}
	if bytesAfter(inPool0, 0) == same {
		t.Error("the cycle counter's values didn't matter")
	}
	if bytesAfter(0, inPool1) == same {
		t.Error("the processor's words didn't matter")
	}
}

// counting is a processor's source that counts how often it is asked. It can change one of
// its answers.
type counting struct {
	reads, other uint64
	last         int
}

func (*counting) Name() string { return "counting" }
func (c *counting) Read(b []byte) error {
	c.reads++
	c.last = len(b)
	for i := range b {
		b[i] = byte(8*int(c.reads) + i)
	}
	if c.reads == c.other {
		b[0] ^= 1 << 7
	}
	return nil
}

// TestRefusals: wrong lanes, and RNGs that were closed, never made or nil, give errors and
// zeros, and no panic.
func TestRefusals(t *testing.T) {
	x := newBench(t, 2, false)
	x.draw(t, 0, 16)
	for _, lane := range []int{-1, 2, math.MaxInt, math.MinInt} {
		x.refused(t, lane, 16, csprng.ErrLane)
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	if err := x.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	for _, r := range []*csprng.RNG{x.RNG, {}, nil} {
		b := []byte{1}
		if err := r.Fill(0, b); err == nil || b[0] != 0 {
			t.Errorf("Fill: %v, %v", err, b)
		}
		b[0] = 1
		if err := r.FillAny(b); !errors.Is(err, csprng.ErrClosed) || b[0] != 0 {
			t.Errorf("FillAny: %v, %v", err, b)
		}
		if err := r.Reseed(); !errors.Is(err, csprng.ErrClosed) {
			t.Errorf("Reseed: %v", err)
		}
		if err := r.AddEvent(1, b); !errors.Is(err, csprng.ErrClosed) {
			t.Errorf("AddEvent: %v", err)
		}
		if r.Status().Started {
			t.Error("Status: started")
		}
		if err := r.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	for _, lanes := range []int{math.MinInt, -1, 0, 1, csprng.MaxLanes + 1, math.MaxInt} {
		r, err := csprng.New(csprng.Config{Lanes: lanes, Source: &source{}})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := r.Status().Lanes, min(max(lanes, 1), csprng.MaxLanes); got != want {
			t.Errorf("%d lanes asked for: got %d, want %d", lanes, got, want)
		}
		_ = r.Close()
	}
}

// TestNoMemory: New returns the allocation's error, and too little memory counts as none.
func TestNoMemory(t *testing.T) {
	for _, v := range []struct {
		size int
		err  error
	}{{0, process.ErrMemory}, {4096, nil}} {
		r, err := csprng.New(csprng.Config{Allocate: func(int) (*process.Memory, error) {
			return process.NewMemory(make([]byte, v.size), process.Protection{}, nil), v.err
		}})
		if r != nil || !errors.Is(err, process.ErrMemory) {
			t.Errorf("%d bytes: got %v, %v", v.size, r, err)
		}
	}
}

// TestClosedMemoryIsGone: the memory is unmapped, so a look into it would end the process.
// That happens if Close leaves a lane its state.
func TestClosedMemoryIsGone(t *testing.T) {
	r, err := csprng.New(csprng.Config{})
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 16)
	if err := errors.Join(r.FillAny(b), r.Close()); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := r.FillAny(b); !errors.Is(err, csprng.ErrClosed) || !bytes.Equal(b, make([]byte, 16)) {
			t.Errorf("FillAny: %v, %x", err, b)
		}
		if err := r.Fill(0, b); !errors.Is(err, csprng.ErrClosed) {
			t.Errorf("Fill: %v", err)
		}
	}
}

// TestCloseErases: nothing is left in the memory. It fails if Close or Free
// doesn't clear.
func TestCloseErases(t *testing.T) {
	x := newBench(t, 4, false)
	for lane := range 4 {
		x.draw(t, lane, 16)
	}
	if bytes.Equal(x.memory, make([]byte, len(x.memory))) {
		t.Fatal("the secrets stand elsewhere")
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(x.memory, make([]byte, len(x.memory))) {
		t.Error("Close left something")
	}
}

// TestLanesDiffer: no block of 16 bytes comes twice, within and across lanes.
func TestLanesDiffer(t *testing.T) {
	x := newBench(t, 16, false)
	seen := map[string]bool{}
	for range 20 {
		for lane := range 16 {
			for block := range slices.Chunk(x.draw(t, lane, 512), 16) {
				if seen[string(block)] {
					t.Fatalf("a block came twice: %x", block)
				}
				seen[string(block)] = true
			}
		}
	}
}

// TestStatus checks the fields of a status.
func TestStatus(t *testing.T) {
	x := newBench(t, 3, true)
	x.draw(t, 0, 16)
	s := x.Status()
	text := fmt.Sprintf("%+v", s)
	for _, want := range []string{"fake kernel", "silent", "cycles"} {
		if !strings.Contains(text, want) {
			t.Errorf("%s: no %q", text, want)
		}
	}
	if s.Lanes != 3 || s.Keystream == "" || s.Protection != (process.Protection{}) || s.Forks != 0 {
		t.Errorf("status %s", text)
	}
}
