package keystream

import (
	"sync"
	"sync/atomic"
)

// A kernel is a way to make keystream: an index into kernels. Calls go through a switch
// on it, because function values would make every caller's buffer escape to the heap.
type kernel uint8

// generic is the kernel that every platform has.
const generic kernel = 0

// description names a kernel and says whether this processor has it. The processor is
// asked once: under a hypervisor that takes microseconds.
type description struct {
	name      string
	available bool
	preferred bool // chosen by default before slower ones
}

// kernels are the kernels of this architecture, slowest first, indexed by kernel.
var kernels = append([]description{{"generic", true, true}}, architecture...)

// active is the kernel that keys are expanded for.
var active atomic.Uint32

func init() { active.Store(uint32(fastest())) }

func fastest() kernel {
	for k := len(kernels) - 1; k > 0; k-- {
		if kernels[k].available && kernels[k].preferred {
			return kernel(k)
		}
	}
	return generic
}

// find returns the named kernel, if the processor has it.
func find(name string) (kernel, error) {
	for k := range kernels {
		if kernels[k].name == name && kernels[k].available {
			return kernel(k), nil
		}
	}
	return generic, ErrKernel
}

// Active returns the name of the kernel that Expand makes keys ready for.
func Active() string { return kernels[active.Load()].name }

// Kernels returns the names of the kernels that this processor has, slowest
// first. The first is always "generic".
func Kernels() []string {
	var names []string
	for _, k := range kernels {
		if k.available {
			names = append(names, k.name)
		}
	}
	return names
}

// Use makes the named kernel the active one, for this process and for all keys that are
// expanded from now on. It is for tests and measurements, as the fastest suitable kernel
// is active from the start. It returns ErrKernel for a name that isn't among Kernels().
// It is safe for concurrent use.
func Use(name string) error {
	k, err := find(name)
	if err == nil {
		active.Store(uint32(k))
	}
	return err
}

// FillWith is Expand and Fill with the named kernel instead of the active one. It is
// for tests, benchmarks and the self-test. It returns ErrKernel for a name that isn't
// among Kernels().
func FillWith(name string, key *[KeySize]byte, dst []byte, c *Counter) error {
	k, err := find(name)
	if err != nil {
		return err
	}
	s := schedules.Get().(*Schedule)
	s.expand(k, key)
	err = s.Fill(dst, c)
	s.Wipe()
	schedules.Put(s)
	return err
}

// schedules are spare schedules, without keys.
var schedules = sync.Pool{New: func() any { return new(Schedule) }}
