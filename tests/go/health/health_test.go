// Package health_test checks the cut-offs against independently computed ones, and
// the tests against sources that fail in known ways.
package health_test

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"

	"gorandom.dev/gorandom/health"
)

// TestCutoffs: computed with Python's math.comb and fractions, from the tail's far
// end where the package goes from the near one. Those at 2^-20 are also what others
// publish: 311, 177, 62 and 13 stand in SP 800-90B (2nd draft, table 2), 41 and 410
// for half a bit in Go's crypto/internal/entropy.
func TestCutoffs(t *testing.T) {
	for _, v := range []struct {
		part, bits, alpha uint
		repetition        uint32
		window512         uint32
		window64          uint32
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
		l := health.Likelihood{Part: v.part, Bits: v.bits}
		got := fmt.Sprint(health.RepetitionCutoff(l, v.alpha), health.ProportionCutoff(l, 512, v.alpha), health.ProportionCutoff(l, 64, v.alpha))
		if want := fmt.Sprint(v.repetition, v.window512, v.window64); got != want {
			t.Errorf("%d/2^%d, 2^-%d: got %s, want %s", v.part, v.bits, v.alpha, got, want)
		}
	}
	for _, l := range []health.Likelihood{{}, {Bits: 4}, {Part: 16, Bits: 4}, {Part: 17, Bits: 4}, {Part: 1}, {Part: 1, Bits: 17}} {
		if r, p := health.RepetitionCutoff(l, 40), health.ProportionCutoff(l, 512, 40); r != 0 || p != 0 {
			t.Errorf("%+v: got %d, %d for no probability", l, r, p)
		}
	}
}

// TestCutoffsAreTheLeast asks math/big for the definition itself: at the cut-off a
// false alarm has a probability of at most 2^-alpha, one below it more.
func TestCutoffsAreTheLeast(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		bits := 1 + random.UintN(10)
		l := health.Likelihood{Part: 1 + random.UintN(1<<bits-1), Bits: bits}
		window, alpha := 4+random.UintN(200), 1+random.UintN(50)
		part, other := big.NewInt(int64(l.Part)), big.NewInt(1<<l.Bits-int64(l.Part))
		rare := func(outcomes *big.Int, whole uint) bool {
			return whole >= alpha && outcomes.Cmp(new(big.Int).Lsh(big.NewInt(1), whole-alpha)) <= 0
		}
		tail := func(c uint32) *big.Int {
			sum := new(big.Int)
			for k := int64(c); k <= int64(window); k++ {
				x := new(big.Int).Binomial(int64(window), k)
				x.Mul(x, new(big.Int).Exp(part, big.NewInt(k), nil))
				sum.Add(sum, x.Mul(x, new(big.Int).Exp(other, big.NewInt(int64(window)-k), nil)))
			}
			return sum
		}
		if window*l.Bits < alpha {
			continue
		}
		c := health.ProportionCutoff(l, window, alpha)
		if !rare(tail(c), window*l.Bits) || rare(tail(c-1), window*l.Bits) {
			t.Errorf("%+v, window %d, 2^-%d: proportion %d isn't the least", l, window, alpha, c)
		}
		r := uint(health.RepetitionCutoff(l, alpha))
		power := func(n uint) *big.Int { return new(big.Int).Exp(part, big.NewInt(int64(n)), nil) }
		if !rare(power(r-1), (r-1)*l.Bits) || r > 2 && rare(power(r-2), (r-2)*l.Bits) {
			t.Errorf("%+v, 2^-%d: repetition %d isn't the least", l, alpha, r)
		}
	}
}

// feed returns at which sample, from 1 on, which test fails, of at most n.
func feed(l health.Likelihood, n int, sample func(i int) byte) (int, health.Failure) {
	var test health.Test
	c := health.NewCutoffs(l)
	for i := range n {
		if f := test.Add(&c, sample(i)); f != health.None {
			return i + 1, f
		}
	}
	return 0, health.None
}

// TestFailures: sources that go wrong, for an assessment of 4 bits, whose cut-offs
// are 11 and 78; where each is noticed, to the sample.
func TestFailures(t *testing.T) {
	good := rand.New(rand.NewChaCha8([32]byte{1}))
	fair := func(int) byte { return byte(good.Uint32()) }
	for name, v := range map[string]struct {
		sample func(i int) byte
		at     int
		want   health.Failure
	}{
		"fair":               {fair, 0, health.None},
		"stuck at zero":      {func(int) byte { return 0 }, 11, health.Repetition},
		"stuck at ones":      {func(int) byte { return 0xff }, 11, health.Repetition},
		"ten in a row":       {func(i int) byte { return byte(i / 10) }, 0, health.None},
		"eleven in a row":    {func(i int) byte { return byte(i / 11) }, 11, health.Repetition},
		"two values in turn": {func(i int) byte { return byte(i % 2) }, 2*78 - 1, health.Proportion},
		"a value in six":     {func(i int) byte { return byte(min(i%6, 1) * (i%250 + 1)) }, 6*77 + 1, health.Proportion},
		"a value in seven":   {func(i int) byte { return byte(min(i%7, 1) * (i%250 + 1)) }, 0, health.None},
		"stuck later": {func(i int) byte {
			if i < 10000 {
				return byte(i)
			}
			return 7
		}, 10000 + 11, health.Repetition},
	} {
		at, f := feed(health.Likelihood{Part: 1, Bits: 4}, 200000, v.sample)
		if at != v.at || f != v.want {
			t.Errorf("%s: %v at sample %d, want %v at %d", name, f, at, v.want, v.at)
		}
	}
	if s := fmt.Sprint(health.None, health.Repetition, health.Proportion); s != "none repetition count test adaptive proportion test" {
		t.Error(s)
	}
}

// TestWindows: a window's first sample counts in it alone. It fails if the count
// goes on into the next window.
func TestWindows(t *testing.T) {
	// 77 of the first value in each window, one short of the cut-off.
	at, f := feed(health.Likelihood{Part: 1, Bits: 4}, 100*health.Window, func(i int) byte {
		if i %= health.Window; i%6 == 0 && i < 6*77 {
			return 0
		}
		return byte(1 + i%250)
	})
	if f != health.None {
		t.Errorf("%v at %d", f, at)
	}
}

func BenchmarkAdd(b *testing.B) {
	c := health.NewCutoffs(health.Likelihood{Part: 15, Bits: 4})
	var test health.Test
	for i := 0; b.Loop(); i++ {
		test.Add(&c, byte(i))
	}
}

func BenchmarkNewCutoffs(b *testing.B) {
	for _, l := range []health.Likelihood{{Part: 15, Bits: 4}, {Part: 1, Bits: 4}} {
		b.Run(fmt.Sprint(l), func(b *testing.B) {
			for b.Loop() {
				health.NewCutoffs(l)
			}
		})
	}
}
