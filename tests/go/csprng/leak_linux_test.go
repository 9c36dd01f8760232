package csprng_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"gorandom.dev/gorandom/csprng"
	"gorandom.dev/gorandom/keystream"
	"gorandom.dev/gorandom/process"
)

// TestKeysStandInSecretMemoryAlone takes the pieces of secret memory that look random after
// draws, reseeds and events, and searches all of this process's memory for them. They may
// be nowhere else, neither in the Go heap nor on a stack. It fails if, for example, giveBack
// of fortuna's hash tool doesn't erase it. It can't see what a stack held for a moment before
// something else overwrote it.
func TestKeysStandInSecretMemoryAlone(t *testing.T) {
	if keystream.Active() == "generic" {
		t.Skip("NOT RUN: crypto/aes leaves pieces of its schedule on the stack")
	}
	var memory []byte
	r, err := csprng.New(csprng.Config{Lanes: 2, Allocate: func(size int) (*process.Memory, error) {
		m, err := process.Allocate(size)
		if err == nil {
			memory = m.Bytes()
		}
		return m, err
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	for i := range 200 {
		if err := errors.Join(r.Fill(i%2, make([]byte, i)), r.FillAny(make([]byte, i))); err != nil {
			t.Fatal(err)
		}
		if i%50 == 0 {
			if err := r.Reseed(); err != nil {
				t.Fatal(err)
			}
		}
	}

	// Held inverted, so that the search doesn't find its own table.
	pieces := map[uint64]int{}
	for at := 0; at+8 <= len(memory); at += 8 {
		if distinct(memory[at:at+8]) >= 7 {
			pieces[^*(*uint64)(unsafe.Pointer(&memory[at]))] = at
		}
	}
	if len(pieces) < 2*15 { // two schedules
		t.Fatalf("only %d pieces to search for", len(pieces))
	}
	mem, err := os.Open("/proc/self/mem")
	if err != nil {
		t.Skipf("NOT RUN: %v", err)
	}
	defer func() { _ = mem.Close() }()
	// The search's own buffer is in secret memory too, which is skipped.
	window, err := process.Allocate(1 << 16)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = window.Free() }()
	own := []uintptr{uintptr(unsafe.Pointer(&memory[0])), uintptr(unsafe.Pointer(&window.Bytes()[0]))}
	search := func() (searched, found int) {
		for _, region := range writable(t) {
		next:
			for from := region[0]; from < region[1]; from += 1 << 16 {
				b := window.Bytes()[:min(1<<16, region[1]-from)]
				for _, p := range own {
					if p < from+uintptr(len(b)) && from < p+1<<16 {
						// Search page by page, around our own memory.
						b = b[:0]
						for page := from; page < min(from+1<<16, region[1]); page += 4096 {
							if inside(page, own[0], len(memory)) || inside(page, own[1], 1<<16) {
								continue
							}
							n := searchIn(mem, window.Bytes()[:4096], page, pieces)
							found, searched = found+n, searched+4096
						}
						continue next
					}
				}
				n := searchIn(mem, b, from, pieces)
				found, searched = found+n, searched+len(b)
			}
		}
		return searched, found
	}
	searched, found := search()
	t.Logf("searched %d MiB for %d pieces", searched>>20, len(pieces))
	if searched < 1<<20 {
		t.Errorf("searched only %d bytes", searched)
	}
	if found != 0 {
		t.Errorf("%d pieces of secrets outside secret memory", found)
	}

	// The control: a copy in the heap is found.
	copied := bytes.Clone(memory)
	if _, found := search(); found < len(pieces) {
		t.Errorf("the search finds %d of %d pieces in a copy", found, len(pieces))
	}
	runtime.KeepAlive(copied)
}

func inside(addr, start uintptr, size int) bool {
	return addr >= start && addr < start+uintptr(size)
}

// searchIn counts the pieces in the len(b) bytes of memory at addr.
func searchIn(mem *os.File, b []byte, addr uintptr, pieces map[uint64]int) (found int) {
	n, err := mem.ReadAt(b, int64(addr))
	if err != nil && err != io.EOF {
		return 0
	}
	for at := 0; at+8 <= n; at += 8 {
		if _, ok := pieces[^*(*uint64)(unsafe.Pointer(&b[at]))]; ok {
			found++
		}
	}
	clear(b)
	return found
}

// longest bounds the mappings that are searched, in bytes. The race detector's own are
// larger than any of Go's, and hold no copy of a program's data.
const longest = 1 << 28

// writable returns the writable mappings of this process.
func writable(t *testing.T) (regions [][2]uintptr) {
	f, err := os.Open("/proc/self/maps")
	if err != nil {
		t.Skipf("NOT RUN: %v", err)
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var from, to uintptr
		var perm string
		n, _ := fmt.Sscanf(lines.Text(), "%x-%x %s", &from, &to, &perm)
		if n == 3 && strings.HasPrefix(perm, "rw") && to-from < longest {
			regions = append(regions, [2]uintptr{from, to})
		}
	}
	return regions
}
