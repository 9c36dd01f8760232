package csprng

import (
	"sync/atomic"
	"time"
	"unsafe"

	"gorandom.dev/gorandom/fortuna"
	"gorandom.dev/gorandom/health"
)

// cacheLines is two lines of 64 bytes: processors fetch them in pairs.
const cacheLines = 128

// root and laneState hold all secrets of an RNG. They are in secret memory, packed
// into few pages, because a process may often lock only 64 KiB. They are plain
// data: they must hold no Go pointer, and all zeros is their wiped state.

type root struct {
	accumulator fortuna.Accumulator
	next        [256]uint8                            // for each source, the pool of its next event
	fresh       [(fortuna.Pools + 1) * freshSize]byte // from the kernel; zero between calls
	word        [8]byte                               // of a source of noise; zero between calls
	tests       [maxWords]health.Test                 // of the sources in RNG.words
	jitter      health.Test                           // of the cycle counter at the start; zero afterwards
	hash        fortuna.SHAd256                       // zero between calls
	last        [fortuna.DigestSize]byte              // digest of the kernel's last block,
	hasLast     bool                                  // if there was one
	reseeded    time.Duration                         // time of the last reseed
}

func (x *root) wipe() { *x = root{} }

type laneState struct {
	generator fortuna.Generator
	epoch     uint64          // of the root, when the generator was seeded; 0: never
	forks     uint64          // likewise
	seed      [freshSize]byte // from the root; zero between calls
	mixin     [16]byte        // from the processor; zero between calls
	words     health.Test     // of such words
	mixed     uint64          // the cycle counter, when the key last took one
	samples   samples
	ready     ready
}

func (s *laneState) wipe() { *s = laneState{} }

// The memory holds the guard's word, the root, and the lanes, in this order. Each
// starts at a pair of cache lines.
const (
	rootAt    = cacheLines
	lanesAt   = rootAt + (unsafe.Sizeof(root{})+cacheLines-1)/cacheLines*cacheLines
	laneWidth = (unsafe.Sizeof(laneState{}) + cacheLines - 1) / cacheLines * cacheLines
)

func secretsSize(lanes int) int { return int(lanesAt + uintptr(lanes)*laneWidth) }

// place lays out the root and the lanes in r.memory, and returns the guard's word.
// The memory must have secretsSize bytes.
func (r *RNG) place(lanes int) *atomic.Uint64 {
	start := unsafe.Pointer(unsafe.SliceData(r.memory.Bytes()))
	r.root = (*root)(unsafe.Add(start, rootAt))
	r.lanes = make([]lane, lanes)
	for i := range r.lanes {
		r.lanes[i].state = (*laneState)(unsafe.Add(start, lanesAt+uintptr(i)*laneWidth))
	}
	return (*atomic.Uint64)(start)
}
