package entropy

// seedTries is how often the processor is asked for one word. Intel's software
// implementation guide, section 5.3.1, advises a bounded number of tries, because
// other processors may have emptied the shared source. Arm's manual says the same.
const seedTries = 16

// Processor is the processor's own source of entropy: RDSEED on amd64, RNDRRS on
// arm64. Nobody can check how it works inside, so its words only ever add to the
// kernel's bytes. Some processors were seen to return all ones for ever; the tests of
// package health must notice that.
type Processor struct{}

// Available reports whether the processor has such a source.
func (Processor) Available() bool { return hasSeedInstruction }

// Name returns the instruction's name.
func (Processor) Name() string { return seedInstruction }

// Read fills b, or zeroes it and returns ErrUnavailable if the instruction doesn't
// exist or had no word in any of its tries.
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

// Cycles returns a counter that runs so fast that its low bits are hard to predict
// from outside. It is not a clock.
func Cycles() uint64 { return cycles() }
