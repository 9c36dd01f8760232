package fortuna_test

import (
	"reflect"
	"testing"
	"time"
	"unsafe"

	"gorandom.dev/gorandom/fortuna"
	"gorandom.dev/gorandom/keystream"
	"gorandom.dev/gorandom/process"
)

// TestPlainData: no type holds a Go pointer, so all can be outside the Go heap and be copied
// as bytes. It fails if, for example, a hash.Hash becomes a field.
func TestPlainData(t *testing.T) {
	for _, v := range []any{fortuna.SHAd256{}, fortuna.Pool{}, fortuna.Generator{}, fortuna.Accumulator{}, keystream.Schedule{}, keystream.Counter{}} {
		typ := reflect.TypeOf(v)
		t.Logf("%v: %d bytes", typ, typ.Size())
		wantPlain(t, typ, typ.String())
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

// TestOutsideTheHeap puts an accumulator into secret memory, and starts it from its zeros.
func TestOutsideTheHeap(t *testing.T) {
	m, err := process.Allocate(int(unsafe.Sizeof(fortuna.Accumulator{})))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := m.Free(); err != nil {
			t.Error(err)
		}
	}()
	a := (*fortuna.Accumulator)(unsafe.Pointer(&m.Bytes()[0]))
	a.Reseed(time.Second, []byte("seed"))
	var on fortuna.Accumulator
	on.Reseed(time.Second, []byte("seed"))
	if *a != on {
		t.Error("the same reseed gave another state")
	}
	a.Wipe()
	for i, b := range m.Bytes() {
		if b != 0 {
			t.Fatalf("Wipe left byte %d", i)
		}
	}
	if a.Generator.Request(nil) == nil {
		t.Error("a wiped generator gave bytes")
	}
}

// TestScratchIsErased: between calls the state holds only the key, the counter and the
// pools. Each scratch field must be zero, or an old output or key would outlive its use.
func TestScratchIsErased(t *testing.T) {
	var a fortuna.Accumulator
	for i := range fortuna.Pools {
		_ = a.AddEvent(1, i, []byte("event"))
	}
	a.Reseed(0, []byte("fresh"))
	if err := a.Generator.Request(make([]byte, 37)); err != nil {
		t.Fatal(err)
	}
	for _, f := range []struct {
		of    any
		field string
	}{
		{&a.Generator, "hash"}, {&a.Generator, "ahead"}, {&a, "digest"},
	} {
		v := reflect.ValueOf(f.of).Elem().FieldByName(f.field)
		if !v.IsValid() || !v.IsZero() {
			t.Errorf("%T.%s isn't zero", f.of, f.field)
		}
	}
	schedule := reflect.ValueOf(&a.Generator).Elem().FieldByName("schedule")
	if v := schedule.FieldByName("block"); !v.IsValid() || !v.IsZero() {
		t.Error("keystream.Schedule.block isn't zero")
	}
}

// TestNoAllocation: draws and events make no garbage, so no secret of theirs
// stays behind in the heap.
func TestNoAllocation(t *testing.T) {
	if raceEnabled {
		t.Skip("NOT RUN: the race detector makes sync.Pool forget at random")
	}
	a := new(fortuna.Accumulator)
	a.Reseed(0, []byte("seed"))
	now := time.Duration(0)
	for what, f := range map[string]func(){
		"request": func() {
			var b [100]byte
			_ = a.Generator.Request(b[:])
		},
		"reseed": func() {
			var seed [32]byte
			a.Generator.Reseed(seed[:])
		},
		"event": func() {
			var data [32]byte
			_ = a.AddEvent(1, 0, data[:])
		},
		"draw with a reseed": func() {
			var b [16]byte
			now += time.Second
			_ = a.RandomData(now, b[:])
		},
	} {
		if keystream.Active() == "generic" && what != "event" && what != "reseed" {
			continue
		}
		if n := testing.AllocsPerRun(200, f); n != 0 {
			t.Errorf("%s: %v allocations", what, n)
		}
	}
}

func BenchmarkReseed(b *testing.B) {
	a := new(fortuna.Accumulator)
	fresh := make([]byte, 32)
	b.ReportAllocs()
	for b.Loop() {
		a.Reseed(0, fresh)
	}
}

func BenchmarkAddEvent(b *testing.B) {
	a := new(fortuna.Accumulator)
	data := make([]byte, 32)
	b.ReportAllocs()
	for b.Loop() {
		_ = a.AddEvent(1, 0, data)
	}
}
