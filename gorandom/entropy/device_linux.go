package entropy

import (
	"errors"
	"sync"
)

// identity is what fstat(2) says about a file's kind: whether it is a character
// device, and its number.
type identity struct {
	charDevice bool
	number     uint64
}

// calls are the system calls that the kernel's source makes. Tests pass their own to
// newKernel.
type calls struct {
	// getrandom is getrandom(2) with GRND_NONBLOCK.
	getrandom func(b []byte) (int, error)
	// open opens a device for reading, with the flags that openDevice's comment gives.
	open  func(path string) (fd int, err error)
	close func(fd int) error
	// stat is fstat(2).
	stat func(fd int) (identity, error)
	read func(fd int, b []byte) (int, error)
	// readable is poll(2) for POLLIN, with a timeout of 0.
	readable func(fd int) (bool, error)
}

var (
	errDevice  = errors.New("not the device that the system defines for this name")
	errChanged = errors.New("its descriptor changes all the time")
)

// tries limits how often one read may find that its descriptor means another file. A
// program that closes all descriptors at its start needs the second try. One that goes
// on closing them gets an error instead of an endless loop.
const tries = 4

// device reads a character device through a descriptor that it keeps.
//
// The process may close that descriptor unknown to us (daemons close all they have),
// and its number may then mean another file. So it must be the device before and after
// each read. If not, the bytes read in between are thrown away and the foreign
// descriptor is left alone. Another descriptor of the same device is as good as ours:
// the device number identifies the driver, which gives the bytes.
type device struct {
	path, gatePath string
	right, gate    func(identity) bool
	calls          *calls

	mu    sync.Mutex
	ready bool // the gate was once readable
	open  bool
	fd    int
}

// descriptor returns the descriptor that is kept, or -1.
func (d *device) descriptor() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.open {
		return -1
	}
	return d.fd
}

// read fills b. After an error the caller erases it.
func (d *device) read(b []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for range tries {
		if err := d.openLocked(); err != nil {
			return err
		}
		if d.isRightLocked() {
			err := readFull(b, func(p []byte) (int, error) { return d.calls.read(d.fd, p) })
			if d.isRightLocked() {
				if err != nil {
					return wrap("reading", d.path, err)
				}
				return nil
			}
		}
		d.open = false
	}
	return wrap("reading", d.path, errChanged)
}

// isRightLocked reports whether the descriptor still is the device.
func (d *device) isRightLocked() bool {
	id, err := d.calls.stat(d.fd)
	return err == nil && d.right(id)
}

func (d *device) openLocked() error {
	if d.open {
		return nil
	}
	if err := d.passGateLocked(); err != nil {
		return err
	}
	fd, err := openDevice(d.calls, d.path, d.right)
	if err != nil {
		return err
	}
	d.open, d.fd = true, fd
	return nil
}

// passGateLocked returns nil once the device at gatePath has been readable. Before
// that, the device at path gives bytes that an observer of the boot could guess.
func (d *device) passGateLocked() error {
	if d.ready || d.gatePath == "" {
		return nil
	}
	fd, err := openDevice(d.calls, d.gatePath, d.gate)
	if err != nil {
		return err
	}
	for {
		d.ready, err = d.calls.readable(fd)
		if !interrupted(err) {
			break
		}
	}
	_ = d.calls.close(fd)
	if err != nil {
		d.ready = false
		return wrap("polling", d.gatePath, err)
	}
	if !d.ready {
		return ErrNotReady
	}
	return nil
}

// openDevice opens path and checks that it is the right device. The flags are
// O_RDONLY and
//
//   - O_CLOEXEC: an executed program doesn't inherit the descriptor;
//   - O_NOFOLLOW: a symbolic link is refused, wherever it leads;
//   - O_NONBLOCK: a FIFO in the device's place is refused without waiting.
func openDevice(c *calls, path string, right func(identity) bool) (int, error) {
	var fd int
	var err error
	for {
		if fd, err = c.open(path); !interrupted(err) {
			break
		}
	}
	if err != nil {
		return 0, wrap("opening", path, err)
	}
	id, err := c.stat(fd)
	if err == nil && !right(id) {
		err = errDevice
	}
	if err != nil {
		_ = c.close(fd)
		return 0, wrap("opening", path, err)
	}
	return fd, nil
}
