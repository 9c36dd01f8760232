package calls

import (
	"unsafe"

	"gorandom.dev/gorandom/mac"
)

// HMACs, each of a whole message in one call. A Python object keeps a prepared key in undumped memory of its own
// (front/python/mac.c) and lends it for each message. core/core.h numbers the algorithms.

// macState is core/core.h's MAC_STATE. The line below doesn't compile if it is too small.
const macState = 512

var _ [macState - unsafe.Sizeof(mac.Key{})]struct{}

// MACSet is Key.Set.
func MACSet(algorithm int, key unsafe.Pointer, n uintptr, state unsafe.Pointer) (result int) {
	defer stop(&result)
	return answer((*mac.Key)(state).Set(mac.Algorithm(algorithm), bytes(key, n)))
}

// MACSum is Key.Sum.
func MACSum(state, message unsafe.Pointer, n uintptr, tag unsafe.Pointer, size uintptr) (result int) {
	defer stop(&result)
	out := bytes(tag, size)[:0]
	if len((*mac.Key)(state).Sum(out, bytes(message, n))) != int(size) {
		return broken
	}
	return 0
}

// MACOnce is mac.Sum.
func MACOnce(algorithm int, key unsafe.Pointer, n uintptr, message unsafe.Pointer, m uintptr, tag unsafe.Pointer, size uintptr) (result int) {
	defer stop(&result)
	out := bytes(tag, size)[:0]
	out, err := mac.Sum(out, mac.Algorithm(algorithm), bytes(key, n), bytes(message, m))
	if err == nil && len(out) != int(size) {
		return broken
	}
	return answer(err)
}
