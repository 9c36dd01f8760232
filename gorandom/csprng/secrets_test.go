package csprng

import (
	"reflect"
	"testing"
	"unsafe"

	"gorandom.dev/gorandom/fortuna"
	"gorandom.dev/gorandom/health"
	"gorandom.dev/gorandom/process"
)

// TestSecretsArePlainData: the collector doesn't look into this memory, so the types in
// it hold no pointers. It fails if a field becomes a slice, an interface or such.
func TestSecretsArePlainData(t *testing.T) {
	for _, v := range []any{root{}, laneState{}} {
		t.Logf("%T: %d bytes", v, reflect.TypeOf(v).Size())
		wantPlain(t, reflect.TypeOf(v), reflect.TypeOf(v).String())
	}
}

func wantPlain(t *testing.T, typ reflect.Type, path string) {
	switch k := typ.Kind(); {
	case k == reflect.Struct:
		for f := range typ.Fields() {
			wantPlain(t, f.Type, path+"."+f.Name)
		}
	case k == reflect.Array:
		wantPlain(t, typ.Elem(), path)
	case k < reflect.Bool || k > reflect.Complex128:
		t.Errorf("%s is a %v", path, k)
	}
}

// TestLayout: the pieces of secret memory neither overlap nor share a pair of
// cache lines, and the last one ends inside.
func TestLayout(t *testing.T) {
	const lanes = 5
	b := make([]byte, secretsSize(lanes)+cacheLines)
	r := &RNG{memory: process.NewMemory(b, process.Protection{}, nil)}
	start := uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	word := r.place(lanes)
	end := uintptr(unsafe.Pointer(word)) - start + unsafe.Sizeof(*word)
	check := func(what string, p unsafe.Pointer, size uintptr) {
		t.Helper()
		at := uintptr(p) - start
		if at%cacheLines != 0 || at/cacheLines <= (end-1)/cacheLines {
			t.Errorf("%s at %d; what is before it ends at %d", what, at, end)
		}
		end = at + size
	}
	check("root", unsafe.Pointer(r.root), unsafe.Sizeof(*r.root))
	for i := range r.lanes {
		check("lane", unsafe.Pointer(r.lanes[i].state), unsafe.Sizeof(*r.lanes[i].state))
	}
	if end > uintptr(secretsSize(lanes)) {
		t.Errorf("the last lane ends at %d of %d", end, secretsSize(lanes))
	}
}

// TestScratchIsErased: after draws, reseeds and events no scratch field holds a seed
// or a kernel byte. It fails for each clear that is removed.
func TestScratchIsErased(t *testing.T) {
	r, err := New(Config{Processor: new(upwards)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	check := func(when string) {
		t.Helper()
		s := r.lanes[0].state
		if r.root.fresh != [len(r.root.fresh)]byte{} || r.root.word != [8]byte{} || s.seed != [freshSize]byte{} || s.samples.word != [8]byte{} || s.mixin != [len(s.mixin)]byte{} {
			t.Errorf("after %s: fresh %x, word %x, seed %x, word %x, mixin %x", when, r.root.fresh, r.root.word, s.seed, s.samples.word, s.mixin)
		}
		if r.root.jitter != (health.Test{}) || r.root.hash != (fortuna.SHAd256{}) {
			t.Errorf("after %s: jitter %v, hash %v", when, r.root.jitter, r.root.hash)
		}
	}
	for range samplesPerWord {
		if err := r.Fill(0, make([]byte, 16)); err != nil {
			t.Fatal(err)
		}
		check("a draw")
	}
	if err := r.Reseed(); err != nil {
		t.Fatal(err)
	}
	check("Reseed")
	r.reseedAt.Store(0)
	if err := r.Fill(0, make([]byte, 16)); err != nil {
		t.Fatal(err)
	}
	check("a reseed by age")
	if dropped := r.Status().Dropped; len(dropped) != 0 {
		t.Errorf("%v: not what this test is for", dropped)
	}
}

// upwards is a processor that passes the tests and never gives a zero.
type upwards struct{ last byte }

func (*upwards) Name() string { return "upwards" }
func (u *upwards) Read(b []byte) error {
	for i := range b {
		u.last = u.last%255 + 1
		b[i] = u.last
	}
	return nil
}
