package csprng

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"testing"
	"time"

	"gorandom.dev/gorandom/fortuna"
	"gorandom.dev/gorandom/health"
	"gorandom.dev/gorandom/process"
)

// kernel is a source of hashes of a counter.
type kernel struct{ state uint64 }

func (*kernel) Name() string { return "kernel" }
func (k *kernel) Read(b []byte) error {
	for rest := b; len(rest) > 0; k.state++ {
		digest := sha256.Sum256(binary.LittleEndian.AppendUint64(nil, k.state))
		rest = rest[copy(rest, digest[:]):]
	}
	return nil
}

// newFaked makes an RNG with two lanes and a stopped clock, in memory that no fork
// wipes. Its first lane has drawn.
func newFaked(t *testing.T, pid *int) *RNG {
	t.Helper()
	n := uint64(0)
	r, err := New(Config{
		Lanes:     2,
		Source:    new(kernel),
		Processor: new(upwards),
		Cycles:    func() uint64 { n++; return 1<<40 + 128*n + n*0x9e3779b97f4a7c15>>57 },
		Clock:     func() time.Duration { return time.Hour },
		Getpid:    func() int { return *pid },
		Allocate: func(size int) (*process.Memory, error) {
			return process.NewMemory(make([]byte, size), process.Protection{}, nil), nil
		},
	})
	if err == nil {
		err = r.Fill(0, make([]byte, 16))
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestOneReseedForAllThatLook: several lanes find that a reseed is due and wait for
// the root's lock. Only the first of them reseeds. It fails if look doesn't check
// again under the lock.
func TestOneReseedForAllThatLook(t *testing.T) {
	r := newFaked(t, new(int))
	r.reseedAt.Store(0)
	for range 3 {
		if err := r.look(); err != nil {
			t.Fatal(err)
		}
	}
	if n := r.Status().Reseeds; n != 2 {
		t.Errorf("%d reseeds, want the first and one more", n)
	}
}

// TestForkedLaneBeginsAnew: a lane was in use when another noticed the fork. It wipes
// itself, and then equals a new lane with the same seed. The test fails without any
// line of seedLane that does this.
func TestForkedLaneBeginsAnew(t *testing.T) {
	pid := 1
	r := newFaked(t, &pid)
	s := r.lanes[0].state
	if s.words == (health.Test{}) || s.mixed == 0 || s.samples == (samples{}) {
		t.Fatalf("there is nothing to wipe: %+v", s)
	}
	r.lanes[0].mu.Lock() // as if it were drawing
	pid++
	if err := r.Fill(1, make([]byte, 16)); err != nil {
		t.Fatal(err)
	}
	root := r.root.accumulator.Generator
	if err := r.seedLane(s); err != nil {
		t.Fatal(err)
	}
	var seed [freshSize]byte
	var want fortuna.Generator
	if err := root.Request(seed[:]); err != nil {
		t.Fatal(err)
	}
	want.Reseed(seed[:])
	if s.generator != want {
		t.Error("the generator is not a new one with this seed")
	}
	if s.words != (health.Test{}) || s.mixed != 0 || s.samples != (samples{}) {
		t.Errorf("tests %+v, mixed %d, samples %+v", s.words, s.mixed, s.samples)
	}
}

// TestLaneStartsTheRoot: after this lane's look another one noticed a fork. That wiped
// the root, and the kernel gave nothing to start it again.
func TestLaneStartsTheRoot(t *testing.T) {
	r := newFaked(t, new(int))
	r.root.wipe()
	r.started.Store(false)
	if err := r.seedLane(r.lanes[0].state); err != nil || !r.started.Load() {
		t.Errorf("got %v, started %v", err, r.started.Load())
	}
}

// TestLaneWithoutSeed: a root that gives no seed is an error, and the lane stays stale.
func TestLaneWithoutSeed(t *testing.T) {
	r := newFaked(t, new(int))
	r.root.accumulator.Wipe()
	for range 2 {
		b := []byte{1, 2, 3}
		if err := r.Fill(1, b); !errors.Is(err, fortuna.ErrUnseeded) || [3]byte(b) != [3]byte{} {
			t.Errorf("got %v, %v", err, b)
		}
	}
}

// TestSamplesAreErased: samples that became an event are erased.
func TestSamplesAreErased(t *testing.T) {
	r := newFaked(t, new(int))
	s := &r.lanes[1].state.samples
	for i := range samplesPerWord {
		if err := r.Fill(1, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		if none := s.bytes == [len(s.bytes)]byte{}; none != ((i+1)%samplesPerEvent == 0) {
			t.Errorf("draw %d: samples %x", i+1, s.bytes)
		}
	}
	if dropped := r.Status().Dropped; len(dropped) != 0 {
		t.Errorf("%v: not what this test is for", dropped)
	}
}

// TestSamplesAreMixed: while the root is busy a lane mixes new samples into those that
// it could not deliver.
func TestSamplesAreMixed(t *testing.T) {
	r := newFaked(t, new(int))
	var s samples
	var want [fortuna.MaxEvent]byte
	r.mu.Lock()
	for i := range 3 * samplesPerEvent {
		c := r.cycles()
		want[i%samplesPerEvent*2] ^= byte(c)
		want[i%samplesPerEvent*2+1] ^= byte(c >> 8)
		r.sample(&s, c)
	}
	r.mu.Unlock()
	if s.bytes != want {
		t.Errorf("got %x, want %x", s.bytes, want)
	}
}

// TestWordsDontWaitForTheRoot: a lane doesn't wait to deliver a word of the processor's
// either. There is no cycle counter here, whose event would be the first to wait. The
// test hangs if tryWord locks instead of trying.
func TestWordsDontWaitForTheRoot(t *testing.T) {
	r := newFaked(t, new(int))
	r.jitter.failed.Store(uint32(health.Repetition))
	var s samples
	r.mu.Lock()
	for range 2 * samplesPerWord {
		r.sample(&s, 0)
	}
	r.mu.Unlock()
	if s.word != [len(s.word)]byte{} {
		t.Errorf("a word that was not delivered is left: %x", s.word)
	}
}

// TestEventOf32Bytes: the longest event is taken as it is. A longer one counts as its
// digest.
func TestEventOf32Bytes(t *testing.T) {
	for _, n := range []int{fortuna.MaxEvent - 1, fortuna.MaxEvent, fortuna.MaxEvent + 1} {
		r := newFaked(t, new(int))
		data := make([]byte, n)
		for i := range data {
			data[i] = byte(i)
		}
		want, err := r.root.accumulator.Pool(0)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.AddEvent(7, data); err != nil {
			t.Fatal(err)
		}
		if n > fortuna.MaxEvent {
			digest := sha256.Sum256(data)
			data = digest[:]
		}
		want.Append([]byte{7, byte(len(data))})
		want.Append(data)
		if got, _ := r.root.accumulator.Pool(0); got.Digest() != want.Digest() {
			t.Errorf("%d bytes: another event", n)
		}
	}
}
