//go:build amd64 || arm64

package process_test

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"gorandom.dev/gorandom/process"
)

// fork is clone(2) as fork(2) makes it, without Go's or libc's knowledge. In the child it
// returns 0, with one thread and no working Go runtime: the child may read memory and must
// leave by exit.
//
//go:norace
//go:nosplit
func fork() (pid uintptr, errno unix.Errno) {
	pid, _, errno = unix.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	return pid, errno
}

//go:norace
//go:nosplit
func exit(code uintptr) {
	for {
		_, _, _ = unix.RawSyscall(unix.SYS_EXIT_GROUP, code, 0, 0)
	}
}

// look is what a child runs: it exits with 0 if all bytes are zero, else with 1.
//
//go:norace
//go:nosplit
func look(b []byte) {
	for i := range b {
		if b[i] != 0 {
			exit(1)
		}
	}
	exit(0)
}

// inChild forks, runs f in the child, and returns the status that f exited with.
// A child that hangs is killed and fails the test.
//
// f and what it calls must be norace and nosplit: the scheduler may have asked this goroutine
// to yield. A function with a stack check would do so, in a child where there is no
// scheduler.
//
//go:norace
func inChild(t *testing.T, f func()) int {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	pid, errno := fork()
	if errno != 0 {
		t.Fatal(errno)
	}
	if pid == 0 {
		f()
		exit(99)
	}
	return reap(t, int(pid))
}

// reap waits for a child, for a minute at most.
func reap(t *testing.T, pid int) int {
	t.Helper()
	handle, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(handle) }()
	for deadline := time.Now().Add(time.Minute); ; {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(handle), Events: unix.POLLIN}}, int(time.Until(deadline).Milliseconds()))
		if err == unix.EINTR {
			continue
		}
		if n != 1 {
			_ = unix.Kill(pid, unix.SIGKILL)
			t.Errorf("the child hangs (%v)", err)
		}
		break
	}
	var status unix.WaitStatus
	for {
		if _, err := unix.Wait4(pid, &status, 0, nil); err != unix.EINTR {
			break
		}
	}
	if !status.Exited() {
		t.Fatalf("the child ended with %#x", status)
	}
	return status.ExitStatus()
}

// lookedAt is what lookAtIt reads in a child. It is global because a closure couldn't be norace.
var lookedAt []byte

//go:norace
//go:nosplit
func lookAtIt() { look(lookedAt) }

// TestMemoryIsWipedInAChild makes a real fork. It fails if allocate omits MADV_WIPEONFORK (a
// child sees the secret). The control, ordinary memory, fails if the test itself can't see
// secrets in a child.
func TestMemoryIsWipedInAChild(t *testing.T) {
	m, err := process.Allocate(3 * 4096)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = m.Free() }()
	if !m.Protection().WipedAtFork {
		t.Skip("NOT RUN: this system doesn't wipe memory at fork")
	}
	b := m.Bytes()
	for i := range b {
		b[i] = 0xd5
	}
	control := bytes.Clone(b)
	lookedAt = b
	for range 20 {
		if code := inChild(t, lookAtIt); code != 0 {
			t.Fatalf("a child sees the secret (status %d)", code)
		}
	}
	lookedAt = control
	if code := inChild(t, lookAtIt); code != 1 {
		t.Errorf("the control: status %d, want 1", code)
	}
	for i := range b {
		if b[i] != 0xd5 {
			t.Fatal("the parent's copy was wiped too")
		}
	}
}

// guardWord is the guard's word, for children to read.
var guardWord *uint64

// exitWithWord checks the word as Changed would: it exits with 42 if it is zero.
//
//go:norace
//go:nosplit
func exitWithWord() {
	if *guardWord == 0 {
		exit(42)
	}
	exit(43)
}

// markAndFork is a child that begins anew and forks again. It exits with its child's status.
//
//go:norace
//go:nosplit
func markAndFork() {
	*guardWord = 1
	pid, errno := fork()
	if errno != 0 {
		exit(44)
	}
	if pid == 0 {
		exitWithWord()
	}
	var status uint32
	if _, _, errno := unix.RawSyscall6(unix.SYS_WAIT4, pid, uintptr(unsafe.Pointer(&status)), 0, 0, 0, 0); errno != 0 {
		exit(45)
	}
	exit(uintptr(status >> 8))
}

// TestGuardInAChild: after Mark, the word is zero in a child of a real fork. When that child
// has marked it again, it is zero in the child's child too. Changed reads nothing else then.
// The parent sees no change. It fails if the page isn't wiped.
func TestGuardInAChild(t *testing.T) {
	m, err := process.Allocate(8)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = m.Free() }()
	if !m.Protection().WipedAtFork {
		t.Skip("NOT RUN: this system doesn't wipe memory at fork")
	}
	at := unsafe.Pointer(&m.Bytes()[0])
	g := process.NewGuard(m, (*atomic.Uint64)(at), func() int {
		t.Error("asked for the PID")
		return 1
	})
	marked := process.NewGuard(m, (*atomic.Uint64)(at), unix.Getpid)
	marked.Mark()
	guardWord = (*uint64)(at)
	for range 20 {
		for what, f := range map[string]func(){"child": exitWithWord, "child's child": markAndFork} {
			if code := inChild(t, f); code != 42 {
				t.Fatalf("in a %s: status %d, want 42", what, code)
			}
		}
		if g.Changed() {
			t.Fatal("the parent takes itself for a child")
		}
	}
}

// TestProtectionIsReal reads in /proc what the kernel has recorded for the pages: "wf" wiped
// at fork, "dd" not dumped, "lo" locked. It fails if Protection claims something that was not
// done.
func TestProtectionIsReal(t *testing.T) {
	m, err := process.Allocate(4096)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = m.Free() }()
	flags := vmFlags(t, uintptr(unsafe.Pointer(&m.Bytes()[0])))
	if flags == nil {
		t.Skip("NOT RUN: /proc/self/smaps isn't there")
	}
	p := m.Protection()
	for _, v := range []struct {
		claimed bool
		flag    string
	}{{p.WipedAtFork, "wf"}, {p.Undumped, "dd"}, {p.Locked, "lo"}} {
		if flags[v.flag] != v.claimed {
			t.Errorf("%s: the kernel says %v, Protection %v", v.flag, flags[v.flag], v.claimed)
		}
	}
}

// vmFlags returns the VmFlags of the mapping that holds addr.
func vmFlags(t *testing.T, addr uintptr) map[string]bool {
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }()
	inside := false
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var from, to uintptr
		if n, _ := fmt.Sscanf(lines.Text(), "%x-%x ", &from, &to); n == 2 {
			inside = from <= addr && addr < to
		}
		if rest, ok := strings.CutPrefix(lines.Text(), "VmFlags:"); ok && inside {
			flags := map[string]bool{}
			for _, f := range strings.Fields(rest) {
				flags[f] = true
			}
			return flags
		}
	}
	t.Fatal("the mapping isn't in /proc/self/smaps")
	return nil
}

// TestWithoutLockedMemory: a limit of 0 on locked memory prevents the lock and nothing else.
// It fails if allocate treats mlock's refusal as an error.
func TestWithoutLockedMemory(t *testing.T) {
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_MEMLOCK, &old); err != nil {
		t.Fatal(err)
	}
	none := old
	none.Cur = 0
	if err := unix.Setrlimit(unix.RLIMIT_MEMLOCK, &none); err != nil {
		t.Fatal(err)
	}
	m, err := process.Allocate(4096)
	if e := unix.Setrlimit(unix.RLIMIT_MEMLOCK, &old); e != nil {
		t.Fatal(e)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = m.Free() }()
	m.Bytes()[0] = 1
	if flags := vmFlags(t, uintptr(unsafe.Pointer(&m.Bytes()[0]))); flags != nil && flags["lo"] != m.Protection().Locked {
		t.Errorf("locked: the kernel says %v, Protection %v", flags["lo"], m.Protection().Locked)
	}
}

// TestNoMemory: a limit on the address space gives ErrMemory and no panic.
func TestNoMemory(t *testing.T) {
	_, err := process.Allocate(1 << 62)
	if err == nil {
		t.Fatal("got 2^62 bytes")
	}
	t.Log(err)
}
