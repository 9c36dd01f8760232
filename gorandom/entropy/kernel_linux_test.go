package entropy

// These tests replace the system calls of the sources. They are beside the code because
// nothing else needs such calls. The other tests are in tests/go/entropy.

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// file is what a path or a descriptor of a fake system means.
type file struct {
	identity
	fill  byte // what a read gives
	ready bool // for poll
}

func character(major, minor uint32, fill byte) *file {
	return &file{identity{charDevice: true, number: unix.Mkdev(major, minor)}, fill, true}
}

// fakeSystem is a fake system that records each call.
type fakeSystem struct {
	paths map[string]*file
	fds   map[int]*file
	next  int
	log   []string

	getrandom []answer // one for each call; the last stays
	reads     []answer // likewise; none: full reads
	polls     []error  // one for each poll that fails
	opens     []error  // one for each open that fails
	onRead    func()   // before each read answers
}

// answer is an error, or n bytes; if n is all, as many as were asked for.
type answer struct {
	n   int
	err error
}

const all = 1 << 30

func newSystem() *fakeSystem {
	return &fakeSystem{
		paths:     map[string]*file{"/dev/urandom": character(1, 9, 'u'), "/dev/random": character(1, 8, 'r')},
		fds:       map[int]*file{},
		next:      3,
		getrandom: []answer{{err: unix.ENOSYS}},
	}
}

func next[T any](list *[]T) (x T) {
	if len(*list) > 0 {
		x = (*list)[0]
		if len(*list) > 1 {
			*list = (*list)[1:]
		}
	}
	return x
}

// once is next for a list whose last element is used up too.
func once[T any](list *[]T) (x T) {
	if len(*list) > 0 {
		x, *list = (*list)[0], (*list)[1:]
	}
	return x
}

func (s *fakeSystem) notef(format string, args ...any) {
	s.log = append(s.log, fmt.Sprintf(format, args...))
}

func (s *fakeSystem) give(b []byte, a answer, fill byte) (int, error) {
	if a.err != nil {
		return -1, a.err
	}
	n := min(a.n, len(b))
	for i := range n {
		b[i] = fill
	}
	return n, nil
}

func (s *fakeSystem) calls() calls {
	return calls{
		getrandom: func(b []byte) (int, error) {
			a := next(&s.getrandom)
			s.notef("getrandom %d", len(b))
			return s.give(b, a, 'g')
		},
		open: func(path string) (int, error) {
			s.notef("open %s", path)
			if err := once(&s.opens); err != nil {
				return -1, err
			}
			f, ok := s.paths[path]
			if !ok {
				return -1, unix.ENOENT
			}
			s.next++
			s.fds[s.next] = f
			return s.next, nil
		},
		close: func(fd int) error {
			s.notef("close %d", fd)
			delete(s.fds, fd)
			return nil
		},
		stat: func(fd int) (identity, error) {
			f, ok := s.fds[fd]
			if !ok {
				return identity{}, unix.EBADF
			}
			return f.identity, nil
		},
		read: func(fd int, b []byte) (int, error) {
			s.notef("read %d", len(b))
			if s.onRead != nil {
				s.onRead()
			}
			f, ok := s.fds[fd]
			if !ok {
				return -1, unix.EBADF
			}
			a := answer{n: all}
			if len(s.reads) > 0 {
				a = next(&s.reads)
			}
			return s.give(b, a, f.fill)
		},
		readable: func(fd int) (bool, error) {
			s.notef("poll %d", fd)
			if err := once(&s.polls); err != nil {
				return false, err
			}
			return s.fds[fd].ready, nil
		},
	}
}

// count is how many calls of this kind were made.
func (s *fakeSystem) count(kind string) (n int) {
	for _, l := range s.log {
		if len(l) >= len(kind) && l[:len(kind)] == kind {
			n++
		}
	}
	return n
}

// read reads 64 bytes into a buffer of other bytes, and checks that afterwards all of
// it is fill, or zero after an error.
func read(t *testing.T, k *Kernel, fill byte) error {
	t.Helper()
	b := bytes.Repeat([]byte{0xee}, 64)
	err := k.Read(b)
	if err != nil {
		fill = 0
	}
	if !bytes.Equal(b, bytes.Repeat([]byte{fill}, 64)) {
		t.Errorf("error %v, buffer %x, want all %#x", err, b, fill)
	}
	return err
}

// TestGetrandom covers each answer that getrandom(2) may give. Without the EINTR case of
// readFull "interrupted" fails; without its loop, "short"; without its check for an
// empty answer, "nothing" hangs; if EAGAIN isn't ErrNotReady, "not ready" fails.
func TestGetrandom(t *testing.T) {
	for _, v := range []struct {
		name    string
		answers []answer
		want    error // nil: bytes
		calls   int
	}{
		{"full", []answer{{n: all}}, nil, 1},
		{"short", []answer{{n: 1}, {n: 31}, {n: all}}, nil, 3},
		{"interrupted", []answer{{err: unix.EINTR}, {n: 3}, {err: unix.EINTR}, {n: all}}, nil, 4},
		{"not ready", []answer{{err: unix.EAGAIN}}, ErrNotReady, 1},
		{"not ready in the middle", []answer{{n: 5}, {err: unix.EAGAIN}}, ErrNotReady, 2},
		{"nothing", []answer{{n: 0}}, io.ErrUnexpectedEOF, 1},
		{"EFAULT", []answer{{err: unix.EFAULT}}, unix.EFAULT, 1},
		{"EINVAL", []answer{{n: 5}, {err: unix.EINVAL}}, unix.EINVAL, 2},
		{"EIO", []answer{{err: unix.EIO}}, unix.EIO, 1},
	} {
		t.Run(v.name, func(t *testing.T) {
			s := newSystem()
			s.getrandom = v.answers
			k := newKernel(s.calls())
			if err := read(t, k, 'g'); !errors.Is(err, v.want) {
				t.Errorf("got %v, want %v", err, v.want)
			}
			if n := s.count("getrandom"); n != v.calls {
				t.Errorf("%d calls, want %d: %q", n, v.calls, s.log)
			}
			if s.count("open") != 0 {
				t.Errorf("a device was opened: %q", s.log)
			}
		})
	}
}

// TestFallback: only on ENOSYS and EPERM the device is read. Its descriptor is kept, the
// gate is passed once, and getrandom is tried each time.
func TestFallback(t *testing.T) {
	for _, errno := range []unix.Errno{unix.ENOSYS, unix.EPERM} {
		s := newSystem()
		s.getrandom = []answer{{err: errno}}
		k := newKernel(s.calls())
		for range 3 {
			if err := read(t, k, 'u'); err != nil {
				t.Fatalf("%v: %v", errno, err)
			}
		}
		want := []string{
			"getrandom 64", "open /dev/random", "poll 4", "close 4", "open /dev/urandom", "read 64",
			"getrandom 64", "read 64",
			"getrandom 64", "read 64",
		}
		if !slices.Equal(s.log, want) {
			t.Errorf("%v: calls\n%q, want\n%q", errno, s.log, want)
		}
		if len(s.fds) != 1 {
			t.Errorf("%v: %d descriptors stay open, want 1", errno, len(s.fds))
		}
		s.getrandom = []answer{{n: all}}
		if err := read(t, k, 'g'); err != nil {
			t.Errorf("%v: getrandom works again: %v", errno, err)
		}
	}
}

// TestFallbackRefused: the files at the two paths must be the devices that Linux puts
// there. Each line fails without the check that it names, in newKernel, passGateLocked
// or openDevice. No descriptor may leak.
func TestFallbackRefused(t *testing.T) {
	notReady := character(1, 8, 'r')
	notReady.ready = false
	plainFile := &file{identity{number: unix.Mkdev(1, 9)}, 'f', true}
	for _, v := range []struct {
		name     string
		path     string
		file     *file
		want     error
		settable bool // correcting it helps a later call
	}{
		{"urandom is missing", "/dev/urandom", nil, unix.ENOENT, true},
		{"random is missing", "/dev/random", nil, unix.ENOENT, true},
		{"random isn't readable yet", "/dev/random", notReady, ErrNotReady, true},
		{"urandom is a plain file", "/dev/urandom", plainFile, nil, false},
		{"urandom is /dev/zero", "/dev/urandom", character(1, 5, 0), nil, false},
		{"urandom is of major 2", "/dev/urandom", character(2, 9, 'x'), nil, false},
		{"random is /dev/urandom", "/dev/random", character(1, 9, 'x'), nil, false},
		{"random is a plain file", "/dev/random", plainFile, nil, false},
	} {
		t.Run(v.name, func(t *testing.T) {
			s := newSystem()
			right := s.paths[v.path]
			s.paths[v.path] = v.file
			if v.file == nil {
				delete(s.paths, v.path)
			}
			k := newKernel(s.calls())
			for range 2 {
				err := read(t, k, 'u')
				if err == nil {
					t.Fatal("bytes from there")
				}
				if v.want != nil && !errors.Is(err, v.want) {
					t.Errorf("got %v, want %v", err, v.want)
				}
				if v.want == nil && errors.Is(err, ErrNotReady) {
					t.Errorf("got %v: waiting won't help", err)
				}
				if s.count("read") != 0 || len(s.fds) != 0 {
					t.Errorf("read from it, or left it open: %q", s.log)
				}
			}
			s.paths[v.path] = right
			if err := read(t, k, 'u'); err != nil {
				t.Errorf("after it was put right: %v", err)
			}
		})
	}
}

// TestInterruptions: EINTR from open and poll is not an error; other errors are.
func TestInterruptions(t *testing.T) {
	s := newSystem()
	s.opens = []error{unix.EINTR, unix.EINTR}
	s.polls = []error{unix.EINTR}
	s.reads = []answer{{err: unix.EINTR}, {n: 7}, {err: unix.EINTR}, {n: all}}
	if err := read(t, newKernel(s.calls()), 'u'); err != nil {
		t.Errorf("EINTR everywhere: %v", err)
	}
	for name, breakIt := range map[string]func(*fakeSystem){
		"poll": func(s *fakeSystem) { s.polls = []error{unix.ENOMEM} },
		"open": func(s *fakeSystem) { s.opens = []error{unix.EMFILE} },
		"read": func(s *fakeSystem) { s.reads = []answer{{n: 5}, {err: unix.EIO}} },
		"end":  func(s *fakeSystem) { s.reads = []answer{{n: 5}, {n: 0}} },
	} {
		s := newSystem()
		breakIt(s)
		err := read(t, newKernel(s.calls()), 'u')
		if err == nil || errors.Is(err, ErrNotReady) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestDescriptorChanged: the program closes the descriptor, or puts another file in its
// place, before a read or during one. Each case fails without the check that it names.
// Bytes of the foreign file, /dev/zero or another, must never come out.
func TestDescriptorChanged(t *testing.T) {
	for _, v := range []struct {
		name string
		put  *file // nil: closed
	}{
		{"closed", nil},
		{"/dev/zero", character(1, 5, 0)},
		{"/dev/random", character(1, 8, 'x')},
		{"a plain file", &file{identity{number: unix.Mkdev(1, 9)}, 'f', true}},
	} {
		put := func(s *fakeSystem, fd int) {
			if v.put == nil {
				delete(s.fds, fd)
			} else {
				s.fds[fd] = v.put
			}
		}
		check := func(t *testing.T, s *fakeSystem, k *Kernel, fd, reads int) {
			t.Helper()
			if err := read(t, k, 'u'); err != nil {
				t.Fatal(err)
			}
			if n := s.count("read"); n != reads {
				t.Errorf("%d reads, want %d: the foreign file may be a pipe, where one would wait for ever", n, reads)
			}
			if n := s.count("open /dev/urandom"); n != 2 {
				t.Errorf("opened %d times, want 2", n)
			}
			if v.put != nil && s.fds[fd] != v.put {
				t.Error("the foreign descriptor was closed")
			}
			if s.count("open /dev/random") != 1 {
				t.Error("the gate was asked again")
			}
		}
		t.Run("before/"+v.name, func(t *testing.T) {
			s := newSystem()
			k := newKernel(s.calls())
			if err := read(t, k, 'u'); err != nil {
				t.Fatal(err)
			}
			fd := s.next
			put(s, fd)
			check(t, s, k, fd, 2)
		})
		t.Run("during/"+v.name, func(t *testing.T) {
			s := newSystem()
			k := newKernel(s.calls())
			if err := read(t, k, 'u'); err != nil {
				t.Fatal(err)
			}
			fd := s.next
			s.onRead = func() {
				s.onRead = nil
				put(s, fd)
			}
			check(t, s, k, fd, 3)
		})
	}
}

// TestAnotherDescriptorOfTheDevice: somebody else opened the same device, and got our
// number. It serves, because the bytes come from the driver.
func TestAnotherDescriptorOfTheDevice(t *testing.T) {
	s := newSystem()
	k := newKernel(s.calls())
	if err := read(t, k, 'u'); err != nil {
		t.Fatal(err)
	}
	s.fds[s.next] = character(1, 9, 'o')
	if err := read(t, k, 'o'); err != nil || s.count("open /dev/urandom") != 1 {
		t.Errorf("%v, calls %q", err, s.log)
	}
}

// TestDescriptorKeepsChanging: the read gives up after four tries.
func TestDescriptorKeepsChanging(t *testing.T) {
	s := newSystem()
	k := newKernel(s.calls())
	s.onRead = func() { s.fds[s.next] = character(1, 5, 0) }
	if err := read(t, k, 'u'); !errors.Is(err, errChanged) || s.count("open /dev/urandom") != 4 {
		t.Errorf("got %v after %q", err, s.log)
	}
	s.onRead = nil
	if err := read(t, k, 'u'); err != nil {
		t.Errorf("after it stopped: %v", err)
	}
}

// TestGate: a poll that fails opens no gate, and a gate that was open isn't checked again.
func TestGate(t *testing.T) {
	s := newSystem()
	s.polls = []error{unix.ENOMEM}
	s.paths["/dev/random"].ready = false
	k := newKernel(s.calls())
	for _, want := range []error{unix.ENOMEM, ErrNotReady} {
		if err := read(t, k, 'u'); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	s.paths["/dev/random"].ready = true
	for range 3 {
		if err := read(t, k, 'u'); err != nil {
			t.Fatal(err)
		}
		clear(s.fds) // the program closes all that it has
	}
	if n := s.count("open /dev/random"); n != 3 {
		t.Errorf("the gate was asked %d times, want 3: %q", n, s.log)
	}
}

// TestDeviceFails: an error of the device itself is final, and is returned as it is.
func TestDeviceFails(t *testing.T) {
	s := newSystem()
	s.reads = []answer{{err: unix.EIO}}
	if err := read(t, newKernel(s.calls()), 'u'); !errors.Is(err, unix.EIO) || s.count("read") != 1 {
		t.Errorf("got %v after %q", err, s.log)
	}
}

// TestOpen checks the effect of each flag of open. Without O_NONBLOCK opening a FIFO blocks.
func TestOpen(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := errors.Join(os.Symlink("/dev/urandom", "link"), unix.Mkfifo("fifo", 0o600)); err != nil {
		t.Fatal(err)
	}
	if fd, err := system.open("link"); err != unix.ELOOP {
		t.Errorf("a symbolic link: %d, %v", fd, err)
	}
	fd, err := system.open("fifo")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(fd) }()
	if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("flags %#x, %v: not close-on-exec", flags, err)
	}
	if id, err := system.stat(fd); err != nil || isMemoryDevice(9)(id) {
		t.Errorf("a FIFO is %+v, %v", id, err)
	}
}

// TestNoGarbage: no read leaves an object in Go's heap, whatever the system answers,
// because the core's runtime never collects. It fails for a name that package unix
// copies, and for an error that is wrapped anew each time.
func TestNoGarbage(t *testing.T) {
	for _, v := range []struct {
		name            string
		getrandom, open error
		want            error
	}{
		{"not ready", unix.EAGAIN, nil, ErrNotReady},
		{"failing", unix.EIO, nil, unix.EIO},
		{"without descriptors", unix.ENOSYS, unix.EMFILE, unix.EMFILE},
		{"by the device", unix.EPERM, nil, nil},
	} {
		calls := system
		calls.getrandom = func([]byte) (int, error) { return 0, v.getrandom }
		calls.open = func(path string) (int, error) {
			if v.open != nil {
				return -1, v.open
			}
			return system.open(path)
		}
		b := make([]byte, 100)
		// Count 100 reads instead of averaging: one object in a hundred would be too many. Take
		// the least of several runs, as the runtime keeps what it learns about types of errors.
		least := math.Inf(1)
		for i := 0; i < 30 && least != 0; i++ {
			k := newKernel(calls)
			least = min(least, testing.AllocsPerRun(1, func() {
				for range 100 {
					if err := k.Read(b); !errors.Is(err, v.want) {
						t.Fatal(err)
					}
				}
			}))
			_ = unix.Close(k.Descriptor())
		}
		if least != 0 {
			t.Errorf("%s: 100 reads leave %v objects", v.name, least)
		}
	}
}

// TestRealDevice: the real calls read the device, and its descriptor is close-on-exec.
func TestRealDevice(t *testing.T) {
	s := newSystem()
	calls := system
	calls.getrandom = s.calls().getrandom // ENOSYS
	opened := -1
	open := calls.open
	calls.open = func(path string) (int, error) {
		fd, err := open(path)
		opened = fd
		return fd, err
	}
	k := newKernel(calls)
	b := make([]byte, 1000)
	if err := k.Read(b); err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(b[900:], make([]byte, 100)) {
		t.Error("zeros")
	}
	flags, err := unix.FcntlInt(uintptr(opened), unix.F_GETFD, 0)
	if err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("flags %#x, %v: not close-on-exec", flags, err)
	}
	if err := unix.Close(opened); err != nil { // as a daemon would
		t.Fatal(err)
	}
	if err := k.Read(b); err != nil {
		t.Errorf("after its descriptor was closed: %v", err)
	}
	_ = unix.Close(opened)
}
