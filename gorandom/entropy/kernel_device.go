//go:build darwin || openbsd

package entropy

import "golang.org/x/sys/unix"

// Kernel is the system's random number generator by its device. On macOS and
// OpenBSD /dev/urandom is seeded before the first program starts, and never
// blocks; getentropy(2) is only reachable through libc, to which x/sys/unix has
// no way.
type Kernel struct {
	calls  Calls
	device device
}

// NewKernel returns the kernel's source. It opens nothing yet.
func NewKernel() *Kernel { return NewKernelForTesting(system) }

// NewKernelForTesting is NewKernel with other system calls.
func NewKernelForTesting(c Calls) *Kernel {
	k := &Kernel{calls: c}
	k.device = device{
		path:  "/dev/urandom",
		right: func(id Identity) bool { return id.CharDevice },
		calls: &k.calls,
	}
	return k
}

// Name returns "/dev/urandom".
func (k *Kernel) Name() string { return "/dev/urandom" }

// Read fills b from /dev/urandom, if that is a character device.
func (k *Kernel) Read(b []byte) error {
	err := k.device.read(b)
	if err != nil {
		clear(b)
	}
	return err
}

var system = Calls{
	Open:  func(path string) (int, error) { return unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0) },
	Close: unix.Close,
	Stat: func(fd int) (Identity, error) {
		var s unix.Stat_t
		err := unix.Fstat(fd, &s)
		return Identity{s.Mode&unix.S_IFMT == unix.S_IFCHR, uint64(s.Dev), s.Ino, uint64(s.Rdev)}, err
	},
	Read: unix.Read,
}
