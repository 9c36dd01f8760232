package entropy

import (
	"errors"
	"sync"
)

// identity tells one open file from another.
type identity struct {
	charDevice     bool
	dev, ino, rdev uint64
}

// calls are the system calls that the kernel's source makes. Tests give their
// own to newKernel.
type calls struct {
	// getrandom is getrandom(2) with GRND_NONBLOCK.
	getrandom func(b []byte) (int, error)
	// open opens a file for reading, close-on-exec.
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

// reopenings is how often one read opens its device anew. Once is what a program
// that closes all descriptors at start needs; one that goes on closing them
// meanwhile ends in an error and not in a loop.
const reopenings = 4

// device reads a character device through a descriptor that it keeps.
//
// The process may close that descriptor behind our back (daemons close all they
// have), and its number may then mean another file. So the descriptor's identity
// is checked before and after each read, and bytes read in between are thrown
// away when it has changed. The foreign descriptor is left alone.
type device struct {
	path, gatePath string
	right, gate    func(identity) bool
	calls          *calls

	mu    sync.Mutex
	ready bool // the gate was once readable
	open  bool
	fd    int
	id    identity
}

// descriptor returns the one that is kept, or -1.
func (d *device) descriptor() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.open {
		return -1
	}
	return d.fd
}

func (d *device) read(b []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for range reopenings {
		if err := d.openLocked(); err != nil {
			return err
		}
		if d.isOursLocked() {
			err := readFull(b, func(p []byte) (int, error) { return d.calls.read(d.fd, p) })
			if d.isOursLocked() {
				if err != nil {
					return wrap("reading", d.path, err)
				}
				return nil
			}
			clear(b)
		}
		d.open = false
	}
	return wrap("reading", d.path, errChanged)
}

// isOursLocked reports whether the descriptor still is the device that was opened.
func (d *device) isOursLocked() bool {
	id, err := d.calls.stat(d.fd)
	return err == nil && id == d.id
}

func (d *device) openLocked() error {
	if d.open {
		return nil
	}
	if err := d.passGateLocked(); err != nil {
		return err
	}
	fd, id, err := openDevice(d.calls, d.path, d.right)
	if err != nil {
		return err
	}
	d.open, d.fd, d.id = true, fd, id
	return nil
}

// passGateLocked returns nil once the device at gatePath was readable: before
// that, the one at path gives bytes that an observer of the boot could guess.
func (d *device) passGateLocked() error {
	if d.ready || d.gatePath == "" {
		return nil
	}
	fd, _, err := openDevice(d.calls, d.gatePath, d.gate)
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

// openDevice opens path and makes sure that it is the right device.
func openDevice(c *calls, path string, right func(identity) bool) (int, identity, error) {
	var fd int
	var err error
	for {
		if fd, err = c.open(path); !interrupted(err) {
			break
		}
	}
	if err != nil {
		return 0, identity{}, wrap("opening", path, err)
	}
	id, err := c.stat(fd)
	if err == nil && !right(id) {
		err = errDevice
	}
	if err != nil {
		_ = c.close(fd)
		return 0, identity{}, wrap("opening", path, err)
	}
	return fd, id, nil
}
