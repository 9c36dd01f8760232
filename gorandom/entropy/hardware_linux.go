package entropy

import "golang.org/x/sys/unix"

// Hardware is the machine's hardware generator as Linux shows it, /dev/hwrng: a
// virtual machine's virtio-rng, a TPM, a generator on the board. Mostly only root
// may read it.
//
// It is no part of what a program gets unasked, for two reasons. The kernel reads
// the same device by itself, and its bytes are in what getrandom(2) gives. And a
// read can't be kept from waiting, O_NONBLOCK or not: one lock is shared with the
// kernel's own thread, which holds it while a virtio host that has set a rate, or
// is gone, doesn't answer; and a TPM's driver takes its tens of milliseconds
// whatever the flag says. Who gives it to an RNG (csprng.Config.Hardware) accepts that.
type Hardware struct{ calls calls }

// NewHardware returns the source. It opens nothing yet.
func NewHardware() *Hardware { return newHardware(system) }

// newHardware is NewHardware with other system calls.
func newHardware(c calls) *Hardware { return &Hardware{calls: c} }

// Name returns "hwrng".
func (*Hardware) Name() string { return "hwrng" }

// Read fills b from /dev/hwrng, if that is the character device 10:183, or zeroes
// it and returns an error: ErrUnavailable if the device has nothing now. The
// device is open during the call alone.
func (h *Hardware) Read(b []byte) error {
	err := h.read(b)
	if err == nil {
		return nil
	}
	clear(b)
	if err == unix.EAGAIN {
		return ErrUnavailable
	}
	return wrap("reading", "/dev/hwrng", err)
}

func (h *Hardware) read(b []byte) error {
	fd, err := openDevice(&h.calls, "/dev/hwrng", func(id identity) bool {
		return id.charDevice && id.number == unix.Mkdev(10, 183)
	})
	if err != nil {
		return err
	}
	err = readFull(b, func(p []byte) (int, error) { return h.calls.read(fd, p) })
	_ = h.calls.close(fd)
	return err
}
