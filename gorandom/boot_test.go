package gorandom

import (
	"bytes"
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gorandom.dev/gorandom/csprng"
)

// booting is a kernel that isn't ready until a given moment, or is broken.
type booting struct {
	ready time.Time
	err   error
	asked atomic.Int64
}

func (*booting) Name() string { return "booting" }

func (s *booting) Read(b []byte) error {
	s.asked.Add(1)
	if time.Now().Before(s.ready) {
		clear(b)
		return s.err
	}
	for i := range b {
		b[i] = byte(i)
	}
	return nil
}

// use replaces the process's RNG by one with this kernel until the test ends.
func use(t *testing.T, s *booting) {
	t.Helper()
	r, err := csprng.New(csprng.Config{Lanes: 2, Source: s})
	if err != nil {
		t.Fatal(err)
	}
	old := shared.Swap(r)
	t.Cleanup(func() {
		shared.Store(old)
		_ = r.Close()
	})
}

// TestBoot: while the kernel isn't ready, Urandom returns ErrNotReady and Read waits.
// The hour passes at once, by synctest's clock. It fails if Read returns
// ErrNotReady, or Urandom waits.
func TestBoot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		use(t, &booting{ready: start.Add(time.Hour), err: ErrNotReady})
		b := []byte{1, 2, 3}
		if err := Urandom(b); !errors.Is(err, ErrNotReady) || !bytes.Equal(b, make([]byte, 3)) {
			t.Errorf("Urandom: %v, %v", err, b)
		}
		errEnough := errors.New("enough")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errEnough)
		defer cancel()
		if err := Wait(ctx); !errors.Is(err, errEnough) || time.Since(start) != time.Minute {
			t.Errorf("Wait for a minute: %v after %v", err, time.Since(start))
		}
		if err := Reseed(); !errors.Is(err, ErrNotReady) {
			t.Errorf("Reseed: %v", err)
		}
		b = make([]byte, 100)
		if err := Read(b); err != nil || bytes.Equal(b[50:], make([]byte, 50)) {
			t.Errorf("Read: %v, %x", err, b)
		}
		if took := time.Since(start); took < time.Hour || took > time.Hour+50*time.Millisecond {
			t.Errorf("Read came after %v", took)
		}
	})
}

// TestBrokenKernel: an error that waiting won't cure makes every call fail and zero its buffer.
func TestBrokenKernel(t *testing.T) {
	errBroken := errors.New("broken")
	use(t, &booting{ready: time.Now().Add(time.Hour), err: errBroken})
	for name, read := range map[string]func([]byte) error{
		"Read":    Read,
		"Urandom": Urandom,
		"Reader": func(b []byte) error {
			n, err := Reader.Read(b)
			if n != 0 {
				t.Errorf("%d bytes and an error", n)
			}
			return err
		},
		"Source": func(b []byte) (err error) {
			defer func() {
				clear(b)
				err, _ = recover().(error)
			}()
			Source{}.Uint64()
			return nil
		},
		"Wait": func(b []byte) error { clear(b); return Wait(context.Background()) },
	} {
		b := []byte{1, 2, 3}
		if err := read(b); !errors.Is(err, errBroken) || !bytes.Equal(b, make([]byte, 3)) {
			t.Errorf("%s: %v, %v", name, err, b)
		}
	}
}
