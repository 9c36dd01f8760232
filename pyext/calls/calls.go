// Package calls implements the core's exported functions without cgo, which tests can't
// use. Arguments are as C gives them. After its first time no call leaves garbage. The
// core's runtime collects none (core/start.c), because the collector's timers would open
// descriptors.
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

// The answers other than 0 and an errno: core/core.h.
const (
	notReady = -1
	broken   = -2
	noKernel = -3
)

const nameSize = 16 // bytes: core/core.h, KERNEL_NAME

// core is the RNG of this process. Seed sets it before the front lets anyone in.
var core *csprng.RNG

// kernels names the keystream kernels that the processor has. Seed sets it.
var kernels []string

// answer turns an error into an answer that the front understands.
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

// stop turns a panic into an answer. A panic that left an exported function would end the process.
func stop(result *int) {
	if recover() != nil {
		*result = broken
	}
}

func bytes(p unsafe.Pointer, n uintptr) []byte { return unsafe.Slice((*byte)(p), int(n)) }

// text returns C's string at p without copying it.
func text(p unsafe.Pointer) string {
	n := 0
	for *(*byte)(unsafe.Add(p, n)) != 0 {
		n++
	}
	return unsafe.String((*byte)(p), n)
}

// Seed makes the core. kernel names a kernel of package keystream; nil means the fastest
// suitable one. The name of the kernel in use goes to chosen, of nameSize zero bytes.
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
	// The first byte asks for the first seed, so a system that gives none is noticed now.
	var first [1]byte
	if err := r.Fill(0, first[:]); err != nil {
		return answer(err)
	}
	kernels = keystream.Kernels()
	copy(unsafe.Slice((*byte)(chosen), nameSize-1), keystream.Active())
	core = r
	return 0
}

// frontWatches tells nothing: the front looks for restored machines in each draw, and reseeds this core at the gate.
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

// Only the generic kernel allocates: crypto/aes makes half a KB for a key, and for each 64 KiB of a request. So where
// that kernel is used, on processors without AES, its garbage is collected here.
const generic = "generic"

// collectAfter is counted in bytes, and each call counts as perCall more. It stands for 1 MB of garbage, so that the heap
// stays within the 4 MB mapped at the start.
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
