package pyext

/*
#include <stddef.h>
void *gorandom_secret_pages(size_t n, int *locked);
void gorandom_keeps_descriptor(int fd);
*/
import "C"

import (
	"errors"
	"syscall"
	"unsafe"

	"gorandom.dev/gorandom/entropy"
	"gorandom.dev/gorandom/keystream"
	"gorandom.dev/gorandom/process"
	"gorandom.dev/gorandom/reader"
	_ "gorandom.dev/pyext/fatal" // Go's fatal errors print one line
)

// The table of C functions by which bytes cross: core/core.h declares it, core/table.c fills it in. Bytes
// go straight from a generator into the caller's memory; gopy's way would pass them through handles.

// The answers that are not an errno: core/core.h.
const (
	notReady = -1
	broken   = -2
)

// core is the reader of this process. It is set by gorandom_seed, before the front lets anyone in.
var core *reader.Reader

// answer turns an error into what the front understands.
func answer(err error) C.int {
	var errno syscall.Errno
	switch {
	case err == nil:
		return 0
	case errors.Is(err, entropy.ErrNotReady):
		return notReady
	case errors.Is(err, reader.ErrRepeated):
		return C.int(syscall.EIO)
	case errors.As(err, &errno) && errno > 0:
		return C.int(errno)
	default:
		return broken
	}
}

// stop turns a panic into an answer: one that left an exported function would end the process.
func stop(result *C.int) {
	if recover() != nil {
		*result = broken
	}
}

//export gorandom_seed
func gorandom_seed(lanes C.int, kernel *C.char) (result C.int) {
	defer stop(&result)
	if kernel != nil {
		if err := keystream.Use(C.GoString(kernel)); err != nil {
			return answer(err)
		}
	}
	r, err := reader.New(reader.Config{Lanes: int(lanes), Source: source{entropy.NewKernel()}, Allocate: allocate,
		Clones: frontWatches})
	if err != nil {
		return answer(err)
	}
	// The first byte asks for the first seed: a system that gives none is found out now.
	var first [1]byte
	if err := r.Fill(0, first[:]); err != nil {
		return answer(err)
	}
	core = r
	return 0
}

// frontWatches: the front looks for restored machines in each draw, and reseeds this core at the gate.
func frontWatches() uint64 { return 0 }

// source is the kernel's, and has the descriptor that it may keep written down (core/record.c): a child that
// resets the core closes it, or each generation would leave one behind.
type source struct{ *entropy.Kernel }

func (s source) Read(b []byte) error {
	err := s.Kernel.Read(b)
	C.gorandom_keeps_descriptor(C.int(s.Descriptor()))
	return err
}

// allocate gives the reader memory that the library has on record (core/record.c), where all of Go's is: wiped
// at fork, undumped, and unmapped when a child resets the core.
func allocate(size int) (*process.Memory, error) {
	const page = 4096
	n := (size + page - 1) / page * page
	var locked C.int
	p := C.gorandom_secret_pages(C.size_t(n), &locked)
	if p == nil {
		return nil, process.ErrMemory
	}
	protection := process.Protection{WipedAtFork: true, Undumped: true, Locked: locked != 0}
	// It lives as long as this core; a reset gives it back.
	return process.NewMemory(unsafe.Slice((*byte)(p), n), protection, func([]byte) error { return nil }), nil
}

//export gorandom_fill
func gorandom_fill(lane C.int, p unsafe.Pointer, n, whole C.size_t) (result C.int) {
	defer stop(&result)
	if core == nil {
		return broken
	}
	return answer(core.FillPart(int(lane), unsafe.Slice((*byte)(p), int(n)), int(whole)))
}

//export gorandom_event
func gorandom_event(source C.int, p unsafe.Pointer, n C.size_t) (result C.int) {
	defer stop(&result)
	if core == nil {
		return broken
	}
	return answer(core.AddEvent(byte(source), unsafe.Slice((*byte)(p), int(n))))
}

//export gorandom_reseed
func gorandom_reseed() (result C.int) {
	defer stop(&result)
	if core == nil {
		return broken
	}
	return answer(core.Reseed())
}
