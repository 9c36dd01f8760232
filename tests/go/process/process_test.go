// Package process_test checks secret memory and the fork guard, the second with
// real forks.
package process_test

import (
	"errors"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"unsafe"

	"gorandom.dev/gorandom/process"
)

func TestAllocate(t *testing.T) {
	for _, size := range []int{1, 8, 4095, 4096, 4097, 1 << 20} {
		m, err := process.Allocate(size)
		if err != nil {
			t.Fatalf("%d bytes: %v", size, err)
		}
		b := m.Bytes()
		if len(b) < size {
			t.Fatalf("%d bytes: got %d", size, len(b))
		}
		if at := uintptr(unsafe.Pointer(&b[0])); at%4096 != 0 && runtime.GOOS != "js" && runtime.GOOS != "wasip1" {
			t.Errorf("%d bytes: not at the start of a page", size)
		}
		for i := range b {
			if b[i] != 0 {
				t.Fatalf("%d bytes: byte %d isn't zero", size, i)
			}
			b[i] = 0xee
		}
		if size == 1 {
			t.Logf("%+v", m.Protection())
		}
		if err := m.Free(); err != nil {
			t.Errorf("%d bytes: Free: %v", size, err)
		}
		if m.Bytes() != nil {
			t.Errorf("%d bytes: still there after Free", size)
		}
		if err := m.Free(); err != nil {
			t.Errorf("%d bytes: second Free: %v", size, err)
		}
	}
	for _, size := range []int{0, -1} {
		if _, err := process.Allocate(size); !errors.Is(err, process.ErrMemory) {
			t.Errorf("%d bytes: got %v, want ErrMemory", size, err)
		}
	}
}

// TestFreeErases: the memory is zeroed before it is freed. It fails if Free doesn't clear.
func TestFreeErases(t *testing.T) {
	b := []byte{1, 2, 3}
	if err := process.NewMemory(b, process.Protection{}, nil).Free(); err != nil {
		t.Fatal(err)
	}
	if b[0]|b[1]|b[2] != 0 {
		t.Errorf("left: %v", b)
	}
}

// TestGuard covers each way to be another process, with and without wiped memory.
func TestGuard(t *testing.T) {
	for _, v := range []struct {
		name        string
		wipedAtFork bool
		wipe        bool
		pid         int // after the fork; it was 100 before
		want        bool
	}{
		{"nothing happened", true, false, 100, false},
		{"nothing happened, PID mode", false, false, 100, false},
		{"wiped", true, true, 101, true},
		{"wiped, the same PID come round", true, true, 100, true},
		{"PID mode, another PID", false, false, 101, true},
		{"PID mode, wiped all the same", false, true, 100, true},
		// Where the memory is wiped, the guard saves the system call for the PID.
		{"not wiped, another PID namespace", true, false, 7, false},
	} {
		t.Run(v.name, func(t *testing.T) {
			var word atomic.Uint64
			pid, asked := 100, 0
			m := process.NewMemory(make([]byte, 8), process.Protection{WipedAtFork: v.wipedAtFork}, nil)
			g := process.NewGuard(m, &word, func() int { asked++; return pid })
			if !g.Changed() {
				t.Error("a guard that was never marked says that nothing changed")
			}
			g.Mark()
			asked = 0
			pid = v.pid
			if v.wipe {
				word.Store(0)
			}
			for range 2 {
				if got := g.Changed(); got != v.want {
					t.Errorf("Changed: got %v, want %v", got, v.want)
				}
			}
			if v.wipedAtFork && asked != 0 {
				t.Errorf("asked for the PID %d times", asked)
			}
			g.Mark()
			if g.Changed() {
				t.Error("changed after Mark")
			}
		})
	}
}

// TestGuardDefault uses the guard that programs get, in this process.
func TestGuardDefault(t *testing.T) {
	m, err := process.Allocate(8)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = m.Free() }()
	g := process.NewGuard(m, (*atomic.Uint64)(unsafe.Pointer(&m.Bytes()[0])), syscall.Getpid)
	if !g.Changed() {
		t.Error("not changed before Mark")
	}
	g.Mark()
	if g.Changed() {
		t.Error("changed after Mark")
	}
}

func BenchmarkChanged(b *testing.B) {
	for _, wiped := range []bool{true, false} {
		name := "pid"
		if wiped {
			name = "word"
		}
		b.Run(name, func(b *testing.B) {
			var word atomic.Uint64
			g := process.NewGuard(process.NewMemory(make([]byte, 8), process.Protection{WipedAtFork: wiped}, nil), &word, syscall.Getpid)
			g.Mark()
			for b.Loop() {
				if g.Changed() {
					b.Fatal("changed")
				}
			}
		})
	}
}
