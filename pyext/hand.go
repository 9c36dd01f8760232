package pyext

// #include <stddef.h>
import "C"

import (
	"encoding/binary"
	"errors"
	"unsafe"

	"gorandom.dev/gorandom/fortuna"
	"gorandom.dev/gorandom/keystream"
)

// Fortuna driven by hand: a Python program holds the state of a hash or of a generator in undumped memory of
// its own (front/hand.c), and each call lends it to the algorithm, in place. The numbers are core/core.h's.

const handHash = 0 // a SHAd256; any other kind of state is a Generator

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

const unseeded = -3

//export gorandom_hand_size
func gorandom_hand_size(kind C.int) C.size_t {
	if kind == handHash {
		return C.size_t(unsafe.Sizeof(fortuna.SHAd256{}))
	}
	return C.size_t(unsafe.Sizeof(fortuna.Generator{}))
}

//export gorandom_hand
func gorandom_hand(op C.int, state, in unsafe.Pointer, n C.size_t, out unsafe.Pointer, m C.size_t) (result C.int) {
	defer stop(&result)
	from := unsafe.Slice((*byte)(in), int(n))
	to := unsafe.Slice((*byte)(out), int(m))
	if op < generatorReseed {
		return byHash(op, (*fortuna.SHAd256)(state), from, to)
	}
	return byGenerator(op, (*fortuna.Generator)(state), from, to)
}

func byHash(op C.int, h *fortuna.SHAd256, from, to []byte) C.int {
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

func byGenerator(op C.int, g *fortuna.Generator, from, to []byte) C.int {
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

//export gorandom_keystream
func gorandom_keystream(kernel *C.char, key, counter, out unsafe.Pointer, n C.size_t) (result C.int) {
	defer stop(&result)
	block := unsafe.Slice((*byte)(counter), keystream.BlockSize)
	at := keystream.Counter{Lo: binary.LittleEndian.Uint64(block), Hi: binary.LittleEndian.Uint64(block[8:])}
	return answer(keystream.FillWith(C.GoString(kernel), (*[keystream.KeySize]byte)(key), unsafe.Slice((*byte)(out), int(n)), &at))
}
