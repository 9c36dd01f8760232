package csprng

import (
	"fmt"
	"math/big"
	"testing"

	"gorandom.dev/gorandom/health"
)

// likelihood is the probability of a source's likeliest sample: part in 2^bits.
type likelihood struct{ part, bits int64 }

// rare reports whether so many outcomes of n samples have a probability of at most
// 2^-alpha.
func (l likelihood) rare(outcomes *big.Int, n, alpha int64) bool {
	all := new(big.Int).Lsh(big.NewInt(1), uint(l.bits*n))
	return new(big.Int).Lsh(outcomes, uint(alpha)).Cmp(all) <= 0
}

// repetition is the least cut-off C of SP 800-90B, section 4.4.1, at which a sample is
// followed by C-1 more of its value with a probability of at most 2^-alpha.
func (l likelihood) repetition(alpha int64) int64 {
	equal := big.NewInt(1) // the outcomes of n samples that are all the likeliest one
	for n := int64(1); ; n++ {
		if l.rare(equal.Mul(equal, big.NewInt(l.part)), n, alpha) {
			return n + 1
		}
	}
}

// proportion is the least cut-off C of section 4.4.2. Among window samples the likeliest
// value comes C times or more with a probability of at most 2^-alpha.
func (l likelihood) proportion(window, alpha int64) int64 {
	power := func(x, n int64) *big.Int { return new(big.Int).Exp(big.NewInt(x), big.NewInt(n), nil) }
	tail := new(big.Int) // the outcomes with c matches or more
	for c := window; ; c-- {
		atC := new(big.Int).Binomial(window, c)
		atC.Mul(atC, power(l.part, c)).Mul(atC, power(1<<l.bits-l.part, window-c))
		if tail.Add(tail, atC); !l.rare(tail, window, alpha) {
			return c + 1
		}
	}
}

// TestCutoffs: the constants are what the standard's formulas give for a false alarm
// once in 2^40.
func TestCutoffs(t *testing.T) {
	for _, v := range []struct {
		likeliest likelihood
		got       health.Cutoffs
	}{
		{likelihood{15, 4}, jitterCutoffs},
		{likelihood{1, 4}, wordCutoffs},
	} {
		want := health.Cutoffs{
			Repetition: uint32(v.likeliest.repetition(40)),
			Proportion: uint32(v.likeliest.proportion(health.Window, 40)),
		}
		if v.got != want {
			t.Errorf("%v: %+v, want %+v", v.likeliest, v.got, want)
		}
	}
}

// TestFormulas checks TestCutoffs against values of Python's math.comb and fractions.
// Those at 2^-20 are published elsewhere too: 311, 177, 62 and 13 in SP 800-90B (2nd
// draft, table 2), 41 and 410 for half a bit in Go's crypto/internal/entropy.
func TestFormulas(t *testing.T) {
	for _, v := range []struct {
		part, bits, alpha               int64
		repetition, window512, window64 int64
	}{
		{1, 1, 20, 21, 311, 51},
		{1, 2, 20, 11, 177, 35},
		{1, 4, 20, 6, 62, 17},
		{1, 8, 20, 4, 13, 6},
		{3, 2, 20, 50, 430, 63},
		{15, 4, 20, 216, 504, 65},
		{181, 8, 20, 41, 410, 61}, // 2^-0.5
		{255, 8, 20, 3543, 513, 65},
		{1, 16, 20, 3, 3, 2},
		{1, 1, 30, 31, 325, 56},
		{1, 2, 30, 16, 190, 40},
		{1, 4, 30, 9, 71, 21},
		{1, 8, 30, 5, 16, 8},
		{3, 2, 30, 74, 440, 65},
		{15, 4, 30, 324, 508, 65},
		{181, 8, 30, 61, 422, 64},
		{255, 8, 30, 5314, 513, 65},
		{1, 16, 30, 3, 4, 3},
		{1, 1, 40, 41, 336, 59},
		{1, 2, 40, 21, 201, 44},
		{1, 4, 40, 11, 78, 24},
		{1, 8, 40, 6, 19, 10},
		{3, 2, 40, 98, 449, 65},
		{15, 4, 40, 431, 511, 65},
		{181, 8, 40, 81, 432, 65},
		{255, 8, 40, 7085, 513, 65},
		{1, 16, 40, 4, 5, 4},
	} {
		l := likelihood{v.part, v.bits}
		got := fmt.Sprint(l.repetition(v.alpha), l.proportion(512, v.alpha), l.proportion(64, v.alpha))
		if want := fmt.Sprint(v.repetition, v.window512, v.window64); got != want {
			t.Errorf("%v, 2^-%d: got %s, want %s", l, v.alpha, got, want)
		}
	}
}
