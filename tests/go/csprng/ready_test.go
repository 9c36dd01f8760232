package csprng_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"gorandom.dev/gorandom/csprng"
	"gorandom.dev/gorandom/entropy"
)

// any draws n bytes by FillAny, and checks that the whole buffer was written.
func (x *bench) any(t testing.TB, n int) []byte {
	t.Helper()
	b := bytes.Repeat([]byte{0xee}, n)
	if err := x.FillAny(b); err != nil {
		t.Fatalf("FillAny(%d bytes): %v", n, err)
	}
	if n >= 16 && bytes.Equal(b[n-16:], bytes.Repeat([]byte{0xee}, 16)) {
		t.Fatalf("FillAny(%d bytes): not filled to the end", n)
	}
	return b
}

// TestReadyBytes: small draws of all sizes hand out a lane's requests of 512 bytes, each
// byte once and in order. A larger draw is a request of its own, and leaves the ready bytes
// as they are.
func TestReadyBytes(t *testing.T) {
	x, twin := newBench(t, 1, false), newBench(t, 1, false)
	// Both start here. take reads the cycle counter once before its request does, and the
	// lane's key takes the value that the request read.
	x.any(t, 0)
	twin.draw(t, 0, 0)
	twin.reads.Add(1)
	var got, want []byte
	for n := range 257 {
		got = append(got, x.any(t, n)...)
	}
	for len(want) < len(got) {
		want = append(want, twin.draw(t, 0, 512)...)
	}
	rest := want[len(got):]
	if !bytes.Equal(got, want[:len(got)]) {
		t.Fatal("small draws don't give their request's bytes in order")
	}
	if !bytes.Equal(x.any(t, 257), twin.draw(t, 0, 257)) {
		t.Error("257 bytes aren't a request")
	}
	if len(rest) == 0 || !bytes.Equal(x.any(t, min(len(rest), 256)), rest[:min(len(rest), 256)]) {
		t.Error("a large draw changed the ready bytes")
	}
}

// TestReadyBytesAreErased: nothing that was handed out is left in the secret
// memory. It fails if take doesn't clear.
func TestReadyBytesAreErased(t *testing.T) {
	x := newBench(t, 1, false)
	for range 100 {
		if b := x.any(t, 16); bytes.Contains(x.memory, b) {
			t.Fatal("bytes that were handed out are still there")
		}
	}
	x.any(t, 16)
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	if err := x.FillAny(make([]byte, 1)); !errors.Is(err, csprng.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// TestReadyBytesGoStale: what makes a lane stale also makes its ready bytes stale. It fails
// if seedLane keeps them, or if take doesn't look at the epoch, the guard or the cycles.
func TestReadyBytesGoStale(t *testing.T) {
	for name, event := range map[string]func(*bench){
		"Reseed":      func(x *bench) { _ = x.Reseed() },
		"age":         func(x *bench) { x.pass(time.Second) },
		"clock back":  func(x *bench) { x.pass(-time.Hour) },
		"fork":        func(x *bench) { x.fork(false); x.source.state += 99 },
		"fork by PID": func(x *bench) { x.fork(true); x.source.state += 99 },
		"by the rule": func(x *bench) {
			for range 33 {
				_ = x.AddEvent(7, make([]byte, 32))
			}
			x.pass(200 * time.Millisecond)
		},
	} {
		t.Run(name, func(t *testing.T) {
			x, twin := newBench(t, 1, name == "fork by PID"), newBench(t, 1, name == "fork by PID")
			x.any(t, 16)
			twin.any(t, 16)
			event(x)
			rest := twin.any(t, 256)
			if got := x.any(t, 256); bytes.Equal(got[:16], rest[:16]) {
				t.Error("a stale byte")
			}
			if bytes.Contains(x.memory, rest[:16]) {
				t.Error("stale bytes are still in memory")
			}
		})
	}
}

// TestReadyBytesWithoutKernel: a child that the kernel refuses gets none of its parent's
// ready bytes. A process that was seeded goes on.
func TestReadyBytesWithoutKernel(t *testing.T) {
	for _, pidMode := range []bool{false, true} {
		x := newBench(t, 1, pidMode)
		x.any(t, 16)
		x.source.fail(entropy.ErrNotReady)
		x.pass(time.Minute)
		x.any(t, 16)
		x.fork(pidMode)
		for range 3 {
			b := []byte{1, 2, 3}
			if err := x.FillAny(b); !errors.Is(err, entropy.ErrNotReady) || !bytes.Equal(b, make([]byte, 3)) {
				t.Errorf("PIDs %v: got %v, %v", pidMode, err, b)
			}
		}
		x.source.fail(nil)
		x.any(t, 16)
	}
}

// TestReadyBytesForkedInTheMiddle: a draw has looked at its lane. Before it makes more
// bytes the process is forked, and the kernel refuses the child. It fails if take ignores
// the error: then the child gets zeros and no error.
func TestReadyBytesForkedInTheMiddle(t *testing.T) {
	for _, pidMode := range []bool{false, true} {
		for _, left := range []int{0, 8} { // bytes that are ready when the draw begins
			x := newBench(t, 1, pidMode)
			x.any(t, 256)
			x.any(t, 256-left)
			looks := 0
			x.looked = func() {
				if looks++; looks == 1 { // take looked without the clock, so this look is request's
					x.source.fail(entropy.ErrNotReady)
					x.fork(pidMode)
				}
			}
			for i := range 3 {
				b := bytes.Repeat([]byte{0xee}, 16)
				if err := x.FillAny(b); !errors.Is(err, entropy.ErrNotReady) || !bytes.Equal(b, make([]byte, 16)) {
					t.Errorf("PIDs %v, %d left, draw %d: got %v, %v", pidMode, left, i, err, b)
				}
			}
			if looks == 0 {
				t.Errorf("PIDs %v, %d left: nothing happened in the middle", pidMode, left)
			}
			x.source.fail(nil)
			if bytes.Equal(x.any(t, 16), make([]byte, 16)) {
				t.Errorf("PIDs %v, %d left: zeros", pidMode, left)
			}
		}
	}
}

// TestReadyBytesAndTheClock: the clock is read when the cycle counter has moved on by a
// millisecond's worth, or back, and at each request. Otherwise it isn't, which is what makes
// small draws cheap.
func TestReadyBytesAndTheClock(t *testing.T) {
	asked, cycles := 0, uint64(1<<40)
	r, err := csprng.New(csprng.Config{
		Source: &source{},
		Cycles: func() uint64 { return cycles },
		Clock:  func() time.Duration { asked++; return 0 },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	looks := func(after string, want bool) {
		t.Helper()
		before := asked
		if err := r.FillAny(make([]byte, 16)); err != nil {
			t.Fatal(err)
		}
		if (asked != before) != want {
			t.Errorf("after %s: the clock was asked: %v", after, !want)
		}
	}
	looks("the start", true)
	for i := range 31 {
		cycles += 1 << 20 / 32
		looks(fmt.Sprint(i+2, " draws"), false)
	}
	looks("512 bytes", true) // cycles have moved on too
	cycles += 1<<20 - 1
	looks("nearly a millisecond", false)
	cycles++
	looks("a millisecond", true)
	looks("none", false)
	cycles--
	looks("a step back", true)
	cycles -= 1 << 39
	looks("a leap back", true)
	for range 26 {
		looks("none", false)
	}
	looks("512 bytes, all else the same", true)
}
