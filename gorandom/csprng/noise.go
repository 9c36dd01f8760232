package csprng

import (
	"bytes"
	"errors"
	"sync/atomic"

	"gorandom.dev/gorandom/entropy"
	"gorandom.dev/gorandom/fortuna"
	"gorandom.dev/gorandom/health"
)

// ErrRepeated is returned when the kernel gave the same 32-byte block twice in a row,
// and again when it was asked once more. Its generator is stuck, or was reset.
var ErrRepeated = errors.New("csprng: the system's generator repeats itself")

// processorTest is the processor's index in RNG.words, if it is there.
const processorTest = 0

// noise is a source of raw noise. Each of its samples must pass the tests of package
// health. A source that fails is dropped for as long as the process lasts; only its
// own contribution is lost, as every seed has the kernel's bytes.
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

// pass feeds b's samples to the test t, and reports whether the source is still good.
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
	// Draws of one size in a loop gave 0.2 to 0.9 bits with a counter of some GHz, and
	// a program's draws give far more. The assessment is so low because slower
	// counters, of some tens of MHz, often advance by the same amount.
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
	// event. That is fewer samples than the standard's, because a word takes a
	// microsecond, and ten times that when many are read in a row. Two words are
	// enough to show a stuck source. The proportion test's window continues after them.
	startWords = 32
)

// startNoiseLocked tests each source, and adds one word of each source of words to the
// pools. A source that has no word now is asked again at a lane's 64th request.
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

// readLocked fills fresh, some blocks of 32 bytes, from the kernel. Each block is
// compared with the one before it, the first with the last of the previous read. If
// two are equal, which chance brings once in 2^256, all are read once more. A second
// repeat is ErrRepeated.
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

// repeats reports whether two blocks are the same. If not, it keeps a digest of the
// last one, and not the block, which is a part of the seed.
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

// sourcesLocked names the sources that feed the pools, the kernel's first, and those
// that have failed. The lists are never changed. They are made anew when another
// source has failed, or a fork has reset all failures.
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

// noise returns source i: the sources of words come first, then the cycle counter.
func (r *RNG) noise(i int) *noise {
	if i < len(r.words) {
		return r.words[i]
	}
	return r.jitter
}
