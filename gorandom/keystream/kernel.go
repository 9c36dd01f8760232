package keystream

// A kernel is a way to make keystream: an index into kernels. Calls go through
// a switch on it and not through function values, which would make every
// caller's buffer escape to the heap.
type kernel int

// generic is the kernel that every platform has.
const generic kernel = 0

// description says what a kernel is and whether this processor has it, which
// is asked once: under a hypervisor the question costs microseconds.
type description struct {
	name      string
	width     int // bits of one register
	available bool
}

// kernels are the kernels of this architecture, slowest first, indexed by kernel.
var kernels = append([]description{{"generic", 128, true}}, architecture...)

// active is the last, so the fastest, kernel that the processor has.
var active = choose()

func choose() kernel {
	for k := len(kernels) - 1; k > 0; k-- {
		if kernels[k].available {
			return kernel(k)
		}
	}
	return generic
}

// Active returns the name of the kernel that Fill uses.
func Active() string { return kernels[active].name }

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

// FillWith is Expand and Fill by the named kernel instead of the active one.
// It is for tests, benchmarks and the self-test. It returns ErrKernel for a
// name that isn't among Kernels().
func FillWith(name string, key *[KeySize]byte, dst []byte, c *Counter) error {
	for i, k := range kernels {
		if k.name == name && k.available {
			var s Schedule
			kernel(i).expand(&s.words, key)
			err := s.fill(kernel(i), dst, c)
			s.Wipe()
			return err
		}
	}
	return ErrKernel
}
