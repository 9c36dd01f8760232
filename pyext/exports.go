// Package pyext is the table of C functions that carry bytes between CPython and the Go core. What gopy binds is in
// pyext/gopy.
package pyext

/*
#include <stddef.h>
void *gorandom_secret_pages(size_t n, int *locked);
void gorandom_keeps_descriptor(int fd);
*/
import "C"

import (
	"unsafe"

	"gorandom.dev/gorandom/entropy"
	"gorandom.dev/gorandom/process"
	"gorandom.dev/pyext/calls"
	_ "gorandom.dev/pyext/fatal" // Go's fatal errors print one line
)

// core/core.h declares the table, and core/table.c fills it in. Bytes go straight from a generator into the caller's memory;
// gopy would pass them through handles. Package calls says what each function does.

//export gorandom_seed
func gorandom_seed(lanes C.int, kernel, chosen *C.char) C.int {
	return C.int(calls.Seed(int(lanes), unsafe.Pointer(kernel), unsafe.Pointer(chosen), source{entropy.NewKernel()}, allocate))
}

// source is the kernel's. It records the descriptor that the kernel's source may keep (core/reset.c), so that a child that
// resets the core can close it. Otherwise each generation would leave one open.
type source struct{ *entropy.Kernel }

func (s source) Read(b []byte) error {
	err := s.Kernel.Read(b)
	C.gorandom_keeps_descriptor(C.int(s.Descriptor()))
	return err
}

// allocate gives the RNG memory that the library advises (core/memory.c), like all of Go's: left out of core dumps, and
// absent in forked children.
func allocate(size int) (*process.Memory, error) {
	const page = 4096
	n := (size + page - 1) / page * page
	var locked C.int
	p := C.gorandom_secret_pages(C.size_t(n), &locked)
	if p == nil {
		return nil, process.ErrMemory
	}
	protection := process.Protection{WipedAtFork: true, Undumped: true, Locked: locked != 0}
	// It lives as long as this core.
	return process.NewMemory(unsafe.Slice((*byte)(p), n), protection, nil), nil
}

//export gorandom_fill
func gorandom_fill(lane C.int, p unsafe.Pointer, n, whole C.size_t) C.int {
	return C.int(calls.Fill(int(lane), p, uintptr(n), uintptr(whole)))
}

//export gorandom_event
func gorandom_event(source C.int, p unsafe.Pointer, n C.size_t) C.int {
	return C.int(calls.Event(byte(source), p, uintptr(n)))
}

//export gorandom_reseed
func gorandom_reseed() C.int { return C.int(calls.Reseed()) }

//export gorandom_hand
func gorandom_hand(op C.int, generator, in unsafe.Pointer, n C.size_t, out unsafe.Pointer, m C.size_t) C.int {
	return C.int(calls.Hand(int(op), generator, in, uintptr(n), out, uintptr(m)))
}

//export gorandom_keystream
func gorandom_keystream(kernel *C.char, key, counter, out unsafe.Pointer, n C.size_t) C.int {
	return C.int(calls.Keystream(unsafe.Pointer(kernel), key, counter, out, uintptr(n)))
}

//export gorandom_mac_set
func gorandom_mac_set(algorithm C.int, key unsafe.Pointer, n C.size_t, state unsafe.Pointer) C.int {
	return C.int(calls.MACSet(int(algorithm), key, uintptr(n), state))
}

//export gorandom_mac_sum
func gorandom_mac_sum(state, message unsafe.Pointer, n C.size_t, tag unsafe.Pointer, size C.size_t) C.int {
	return C.int(calls.MACSum(state, message, uintptr(n), tag, uintptr(size)))
}

//export gorandom_mac_once
func gorandom_mac_once(algorithm C.int, key unsafe.Pointer, n C.size_t, message unsafe.Pointer, m C.size_t, tag unsafe.Pointer, size C.size_t) C.int {
	return C.int(calls.MACOnce(int(algorithm), key, uintptr(n), message, uintptr(m), tag, uintptr(size)))
}
