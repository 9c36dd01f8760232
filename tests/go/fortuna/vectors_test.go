// Package fortuna_test checks the algorithm against PyCrypto's vectors and
// against models of it that share no code with it.
//
// Vectors marked PyCrypto are those of PyCrypto 2.6.1's self-tests,
// Crypto.SelfTest.Random.Fortuna: test_SHAd256, test_FortunaGenerator and
// test_FortunaAccumulator. Their author made them with several programs,
// OpenSSL and sha256sum among them. The two digests of long outputs were made by
// running PyCrypto itself.
package fortuna_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"gorandom.dev/gorandom/fortuna"
	"gorandom.dev/gorandom/keystream"
)

// wantHex fails unless got is the bytes of the hexadecimal want.
func wantHex(t *testing.T, what string, got []byte, want string) {
	t.Helper()
	if hex.EncodeToString(got) != want {
		t.Errorf("%s: got %x, want %s", what, got, want)
	}
}

// keyOf returns the key of g, or nil if it has none.
func keyOf(g *fortuna.Generator) []byte {
	if key, ok := g.Key(); ok {
		return key[:]
	}
	return nil
}

// sum is the SHAd256 digest of data.
func sum(data []byte) []byte {
	var h fortuna.SHAd256
	_, _ = h.Write(data)
	digest := h.Sum()
	return digest[:]
}

// TestSHAd256 uses PyCrypto's vectors, whole and in two pieces split anywhere.
func TestSHAd256(t *testing.T) {
	for _, v := range []struct{ data, digest string }{
		{"", "5df6e0e2761359d30a8275058e299fcc0381534545f55cf43e41983f5d4c9456"},
		{"abc", "4f8b42c22dd3729b519ba6f68d2da7cc5b2d606d05daed5ad5128cc03e6c6358"},
		{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "0cffe17f68954dac3a84fb1458bd5ec99209449749b2b308b7cb55812f9563af"},
	} {
		for cut := range len(v.data) + 1 {
			var h fortuna.SHAd256
			_, _ = h.Write([]byte(v.data[:cut]))
			half := h // a copy is independent
			_, _ = h.Write([]byte(v.data[cut:]))
			digest := h.Sum()
			wantHex(t, fmt.Sprintf("%q cut at %d", v.data, cut), digest[:], v.digest)
			digest = h.Sum()
			wantHex(t, "the digest a second time", digest[:], v.digest)
			digest = half.Sum()
			wantHex(t, "the copy", digest[:], hex.EncodeToString(sum([]byte(v.data[:cut]))))
			if h.Len() != uint64(len(v.data)) {
				t.Errorf("Len: got %d, want %d", h.Len(), len(v.data))
			}
		}
	}
}

// TestPool is PyCrypto's test_FortunaPool.
func TestPool(t *testing.T) {
	var p fortuna.Pool
	check := func(length uint64, want string) {
		t.Helper()
		if p.Len() != length {
			t.Errorf("Len: got %d, want %d", p.Len(), length)
		}
		digest := p.Digest()
		wantHex(t, fmt.Sprintf("digest of %d bytes", length), digest[:], want)
	}
	check(0, "5df6e0e2761359d30a8275058e299fcc0381534545f55cf43e41983f5d4c9456")
	p.Append([]byte("abc"))
	check(3, "4f8b42c22dd3729b519ba6f68d2da7cc5b2d606d05daed5ad5128cc03e6c6358")
	p.Append([]byte("dbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))
	check(56, "0cffe17f68954dac3a84fb1458bd5ec99209449749b2b308b7cb55812f9563af")
	p.Wipe()
	check(0, "5df6e0e2761359d30a8275058e299fcc0381534545f55cf43e41983f5d4c9456")
	p.Append(bytes.Repeat([]byte("a"), 1e6))
	check(1e6, "80d1189477563e1b5206b2749f1afe4807e5705e8bd77887a60187a712156688")
}

// TestWhichPools is PyCrypto's test_which_pools up to the largest 64-bit number.
func TestWhichPools(t *testing.T) {
	want := map[uint64]int{0: 0, 1: 1, 2: 2, 3: 1, 4: 3, 5: 1, 6: 2, 7: 1, 8: 4, math.MaxUint64: 1}
	for i := 1; i < 64; i++ {
		want[1<<i] = min(i+1, 32)
		want[1<<i+1] = 1
		if i > 1 {
			want[1<<i-1] = 1
		}
	}
	for r, n := range want {
		if got := fortuna.WhichPools(r); got != n {
			t.Errorf("WhichPools(%d): got %d, want %d", r, got, n)
		}
	}
}

// TestRequestUncached: the bytes, and the generator after them, are those of Request, for
// every end of a request within a cache line.
func TestRequestUncached(t *testing.T) {
	var g, twin fortuna.Generator
	if err := g.RequestUncached(nil); !errors.Is(err, fortuna.ErrUnseeded) {
		t.Errorf("unseeded: got %v, want ErrUnseeded", err)
	}
	g.Reseed([]byte("Hello"))
	twin = g
	for n := range 130 {
		n += 4096 * (n % 3)
		got, want := make([]byte, n), make([]byte, n)
		if err := errors.Join(g.RequestUncached(got), twin.Request(want)); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) || g != twin {
			t.Fatalf("%d bytes: differs from Request", n)
		}
	}
}

// TestGenerator is PyCrypto's test_generator.
func TestGenerator(t *testing.T) {
	var g fortuna.Generator
	if err := g.PseudoRandomData(make([]byte, 1)); !errors.Is(err, fortuna.ErrUnseeded) {
		t.Errorf("unseeded: got %v, want ErrUnseeded", err)
	}
	counter := func(want uint64) {
		t.Helper()
		if got := g.Counter(); got != (keystream.Counter{Lo: want}) {
			t.Errorf("counter: got %v, want %d", got, want)
		}
	}
	draw := func(n int) []byte {
		t.Helper()
		b := make([]byte, n)
		if err := g.PseudoRandomData(b); err != nil {
			t.Fatal(err)
		}
		return b
	}
	counter(0)
	if g.Seeded() || keyOf(&g) != nil {
		t.Error("a new generator is seeded")
	}
	g.Reseed([]byte("Hello"))
	wantHex(t, "first key", keyOf(&g), "0ea6919d4361551364242a4ba890f8f073676e82cf1a52bb880f7e496648b565")
	counter(1)
	wantHex(t, "blocks 1 and 2", draw(32), "7cbe2c17684ac223d08969ee8b565616"+"717661c0d2f4758bd6ba140bf3791abd")
	wantHex(t, "key of blocks 3 and 4", keyOf(&g), "33a1bb21987859caf2bbfc5615bef56d"+"e6b71ff9f37112d0c193a135160862b7")
	counter(5)
	wantHex(t, "blocks 5 and 6", draw(32), "fd6648ba3086e919cee34904ef09a7ff"+"021f77580558b8c3e9248275f23042bf")

	before := g
	b := bytes.Repeat([]byte{7}, 1<<20+1)
	if err := g.Request(b); !errors.Is(err, fortuna.ErrRequestSize) {
		t.Errorf("a request of 1 MiB and 1 byte: got %v, want ErrRequestSize", err)
	}
	if err := g.RequestUncached(b); !errors.Is(err, fortuna.ErrRequestSize) {
		t.Errorf("the same past the caches: got %v, want ErrRequestSize", err)
	}
	if g != before || b[0] != 7 {
		t.Error("a refused request changed the generator")
	}
}

// TestRekeying checks how far each size moves the counter, which shows how often the key was
// replaced. Where a value was taken from PyCrypto, it also checks the output's SHA-256.
func TestRekeying(t *testing.T) {
	for _, v := range []struct {
		size    int
		counter uint64
		digest  string
	}{
		{0, 3, ""},
		{1, 4, ""},
		{15, 4, ""},
		{16, 4, ""},
		{17, 5, ""},
		{4095, 259, ""},
		{4096, 259, ""},
		{4097, 260, ""},
		{1<<20 - 1, 65541 - 2, ""},
		{1 << 20, 65541, "4e997da90cefd8758b09e971630fa62bf605f50b149e7eabe54dfa78b9ecd530"},
		{1<<20 + 1, 65542, ""},
		{1<<20 + 17, 65543, "4d648a7e6ff43e18ff1828aa6929e594b2c232d4cf15d4d94127f3f3ff227150"},
		{1 << 21, 1 + 3*2 + 1<<17, ""},
	} {
		t.Run(fmt.Sprint(v.size), func(t *testing.T) {
			var g fortuna.Generator
			g.Reseed([]byte("Hello"))
			b := make([]byte, v.size)
			if err := g.PseudoRandomData(b); err != nil {
				t.Fatal(err)
			}
			if got := g.Counter(); got != (keystream.Counter{Lo: v.counter}) {
				t.Errorf("counter: got %v, want %d", got, v.counter)
			}
			if v.digest != "" {
				digest := sha256.Sum256(b)
				wantHex(t, "SHA-256 of the output", digest[:], v.digest)
			}
		})
	}
}

// TestUnseeded: every request to an unseeded generator fails, even an empty one. The
// generator and the buffer don't change.
func TestUnseeded(t *testing.T) {
	for _, n := range []int{0, 1, 16, 1 << 20, 1<<20 + 1} {
		var g fortuna.Generator
		var a fortuna.Accumulator
		b := make([]byte, n)
		if err := g.PseudoRandomData(b); !errors.Is(err, fortuna.ErrUnseeded) {
			t.Errorf("PseudoRandomData of %d: %v", n, err)
		}
		if err := g.Request(b); !errors.Is(err, fortuna.ErrUnseeded) {
			t.Errorf("Request of %d: %v", n, err)
		}
		if err := a.RandomData(time.Hour, b); !errors.Is(err, fortuna.ErrUnseeded) {
			t.Errorf("RandomData of %d: %v", n, err)
		}
		if g != (fortuna.Generator{}) || a != (fortuna.Accumulator{}) {
			t.Errorf("a refused request of %d did something", n)
		}
	}
}

// TestAccumulator is PyCrypto's test_accumulator, with each value of its trace.
func TestAccumulator(t *testing.T) {
	var a fortuna.Accumulator
	b := make([]byte, 32)
	for round := range uint64(2) {
		if err := a.RandomData(0, b[:1]); !errors.Is(err, fortuna.ErrUnseeded) {
			t.Fatalf("round %d: got %v, want ErrUnseeded", round, err)
		}
		for i := range fortuna.Pools {
			if err := a.AddEvent(42, i, []byte(strings.Repeat("X", 32))); err != nil {
				t.Fatal(err)
			}
			p, err := a.Pool(i)
			if err != nil || p.Len() != 34*(round+1) {
				t.Errorf("pool %d: length %d, %v", i, p.Len(), err)
			}
		}
	}
	p, _ := a.Pool(0)
	digest := p.Digest()
	wantHex(t, "pool 0", digest[:], "aef42a5dcbddab67e8efa118e1b47fde5d697f89beb971b99e6e8e5e89fbf064")
	if keyOf(&a.Generator) != nil || a.Generator.Counter() != (keystream.Counter{}) {
		t.Error("seeded too early")
	}

	// seeded has the key that the reseed makes, from the trace.
	seeded := a
	seeded.Reseed(0, nil)
	wantHex(t, "K_1", keyOf(&seeded.Generator), "aafe9d0409fbaaafeb0a1f2ef2014a20953349d3c1c6e6e3b962953bea6184dd")

	if err := a.RandomData(0, b); err != nil {
		t.Fatal(err)
	}
	wantHex(t, "r_1 r_2", b, "b7b86bd9a27d96d7bb4add1b6b10d157"+"2350b1c61253db2f8da233be726dc15f")
	wantHex(t, "r_3 r_4, the next key", keyOf(&a.Generator), "f23ad749f33066ff53d307914fbf5b21da9667c7e86ba247655c9490e9d94a7c")
	if got := a.Generator.Counter(); got != (keystream.Counter{Lo: 5}) {
		t.Errorf("counter: got %v, want 5", got)
	}
	if a.ReseedCount() != 1 || a.Collected() != 0 {
		t.Errorf("%d reseeds, %d bytes in pool 0", a.ReseedCount(), a.Collected())
	}
	if p, _ := a.Pool(1); p.Len() != 68 {
		t.Errorf("the first reseed used pool 1: length %d", p.Len())
	}
}

// TestAccumulatorPoolLength is PyCrypto's test_accumulator_pool_length.
func TestAccumulatorPoolLength(t *testing.T) {
	if fortuna.MinPoolSize != 64 || fortuna.ReseedInterval != 100*time.Millisecond {
		t.Errorf("MinPoolSize %d, ReseedInterval %v", fortuna.MinPoolSize, fortuna.ReseedInterval)
	}
	var a fortuna.Accumulator
	b := make([]byte, 1)
	for range 15 {
		for i := range fortuna.Pools {
			if err := a.AddEvent(2, i, []byte("XX")); err != nil {
				t.Fatal(err)
			}
			if err := a.RandomData(0, b); !errors.Is(err, fortuna.ErrUnseeded) {
				t.Fatalf("pool 0 has %d bytes: got %v, want ErrUnseeded", a.Collected(), err)
			}
		}
	}
	if err := a.AddEvent(2, 0, []byte("XX")); err != nil {
		t.Fatal(err)
	}
	if err := a.RandomData(0, b); err != nil {
		t.Fatalf("pool 0 has %d bytes: %v", a.Collected(), err)
	}
}

// TestInterval checks when a full pool 0 is due, after a reseed at 10 s.
func TestInterval(t *testing.T) {
	const at = 10 * time.Second
	for _, v := range []struct {
		now    time.Duration
		forget bool
		due    bool
	}{
		{at, false, false},
		{at + 99*time.Millisecond, false, false},
		{at + 100*time.Millisecond, false, false}, // PyCrypto: later than, not at
		{at + 100*time.Millisecond + 1, false, true},
		{at + time.Hour, false, true},
		{at - 1, false, true}, // the clock was set back
		{0, false, true},
		{at, true, true},
	} {
		var a fortuna.Accumulator
		a.Reseed(at, nil)
		if err := a.AddEvent(0, 0, make([]byte, 32)); err != nil {
			t.Fatal(err)
		}
		if a.Due(v.now) {
			t.Errorf("%v: due with 34 bytes", v.now)
		}
		if err := a.AddEvent(0, 0, make([]byte, 28)); err != nil {
			t.Fatal(err)
		}
		if last, ok := a.LastReseed(); !ok || last != at {
			t.Errorf("last reseed: %v, %v", last, ok)
		}
		if v.forget {
			a.ForgetLastReseed()
			if _, ok := a.LastReseed(); ok {
				t.Error("the last reseed wasn't forgotten")
			}
		}
		if got := a.Due(v.now); got != v.due {
			t.Errorf("%v, forgotten %v: due %v, want %v", v.now, v.forget, got, v.due)
		}
	}
}

// TestBadEvents: some events are refused, and leave the pools alone.
func TestBadEvents(t *testing.T) {
	for _, v := range []struct {
		pool, size int
		want       error
	}{
		{0, 0, fortuna.ErrEventSize},
		{0, 33, fortuna.ErrEventSize},
		{31, 1 << 20, fortuna.ErrEventSize},
		{-1, 1, fortuna.ErrPool},
		{32, 1, fortuna.ErrPool},
		{math.MaxInt, 32, fortuna.ErrPool},
		{math.MinInt, 32, fortuna.ErrPool},
		{0, 1, nil},
		{31, 32, nil},
	} {
		var a fortuna.Accumulator
		err := a.AddEvent(255, v.pool, make([]byte, v.size))
		if !errors.Is(err, v.want) {
			t.Errorf("pool %d, %d bytes: got %v, want %v", v.pool, v.size, err, v.want)
		}
		if err != nil && a != (fortuna.Accumulator{}) {
			t.Errorf("pool %d, %d bytes: refused, but something was appended", v.pool, v.size)
		}
	}
	var a fortuna.Accumulator
	for _, i := range []int{-1, 32} {
		if _, err := a.Pool(i); !errors.Is(err, fortuna.ErrPool) {
			t.Errorf("Pool(%d): got %v, want ErrPool", i, err)
		}
	}
}
