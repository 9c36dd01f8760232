package fortuna_test

import (
	"bytes"
	"crypto/aes"
	"crypto/sha256"
	"math/big"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gorandom.dev/gorandom/fortuna"
)

// The models below are the book's text in the plainest Go, without regard to
// speed or erasure. They share no code with the package.

func doubleHash(data []byte) []byte {
	once := sha256.Sum256(data)
	twice := sha256.Sum256(once[:])
	return twice[:]
}

type modelGenerator struct {
	key     []byte
	counter *big.Int
}

func newModelGenerator() *modelGenerator {
	return &modelGenerator{make([]byte, 32), new(big.Int)}
}

func (g *modelGenerator) reseed(seed []byte) {
	g.key = doubleHash(slices.Concat(g.key, seed))
	g.counter.Add(g.counter, big.NewInt(1))
}

func (g *modelGenerator) blocks(n int) (out []byte) {
	cipher, err := aes.NewCipher(g.key)
	if err != nil {
		panic(err)
	}
	for range n {
		in := g.counter.FillBytes(make([]byte, 16))
		slices.Reverse(in)
		cipher.Encrypt(in, in)
		out = append(out, in...)
		g.counter.Add(g.counter, big.NewInt(1))
	}
	return out
}

func (g *modelGenerator) request(n int) []byte {
	out := g.blocks((n + 15) / 16)[:n]
	g.key = g.blocks(2)
	return out
}

func (g *modelGenerator) data(n int) (out []byte) {
	for ; n >= 1<<20; n -= 1 << 20 {
		out = append(out, g.request(1<<20)...)
	}
	return append(out, g.request(n)...)
}

type modelAccumulator struct {
	modelGenerator
	pools  [32][]byte
	count  int
	seeded bool
	last   time.Duration
}

func (a *modelAccumulator) add(source byte, pool int, data []byte) {
	a.pools[pool] = slices.Concat(a.pools[pool], []byte{source, byte(len(data))}, data)
}

func (a *modelAccumulator) randomData(now time.Duration, n int) []byte {
	if len(a.pools[0]) >= 64 && (!a.seeded || now < a.last || now > a.last+100*time.Millisecond) {
		a.count++
		a.seeded, a.last = true, now
		var seed []byte
		for i := range 32 {
			if a.count%(1<<i) == 0 {
				seed = append(seed, doubleHash(a.pools[i])...)
				a.pools[i] = nil
			}
		}
		a.reseed(seed)
	}
	if !a.seeded {
		return nil
	}
	return a.data(n)
}

// sizes are request sizes that touch each boundary.
func sizes() *rapid.Generator[int] {
	return rapid.OneOf(rapid.IntRange(0, 400), rapid.SampledFrom([]int{4095, 4096, 4097, 1<<16 + 1}))
}

// TestGeneratorIsItsModel tries random sequences of reseeds and requests.
func TestGeneratorIsItsModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var g fortuna.Generator
		model := newModelGenerator()
		first := rapid.SliceOf(rapid.Byte()).Draw(t, "first seed")
		g.Reseed(first)
		model.reseed(first)
		t.Repeat(map[string]func(*rapid.T){
			"reseed": func(t *rapid.T) {
				seed := rapid.SliceOf(rapid.Byte()).Draw(t, "seed")
				g.Reseed(seed)
				model.reseed(seed)
			},
			"draw": func(t *rapid.T) {
				n := sizes().Draw(t, "n")
				b := make([]byte, n)
				if err := g.PseudoRandomData(b); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(b, model.data(n)) {
					t.Fatalf("%d bytes differ from the model's", n)
				}
			},
			"": func(t *rapid.T) {
				counter := g.Counter().Bytes()
				slices.Reverse(counter[:])
				if !bytes.Equal(keyOf(&g), model.key) || new(big.Int).SetBytes(counter[:]).Cmp(model.counter) != 0 {
					t.Fatalf("key %x, counter %x; the model has %x, %x", keyOf(&g), counter, model.key, model.counter)
				}
			},
		})
	})
}

// TestLongRequestsAreTheModels tries the sizes around one and two requests, which are too
// slow for a sequence of random ones.
func TestLongRequestsAreTheModels(t *testing.T) {
	for _, n := range []int{1<<20 - 1, 1 << 20, 1<<20 + 1, 1 << 21, 1<<21 + 17} {
		var g fortuna.Generator
		model := newModelGenerator()
		g.Reseed([]byte{1})
		model.reseed([]byte{1})
		b := make([]byte, n)
		if err := g.PseudoRandomData(b); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b, model.data(n)) || !bytes.Equal(keyOf(&g), model.key) {
			t.Errorf("%d bytes, or the key after them, differ from the model's", n)
		}
	}
}

// TestAccumulatorIsItsModel tries random sequences of events and draws at any times.
func TestAccumulatorIsItsModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var a fortuna.Accumulator
		model := modelAccumulator{modelGenerator: *newModelGenerator()}
		now := time.Duration(0)
		add := func(t *rapid.T, pool int) {
			source := rapid.Byte().Draw(t, "source")
			data := rapid.SliceOfN(rapid.Byte(), 1, 32).Draw(t, "data")
			if err := a.AddEvent(source, pool, data); err != nil {
				t.Fatal(err)
			}
			model.add(source, pool, data)
		}
		t.Repeat(map[string]func(*rapid.T){
			"event anywhere":  func(t *rapid.T) { add(t, rapid.IntRange(0, 31).Draw(t, "pool")) },
			"event in pool 0": func(t *rapid.T) { add(t, 0) },
			"event in pool 1": func(t *rapid.T) { add(t, 1) },
			"time": func(t *rapid.T) {
				now += time.Duration(rapid.Int64Range(-1e8, 3e8).Draw(t, "step"))
			},
			"draw": func(t *rapid.T) {
				n := sizes().Draw(t, "n")
				b := make([]byte, n)
				err := a.RandomData(now, b)
				want := model.randomData(now, n)
				if (err == nil) != model.seeded {
					t.Fatalf("error %v, the model is seeded: %v", err, model.seeded)
				}
				if err == nil && !bytes.Equal(b, want) {
					t.Fatalf("%d bytes at %v differ from the model's", n, now)
				}
			},
			"": func(t *rapid.T) {
				if a.ReseedCount() != uint64(model.count) {
					t.Fatalf("%d reseeds, the model has %d", a.ReseedCount(), model.count)
				}
				for i := range 32 {
					p, err := a.Pool(i)
					if digest := p.Digest(); err != nil || !bytes.Equal(digest[:], doubleHash(model.pools[i])) {
						t.Fatalf("pool %d differs from the model's", i)
					}
				}
			},
		})
	})
}

// TestFreshBytesFollowThePools checks what the reseeds of package csprng add to PyCrypto's.
func TestFreshBytesFollowThePools(t *testing.T) {
	fresh := bytes.Repeat([]byte{0x5a}, 32)
	var a fortuna.Accumulator
	for i := range fortuna.Pools {
		if err := a.AddEvent(9, i, []byte{byte(i), 1}); err != nil {
			t.Fatal(err)
		}
	}
	a.Reseed(0, fresh)
	a.Reseed(0, fresh)
	model := newModelGenerator()
	model.reseed(slices.Concat(doubleHash([]byte{9, 2, 0, 1}), fresh))
	model.reseed(slices.Concat(doubleHash(nil), doubleHash([]byte{9, 2, 1, 1}), fresh))
	if !bytes.Equal(keyOf(&a.Generator), model.key) {
		t.Errorf("key %x, want %x", keyOf(&a.Generator), model.key)
	}
}

// TestSplits: a hash, and so a pool, doesn't depend on how its input was split.
func TestSplits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var h fortuna.SHAd256
		var all []byte
		for _, piece := range rapid.SliceOf(rapid.SliceOfN(rapid.Byte(), 0, 200)).Draw(t, "pieces") {
			_, _ = h.Write(piece)
			all = append(all, piece...)
			if digest := h.Sum(); !bytes.Equal(digest[:], doubleHash(all)) {
				t.Fatalf("after %d bytes: got %x, want %x", len(all), digest, doubleHash(all))
			}
		}
	})
}

// TestRequestsDontSplit: draws do depend on it. Two short ones aren't one long one, because
// the key is replaced in between.
func TestRequestsDontSplit(t *testing.T) {
	var one, two fortuna.Generator
	one.Reseed([]byte("seed"))
	two.Reseed([]byte("seed"))
	long, short := make([]byte, 64), make([]byte, 64)
	if one.PseudoRandomData(long) != nil || two.PseudoRandomData(short[:32]) != nil || two.PseudoRandomData(short[32:]) != nil {
		t.Fatal("refused")
	}
	if !bytes.Equal(long[:32], short[:32]) || bytes.Equal(long[32:], short[32:]) {
		t.Error("the key wasn't replaced after the first 32 bytes")
	}
}
