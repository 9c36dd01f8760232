// Package health has the two tests that NIST SP 800-90B prescribes for watching a raw
// noise source: the repetition count test (section 4.4.1) and the adaptive proportion
// test (4.4.2). They notice that a source is stuck, or has lost so much entropy that
// one value comes far too often. They don't say how good a source is.
//
// They are for raw samples. On a generator's output they would never find anything
// but, in the long run, a false alarm.
package health

// Window is the number of samples in a window of the proportion test. It is the
// standard's number for samples of more than one bit.
const Window = 512

// Cutoffs are the tests' limits for a source. They depend on the assessed probability
// of its likeliest sample, and on the accepted rate of false alarms. The standard
// recommends one in 2^20 to 2^40.
type Cutoffs struct {
	// Repetition is the cut-off C of section 4.4.1: this many equal samples in a row are
	// a failure.
	Repetition uint32
	// Proportion is the cut-off C of section 4.4.2: a window that contains its first
	// sample this many times is a failure.
	Proportion uint32
}

// Failure says which test a source has failed.
type Failure uint32

// The possible results of a test.
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

// Test is the state of both tests for one source. Its zero value is ready. It is plain
// data; as it contains samples, keep it where secrets are. No value may be used by two
// goroutines at once.
type Test struct {
	last, first byte
	run         uint32 // samples equal to last, in a row
	seen        uint32 // samples of this window
	count       uint32 // of them equal to first
}

// Add takes the next sample, and returns which test it fails. After a failure the state
// means nothing: a caller that goes on with the source has to Wipe it first.
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

// AddAll takes each byte of b as a sample, and stops at the first that fails.
func (t *Test) AddAll(c *Cutoffs, b []byte) Failure {
	for _, sample := range b {
		if f := t.Add(c, sample); f != None {
			return f
		}
	}
	return None
}

// Wipe resets t to the state for a source that has given nothing.
func (t *Test) Wipe() { *t = Test{} }
