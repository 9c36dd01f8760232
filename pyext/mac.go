package pyext

// #include <stddef.h>
import "C"

import (
	"unsafe"

	"gorandom.dev/gorandom/mac"
)

// HMACs: all of a message in one call. A Python object keeps a prepared key in undumped memory of its own
// (front/mac.c) and lends it for each message. The algorithms' numbers are core/core.h's.

// macState is core/core.h's MAC_STATE. Less does not compile.
const macState = 512

var _ [macState - unsafe.Sizeof(mac.Key{})]struct{}

//export gorandom_mac_set
func gorandom_mac_set(algorithm C.int, key unsafe.Pointer, n C.size_t, state unsafe.Pointer) (result C.int) {
	defer stop(&result)
	return answer((*mac.Key)(state).Set(mac.Algorithm(algorithm), unsafe.Slice((*byte)(key), int(n))))
}

//export gorandom_mac_sum
func gorandom_mac_sum(state, message unsafe.Pointer, n C.size_t, tag unsafe.Pointer, size C.size_t) (result C.int) {
	defer stop(&result)
	out := unsafe.Slice((*byte)(tag), int(size))[:0]
	if len((*mac.Key)(state).Sum(out, unsafe.Slice((*byte)(message), int(n)))) != int(size) {
		return broken
	}
	return 0
}

//export gorandom_mac_once
func gorandom_mac_once(algorithm C.int, key unsafe.Pointer, n C.size_t, message unsafe.Pointer, m C.size_t, tag unsafe.Pointer, size C.size_t) (result C.int) {
	defer stop(&result)
	out := unsafe.Slice((*byte)(tag), int(size))[:0]
	out, err := mac.Sum(out, mac.Algorithm(algorithm), unsafe.Slice((*byte)(key), int(n)), unsafe.Slice((*byte)(message), int(m)))
	if err == nil && len(out) != int(size) {
		return broken
	}
	return answer(err)
}
