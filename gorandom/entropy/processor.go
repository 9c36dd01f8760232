package entropy

// seedTries is how often the processor is asked for one word. Intel's software
// implementation guide, section 5.3.1, advises a bounded number of tries: other
// processors may have emptied what all share. Arm's manual says the same.
const seedTries = 16

// Processor is the processor's own source of entropy: RDSEED on amd64, RNDRRS on
// arm64. Nothing is known of how it works inside, so its words may go into
// Fortuna's pools and nowhere else, and it is for the tests of package health to
// notice one that is stuck: they were seen to give all ones for ever.
type Processor struct{}

// Available reports whether the processor has such a source.
func (Processor) Available() bool { return hasSeedInstruction }

// Name returns the instruction's name.
func (Processor) Name() string { return seedInstruction }

// Read fills b, or returns ErrUnavailable: the instruction doesn't exist, or had no
// word in any of its tries.
func (Processor) Read(b []byte) error { return readWords(b, seedWord) }

func readWords(b []byte, next func() (uint64, bool)) error {
	for rest := b; len(rest) > 0; {
		word, ok := next()
		if !ok {
			clear(b)
			return ErrUnavailable
		}
		n := min(8, len(rest))
		for i := range n {
			rest[i] = byte(word >> (8 * i))
		}
		rest = rest[n:]
	}
	return nil
}

// seedWord asks the processor for a word, several times if need be.
func seedWord() (uint64, bool) {
	if !hasSeedInstruction {
		return 0, false
	}
	for range seedTries {
		if word, ok := seedOnce(); ok {
			return word, true
		}
	}
	return 0, false
}

// Cycles returns a counter that runs so fast that its low bits differ from call
// to call in a way that is hard to foresee from outside. It is no clock.
func Cycles() uint64 { return cycles() }
