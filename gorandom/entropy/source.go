// Package entropy reads random bits from where they come from: the operating
// system's kernel and the processor. What is done with them is the affair of
// package csprng.
//
// The kernel's source is read without ever blocking, and never through
// crypto/rand, which ends the process when the kernel refuses.
package entropy

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Source gives random bytes.
type Source interface {
	// Name says what the source is, as a person would: "getrandom".
	Name() string
	// Read fills b completely and returns nil, or zeroes b and returns an
	// error: ErrNotReady if the source will be ready later. It doesn't block.
	Read(b []byte) error
}

var (
	// ErrNotReady is returned by a source that has not gathered enough entropy
	// since the machine was started.
	ErrNotReady = errors.New("system random number generator is not ready")
	// ErrUnavailable is returned by a source that the system doesn't have, or
	// that doesn't give anything now.
	ErrUnavailable = errors.New("entropy: source is unavailable")
)

// failure is an error with what was being done, and to which file, when it happened.
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

// wrapped are the failures that there have been: a source that fails for hours
// leaves no garbage. There are only so many, as errors come from the system.
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
	// longestNap bounds how long after its source Wait becomes ready, and with
	// some twenty system calls a second the processor hardly notices the wait.
	longestNap = 50 * time.Millisecond
)

// Wait returns nil as soon as s gives bytes, the error of s if it is another
// than ErrNotReady, or context.Cause(ctx) when ctx ends first. It asks again and
// again: a blocking call couldn't be ended with ctx.
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
