package gorandom

import (
	"context"
	"errors"
	"io"
	"runtime"
	"sync"
	"sync/atomic"

	"gorandom.dev/gorandom/csprng"
	"gorandom.dev/gorandom/entropy"
)

// ErrNotReady is returned by Urandom while the system's random number generator
// has not gathered enough entropy since the machine was started.
var ErrNotReady = entropy.ErrNotReady

// Reader gives random bytes as Read does. It is safe for concurrent use.
var Reader io.Reader = stream{}

type stream struct{}

// Read fills p and returns len(p), or returns 0 and an error, p zeroed.
func (stream) Read(p []byte) (int, error) {
	if err := Read(p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Read fills b completely with random bytes, or zeroes it and returns an error.
// Before the system's random number generator is ready, it waits. An error means
// that the system has no such generator or refuses it, and doesn't come once a
// call has succeeded in this process.
func Read(b []byte) error {
	for {
		err := Urandom(b)
		if !errors.Is(err, ErrNotReady) {
			return err
		}
		if err := Wait(context.Background()); err != nil {
			return err
		}
	}
}

// Urandom is Read, but returns ErrNotReady at once instead of waiting.
func Urandom(b []byte) error {
	r, err := standard()
	if err != nil {
		clear(b)
		return err
	}
	return r.FillAny(b)
}

// Wait returns nil when the generator is ready to give bytes, or the cause of
// ctx's end, or the error that Read would return.
func Wait(ctx context.Context) error {
	r, err := standard()
	if err != nil {
		return err
	}
	return entropy.Wait(ctx, readiness{r})
}

// readiness is an RNG as a source that gives nothing, but fails as the RNG
// would.
type readiness struct{ r *csprng.RNG }

func (readiness) Name() string          { return "gorandom" }
func (s readiness) Read(b []byte) error { return s.r.FillAny(b[:0]) }

// AtFork reseeds, and ignores an error of the system, which changes nothing. No
// program has to call it: a fork is noticed before the next byte. It is for programs
// that call PyCrypto's function of that name in a child, which reseeds too. It helps
// where only the process ID tells of a fork (see the section on forks), as IDs come again.
func AtFork() { _ = Reseed() }

// AddEvent adds data from a program's own source, whose number is of its own
// choice, to the pools. Data longer than 32 bytes is hashed first, and empty data
// is refused. It takes effect at a reseed by Fortuna's rule: when pool 0 has 64
// bytes, and 100 ms after the last. It can't make the output worse.
func AddEvent(source byte, data []byte) error {
	r, err := standard()
	if err != nil {
		return err
	}
	return r.AddEvent(source, data)
}

// Reseed mixes 32 fresh bytes from the system, and what the pools hold, into the
// key before the next byte in any goroutine. If the system refuses, it returns
// that error, and nothing changes.
func Reseed() error {
	r, err := standard()
	if err != nil {
		return err
	}
	return r.Reseed()
}

// Status says how the generator is doing. It holds no secret.
func Status() csprng.Status {
	r, err := standard()
	if err != nil {
		return csprng.Status{LastFailure: err}
	}
	return r.Status()
}

// maxLanes is the most generators side by side. Each locks some 1.2 KB of
// memory, and beyond this many the draws wait for memory, not for each other.
const maxLanes = 16

var (
	shared atomic.Pointer[csprng.RNG]
	making sync.Mutex
)

// standard returns the RNG of this process, and makes it at the first call.
// It fails if there is no memory, and then tries again at the next.
func standard() (*csprng.RNG, error) {
	if r := shared.Load(); r != nil {
		return r, nil
	}
	making.Lock()
	defer making.Unlock()
	if r := shared.Load(); r != nil {
		return r, nil
	}
	r, err := csprng.New(csprng.Config{Lanes: min(runtime.GOMAXPROCS(0), maxLanes)})
	if err != nil {
		return nil, err
	}
	shared.Store(r)
	return r, nil
}
