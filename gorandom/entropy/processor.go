package entropy

// rdseedTries is how often RDSEED is asked for one word. Intel's software
// implementation guide, section 5.3.1, advises a bounded number of tries: other
// processors may have emptied what all share.
const rdseedTries = 16

// Processor is the processor's own source of entropy: RDSEED on amd64. Nothing
// is known of how it works inside, so its words may go into Fortuna's pools and
// nowhere else.
type Processor struct{}

// Available reports whether the processor has such a source.
func (Processor) Available() bool { return hasSeedInstruction }

// Name returns the instruction's name.
func (Processor) Name() string { return seedInstruction }

// Read fills b, or returns ErrUnavailable: the instruction doesn't exist, had no
// word in any of its tries, or gave a word of all zeros or all ones, which is
// what broken ones were seen to give for ever.
func (Processor) Read(b []byte) error {
	for rest := b; len(rest) > 0; {
		word, ok := seedWord()
		if !ok || word == 0 || word == ^uint64(0) {
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
	for range rdseedTries {
		if word, ok := rdseed(); ok {
			return word, true
		}
	}
	return 0, false
}

// Cycles returns a counter that runs so fast that its low bits differ from call
// to call in a way that is hard to foresee from outside. It is no clock.
func Cycles() uint64 { return cycles() }
