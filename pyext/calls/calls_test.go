package calls

import (
	"encoding/hex"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"gorandom.dev/gorandom/entropy"
	"gorandom.dev/gorandom/fortuna"
	"gorandom.dev/gorandom/keystream"
	"gorandom.dev/gorandom/mac"
	"gorandom.dev/gorandom/process"
	"gorandom.dev/gorandom/seedfile"
)

// garbage counts the objects that 100 calls of f make, after earlier ones. It doesn't
// average: one in a hundred would fill the memory of a process that never collects. It
// takes the least of several runs, because the runtime caches what it learns about types
// of errors at random moments.
func garbage(f func()) uint64 {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // it would empty the pools
	least := ^uint64(0)
	for i := 0; i < 30 && least != 0; i++ {
		var before, after runtime.MemStats
		f()
		runtime.ReadMemStats(&before)
		for range 100 {
			f()
		}
		runtime.ReadMemStats(&after)
		least = min(least, after.Mallocs-before.Mallocs)
	}
	return least
}

// weather is the kernel's answer if it isn't nil. Package entropy's test covers what a
// source's own errors leave in the heap.
var weather error

// system is a kernel with this weather.
type system struct{ *entropy.Kernel }

func (s system) Read(b []byte) error {
	if weather != nil {
		clear(b)
		return weather
	}
	return s.Kernel.Read(b)
}

// begin makes a core whose kernel has this weather.
func begin(t testing.TB) {
	t.Helper()
	if r := Seed(2, nil, unsafe.Pointer(&[nameSize]byte{}), system{entropy.NewKernel()}, process.Allocate); r != 0 {
		t.Fatal(r)
	}
	t.Cleanup(func() {
		_ = core.Close()
		core = nil
	})
}

func at(b []byte) (unsafe.Pointer, uintptr) {
	return unsafe.Pointer(unsafe.SliceData(b)), uintptr(len(b))
}

// TestNoGarbage: no call leaves an object in Go's heap, whatever it answers. It fails if
// answer uses errors.As, if Status.Sources is made each time, or if an interface's method
// is given a seed from the stack.
func TestNoGarbage(t *testing.T) {
	if raceEnabled || keystream.Active() == generic {
		t.Skip("NOT RUN: the race detector makes sync.Pool forget, and the generic kernel allocates")
	}
	begin(t)
	want := func(name string, answer int, f func() int) {
		t.Helper()
		if got := f(); got != answer {
			t.Errorf("%s: answers %d, want %d", name, got, answer)
		}
		if n := garbage(func() { f() }); n != 0 {
			t.Errorf("%s: 100 calls leave %d objects", name, n)
		}
	}
	buffer := make([]byte, 1<<20)
	p, _ := at(buffer)

	for _, size := range []uintptr{0, 1, 16, 300, 4064, 9000, 1 << 20} {
		want("fill", 0, func() int { return Fill(1, p, size, size) })
	}
	want("fill past the caches", 0, func() int { return Fill(0, p, 1<<20, 64<<20) })
	want("fill in no lane", broken, func() int { return Fill(2, p, 16, 16) })
	want("fill of nothing", broken, func() int { return Fill(0, nil, 16, 16) })
	for _, size := range []uintptr{1, 32, 33, 5000} {
		want("event", 0, func() int { return Event(7, p, size) })
	}
	want("empty event", broken, func() int { return Event(7, p, 0) })
	want("reseed", 0, Reseed)
	want("draw after a reseed", 0, func() int { return max(Reseed(), Fill(0, p, 16, 16)) })

	for _, w := range []struct {
		name    string
		weather error
		answer  int
	}{
		{"not ready", entropy.ErrNotReady, notReady},
		{"failing", fmt.Errorf("the kernel: %w", syscall.EIO), int(syscall.EIO)},
		{"without descriptors", fmt.Errorf("the kernel: %w", syscall.EMFILE), int(syscall.EMFILE)},
	} {
		weather = w.weather
		want("reseed "+w.name, w.answer, Reseed)
		weather = nil
	}

	var g handGenerator
	for op := generatorReseed; op <= generatorRequest+1; op++ {
		answer := 0
		if op > generatorRequest {
			answer = broken
		}
		want("hand", answer, func() int { return Hand(op, unsafe.Pointer(&g), p, 40, p, 32) })
	}
	before := g
	want("hand, too much", broken, func() int { return Hand(generatorRequest, unsafe.Pointer(&g), p, 0, p, 2<<20) })
	if g != before || g.work != (fortuna.Generator{}) {
		t.Error("hand: a failed call changed the generator, or left something in it")
	}

	for _, name := range append(keystream.Kernels()[1:], "none") {
		kernel, _ := at([]byte(name + "\x00"))
		answer := 0
		if name == "none" {
			answer = broken
		}
		want("keystream "+name, answer, func() int { return Keystream(kernel, p, p, p, 1000) })
	}

	var key mac.Key
	for a := mac.SHA256; a.Size() != 0; a++ {
		size := uintptr(a.Size())
		for _, n := range []uintptr{0, 20, 500} {
			want(a.String()+" set", 0, func() int { return MACSet(int(a), p, n, unsafe.Pointer(&key)) })
			want(a.String()+" sum", 0, func() int { return MACSum(unsafe.Pointer(&key), p, n, p, size) })
			want(a.String()+" once", 0, func() int { return MACOnce(int(a), p, n, p, n, p, size) })
		}
	}
	want("mac unknown", broken, func() int { return MACOnce(99, p, 1, p, 1, p, 32) })
	var none mac.Key
	want("mac without a key", broken, func() int { return MACSum(unsafe.Pointer(&none), p, 1, p, 32) })

	room := make([]byte, 0, TextSize)
	want("status", 0, func() int {
		AppendStatus(room)
		return 0
	})
}

// TestNoGarbageOfSeedFiles is TestNoGarbage for the calls for seed files.
func TestNoGarbageOfSeedFiles(t *testing.T) {
	if raceEnabled {
		t.Skip("NOT RUN: the race detector makes sync.Pool forget")
	}
	begin(t)
	folder := t.TempDir()
	write := func(name string, mode os.FileMode) string {
		if err := os.WriteFile(folder+"/"+name, []byte("torn"), mode); err != nil {
			t.Fatal(err)
		}
		return folder + "/" + name
	}
	room := make([]byte, 0, TextSize)
	type do = func(string, seedfile.Generator) error
	want := func(digits, answer string, do do) {
		t.Helper()
		var text []byte
		n := garbage(func() { text = AppendSeedFile(room, digits, do) })
		if n != 0 {
			t.Errorf("%s: 100 calls leave %d objects", answer, n)
		}
		if got := string(text); got != answer && !(answer != "" && strings.HasPrefix(got, answer)) {
			t.Errorf("%.99s: %q, want %q", digits, got, answer)
		}
	}
	digits := func(path string) string { return hex.EncodeToString([]byte(path)) }
	for _, do := range []do{Save, Refresh, Load} {
		want(digits(folder+"/seed"), "", do)
		want(digits(folder), "refused:0:seedfile: not a regular file", do)
		want(digits(folder+"/none/seed"), "os:2:", do)
		want(digits(folder+"/"+strings.Repeat("x", 300)), "os:36:", do)
		want(digits("/"+strings.Repeat("x", 9000)), "os:36:", do)
		want("6x", "internal:0:internal error in the core", do)
		want("", "os:2:", do)
	}
	want(digits(folder+"/missing"), "os:2:", Load)
	want(digits(write("torn", 0o600)), "refused:0:seedfile: not of a seed file's size", Load)
	want(digits(write("open", 0o644)), "refused:0:seedfile: readable or writable", Load)
	weather = syscall.EIO
	want(digits(folder+"/seed"), "os:5:", Load) // the file is replaced, the reseed fails
	weather = nil

	lock, err := os.OpenFile(folder+"/seed.lock", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Close() }()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	want(digits(folder+"/seed"), "locked:0:seedfile: locked by another process", Load)
}

// TestGenericIsCollected: the heap stays small with the generic kernel too. It fails with
// 80 MB if tidy collects nothing.
func TestGenericIsCollected(t *testing.T) {
	before := keystream.Active()
	defer func() { _ = keystream.Use(before) }()
	if err := keystream.Use(generic); err != nil {
		t.Fatal(err)
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	begin(t)
	p, n := at(make([]byte, 16))
	var most uint64
	for i := range 80_000 {
		Fill(0, p, n, n)
		if i%1000 == 0 {
			var s runtime.MemStats
			runtime.ReadMemStats(&s)
			most = max(most, s.HeapAlloc)
		}
	}
	if most > 4<<20 {
		t.Errorf("the heap has grown to %d MB", most>>20)
	}
}

// TestStatus: the status has all fields.
func TestStatus(t *testing.T) {
	begin(t)
	text := string(AppendStatus(nil))
	for _, line := range []string{
		"keystream " + keystream.Active(), "reseeds 1", "failed_reseeds 0", "source getrandom", "source cycles",
		"memory undumped",
	} {
		if !strings.Contains("\n"+text, "\n"+line+"\n") {
			t.Errorf("no line %q in\n%s", line, text)
		}
	}
}

// TestPanicIsAnAnswer: a panic in an exported function doesn't end the process.
func TestPanicIsAnAnswer(t *testing.T) {
	if raceEnabled {
		t.Skip("NOT RUN: with the race detector nil slices end the process")
	}
	begin(t)
	for name, f := range map[string]func() int{
		"fill":  func() int { return Fill(0, nil, 16, 16) },
		"event": func() int { return Event(0, nil, 16) },
		"mac":   func() int { return MACSum(unsafe.Pointer(new(mac.Key)), nil, 0, nil, 0) },
		"hand":  func() int { return Hand(generatorReseed, nil, nil, 16, nil, 0) },
	} {
		if got := f(); got != broken {
			t.Errorf("%s answers %d", name, got)
		}
	}
}
