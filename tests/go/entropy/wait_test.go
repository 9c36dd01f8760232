package entropy_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"gorandom.dev/gorandom/entropy"
)

// becoming is a source that returns err until the time ready.
type becoming struct {
	ready time.Time
	err   error
	asked []time.Time
}

func (s *becoming) Name() string { return "becoming" }

func (s *becoming) Read([]byte) error {
	s.asked = append(s.asked, time.Now())
	if time.Now().Before(s.ready) {
		return s.err
	}
	return nil
}

// TestWait runs under synctest's clock, so that hours pass at once. It fails if
// Wait doesn't nap, naps too long, or doesn't look at its context.
func TestWait(t *testing.T) {
	errBroken := errors.New("broken")
	errCause := errors.New("the cause")
	for _, v := range []struct {
		name              string
		err               error
		ready, cancel     time.Duration // from now
		want              error
		least, most       time.Duration // that the wait may take
		leastAsk, mostAsk int
	}{
		{"ready at once", entropy.ErrNotReady, 0, time.Hour, nil, 0, 0, 1, 1},
		{"ready at once, the context over", entropy.ErrNotReady, 0, -1, nil, 0, 0, 1, 1},
		{"ready after 1 ms", entropy.ErrNotReady, time.Millisecond, time.Hour, nil, time.Millisecond, time.Millisecond, 2, 2},
		{"ready after an hour", entropy.ErrNotReady, time.Hour, 2 * time.Hour, nil, time.Hour, time.Hour + 50*time.Millisecond, 72000, 72010},
		{"canceled first", entropy.ErrNotReady, time.Hour, time.Minute, errCause, time.Minute, time.Minute, 1200, 1210},
		{"context over before", entropy.ErrNotReady, time.Hour, -1, errCause, 0, 0, 1, 1},
		{"another error", errBroken, time.Hour, time.Hour, errBroken, 0, 0, 1, 1},
	} {
		t.Run(v.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				s := &becoming{ready: start.Add(v.ready), err: v.err}
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				if v.cancel < 0 {
					cancel(errCause)
				} else {
					defer time.AfterFunc(v.cancel, func() { cancel(errCause) }).Stop()
				}
				if err := entropy.Wait(ctx, s); !errors.Is(err, v.want) {
					t.Errorf("got %v, want %v", err, v.want)
				}
				if took := time.Since(start); took < v.least || took > v.most {
					t.Errorf("took %v, want %v to %v", took, v.least, v.most)
				}
				if n := len(s.asked); n < v.leastAsk || n > v.mostAsk {
					t.Errorf("asked %d times, want %d to %d", n, v.leastAsk, v.mostAsk)
				}
				for i := 1; i < len(s.asked); i++ {
					if nap := s.asked[i].Sub(s.asked[i-1]); nap > 50*time.Millisecond {
						t.Fatalf("a nap of %v", nap)
					}
				}
			})
		})
	}
}
