//go:build linux

package calls

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"gorandom.dev/gorandom/fortuna"
	"gorandom.dev/gorandom/keystream"
	"gorandom.dev/gorandom/mac"
)

// most is the most bytes of a fuzzed argument.
const most = 1 << 16

// fences are memory that ends where nothing may be read or written, one for each argument
// of a call.
type fences [3][]byte

func newFences(f *testing.F) *fences {
	var all fences
	for i := range all {
		page := syscall.Getpagesize()
		memory, err := syscall.Mmap(-1, 0, most+page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANONYMOUS)
		if err == nil {
			err = syscall.Mprotect(memory[most:], syscall.PROT_NONE)
		}
		if err != nil {
			f.Fatal(err)
		}
		f.Cleanup(func() { _ = syscall.Munmap(memory) })
		all[i] = memory[:most]
	}
	return &all
}

// put returns a copy of b at the end of the i-th fence.
func (all *fences) put(i int, b []byte) []byte {
	room := all[i][most-len(b):]
	copy(room, b)
	return room
}

// FuzzMAC calls MACSet, MACSum and MACOnce with memory that ends where key, message and tag do.
func FuzzMAC(f *testing.F) {
	for number := range 17 {
		f.Add(number, 32, []byte("key"), []byte("message"))
	}
	f.Add(1, 20, []byte(strings.Repeat("k", 65)), []byte(strings.Repeat("m", 119)))
	f.Add(-1, 0, []byte{}, []byte{})
	all := newFences(f)
	f.Fuzz(func(t *testing.T, number, size int, key, message []byte) {
		if len(key) > most || len(message) > most || size < 0 || size > 100 {
			return
		}
		k, n := at(all.put(0, key))
		p, m := at(all.put(1, message))
		tag := all.put(2, make([]byte, size))
		out, _ := at(tag)
		want, err := mac.Sum(nil, mac.Algorithm(number), key, message)
		answer := 0
		if err != nil || size != len(want) {
			answer = broken
		}
		if mac.Algorithm(number) == mac.SHA256 {
			oracle := hmac.New(sha256.New, key)
			oracle.Write(message)
			want = oracle.Sum(nil)
		}
		if got := MACOnce(number, k, n, p, m, out, uintptr(size)); got != answer || got == 0 && !slices.Equal(tag, want) {
			t.Errorf("once: %d, want %d; %x, want %x", got, answer, tag, want)
		}
		clear(tag)
		var state [macState]byte
		got := MACSet(number, k, n, unsafe.Pointer(&state))
		if (got == 0) != (err == nil) {
			t.Errorf("set: %d, %v", got, err)
		}
		if got == 0 {
			got = MACSum(unsafe.Pointer(&state), p, m, out, uintptr(size))
		}
		if got != answer || got == 0 && !slices.Equal(tag, want) {
			t.Errorf("sum: %d, want %d; %x, want %x", got, answer, tag, want)
		}
	})
}

// FuzzEvent: Event takes any bytes from any source. Only empty data is an error, and the
// generator goes on.
func FuzzEvent(f *testing.F) {
	f.Add(byte(0), []byte{})
	f.Add(byte(255), []byte("x"))
	f.Add(byte(7), make([]byte, 32))
	f.Add(byte(7), make([]byte, 33))
	begin(f)
	all := newFences(f)
	f.Fuzz(func(t *testing.T, source byte, data []byte) {
		if len(data) > most {
			return
		}
		p, n := at(all.put(0, data))
		before := core.Status().Events
		answer, events := 0, uint64(1)
		if n == 0 {
			answer, events = broken, 0
		}
		if got := Event(source, p, n); got != answer {
			t.Errorf("answers %d, want %d", got, answer)
		}
		if got := uint64(core.Status().Events - before); got < events {
			t.Errorf("%d events more, want %d", got, events)
		}
		drawn := all.put(1, make([]byte, 40))
		q, m := at(drawn)
		if got := Fill(0, q, m, m); got != 0 || slices.Equal(drawn, make([]byte, 40)) {
			t.Errorf("draw: %d, %x", got, drawn)
		}
	})
}

// FuzzHand: a generator driven by hand equals package fortuna's, and a failed call doesn't change it.
func FuzzHand(f *testing.F) {
	f.Add(generatorReseed, uint16(0), []byte("key"), []byte("seed"))
	f.Add(generatorData, uint16(33), []byte("key"), []byte{})
	f.Add(generatorRequest, uint16(16), []byte{}, []byte{})
	f.Add(generatorRequest+1, uint16(16), []byte{}, []byte{})
	all := newFences(f)
	f.Fuzz(func(t *testing.T, op int, size uint16, state, seed []byte) {
		if len(seed) > most {
			return
		}
		var g handGenerator
		copy(g.counter[:], state)
		if len(state) > len(g.counter) {
			copy(g.key[:], state[len(g.counter):])
		}
		before := g
		var model fortuna.Generator
		model.Restore(&g.key, keystream.Counter(counterOf(&g.counter)))
		in, n := at(all.put(0, seed))
		given := all.put(1, make([]byte, size))
		want := make([]byte, size)
		out, m := at(given)
		var err error
		switch op {
		case generatorReseed:
			model.Reseed(seed)
		case generatorData:
			err = model.PseudoRandomData(want)
		case generatorRequest:
			err = model.Request(want)
		}
		got := Hand(op, unsafe.Pointer(&g), in, n, out, m)
		if op < generatorReseed || op > generatorRequest || err != nil {
			if got == 0 || g != before {
				t.Errorf("answers %d, and the generator is %+v", got, g)
			}
			return
		}
		key, _ := model.Key()
		if got != 0 || !slices.Equal(given, want) || g.key != key || g.counter != model.Counter().Bytes() {
			t.Errorf("answers %d, %x, want %x; %+v", got, given, want, g)
		}
		if g.work != (fortuna.Generator{}) {
			t.Error("something is left in it")
		}
	})
}

// FuzzFromHex: fromHex is encoding/hex, but takes only lower-case digits and ignores a last odd one.
func FuzzFromHex(f *testing.F) {
	for _, digits := range []string{"", "00", "2f746d70", "2F", "2", "2g", "zz"} {
		f.Add(digits)
	}
	f.Fuzz(func(t *testing.T, digits string) {
		room := make([]byte, 100)
		got, err := fromHex(room, digits)
		want, wrong := hex.DecodeString(digits[:len(digits)/2*2])
		for _, digit := range digits[:len(digits)/2*2] {
			if 'A' <= digit && digit <= 'F' {
				wrong = errInternal
			}
		}
		if len(want) > len(room) || len(digits)/2 > len(room) {
			wrong = syscall.ENAMETOOLONG
		}
		if (err == nil) != (wrong == nil) || err == nil && got != string(want) {
			t.Errorf("%q: %q, %v; want %q, %v", digits, got, err, want, wrong)
		}
	})
}
