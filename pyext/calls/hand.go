package calls

import (
	"encoding/binary"
	"errors"
	"unsafe"

	"gorandom.dev/gorandom/fortuna"
	"gorandom.dev/gorandom/keystream"
)

// Fortuna driven by hand: a Python program holds the state of a hash or of a generator in undumped memory of
// its own (front/python/hand.c), and each call lends it to the algorithm, in place. The numbers are core/core.h's.

const (
	hashUpdate = iota
	hashDigest
	hashLength
	generatorReseed
	generatorData
	generatorRequest
	generatorKey
	generatorCounter
	generatorStep
)

// handState is core/core.h's HAND_STATE. Less does not compile.
const handState = 640

var (
	_ [handState - unsafe.Sizeof(fortuna.SHAd256{})]struct{}
	_ [handState - unsafe.Sizeof(fortuna.Generator{})]struct{}
)

// Hand does one thing with a state.
func Hand(op int, state, in unsafe.Pointer, n uintptr, out unsafe.Pointer, m uintptr) (result int) {
	defer stop(&result)
	from, to := bytes(in, n), bytes(out, m)
	if op < generatorReseed {
		return byHash(op, (*fortuna.SHAd256)(state), from, to)
	}
	defer tidy(keystream.Active(), m)
	return byGenerator(op, (*fortuna.Generator)(state), from, to)
}

func byHash(op int, h *fortuna.SHAd256, from, to []byte) int {
	switch op {
	case hashUpdate:
		_, _ = h.Write(from)
	case hashDigest:
		digest := h.Sum()
		copy(to, digest[:])
		clear(digest[:])
	case hashLength:
		binary.LittleEndian.PutUint64(to, h.Len())
	default:
		return broken
	}
	return 0
}

func byGenerator(op int, g *fortuna.Generator, from, to []byte) int {
	var err error
	switch op {
	case generatorReseed:
		g.Reseed(from)
	case generatorData:
		err = g.PseudoRandomData(to)
	case generatorRequest:
		err = g.Request(to)
	case generatorKey:
		key, seeded := g.Key()
		copy(to, key[:])
		clear(key[:])
		if !seeded {
			return unseeded
		}
	case generatorCounter, generatorStep:
		at := g.Counter()
		next := at.Bytes()
		copy(to, next[:])
		if op == generatorStep {
			g.Skip()
		}
	default:
		return broken
	}
	if errors.Is(err, fortuna.ErrUnseeded) {
		return unseeded
	}
	return answer(err)
}

// Keystream is keystream.FillWith.
func Keystream(kernel, key, counter, out unsafe.Pointer, n uintptr) (result int) {
	defer stop(&result)
	block := unsafe.Slice((*byte)(counter), keystream.BlockSize)
	at := keystream.Counter{Lo: binary.LittleEndian.Uint64(block), Hi: binary.LittleEndian.Uint64(block[8:])}
	defer tidy(text(kernel), n)
	return answer(keystream.FillWith(text(kernel), (*[keystream.KeySize]byte)(key), bytes(out, n), &at))
}
