// Package calls is what the core's exported functions do, without cgo, which tests
// can't have. Arguments are as C gives them. No call leaves garbage once each has
// been made: the core's runtime collects none (core/start.c), because its collector's
// timers would open descriptors.
package calls

import (
	"errors"
	"runtime"
	"sync/atomic"
	"syscall"
	"unsafe"

	"gorandom.dev/gorandom/csprng"
	"gorandom.dev/gorandom/entropy"
	"gorandom.dev/gorandom/keystream"
	"gorandom.dev/gorandom/process"
)

// The answers that are not 0 or an errno: core/core.h.
const (
	notReady = -1
	broken   = -2
	noKernel = -3
)

const nameSize = 16 // bytes: core/core.h, KERNEL_NAME

// core is the RNG of this process. It is set by Seed, before the front lets anyone in.
var core *csprng.RNG

// kernels names those of package keystream that the processor has. It is set by Seed.
var kernels []string

// answer turns an error into what the front understands.
func answer(err error) int {
	if err == nil {
		return 0
	}
	if errors.Is(err, entropy.ErrNotReady) {
		return notReady
	}
	if errors.Is(err, csprng.ErrRepeated) {
		return int(syscall.EIO)
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok && errno > 0 {
		return int(errno)
	}
	return broken
}

// stop turns a panic into an answer: one that left an exported function would end the process.
func stop(result *int) {
	if recover() != nil {
		*result = broken
	}
}

func bytes(p unsafe.Pointer, n uintptr) []byte { return unsafe.Slice((*byte)(p), int(n)) }

// text is C's text at p, without a copy.
func text(p unsafe.Pointer) string {
	n := 0
	for *(*byte)(unsafe.Add(p, n)) != 0 {
		n++
	}
	return unsafe.String((*byte)(p), n)
}

// Seed makes the core. kernel names the one of package keystream, or is nil: the fastest
// that suits. The name of the one that is used goes to chosen, of nameSize zero bytes.
func Seed(lanes int, kernel, chosen unsafe.Pointer, source entropy.Source, allocate func(int) (*process.Memory, error)) (result int) {
	defer stop(&result)
	if kernel != nil {
		if keystream.Use(text(kernel)) != nil {
			return noKernel
		}
	}
	r, err := csprng.New(csprng.Config{Lanes: lanes, Source: source, Allocate: allocate, Clones: frontWatches})
	if err != nil {
		return answer(err)
	}
	// The first byte asks for the first seed: a system that gives none is found out now.
	var first [1]byte
	if err := r.Fill(0, first[:]); err != nil {
		return answer(err)
	}
	kernels = keystream.Kernels()
	copy(unsafe.Slice((*byte)(chosen), nameSize-1), keystream.Active())
	core = r
	return 0
}

// frontWatches: the front looks for restored machines in each draw, and reseeds this core at the gate.
func frontWatches() uint64 { return 0 }

// Fill is RNG.FillPart.
func Fill(lane int, p unsafe.Pointer, n, whole uintptr) (result int) {
	defer stop(&result)
	if core == nil {
		return broken
	}
	defer tidy(keystream.Active(), n)
	return answer(core.FillPart(lane, bytes(p, n), int(whole)))
}

// Event is RNG.AddEvent.
func Event(source byte, p unsafe.Pointer, n uintptr) (result int) {
	defer stop(&result)
	if core == nil {
		return broken
	}
	return answer(core.AddEvent(source, bytes(p, n)))
}

// Reseed is RNG.Reseed.
func Reseed() (result int) {
	defer stop(&result)
	if core == nil {
		return broken
	}
	return answer(core.Reseed())
}

// The generic kernel alone allocates: crypto/aes makes half a KB for a key, and for each 64 KiB of a
// request. So where it serves, which is on processors without AES, its garbage is collected here.
const generic = "generic"

// collectAfter is counted in bytes, of which a call is worth perCall: 1 MB of garbage, so that the heap stays in the
// 4 MB that the start has mapped.
const (
	collectAfter = 8 << 20
	perCall      = 8 << 10
)

var made atomic.Int64

func tidy(kernel string, n uintptr) {
	if kernel == generic && made.Add(int64(n)+perCall) >= collectAfter {
		made.Store(0)
		runtime.GC()
	}
}
