package calls

import (
	"encoding/binary"
	"unsafe"

	"gorandom.dev/gorandom/fortuna"
	"gorandom.dev/gorandom/keystream"
)

// Fortuna driven by hand. A Python program keeps a generator's key and counter in undumped memory of its own
// (front/python/hand.c), and a process without a core continues with them in Python. Each call makes the generator from them,
// in that memory, and erases it. core/core.h defines the numbers and the struct.

const (
	generatorReseed = iota
	generatorData
	generatorRequest
)

type handGenerator struct {
	key     [fortuna.KeySize]byte
	counter [keystream.BlockSize]byte
	_       uint64 // seeded: only the front uses it. The first key is zeros, as in the algorithm
	work    fortuna.Generator
}

// This doesn't compile if the struct in C is smaller.
var _ [32 + 16 + 8 + 584 - unsafe.Sizeof(handGenerator{})]struct{}

func counterOf(block *[keystream.BlockSize]byte) keystream.Counter {
	return keystream.Counter{Lo: binary.LittleEndian.Uint64(block[:8]), Hi: binary.LittleEndian.Uint64(block[8:])}
}

// Hand performs one operation of a generator. If it fails, the generator is unchanged.
func Hand(op int, generator, in unsafe.Pointer, n uintptr, out unsafe.Pointer, m uintptr) (result int) {
	defer stop(&result)
	defer tidy(keystream.Active(), m)
	h := (*handGenerator)(generator)
	defer h.work.Wipe()
	h.work.Restore(&h.key, counterOf(&h.counter))
	var err error
	switch op {
	case generatorReseed:
		h.work.Reseed(bytes(in, n))
	case generatorData:
		err = h.work.PseudoRandomData(bytes(out, m))
	case generatorRequest:
		err = h.work.Request(bytes(out, m))
	default:
		return broken
	}
	if err != nil {
		return answer(err)
	}
	h.key, _ = h.work.Key()
	h.counter = h.work.Counter().Bytes()
	return 0
}

// Keystream is keystream.FillWith.
func Keystream(kernel, key, counter, out unsafe.Pointer, n uintptr) (result int) {
	defer stop(&result)
	at := counterOf((*[keystream.BlockSize]byte)(counter))
	defer tidy(text(kernel), n)
	return answer(keystream.FillWith(text(kernel), (*[keystream.KeySize]byte)(key), bytes(out, n), &at))
}
