package csprng_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gorandom.dev/gorandom/csprng"
)

// machine is a monitor's count of restores, and an RNG that looks at it. Two machines
// differ only in what a test changes.
type machine struct {
	*csprng.RNG
	source   source
	restores atomic.Uint64
	cycles   atomic.Uint64
	looked   func() // after each look
}

func newMachine(t *testing.T, lanes int, processor *words) *machine {
	t.Helper()
	x := new(machine)
	r, err := csprng.New(csprng.Config{
		Lanes:     lanes,
		Source:    &x.source,
		Processor: processor,
		Cycles:    x.cycles.Load,
		Clock:     func() time.Duration { return 0 },
		Clones: func() uint64 {
			now := x.restores.Load()
			if x.looked != nil {
				x.looked()
			}
			return now
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	x.RNG = r
	return x
}

// words are the processor's. They pass the tests of noise, and differ with byte.
type words struct {
	byte byte
	read atomic.Uint64
}

func (*words) Name() string { return "words" }
func (w *words) Read(b []byte) error {
	digest := sha256.Sum256(binary.LittleEndian.AppendUint64([]byte{w.byte}, w.read.Add(1)))
	copy(b, digest[:])
	return nil
}

func (x *machine) draw(t *testing.T, how string) []byte {
	t.Helper()
	b, err := make([]byte, 64), error(nil)
	switch how {
	case "ready":
		err = x.FillAny(b)
	case "lane 0":
		err = x.Fill(0, b)
	case "lane 1":
		err = x.Fill(1, b)
	case "large":
		b = make([]byte, 3<<20)
		err = x.Fill(0, b)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var hows = []string{"ready", "lane 0", "lane 1", "large"}

// lanesFor returns how many lanes a machine has that draws in this way, and the draws that
// come before. For ready bytes it has one, because which of two lanes FillAny finds
// depends on what a sync.Pool remembers.
func lanesFor(how string) (lanes int, before []string) {
	if how == "lane 1" {
		return 2, []string{"lane 0", "lane 1"}
	}
	return 1, []string{"ready", "lane 0"}
}

// TestRestored starts one saved state twice. Without a sign of the restore the copies give
// the same bytes, so this test can tell. With a sign, and different kernel bytes, none are
// the same. It fails if mustLook, or take, doesn't look at the machine.
func TestRestored(t *testing.T) {
	for _, told := range []bool{false, true} {
		for _, how := range hows {
			lanes, before := lanesFor(how)
			one, two := newMachine(t, lanes, &words{}), newMachine(t, lanes, &words{})
			for _, x := range []*machine{one, two} {
				for _, how := range before {
					x.draw(t, how)
				}
			}
			two.source.state += 99 // its kernel was told of the restore
			if told {
				one.restores.Add(1)
				two.restores.Add(1)
			}
			if bytes.Equal(one.draw(t, how), two.draw(t, how)) == told {
				t.Errorf("told %v, %s: the same bytes: %v", told, how, !told)
			}
			if reseeds := one.Status().Reseeds; told && reseeds != 2 {
				t.Errorf("%s: %d reseeds, want the first and one more", how, reseeds)
			}
		}
	}
}

// TestRestoredWithTheSameKernel: the kernels of two copies give both the same bytes, and
// nothing tells them of the restore. Then the processor's words and the cycle counter make
// the copies differ, at each reseed, and once a millisecond in each lane. It fails without
// freshLocked's second or third part, and without mix.
func TestRestoredWithTheSameKernel(t *testing.T) {
	type change func(x *machine, w *words)
	word := func(_ *machine, w *words) { w.byte = 7 }
	cycle := func(x *machine, _ *words) { x.cycles.Add(1) }
	later := func(x *machine, _ *words) { x.cycles.Add(1 << 20) }
	for _, told := range []bool{false, true} {
		for name, changes := range map[string][]change{
			"word": {word}, "cycle": {cycle}, "word, later": {later, word}, "later": {later},
		} {
			w := [2]words{}
			one, two := newMachine(t, 1, &w[0]), newMachine(t, 1, &w[1])
			one.draw(t, "lane 0")
			two.draw(t, "lane 0")
			if told {
				one.restores.Add(1)
				two.restores.Add(1)
			}
			for _, change := range changes {
				change(two, &w[1])
			}
			if len(changes) == 2 {
				later(one, nil) // as many cycles, so that only the word differs
			}
			same := bytes.Equal(one.draw(t, "lane 0"), two.draw(t, "lane 0"))
			if want := !told && len(changes) == 1 && name != "later"; same != want {
				t.Errorf("told %v, %s: the same bytes: %v", told, name, same)
			}
		}
	}
}

// TestRestoredInTheMiddle: the machine is saved right after one of the looks of a draw,
// each in turn except the last, when the draw has its bytes. It fails if there is no look
// after them.
func TestRestoredInTheMiddle(t *testing.T) {
	for _, how := range hows {
		lanes, _ := lanesFor(how)
		for at := 1; ; at++ {
			var drawn [2][]byte
			looks := 0
			for i := range drawn {
				x := newMachine(t, lanes, &words{})
				x.draw(t, how)
				looks = 0
				x.looked = func() {
					if looks++; looks == at {
						x.restores.Add(1)
						x.source.state += uint64(99 * i)
					}
				}
				drawn[i] = x.draw(t, how)
			}
			if at == looks { // the last look: no restore came before it
				if at < 3 {
					t.Errorf("%s: %d looks, want at least two before the bytes and one after", how, at)
				}
				break
			}
			if bytes.Equal(drawn[0], drawn[1]) {
				t.Errorf("%s, after look %d: the same bytes", how, at)
			}
		}
	}
}

// restoring is a kernel that calls next while it is read.
type restoring struct {
	source
	next func()
}

func (k *restoring) Read(b []byte) error {
	if next := k.next; next != nil {
		k.next = nil
		next()
	}
	return k.source.Read(b)
}

// TestRestoredWhileSeeded: the machine is restored while its kernel gives the bytes of a
// seed, so two copies have the same seed. The next draw reseeds once more. It fails if the
// machine's number is read after the seed and not before.
func TestRestoredWhileSeeded(t *testing.T) {
	var restores atomic.Uint64
	restore := func() { restores.Add(1) }
	k := &restoring{next: restore}
	r, err := csprng.New(csprng.Config{
		Source: k, Processor: silent{}, Clock: func() time.Duration { return 0 }, Clones: restores.Load,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	draw := func(when string, want uint64) {
		t.Helper()
		if err := r.Fill(0, make([]byte, 16)); err != nil {
			t.Fatal(err)
		}
		if got := r.Status().Reseeds; got != want {
			t.Errorf("%s: %d reseeds, want %d", when, got, want)
		}
	}
	draw("at the start", 2)
	k.next = restore
	if err := r.Reseed(); err != nil {
		t.Fatal(err)
	}
	draw("at a reseed", 4)
}

// TestRestoredWithoutKernel: a key that a twin may have gives no bytes, however well it was
// seeded. Draws succeed again when the kernel is back.
func TestRestoredWithoutKernel(t *testing.T) {
	x := newMachine(t, 2, &words{})
	x.draw(t, "ready")
	refused := errors.New("refused")
	x.source.fail(refused)
	x.draw(t, "ready")
	x.restores.Add(1)
	for range 3 {
		b := []byte{1, 2, 3}
		if err := x.FillAny(b); !errors.Is(err, refused) || !bytes.Equal(b, make([]byte, 3)) {
			t.Errorf("ready: got %v, %v", err, b)
		}
		if err := x.Fill(1, b); !errors.Is(err, refused) || !bytes.Equal(b, make([]byte, 3)) {
			t.Errorf("a lane: got %v, %v", err, b)
		}
	}
	x.source.fail(nil)
	x.draw(t, "ready")
}

// TestRestoredUnderLoad: while many goroutines draw, the machine is restored again and
// again. Nothing fails, and every draw ends.
func TestRestoredUnderLoad(t *testing.T) {
	x := newMachine(t, 2, &words{})
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			b := make([]byte, 16<<i)
			for range 1000 {
				if i == 0 {
					x.restores.Add(1)
				}
				if err := x.FillAny(b); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
}
