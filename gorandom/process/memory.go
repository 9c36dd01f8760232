// Package process deals with what the operating system does to a process's memory: it
// may swap it out, dump it, and copy it at a fork. The package allocates memory for
// secrets that is protected from these as far as possible, and tells whether the
// process has been forked.
package process

import "errors"

// ErrMemory is returned when there is no memory. It wraps the system's error.
var ErrMemory = errors.New("process: no memory for secrets")

// Protection says what the system granted for a piece of memory. All of it is
// requested, but the memory is usable without it: limits may refuse any.
type Protection struct {
	WipedAtFork bool // a child's copy is zeros, however the child was made
	Undumped    bool // left out of core dumps
	Locked      bool // never written to swap space
}

// Memory is whole pages outside the Go heap. It must not hold Go pointers: the
// collector doesn't see them there.
type Memory struct {
	bytes      []byte
	protection Protection
	release    func([]byte) error // or nil
}

// Allocate returns zeroed memory of at least size bytes, at the start of a page.
func Allocate(size int) (*Memory, error) {
	if size < 1 {
		return nil, ErrMemory
	}
	return allocate(size)
}

// NewMemory makes a Memory of b, for callers that have pages of their own outside the
// Go heap. They say what the system granted for it, and how to free it: nil if it
// stays theirs.
func NewMemory(b []byte, p Protection, release func([]byte) error) *Memory {
	return &Memory{b, p, release}
}

// Bytes returns the memory, or nil after Free.
func (m *Memory) Bytes() []byte { return m.bytes }

// Protection returns what the system granted.
func (m *Memory) Protection() Protection { return m.protection }

// Free erases the memory and frees it. Nothing may point into it any more. A second
// Free does nothing.
func (m *Memory) Free() error {
	b := m.bytes
	if b == nil {
		return nil
	}
	m.bytes = nil
	clear(b)
	if m.release == nil {
		return nil
	}
	return m.release(b)
}

// noMemory is ErrMemory with the system's reason.
type noMemory struct{ err error }

func (e noMemory) Error() string   { return ErrMemory.Error() + ": " + e.err.Error() }
func (e noMemory) Unwrap() []error { return []error{ErrMemory, e.err} }
