package entropy

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"gorandom.dev/gorandom/internal/at"
)

// Kernel is Linux's random number generator: getrandom(2), or /dev/urandom where a
// system call filter or an old kernel refuses that.
type Kernel struct {
	calls  calls
	device device
}

// NewKernel returns the kernel's source. It opens nothing yet.
func NewKernel() *Kernel { return newKernel(system) }

// newKernel is NewKernel with other system calls.
func newKernel(c calls) *Kernel {
	k := &Kernel{calls: c}
	k.device = device{
		path: "/dev/urandom", right: isMemoryDevice(9),
		gatePath: "/dev/random", gate: isMemoryDevice(8),
		calls: &k.calls,
	}
	return k
}

// isMemoryDevice recognises the character device with major number 1 and this
// minor one (the kernel's Documentation/admin-guide/devices.txt).
func isMemoryDevice(minor uint32) func(identity) bool {
	return func(id identity) bool {
		return id.charDevice && id.number == unix.Mkdev(1, minor)
	}
}

// Name returns "getrandom".
func (k *Kernel) Name() string { return "getrandom" }

// Descriptor returns the descriptor of /dev/urandom that k keeps, or -1. It is for
// hosts that end a runtime without ending the process, and must close it.
func (k *Kernel) Descriptor() int {
	if k == nil {
		return -1
	}
	return k.device.descriptor()
}

// Read fills b by the rule in package gorandom ("How Linux is asked"). It asks
// getrandom(2) without blocking, where EAGAIN is ErrNotReady. On ENOSYS and EPERM it
// reads /dev/urandom, but returns ErrNotReady until /dev/random has been readable once.
// If neither is available it returns an error.
func (k *Kernel) Read(b []byte) error {
	err := readFull(b, k.calls.getrandom)
	switch err {
	case nil:
		return nil
	case unix.EAGAIN:
		err = ErrNotReady
	case unix.ENOSYS, unix.EPERM:
		err = k.device.read(b)
	default:
		err = wrap("getrandom", "", err)
	}
	if err != nil {
		clear(b)
	}
	return err
}

var system = calls{
	getrandom: getrandom,
	open:      open,
	close:     unix.Close,
	stat:      stat,
	read:      unix.Read,
	readable: func(fd int) (bool, error) {
		p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(p, 0)
		return n == 1 && p[0].Revents&unix.POLLIN != 0, err
	},
}

// open opens a device, whose path is short. openDevice explains the flags.
func open(path string) (int, error) {
	var room [32]byte
	name, err := at.Name(room[:], path, "")
	if err != nil {
		return -1, err
	}
	return at.Open(unix.AT_FDCWD, name, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NOFOLLOW|unix.O_NONBLOCK)
}

// getrandom is the system call itself. unix.Getrandom would often answer from the
// vDSO, whose key is in this process's memory. These bytes must help the process to
// recover from a leak of its memory, so they must not come from there.
func getrandom(b []byte) (int, error) {
	n, _, errno := unix.Syscall(unix.SYS_GETRANDOM, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), unix.GRND_NONBLOCK)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

func stat(fd int) (identity, error) {
	var s unix.Stat_t
	err := unix.Fstat(fd, &s)
	return identity{s.Mode&unix.S_IFMT == unix.S_IFCHR, uint64(s.Rdev)}, err
}
