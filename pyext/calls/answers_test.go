package calls

import (
	stdbytes "bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"gorandom.dev/gorandom/csprng"
	"gorandom.dev/gorandom/entropy"
	"gorandom.dev/gorandom/fortuna"
	"gorandom.dev/gorandom/mac"
	"gorandom.dev/gorandom/process"
)

// TestAnswers: the front decides by the number alone what to do about an error.
func TestAnswers(t *testing.T) {
	for _, v := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{entropy.ErrNotReady, notReady},
		{fmt.Errorf("wrapped: %w", entropy.ErrNotReady), notReady},
		{csprng.ErrRepeated, int(syscall.EIO)},
		{fmt.Errorf("wrapped: %w", syscall.ENOSYS), int(syscall.ENOSYS)},
		{syscall.Errno(0), broken},
		{csprng.ErrClosed, broken},
		{fortuna.ErrUnseeded, broken},
		{errors.New("another"), broken},
	} {
		if got := answer(v.err); got != v.want {
			t.Errorf("%v: %d, want %d", v.err, got, v.want)
		}
	}
}

// TestSeedFails: without a first seed, or with a kernel other than the requested one, no
// core is made.
func TestSeedFails(t *testing.T) {
	defer func() { weather = nil }()
	seed := func(kernel string) int {
		var name unsafe.Pointer
		if kernel != "" {
			name, _ = at(append([]byte(kernel), 0))
		}
		return Seed(2, name, unsafe.Pointer(&[nameSize]byte{}), system{entropy.NewKernel()}, process.Allocate)
	}
	for _, v := range []struct {
		weather error
		kernel  string
		want    int
	}{
		{entropy.ErrNotReady, "", notReady},
		{syscall.EPERM, "", int(syscall.EPERM)},
		{nil, "sparc", noKernel},
	} {
		weather = v.weather
		if got := seed(v.kernel); got != v.want || core != nil {
			t.Errorf("weather %v, kernel %q: %d, want %d; a core: %v", v.weather, v.kernel, got, v.want, core != nil)
		}
	}
}

// TestHand: a generator driven by hand equals package fortuna's. Its work space is erased,
// and a failed call changes nothing.
func TestHand(t *testing.T) {
	var h handGenerator
	var model fortuna.Generator
	p := unsafe.Pointer(&h)
	for i := range 3 {
		seed := []byte{byte(i)}
		in, n := at(seed)
		if got := Hand(generatorReseed, p, in, n, nil, 0); got != 0 {
			t.Fatal(got)
		}
		model.Reseed(seed)
		for op, request := range map[int]func([]byte) error{generatorData: model.PseudoRandomData, generatorRequest: model.Request} {
			got, want := make([]byte, 100), make([]byte, 100)
			out, m := at(got)
			if code := Hand(op, p, nil, 0, out, m); code != 0 || request(want) != nil || !stdbytes.Equal(got, want) {
				t.Errorf("op %d: %d, %x, want %x", op, code, got, want)
			}
		}
		if h.work != (fortuna.Generator{}) {
			t.Error("the work space is not erased")
		}
	}
	before := h
	out, _ := at(make([]byte, fortuna.MaxRequest+1))
	for _, op := range []int{generatorRequest, 99} {
		if got := Hand(op, p, nil, 0, out, fortuna.MaxRequest+1); got != broken {
			t.Errorf("op %d: %d, want %d", op, got, broken)
		}
		if h != before {
			t.Errorf("op %d failed, and the generator is another", op)
		}
	}
}

// TestSeedFilePaths: an impossible path is an error, and never names another file.
func TestSeedFilePaths(t *testing.T) {
	begin(t)
	folder := t.TempDir()
	for name, v := range map[string]struct{ digits, want string }{
		"as long as the kernel takes": {hex.EncodeToString([]byte(strings.Repeat("x", pathMax))), fmt.Sprintf("os:%d:", syscall.ENAMETOOLONG)},
		"longer":                      {hex.EncodeToString([]byte(strings.Repeat("x", pathMax+1))), fmt.Sprintf("os:%d:", syscall.ENAMETOOLONG)},
		"not hexadecimal":             {hex.EncodeToString([]byte(folder)) + "zz", "internal:0:" + errInternal.Error()},
		"upper case":                  {"2F", "internal:0:" + errInternal.Error()},
		"none":                        {hex.EncodeToString([]byte(filepath.Join(folder, "none"))), fmt.Sprintf("os:%d:", syscall.ENOENT)},
	} {
		if got := string(AppendSeedFile(nil, v.digits, Load)); !strings.HasPrefix(got, v.want) {
			t.Errorf("%s: %q, want %q", name, got, v.want)
		}
	}
}

// TestMACSizes: if the front asks for a tag of another size than the algorithm's, it gets none.
func TestMACSizes(t *testing.T) {
	key, n := at([]byte("key"))
	var k mac.Key
	state := unsafe.Pointer(&k)
	if got := MACSet(int(mac.SHA256), key, n, state); got != 0 {
		t.Fatal(got)
	}
	for size, want := range map[uintptr]int{0: broken, 31: broken, 32: 0, 33: broken} {
		tag, _ := at(make([]byte, 64))
		if got := MACSum(state, key, n, tag, size); got != want {
			t.Errorf("MACSum for %d bytes: %d, want %d", size, got, want)
		}
		if got := MACOnce(int(mac.SHA256), key, n, key, n, tag, size); got != want {
			t.Errorf("MACOnce for %d bytes: %d, want %d", size, got, want)
		}
	}
}
