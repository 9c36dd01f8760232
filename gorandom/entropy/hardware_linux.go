package entropy

import "golang.org/x/sys/unix"

// Hardware is the machine's hardware generator as Linux shows it, /dev/hwrng: a
// virtual machine's virtio-rng, a TPM, a generator on the board. Usually only root
// may read it.
//
// A program must ask for it, for two reasons. The kernel reads the same device by
// itself and mixes it into what getrandom(2) gives. And a read may block in spite of
// O_NONBLOCK. The kernel's own thread shares one lock with it, and holds that while a
// virtio host that limits the rate, or is gone, doesn't answer. A TPM's driver takes
// tens of milliseconds whatever the flag says. A caller that gives Hardware to an RNG
// (csprng.Config.Hardware) accepts this.
type Hardware struct{ calls calls }

// NewHardware returns the source. It opens nothing yet.
func NewHardware() *Hardware { return newHardware(system) }

// newHardware is NewHardware with other system calls.
func newHardware(c calls) *Hardware { return &Hardware{calls: c} }

// Name returns "hwrng".
func (*Hardware) Name() string { return "hwrng" }

// Read fills b from /dev/hwrng if that is the character device 10:183. Otherwise it
// zeroes b and returns an error: ErrUnavailable if the device has nothing now. The
// device is open only during the call.
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
