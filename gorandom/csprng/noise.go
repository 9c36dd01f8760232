package csprng

import (
	"bytes"
	"errors"
	"sync/atomic"

	"gorandom.dev/gorandom/entropy"
	"gorandom.dev/gorandom/fortuna"
	"gorandom.dev/gorandom/health"
)

// ErrRepeated is returned when the kernel gave a block of 32 bytes twice in a row,
// and so again when it was asked anew: its generator has stuck, or was put back.
var ErrRepeated = errors.New("csprng: the system's generator repeats itself")

// processorTest is the place of the processor among RNG.words, if it is there.
const processorTest = 0

// noise is a source of raw noise: each of its samples passes the tests of package
// health, and one that fails is dropped for as long as the process lasts. It costs
// nothing but what the source was worth, as every seed has the kernel's bytes.
type noise struct {
	name    string
	number  byte
	source  entropy.Source // nil for the cycle counter
	cutoffs health.Cutoffs
	failed  atomic.Uint32 // a health.Failure
}

func newNoise(name string, number byte, source entropy.Source, c health.Cutoffs) *noise {
	return &noise{name: name, number: number, source: source, cutoffs: c}
}

// dropped says whether the source has failed.
func (n *noise) dropped() bool { return n.failed.Load() != uint32(health.None) }

// pass reports whether a source still serves after the test t has had b's samples.
func (n *noise) pass(t *health.Test, b []byte) bool {
	if f := t.AddAll(&n.cutoffs, b); f != health.None {
		n.failed.CompareAndSwap(uint32(health.None), uint32(f))
	}
	return !n.dropped()
}

// The cut-offs are those of SP 800-90B for a false alarm once in 2^40. A test computes
// them with math/big.
var (
	// jitterCutoffs are for the low byte of the cycles between two requests. It is
	// assessed at 0.09 bits of entropy: the likeliest value comes 15 times in 16.
	// Draws of one size in a loop gave 0.2 to 0.9 bits with a counter of some GHz,
	// and draws of a program give far more. It is set so low because slower
	// counters, of some ten MHz, often advance by the same.
	jitterCutoffs = health.Cutoffs{Repetition: 431, Proportion: 511}
	// wordCutoffs are for a byte of the processor's words or of a hardware
	// generator. It is assessed at 4 bits, half of what their makers say: the
	// likeliest value comes once in 16.
	wordCutoffs = health.Cutoffs{Repetition: 11, Proportion: 78}
)

const (
	// startReadings is how many readings of the cycle counter are tested before
	// its first event: the 1,024 samples of SP 800-90B, section 4.3.
	startReadings = 1024 + 1
	// startWords is how many words of 8 samples are tested before a source's first
	// event. It makes fewer samples than the standard's, because a word takes a
	// microsecond, and many in a row ten times that; a source that has stuck shows
	// in two. The proportion test's window goes on from there.
	startWords = 32
)

// startNoiseLocked tests each source, and feeds the pools with a word of each that
// gives words. One that has nothing to give is asked again at a lane's 64th request.
func (r *RNG) startNoiseLocked() {
	x := r.root
	last := r.cycles()
	for range startReadings - 1 {
		c := r.cycles()
		if x.word[0] = byte(c - last); !r.jitter.pass(&x.jitter, x.word[:1]) {
			break
		}
		last = c
	}
	x.jitter.Wipe()
	clear(x.word[:])
	for i, n := range r.words {
		tested := 0
		for range startWords {
			if n.source.Read(x.word[:]) != nil || !n.pass(&x.tests[i], x.word[:]) {
				break
			}
			tested++
		}
		if tested > 0 && !n.dropped() {
			r.addLocked(n.number, x.word[:])
		}
		clear(x.word[:])
	}
}

// tryWord adds a word of source i if nobody holds the root's lock and it passes.
func (r *RNG) tryWord(i int, word []byte) {
	if !r.mu.TryLock() {
		return
	}
	defer r.mu.Unlock()
	if r.root != nil && r.words[i].pass(&r.root.tests[i], word) {
		r.addLocked(r.words[i].number, word)
	}
}

// readLocked fills fresh, some blocks of 32 bytes, from the kernel. Each is compared
// with the one before it, the first with the last of the read before; if two are the
// same all are read once more, and then it is ErrRepeated. By chance that happens
// once in 2^256.
func (r *RNG) readLocked(fresh []byte) error {
	err := r.source.Read(fresh)
	if err == nil && r.root.repeats(fresh) {
		if err = r.source.Read(fresh); err == nil && r.root.repeats(fresh) {
			clear(fresh)
			err = ErrRepeated
		}
	}
	r.lastFailed = err
	return err
}

// repeats reports whether two blocks are the same. If not, it remembers the last
// one, as a digest: the block itself is a part of the seed.
func (x *root) repeats(fresh []byte) bool {
	for at := freshSize; at < len(fresh); at += freshSize {
		if bytes.Equal(fresh[at:][:freshSize], fresh[at-freshSize:][:freshSize]) {
			return true
		}
	}
	if x.hasLast && x.digest(fresh[:freshSize]) == x.last {
		return true
	}
	x.last = x.digest(fresh[len(fresh)-freshSize:])
	x.hasLast = true
	return false
}

func (x *root) digest(block []byte) [fortuna.DigestSize]byte {
	_, _ = x.hash.Write(block)
	digest := x.hash.Sum()
	x.hash.Wipe()
	return digest
}

// sourcesLocked names what feeds the pools, the kernel's first, and what has failed.
// The lists are made anew when one more source has failed, or a fork has forgiven all,
// and never changed.
func (r *RNG) sourcesLocked() ([]string, []Dropped) {
	var failed uint64
	for i := range len(r.words) + 1 {
		failed = failed<<8 | uint64(r.noise(i).failed.Load())
	}
	if r.serve == nil || failed != r.listed {
		r.serve, r.dropped, r.listed = []string{r.source.Name()}, nil, failed
		for i := range len(r.words) + 1 {
			n := r.noise(i)
			if f := health.Failure(n.failed.Load()); f != health.None {
				r.dropped = append(r.dropped, Dropped{n.name, f.String()})
			} else {
				r.serve = append(r.serve, n.name)
			}
		}
	}
	return r.serve, r.dropped
}

// noise returns the source i: one that gives words, or after them the cycle counter.
func (r *RNG) noise(i int) *noise {
	if i < len(r.words) {
		return r.words[i]
	}
	return r.jitter
}
