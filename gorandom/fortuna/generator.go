package fortuna

import (
	"errors"

	"gorandom.dev/gorandom/keystream"
)

// MaxRequest is the most bytes that one request gives. The output of a counter never
// repeats a block, which distinguishes it from random bytes after about 2^64 blocks.
// 2^16 blocks under one key stay far below that (section 9.4.4).
const MaxRequest = 1 << 20

// KeySize is the size of the generator's key, in bytes.
const KeySize = keystream.KeySize

var (
	// ErrUnseeded is returned by a generator that has no key yet.
	ErrUnseeded = errors.New("fortuna: generator must be seeded before use")
	// ErrRequestSize is returned for a single request above MaxRequest.
	ErrRequestSize = errors.New("fortuna: a request has at most 1 MiB")
)

// Generator is the generator of section 9.4: AES-256 in counter mode. The key is
// replaced after every request, so that a key found later reveals nothing about
// earlier output. The zero value is unseeded, with counter 0.
type Generator struct {
	schedule keystream.Schedule
	counter  keystream.Counter
	seeded   bool
	hash     SHAd256 // of a reseed; empty between calls
	// A partial last block, and after it the next key; zero between calls.
	ahead [keystream.BlockSize + KeySize]byte
}

// next is where the next key is put.
func (g *Generator) next() *[KeySize]byte {
	return (*[KeySize]byte)(g.ahead[keystream.BlockSize:])
}

// Reseed mixes seed, of any length, into the key: SHAd256(key ‖ seed). Before the
// first reseed the key is 32 zero bytes. The counter goes up by one (section 9.4.2).
func (g *Generator) Reseed(seed []byte) {
	g.beginReseed()
	_, _ = g.hash.Write(seed)
	g.endReseed()
}

// beginReseed and endReseed let the accumulator write a seed in pieces.
func (g *Generator) beginReseed() {
	_, _ = g.hash.Write(g.schedule.Key()[:])
}

func (g *Generator) endReseed() {
	g.hash.sumTo(g.next())
	g.hash.Wipe()
	g.rekey()
	g.seeded = true
	g.counter.Add(1)
}

// rekey replaces the key by the next one and erases ahead.
func (g *Generator) rekey() {
	g.schedule.Expand(g.next())
	clear(g.ahead[:])
}

// Request fills b, of at most MaxRequest bytes, and then replaces the key by the
// next two blocks (section 9.4.4). An empty b replaces the key too. On ErrUnseeded
// or ErrRequestSize b is unchanged. Any other error comes from the keystream's
// kernel, and b is zeroed.
func (g *Generator) Request(b []byte) error { return g.request(b, false) }

// RequestUncached is Request for a part of output that is larger than the
// processor's caches: b is written past them (package keystream, FillUncached).
func (g *Generator) RequestUncached(b []byte) error { return g.request(b, true) }

func (g *Generator) request(b []byte, uncached bool) error {
	if !g.seeded {
		return ErrUnseeded
	}
	if len(b) > MaxRequest {
		return ErrRequestSize
	}
	err := g.output(b, uncached)
	if err != nil {
		clear(b)
		clear(g.ahead[:])
	}
	return err
}

func (g *Generator) output(b []byte, uncached bool) error {
	whole := len(b) &^ (keystream.BlockSize - 1)
	if whole > 0 {
		var err error
		if uncached {
			err = g.schedule.FillUncached(b[:whole], &g.counter)
		} else {
			err = g.schedule.Fill(b[:whole], &g.counter)
		}
		if err != nil {
			return err
		}
	}
	// A partial block and the two blocks of the next key are adjacent in the keystream,
	// so one call makes them.
	rest := b[whole:]
	ahead := g.ahead[:]
	if len(rest) == 0 {
		ahead = g.next()[:]
	}
	if err := g.schedule.Fill(ahead, &g.counter); err != nil {
		return err
	}
	copy(rest, ahead)
	g.rekey()
	return nil
}

// PseudoRandomData fills b, of any size, as PyCrypto's pseudo_random_data does: in
// requests of 1 MiB, then one for the rest even if that is empty. So the key is
// replaced once for an empty b, and twice for exactly 1 MiB. Errors are those of
// Request; after any error b holds no output.
func (g *Generator) PseudoRandomData(b []byte) error {
	for rest := b; ; {
		n := min(len(rest), MaxRequest)
		if err := g.Request(rest[:n]); err != nil {
			clear(b[:len(b)-len(rest)])
			return err
		}
		rest = rest[n:]
		if n < MaxRequest {
			return nil
		}
	}
}

// Seeded reports whether g can give bytes.
func (g *Generator) Seeded() bool { return g.seeded }

// Key returns the key, and whether there is one yet. It is for test vectors and for
// programs that drive a generator by hand.
func (g *Generator) Key() (key [KeySize]byte, seeded bool) {
	return *g.schedule.Key(), g.seeded
}

// Counter returns the counter of the next block.
func (g *Generator) Counter() keystream.Counter { return g.counter }

// Restore gives g this key and this counter, for programs that store them
// themselves.
func (g *Generator) Restore(key *[KeySize]byte, counter keystream.Counter) {
	g.schedule.Expand(key)
	g.counter = counter
	g.seeded = true
}

// Wipe makes g unseeded again, and erases its state.
func (g *Generator) Wipe() { *g = Generator{} }
