package csprng_test

import (
	"bytes"
	"errors"
	"testing"

	"gorandom.dev/gorandom/entropy"
)

// fork turns a bench into what it would be in a child: with wiped memory, or with another
// PID.
func (x *bench) fork(pidMode bool) {
	if pidMode {
		x.pid.Add(1)
		return
	}
	clear(x.memory)
}

// TestFork is the matrix: used before the fork or not, small or large draws, wiped memory
// or PIDs. The child begins anew, with 33 times 32 fresh bytes, and none of its bytes is
// the parent's. It fails if mustLook doesn't ask the guard: with PIDs the child repeats its
// parent, with wiped memory it gets fortuna.ErrUnseeded and never a repeat. It also fails
// if the root isn't wiped, because a child must equal a process that starts with the same
// kernel bytes.
func TestFork(t *testing.T) {
	for _, pidMode := range []bool{false, true} {
		for _, used := range []bool{false, true} {
			for _, n := range []int{16, 2<<20 + 1} {
				const lanes = 3
				parent, child := newBench(t, lanes, pidMode), newBench(t, lanes, pidMode)
				if used {
					for lane := range lanes {
						parent.draw(t, lane, n)
						child.draw(t, lane, n)
					}
				}
				child.source.state += 99 // the kernel's bytes are others by now
				reads := len(child.source.sizes)
				child.fork(pidMode)
				anew := newBench(t, lanes, pidMode)
				anew.source.state = child.source.state
				anew.reads.Store(child.reads.Load()) // the cycle counter too, which keys take
				for lane := range lanes {
					p, c := parent.draw(t, lane, n), child.draw(t, lane, n)
					if !bytes.Equal(c, anew.draw(t, lane, n)) {
						t.Errorf("PIDs %v, used %v, %d bytes, lane %d: something of the parent is left", pidMode, used, n, lane)
					}
					for at := 0; at+16 <= n; at += 16 {
						if bytes.Equal(p[at:at+16], c[at:at+16]) {
							t.Fatalf("PIDs %v, used %v, %d bytes, lane %d: the child repeats its parent at %d", pidMode, used, n, lane, at)
						}
					}
				}
				if fresh := child.source.sizes[reads:]; len(fresh) != 1 || fresh[0] != 33*32 {
					t.Errorf("PIDs %v, used %v: the child read %v from the kernel", pidMode, used, fresh)
				}
				if s := child.Status(); s.Forks != 1 || !s.Started {
					t.Errorf("PIDs %v, used %v: status %+v", pidMode, used, s)
				}
			}
		}
	}
}

// TestForkWithoutKernel: a child that the kernel refuses gets no bytes, however well its
// parent was seeded. It gets bytes when the kernel is back.
func TestForkWithoutKernel(t *testing.T) {
	for _, pidMode := range []bool{false, true} {
		x := newBench(t, 2, pidMode)
		x.draw(t, 0, 16)
		x.draw(t, 1, 16)
		x.fork(pidMode)
		x.source.fail(entropy.ErrNotReady)
		if x.Status().Started {
			t.Errorf("PIDs %v: started", pidMode)
		}
		for range 3 {
			x.refused(t, 0, 16, entropy.ErrNotReady)
			x.refused(t, 1, 2<<20, entropy.ErrNotReady)
			if err := x.Reseed(); !errors.Is(err, entropy.ErrNotReady) {
				t.Errorf("PIDs %v: Reseed: %v", pidMode, err)
			}
		}
		x.source.fail(nil)
		x.draw(t, 1, 16)
		x.draw(t, 0, 16)
	}
}

// TestForkWipesIdleLanes: where the kernel doesn't wipe, a child's first draw erases the
// keys of its parent, also those in lanes that the child never uses. It fails if
// noticeForkLocked omits the lanes.
func TestForkWipesIdleLanes(t *testing.T) {
	x := newBench(t, 4, true)
	for lane := range 4 {
		x.draw(t, lane, 16)
	}
	old := bytes.Clone(x.memory)
	x.fork(true)
	x.draw(t, 2, 16)
	left := 0
	for at := 0; at+16 <= len(old); at += 16 {
		piece := old[at : at+16]
		if distinct(piece) > 8 && bytes.Contains(x.memory, piece) {
			left++
		}
	}
	if left != 0 {
		t.Errorf("%d pieces of the parent's secrets are left", left)
	}
}

// distinct counts the different bytes in a piece. Key bytes have many, headers
// and counters few.
func distinct(piece []byte) int {
	seen := map[byte]bool{}
	for _, b := range piece {
		seen[b] = true
	}
	return len(seen)
}

// TestEventInAChild: an event before the child's first draw is kept. It fails if AddEvent
// doesn't check for a fork first.
func TestEventInAChild(t *testing.T) {
	for _, pidMode := range []bool{false, true} {
		x, twin := newBench(t, 1, pidMode), newBench(t, 1, pidMode)
		for _, b := range []*bench{x, twin} {
			b.draw(t, 0, 16)
			b.fork(pidMode)
		}
		if err := x.AddEvent(1, []byte("of the child")); err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(x.draw(t, 0, 32), twin.draw(t, 0, 32)) {
			t.Errorf("PIDs %v: the event was lost", pidMode)
		}
	}
}

// TestStatusInAChild: before its first draw a child reports that it isn't seeded.
func TestStatusInAChild(t *testing.T) {
	for _, pidMode := range []bool{false, true} {
		x := newBench(t, 1, pidMode)
		x.draw(t, 0, 16)
		x.fork(pidMode)
		if x.Status().Started {
			t.Errorf("PIDs %v: a child says that it is seeded", pidMode)
		}
		x.draw(t, 0, 16)
		if !x.Status().Started {
			t.Errorf("PIDs %v: a child that has drawn says that it is not", pidMode)
		}
	}
}

// TestManyForks: each generation gives new bytes.
func TestManyForks(t *testing.T) {
	for _, pidMode := range []bool{false, true} {
		x := newBench(t, 1, pidMode)
		seen := map[string]bool{}
		for i := range 300 {
			b := string(x.draw(t, 0, 16))
			if seen[b] {
				t.Fatalf("PIDs %v: generation %d repeats another", pidMode, i)
			}
			seen[b] = true
			x.fork(pidMode)
		}
	}
}
