package csprng_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gorandom.dev/gorandom/csprng"
	"gorandom.dev/gorandom/entropy"
	"gorandom.dev/gorandom/fortuna"
	"gorandom.dev/gorandom/health"
	"gorandom.dev/gorandom/process"
)

// scripted is a source of words: fair words, until its script says otherwise.
type scripted struct {
	name  string
	words uint64                         // how often it was asked,
	size  int                            // for how many bytes the last time
	bad   func(n uint64, b []byte) error // nil: fair
}

func (s *scripted) Name() string { return s.name }

func (s *scripted) Read(b []byte) error {
	s.words++
	s.size = len(b)
	digest := sha256.Sum256(binary.LittleEndian.AppendUint64([]byte(s.name), s.words))
	copy(b, digest[:])
	if s.bad != nil {
		return s.bad(s.words, b)
	}
	return nil
}

// event is an event that the accumulator took.
type event struct {
	source byte
	pool   int
	size   int
}

// observed is a bench with sources of noise that records what the accumulator took.
type observed struct {
	bench
	processor, hardware scripted
	events              []event
}

func newObserved(t testing.TB, lanes int, change func(*csprng.Config)) *observed {
	t.Helper()
	x := new(observed)
	x.processor.name, x.hardware.name = "processor", "hardware"
	x.now.Store(int64(time.Hour))
	c := csprng.Config{
		Lanes:     lanes,
		Source:    &x.source,
		Processor: &x.processor,
		Hardware:  &x.hardware,
		Cycles:    x.cycles,
		Clock:     func() time.Duration { return time.Duration(x.now.Load()) },
		Allocate: func(size int) (*process.Memory, error) {
			x.memory = make([]byte, size)
			return process.NewMemory(x.memory, process.Protection{WipedAtFork: true}, nil), nil
		},
		Observe: func(source byte, pool, size int) { x.events = append(x.events, event{source, pool, size}) },
	}
	if change != nil {
		change(&c)
	}
	r, err := csprng.New(c)
	if err != nil {
		t.Fatal(err)
	}
	x.RNG = r
	return x
}

// of returns the events of a source.
func (x *observed) of(source byte) (found []event) {
	for _, e := range x.events {
		if e.source == source {
			found = append(found, e)
		}
	}
	return found
}

// wantDropped checks what Status says about sources.
func (x *observed) wantDropped(t *testing.T, want ...csprng.Dropped) {
	t.Helper()
	s := x.Status()
	if !slices.Equal(s.Dropped, want) {
		t.Errorf("dropped: %v, want %v", s.Dropped, want)
	}
	serve := []string{"fake kernel", "processor", "hardware", "cycles"}
	serve = slices.DeleteFunc(serve, func(name string) bool {
		return slices.ContainsFunc(want, func(d csprng.Dropped) bool { return d.Name == name })
	})
	if !slices.Equal(s.Sources, serve) {
		t.Errorf("sources: %v, want %v", s.Sources, serve)
	}
}

// stuck gives the same byte from word n on.
func stuck(from uint64, value byte) func(uint64, []byte) error {
	return func(n uint64, b []byte) error {
		if n >= from {
			copy(b, bytes.Repeat([]byte{value}, len(b)))
		}
		return nil
	}
}

// lopsided gives one value in three samples, never twice in a row, from word n on.
func lopsided(from uint64) func(uint64, []byte) error {
	return func(n uint64, b []byte) error {
		for i := range b {
			if n >= from && i%3 == 0 {
				b[i] = 1
			}
		}
		return nil
	}
}

// TestBadWords: a source that is stuck, or gives one value too often, is dropped for good,
// at the start or later. Status names it, and nothing else changes. It fails if
// startNoiseLocked or tryWord omits the tests.
func TestBadWords(t *testing.T) {
	repetition, proportion := health.Repetition.String(), health.Proportion.String()
	for name, v := range map[string]struct {
		bad    func(uint64, []byte) error
		want   string
		events int // of the source, at the most
	}{
		"fair":              {nil, "", 1 << 30},
		"zeros":             {stuck(0, 0), repetition, 0},
		"ones":              {stuck(0, 0xff), repetition, 0},
		"at the last word":  {stuck(31, 0xff), repetition, 0},
		"ones later":        {stuck(40, 0xff), repetition, 9}, // seven fair, and a first and second of ones
		"lopsided":          {lopsided(0), proportion, 0},
		"lopsided later":    {lopsided(100), proportion, 170},
		"stuck and resumes": {func(n uint64, b []byte) error { return stuck(n%1000%50+25, 7)(50, b) }, repetition, 0},
	} {
		t.Run(name, func(t *testing.T) {
			x := newObserved(t, 2, nil)
			x.processor.bad = v.bad
			for range 64 * 200 {
				x.draw(t, 0, 1)
				x.draw(t, 1, 1)
			}
			if v.want == "" {
				x.wantDropped(t)
			} else {
				x.wantDropped(t, csprng.Dropped{Name: "processor", Reason: v.want})
			}
			found := len(x.of(csprng.SourceProcessor))
			if found > v.events || v.want == "" && found != 1+2*200 {
				t.Errorf("%d events", found)
			}
			if n := len(x.of(csprng.SourceHardware)); n != 1+2*200 {
				t.Errorf("%d events of the other source", n)
			}
			// It isn't asked again, neither for the pools nor for a key.
			if v.want != "" {
				asked := x.processor.words
				for range 64 {
					x.draw(t, 0, 1)
				}
				x.pass(2 * time.Millisecond)
				x.draw(t, 0, 1)
				if err := x.Reseed(); err != nil {
					t.Fatal(err)
				}
				if x.processor.words != asked {
					t.Error("a dropped source was asked")
				}
			}
		})
	}
}

// TestBadWordsForKeys: words for a reseed and for a lane's key are tested like those for
// the pools. It fails if processorWords omits that.
func TestBadWordsForKeys(t *testing.T) {
	for name, take := range map[string]func(*observed) error{
		"reseed": func(x *observed) error { return x.Reseed() },
		"lane": func(x *observed) error {
			for range 2 {
				x.pass(2 * time.Millisecond)
				x.draw(t, 0, 1)
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			x, twin := newObserved(t, 1, nil), newObserved(t, 1, nil)
			for i, x := range []*observed{x, twin} {
				x.draw(t, 0, 1)
				x.wantDropped(t)
				x.processor.bad = stuck(x.processor.words+1, byte(i))
				if err := take(x); err != nil {
					t.Fatal(err)
				}
				x.wantDropped(t, csprng.Dropped{Name: "processor", Reason: health.Repetition.String()})
			}
			if name == "reseed" && !bytes.Equal(x.draw(t, 0, 32), twin.draw(t, 0, 32)) {
				t.Error("words that failed are in the key")
			}
		})
	}
}

// TestBadCycles: a counter that stands still or advances evenly is dropped, at the start or
// later, in whichever lane that shows. A counter of some tens of MHz, which mostly advances
// by the same amount, isn't. It fails if the tests look at readings and not at steps.
func TestBadCycles(t *testing.T) {
	repetition, proportion := health.Repetition.String(), health.Proportion.String()
	for name, v := range map[string]struct {
		cycles func(n uint64) uint64
		want   string
	}{
		"stands still":   {func(uint64) uint64 { return 1 << 40 }, repetition},
		"even":           {func(n uint64) uint64 { return n * 24 }, repetition},
		"stops later":    {func(n uint64) uint64 { return n*n - max(n, 3000)*max(n, 3000) + 1<<40 }, repetition},
		"even later":     {func(n uint64) uint64 { return n*24 + min(n, 3000)*min(n, 3000) }, repetition},
		"nearly even":    {func(n uint64) uint64 { return n*24 + n/400 }, proportion},
		"slow":           {func(n uint64) uint64 { return n * 10 / 11 }, ""}, // ten steps in eleven are 1
		"goes backwards": {func(n uint64) uint64 { return -(n * n) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			n := uint64(0)
			x := newObserved(t, 2, func(c *csprng.Config) {
				c.Cycles = func() uint64 { n++; return v.cycles(n) }
			})
			for i := range 8000 {
				x.draw(t, i/4000, 1)
			}
			if v.want == "" {
				x.wantDropped(t)
				if got := len(x.of(csprng.SourceCycles)); got != 8000/16 {
					t.Errorf("%d events", got)
				}
				return
			}
			x.wantDropped(t, csprng.Dropped{Name: "cycles", Reason: v.want})
			before := len(x.events)
			for range 64 {
				x.draw(t, 0, 1)
			}
			if got := x.events[before:]; len(got) != 2 || got[0].source == csprng.SourceCycles || got[1].source == csprng.SourceCycles {
				t.Errorf("64 draws later: events %v", got)
			}
		})
	}
}

// TestSourcesWithoutWords: having nothing to give is no failure, and a source that gives
// words later is used.
func TestSourcesWithoutWords(t *testing.T) {
	x := newObserved(t, 1, nil)
	x.processor.bad = func(n uint64, b []byte) error {
		if n < 10 {
			clear(b)
			return entropy.ErrUnavailable
		}
		return nil
	}
	for range 64 * 20 {
		x.draw(t, 0, 1)
	}
	x.wantDropped(t)
	// It has no word nine times: at the start, for the lane's key, and then for seven of the
	// 20 events.
	if n := len(x.of(csprng.SourceProcessor)); n != 20-7 {
		t.Errorf("%d events, want 13", n)
	}
}

// TestDroppedInAChild: a child begins anew, and tests all sources again. It fails if
// noticeForkLocked keeps the parent's failures.
func TestDroppedInAChild(t *testing.T) {
	x := newObserved(t, 1, nil)
	x.processor.bad = stuck(0, 0)
	x.draw(t, 0, 16)
	x.wantDropped(t, csprng.Dropped{Name: "processor", Reason: health.Repetition.String()})
	if s := fmt.Sprint(x.Status().Dropped); s != "[processor: repetition count test]" {
		t.Error(s)
	}
	x.processor.bad = nil
	x.fork(false)
	x.draw(t, 0, 16)
	x.wantDropped(t)

	stands := true
	x = newObserved(t, 1, func(c *csprng.Config) {
		c.Cycles = func() uint64 {
			if stands {
				return 1 << 40
			}
			return x.cycles()
		}
	})
	x.draw(t, 0, 16)
	x.wantDropped(t, csprng.Dropped{Name: "cycles", Reason: health.Repetition.String()})
	stands = false
	x.fork(false)
	x.draw(t, 0, 16)
	x.wantDropped(t)
}

// kernel is a fake kernel. Its script determines each block of 32 bytes.
type kernel struct {
	script func(block uint64) uint64 // block number to what its bytes are hashed from
	block  uint64
	reads  int
}

func (*kernel) Name() string { return "fake kernel" }

func (k *kernel) Read(b []byte) error {
	k.reads++
	for rest := b; len(rest) > 0; k.block++ {
		digest := sha256.Sum256(binary.LittleEndian.AppendUint64(nil, k.script(k.block)))
		rest = rest[copy(rest, digest[:]):]
	}
	return nil
}

// TestKernelRepeats: two equal blocks in a row, within a read or across two, are read once
// more, and then are an error. At the start no bytes come; later the generator goes on and
// reports it. It fails if repeats forgets the last block, or readLocked doesn't read again.
func TestKernelRepeats(t *testing.T) {
	at := func(blocks ...uint64) func(uint64) uint64 { // each equal to the one before it
		return func(n uint64) uint64 {
			for slices.Contains(blocks, n) {
				n--
			}
			return n
		}
	}
	for name, v := range map[string]struct {
		script       func(uint64) uint64
		start, later error
		reads        int
	}{
		"never":                     {at(), nil, nil, 2},
		"once in the first read":    {at(7), nil, nil, 3},
		"in the first read, again":  {at(7, 33+32), csprng.ErrRepeated, nil, 2},
		"for ever":                  {func(uint64) uint64 { return 5 }, csprng.ErrRepeated, nil, 2},
		"once at a reseed":          {at(33), nil, nil, 3},
		"at a reseed, again":        {at(33, 34), nil, csprng.ErrRepeated, 3},
		"an earlier block":          {func(n uint64) uint64 { return n % 32 }, nil, nil, 2},
		"the first two blocks":      {at(1, 33+1), csprng.ErrRepeated, nil, 2},
		"from the second read on":   {func(n uint64) uint64 { return min(n, 32) }, nil, csprng.ErrRepeated, 3},
		"the same read, each time":  {func(n uint64) uint64 { return n % 33 }, nil, nil, 2},
		"repeats, then is reseeded": {func(n uint64) uint64 { return max(n, 20) }, nil, nil, 3},
	} {
		t.Run(name, func(t *testing.T) {
			k := &kernel{script: v.script}
			x := newObserved(t, 1, func(c *csprng.Config) { c.Source = k })
			b := bytes.Repeat([]byte{0xee}, 32)
			if err := x.Fill(0, b); !errors.Is(err, v.start) || (err != nil) != bytes.Equal(b, make([]byte, 32)) {
				t.Fatalf("start: got %v, %x, want %v", err, b, v.start)
			}
			if v.start == nil {
				err := x.Reseed()
				if !errors.Is(err, v.later) {
					t.Errorf("Reseed: got %v, want %v", err, v.later)
				}
				x.draw(t, 0, 32)
				if s := x.Status(); (s.FailedReseeds == 1) != (err != nil) || !errors.Is(s.LastFailure, v.later) {
					t.Errorf("status %+v", s)
				}
			} else if s := x.Status(); s.Started || !errors.Is(s.LastFailure, v.start) {
				t.Errorf("status %+v", s)
			}
			if k.reads != v.reads {
				t.Errorf("%d reads from the kernel, want %d", k.reads, v.reads)
			}
		})
	}
}

// TestKernelsLastBlock: the kernel's last block itself is not kept, and a child doesn't
// compare with its parent's. It fails if the block is kept, or if its digest survives a
// fork.
func TestKernelsLastBlock(t *testing.T) {
	for _, pidMode := range []bool{false, true} {
		x := newBench(t, 1, pidMode)
		x.draw(t, 0, 16)
		last := sha256.Sum256(binary.LittleEndian.AppendUint64(nil, x.source.state-1))
		if bytes.Contains(x.memory, last[:16]) || bytes.Contains(x.memory, last[16:]) {
			t.Error("the kernel's last block is still in memory")
		}
		// The child's first block is the parent's last one.
		x.source.state--
		x.fork(pidMode)
		asked := x.source.asked
		x.draw(t, 0, 16)
		if n := x.source.asked - asked; n != 1 {
			t.Errorf("PIDs %v: %d reads, want 1: the child compares with its parent", pidMode, n)
		}
	}
}

// TestMaliciousSources: sources that see everything but the kernel's bytes choose their
// answers, here so that a chosen hash is small. Whatever they answer, two kernels give
// different bytes, and no answer acts before a reseed.
func TestMaliciousSources(t *testing.T) {
	type grinder struct{ seen []byte }
	var draws [2][]byte
	for i := range draws {
		g := new(grinder)
		grind := func(n uint64, b []byte) error {
			best := [32]byte{0xff}
			for try := range uint64(256) {
				candidate := binary.LittleEndian.AppendUint64(nil, n<<8|try)
				if h := sha256.Sum256(append(slices.Clip(g.seen), candidate...)); bytes.Compare(h[:], best[:]) < 0 {
					best = h
					copy(b, candidate)
				}
			}
			return nil
		}
		x := newObserved(t, 1, func(c *csprng.Config) {
			c.Processor = &scripted{name: "processor", bad: grind}
			c.Hardware = &scripted{name: "hardware", bad: grind}
			c.Cycles = func() uint64 { return 0 }
		})
		x.source.state = uint64(1000 * i)
		for range 50 {
			for range 64 {
				out := x.draw(t, 0, 16)
				draws[i] = append(draws[i], out...)
				g.seen = out
			}
			if err := x.AddEvent(1, g.seen); err != nil {
				t.Fatal(err)
			}
			x.pass(101 * time.Millisecond)
		}
	}
	seen := map[string]bool{}
	for _, d := range draws {
		for block := range slices.Chunk(d, 16) {
			if seen[string(block)] {
				t.Fatal("a block came twice: the sources decide what comes")
			}
			seen[string(block)] = true
		}
	}
}

// secretSource is the number of the events in the tests of the attack.
const secretSource = 9

// newQuiet makes a bench that has no events but the program's.
func newQuiet(t testing.TB) *observed {
	t.Helper()
	return newObserved(t, 1, func(c *csprng.Config) {
		c.Processor, c.Hardware = silent{}, nil
		c.Cycles = func() uint64 { return 0 } // dropped at the start
	})
}

// TestIterativeGuessing plays the attacker against whom Fortuna has its rule. It knows the
// generator's state and the kernel's bytes (here it is a twin of the victim), watches the
// output after each event, and would have to try only 256 values for each. It never gets to
// try one alone. Nothing changes until pool 0 has 64 bytes, 22 events of a byte with their
// headers, and then all 22 act together. It fails if events act at once, or if a reseed by
// age takes the pools.
func TestIterativeGuessing(t *testing.T) {
	victim, twin := newQuiet(t), newQuiet(t)
	victim.draw(t, 0, 16)
	twin.draw(t, 0, 16)
	const inPool0 = (fortuna.MinPoolSize + 2) / 3
	const needed = (inPool0-1)*fortuna.Pools + 1
	unknown := func(i int) []byte { h := sha256.Sum256([]byte(fmt.Sprint(i))); return h[:1] }
	for i := range needed {
		// Each step exceeds the book's interval, and several exceed the age, where both reseed.
		victim.pass(150 * time.Millisecond)
		twin.pass(150 * time.Millisecond)
		if !bytes.Equal(victim.draw(t, 0, 32), twin.draw(t, 0, 32)) {
			t.Fatalf("event %d can be guessed alone", i)
		}
		if err := victim.AddEvent(secretSource, unknown(i)); err != nil {
			t.Fatal(err)
		}
		if i < needed-1 && !bytes.Equal(victim.draw(t, 0, 32), twin.draw(t, 0, 32)) {
			t.Fatalf("event %d acts at once", i)
		}
	}
	victim.pass(150 * time.Millisecond)
	twin.pass(150 * time.Millisecond)
	out := victim.draw(t, 0, 32)
	if bytes.Equal(out, twin.draw(t, 0, 32)) {
		t.Fatal("the events never act")
	}

	// The control: an attacker who knows all events but one can find that one by trying 256
	// values. With one more unknown it finds nothing.
	guess := func(known func(i int) []byte, missing int) (found int) {
		for value := range 256 {
			x := newQuiet(t)
			x.draw(t, 0, 16)
			for i := range needed {
				x.pass(150 * time.Millisecond)
				x.draw(t, 0, 32)
				data := known(i)
				if i == missing {
					data = []byte{byte(value)}
				}
				if err := x.AddEvent(secretSource, data); err != nil {
					t.Fatal(err)
				}
				if i < needed-1 {
					x.draw(t, 0, 32)
				}
			}
			x.pass(150 * time.Millisecond)
			if bytes.Equal(x.draw(t, 0, 32), out) {
				found++
			}
		}
		return found
	}
	if testing.Short() {
		return
	}
	if n := guess(unknown, 5*fortuna.Pools); n != 1 {
		t.Errorf("all but one known: %d of 256 guesses fit, want 1", n)
	}
	if n := guess(func(i int) []byte {
		if i == 0 {
			return []byte{unknown(0)[0] ^ 1}
		}
		return unknown(i)
	}, 5*fortuna.Pools); n != 0 {
		t.Errorf("two unknown: %d of 256 guesses fit", n)
	}
}

// TestFloodedPools: an attacker's own source fills pool 0 so fast that there is a reseed
// every 100 ms, and one unknown byte comes between two. Going round the pools defeats the
// attack. Pool 0 gives its unknown bytes away one by one, but a later pool has gathered 16
// by the time it is used, and they act at once. It fails if all events of a source go into
// one pool.
func TestFloodedPools(t *testing.T) {
	x := newQuiet(t)
	x.draw(t, 0, 16)
	var unknown [fortuna.Pools]int // gathered in each pool
	most, single, handled := 0, 0, 0
	for reseeds := x.Status().Reseeds; reseeds < 600; {
		if err := x.AddEvent(secretSource, []byte{1}); err != nil {
			t.Fatal(err)
		}
		for range 2 * fortuna.Pools {
			if err := x.AddEvent(66, make([]byte, 32)); err != nil {
				t.Fatal(err)
			}
		}
		x.pass(101 * time.Millisecond)
		x.draw(t, 0, 16)
		if got := x.Status().Reseeds; got != reseeds+1 {
			t.Fatalf("%d reseeds, want %d", got, reseeds+1)
		}
		reseeds++
		for _, e := range x.events[handled:] {
			if e.source == secretSource {
				unknown[e.pool]++
			}
		}
		handled = len(x.events)
		together := 0
		for i := range fortuna.WhichPools(reseeds) {
			together += unknown[i]
			unknown[i] = 0
		}
		if together == 1 {
			single++
		}
		most = max(most, together)
	}
	if most < 16 {
		t.Errorf("at most %d unknown bytes acted together", most)
	}
	if single == 0 {
		t.Error("the attack is not the one that the test is for")
	}
}

// going is a source that many lanes may ask at once, and that goes bad.
type going struct{ words atomic.Uint64 }

func (*going) Name() string { return "processor" }

func (g *going) Read(b []byte) error {
	n := g.words.Add(1)
	return stuck(300, 0)(n, binary.LittleEndian.AppendUint64(b[:0], n*0x9e3779b97f4a7c15))
}

// TestDroppedAllAtOnce is for the race detector: lanes find a source and the cycle counter
// bad while others draw, fork and ask for the status.
func TestDroppedAllAtOnce(t *testing.T) {
	var readings atomic.Uint64
	x := newObserved(t, 4, func(c *csprng.Config) {
		c.Processor, c.Hardware, c.Observe = new(going), nil, nil
		c.Cycles = func() uint64 { n := min(readings.Add(1), 20000); return n * n }
	})
	var wg sync.WaitGroup
	for lane := range 4 {
		wg.Go(func() {
			for i := range 6000 {
				b := make([]byte, 16)
				if err := errors.Join(x.Fill(lane, b), x.FillAny(b)); err != nil {
					t.Error(err)
				}
				if i%100 == 0 {
					_ = fmt.Sprint(x.Status())
				}
			}
		})
	}
	finishes(t, "all at once", wg.Wait)
	want := "[processor: repetition count test cycles: repetition count test]"
	if got := fmt.Sprint(x.Status().Dropped); got != want {
		t.Errorf("dropped %s, want %s", got, want)
	}
}
