// Package health_test checks the tests against sources that fail in known ways.
package health_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"gorandom.dev/gorandom/health"
)

// fourBits are the cut-offs for 4 bits of entropy in a sample and one false alarm in
// 2^40. Package csprng's test computes them.
var fourBits = health.Cutoffs{Repetition: 11, Proportion: 78}

// feed adds up to n samples. It returns which one, counted from 1, fails which test.
func feed(n int, sample func(i int) byte) (int, health.Failure) {
	var test health.Test
	for i := range n {
		if f := test.Add(&fourBits, sample(i)); f != health.None {
			return i + 1, f
		}
	}
	return 0, health.None
}

// TestFailures has sources that go bad, and the sample at which each is noticed.
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
		at, f := feed(200000, v.sample)
		if at != v.at || f != v.want {
			t.Errorf("%s: %v at sample %d, want %v at %d", name, f, at, v.want, v.at)
		}
	}
	if s := fmt.Sprint(health.None, health.Repetition, health.Proportion); s != "none repetition count test adaptive proportion test" {
		t.Error(s)
	}
}

// TestWindows: a window's first sample counts only in that window. It fails if the count
// goes on into the next window.
func TestWindows(t *testing.T) {
	// 77 of the first value in each window, one short of the cut-off.
	at, f := feed(100*health.Window, func(i int) byte {
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
	var test health.Test
	for i := 0; b.Loop(); i++ {
		test.Add(&fourBits, byte(i))
	}
}
