// Package health has the two tests by which NIST SP 800-90B has a raw noise source
// watched: the repetition count test (section 4.4.1) and the adaptive proportion
// test (4.4.2). They notice that a source has stuck, or has lost so much of its
// entropy that a value comes far too often; they say nothing of how good one is.
//
// They are for raw samples. Run over a generator's output they would find nothing,
// ever, but a false alarm in the long run.
package health

// Window is how many samples the proportion test looks at together: the standard's
// number for samples of more than one bit.
const Window = 512

// Cutoffs are the tests' limits for a source. They follow from how likely its
// likeliest sample is assessed to be, and from how often a false alarm may come; the
// standard recommends once in 2^20 to 2^40.
type Cutoffs struct {
	// Repetition is the cut-off C of section 4.4.1: so many equal samples in a row
	// are a failure.
	Repetition uint32
	// Proportion is the cut-off C of section 4.4.2: a window whose first sample
	// comes so many times in it is a failure.
	Proportion uint32
}

// Failure says which test a source has failed.
type Failure uint32

// What a test may find.
const (
	None Failure = iota
	Repetition
	Proportion
)

// String returns what the standard calls the test, or "none".
func (f Failure) String() string {
	switch f {
	case Repetition:
		return "repetition count test"
	case Proportion:
		return "adaptive proportion test"
	}
	return "none"
}

// Test is both tests' state for one source, ready from its zero value. It is plain
// data, to be kept where secrets are: it holds samples. No value may be used by
// two goroutines at once.
type Test struct {
	last, first byte
	run         uint32 // samples equal to last, in a row
	seen        uint32 // samples of this window
	count       uint32 // of them equal to first
}

// Add takes the next sample, and returns which test it fails. After a failure a
// test has no say any more: whoever goes on with the source has to begin anew.
func (t *Test) Add(c *Cutoffs, sample byte) Failure {
	if t.run == 0 || sample != t.last {
		t.last, t.run = sample, 0
	}
	if t.run++; t.run >= c.Repetition {
		return Repetition
	}
	if t.seen == 0 {
		t.first, t.count = sample, 0
	}
	if sample == t.first {
		t.count++
	}
	if t.count >= c.Proportion {
		return Proportion
	}
	t.seen = (t.seen + 1) % Window
	return None
}

// AddAll takes each byte of b as a sample, up to the first that fails.
func (t *Test) AddAll(c *Cutoffs, b []byte) Failure {
	for _, sample := range b {
		if f := t.Add(c, sample); f != None {
			return f
		}
	}
	return None
}

// Wipe makes t the state of a source that has given nothing.
func (t *Test) Wipe() { *t = Test{} }
