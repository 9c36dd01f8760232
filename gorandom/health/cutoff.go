package health

import "math/bits"

// Likelihood is how likely a source's likeliest sample is assessed to be: Part in
// 2^Bits. The min-entropy of a sample is Bits - log2(Part) bits. As a fraction it
// makes exact arithmetic possible, where 2^-H of an H with a fraction would not.
// Part is 1 to 2^Bits-1, Bits 1 to 16.
type Likelihood struct{ Part, Bits uint }

// valid reports whether l is a probability between 0 and 1.
func (l Likelihood) valid() bool {
	return l.Bits >= 1 && l.Bits <= 16 && l.Part >= 1 && l.Part < 1<<l.Bits
}

// RepetitionCutoff returns the cut-off C of section 4.4.1, 1 + ceil(alpha/H): the
// least one at which a sample is followed by C-1 more of its value with a
// probability of at most 2^-alpha. It is 0, which no test can use, unless l is
// valid.
func RepetitionCutoff(l Likelihood, alpha uint) uint32 {
	if !l.valid() {
		return 0
	}
	power := natural{1} // Part^n, and 2^(Bits*n) is what it is a part of
	for n := uint(1); ; n++ {
		power = power.times(uint64(l.Part))
		// Part^n <= 2^(Bits*n-alpha)
		if whole := l.Bits * n; whole >= alpha && power.atMostPower(whole-alpha) {
			return uint32(n) + 1
		}
	}
}

// ProportionCutoff returns the cut-off C of section 4.4.2 for a window of so many
// samples, 1 + critbinom(window, 2^-H, 1-2^-alpha): the least one that a binomial
// variable reaches with a probability of at most 2^-alpha, summed in whole numbers.
// window is below 2^32 and alpha 1 to 63. It is 0 unless l is valid.
//
// The first sample of a window counts for itself, which the standard's formula
// leaves out: with it a false alarm is up to some C*2^H/window times as likely.
func ProportionCutoff(l Likelihood, window, alpha uint) uint32 {
	if !l.valid() || alpha < 1 || alpha > 63 || l.Bits*window < alpha {
		return 0
	}
	// Summed from the end that has fewer terms: misses of a likely sample, or
	// matches of an unlikely one.
	match, miss := uint64(l.Part), uint64(1)<<l.Bits-uint64(l.Part)
	whole := l.Bits * window // there are 2^whole outcomes
	if match > miss {
		c := window + 1
		outcomes(miss, match, window, func(misses uint, atMost natural) bool {
			if !atMost.atMostPower(whole - alpha) {
				return false
			}
			c = window - misses
			return true
		})
		return uint32(c)
	}
	c := window + 1
	outcomes(match, miss, window, func(matches uint, atMost natural) bool {
		// All but one in 2^alpha: its first alpha bits are ones.
		c = matches + 1
		return atMost.shifted(whole-alpha) < 1<<alpha-1
	})
	return uint32(c)
}

// outcomes calls each for k = 0 up to n, as long as it returns true, with the
// number of outcomes of n trials that have at most k successes, if a trial ends in
// so many successes and failures.
func outcomes(successes, failures uint64, n uint, each func(k uint, atMost natural) bool) {
	term := natural{1} // those with k
	power := uint64(1)
	for range n {
		if power >= 1<<32 { // and failures < 2^16
			term, power = term.times(power), 1
		}
		power *= failures
	}
	term = term.times(power)
	var sum natural
	for k := uint(0); ; k++ {
		sum = sum.plus(term)
		if !each(k, sum) || k == n {
			return
		}
		term = term.times(uint64(n-k) * successes).over(uint64(k+1) * failures)
	}
}

// natural is a natural number, its lowest word first. math/big would do, and bring
// package fmt into programs that have no use for it. Operations may reuse the
// receiver's memory.
type natural []uint64

func (x natural) times(m uint64) natural {
	var carry uint64
	for i, w := range x {
		hi, lo := bits.Mul64(w, m)
		var c uint64
		x[i], c = bits.Add64(lo, carry, 0)
		carry = hi + c
	}
	if carry != 0 {
		x = append(x, carry)
	}
	return x
}

// over divides by d, which must divide x.
func (x natural) over(d uint64) natural {
	var rest uint64
	for i := len(x) - 1; i >= 0; i-- {
		x[i], rest = bits.Div64(rest, x[i], d)
	}
	for len(x) > 0 && x[len(x)-1] == 0 {
		x = x[:len(x)-1]
	}
	return x
}

func (x natural) plus(y natural) natural {
	for len(x) < len(y) {
		x = append(x, 0)
	}
	var carry uint64
	for i := range x {
		var w uint64
		if i < len(y) {
			w = y[i]
		}
		x[i], carry = bits.Add64(x[i], w, carry)
	}
	if carry != 0 {
		x = append(x, carry)
	}
	return x
}

// shifted returns x/2^n, which must be below 2^64.
func (x natural) shifted(n uint) uint64 {
	i, s := int(n/64), n%64
	var lo, hi uint64
	if i < len(x) {
		lo = x[i]
	}
	if i+1 < len(x) {
		hi = x[i+1]
	}
	return lo>>s | hi<<(64-s)
}

// atMostPower reports whether x <= 2^n.
func (x natural) atMostPower(n uint) bool {
	length := 0 // in bits; no operation leaves a leading word of zeros
	if len(x) > 0 {
		length = 64*(len(x)-1) + bits.Len64(x[len(x)-1])
	}
	if length != int(n)+1 {
		return length <= int(n)
	}
	// 2^n has this length too, and is the least that has it.
	for i, w := range x {
		if i < len(x)-1 && w != 0 || i == len(x)-1 && w&(w-1) != 0 {
			return false
		}
	}
	return true
}
