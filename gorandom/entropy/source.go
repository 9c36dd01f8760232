// Package entropy reads random bits from their origin: the operating system's kernel
// and the processor. Package csprng decides what to do with them.
//
// The kernel's source never blocks. It avoids crypto/rand, which ends the process when
// the kernel refuses.
package entropy

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Source gives random bytes.
type Source interface {
	// Name says what the source is, for people to read: "getrandom".
	Name() string
	// Read fills b completely and returns nil, or zeroes b and returns an
	// error: ErrNotReady if the source will be ready later. It doesn't block.
	Read(b []byte) error
}

var (
	// ErrNotReady is returned by a source that has not gathered enough entropy since
	// boot.
	ErrNotReady = errors.New("system random number generator is not ready")
	// ErrUnavailable is returned by a source that the system doesn't have, or that has
	// nothing to give now.
	ErrUnavailable = errors.New("entropy: source is unavailable")
)

// failure is an error, what was being done when it happened, and to which file.
type failure struct {
	doing, file string
	err         error
}

// failed is a failure as an error.
type failed struct {
	text string
	err  error
}

func (f *failed) Error() string { return f.text }
func (f *failed) Unwrap() error { return f.err }

// wrapped keeps every failure that has happened, so that a source that fails for hours
// leaves no garbage. There are few different ones, as errors come from the system.
var wrapped = struct {
	sync.Mutex
	errors map[failure]*failed
}{errors: map[failure]*failed{}}

// wrap is fmt.Errorf with %w, without the size of package fmt.
func wrap(doing, file string, err error) error {
	wrapped.Lock()
	defer wrapped.Unlock()
	f := failure{doing, file, err}
	e := wrapped.errors[f]
	if e == nil {
		if file != "" {
			doing += " " + file
		}
		e = &failed{"entropy: " + doing + ": " + err.Error(), err}
		wrapped.errors[f] = e
	}
	return e
}

const (
	firstNap = time.Millisecond
	// longestNap limits how late Wait notices that its source is ready. At about twenty
	// system calls a second the wait costs the processor next to nothing.
	longestNap = 50 * time.Millisecond
)

// Wait returns nil as soon as s gives bytes, any error of s except ErrNotReady, or
// context.Cause(ctx) when ctx ends first. It polls, because ctx couldn't end a blocking
// call.
func Wait(ctx context.Context, s Source) error {
	var timer *time.Timer
	for nap := firstNap; ; nap = min(2*nap, longestNap) {
		var probe [1]byte
		err := s.Read(probe[:])
		if !errors.Is(err, ErrNotReady) {
			return err
		}
		if timer == nil {
			timer = time.NewTimer(nap)
			defer timer.Stop()
		} else {
			timer.Reset(nap)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-timer.C:
		}
	}
}
