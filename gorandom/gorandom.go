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
// has not gathered enough entropy since boot.
var ErrNotReady = entropy.ErrNotReady

// Reader reads random bytes as Read does. It is safe for concurrent use.
var Reader io.Reader = stream{}

type stream struct{}

// Read fills p and returns len(p), or zeroes p and returns 0 and an error.
func (stream) Read(p []byte) (int, error) {
	if err := Read(p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Read fills b completely with random bytes, or zeroes it and returns an error. It
// waits until the system's random number generator is ready. An error means that
// the system has no such generator or refuses access to it. Once a call has
// succeeded in this process, later calls succeed too.
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

// Urandom is Read, but returns ErrNotReady instead of waiting.
func Urandom(b []byte) error {
	r, err := standard()
	if err != nil {
		clear(b)
		return err
	}
	return r.FillAny(b)
}

// Wait returns nil when the generator is ready. Otherwise it returns the cause of
// ctx's end, or the error that Read would return.
func Wait(ctx context.Context) error {
	r, err := standard()
	if err != nil {
		return err
	}
	return entropy.Wait(ctx, readiness{r})
}

// readiness is an RNG as a source that gives no bytes but fails as the RNG would.
type readiness struct{ r *csprng.RNG }

func (readiness) Name() string          { return "gorandom" }
func (s readiness) Read(b []byte) error { return s.r.FillAny(b[:0]) }

// AtFork reseeds. It ignores an error of the system, which changes nothing. No
// program has to call it, because a fork is noticed before the next byte. It is for
// programs that call PyCrypto's function of that name in a child, which also reseeds.
// It helps where only the process ID reveals a fork, as IDs are reused (see Forks).
func AtFork() { _ = Reseed() }

// AddEvent adds data from a program's own source to the pools. The program chooses
// the source's number. Data longer than 32 bytes is hashed first, and empty data is
// refused. The data takes effect at the next reseed by Fortuna's rule: pool 0 has 64
// bytes, and 100 ms have passed since the last. It can't make the output worse.
func AddEvent(source byte, data []byte) error {
	r, err := standard()
	if err != nil {
		return err
	}
	return r.AddEvent(source, data)
}

// Reseed mixes 32 fresh bytes from the system, and what the pools due for this reseed
// hold, into the key before the next byte in any goroutine. If the system refuses, it
// returns that error, and nothing changes.
func Reseed() error {
	r, err := standard()
	if err != nil {
		return err
	}
	return r.Reseed()
}

// Status reports the generator's state. It contains no secrets.
func Status() csprng.Status {
	r, err := standard()
	if err != nil {
		return csprng.Status{LastFailure: err}
	}
	return r.Status()
}

// maxLanes limits the generators that work side by side. Each locks about 1.2 KB.
// With more of them, draws would be limited by memory bandwidth, not by each other.
const maxLanes = 16

var (
	shared atomic.Pointer[csprng.RNG]
	making sync.Mutex
)

// standard returns this process's RNG, which the first call makes. If there is no
// memory for it, the call fails and the next one tries again.
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
