// Package pyext is what CPython sees of the Go core by gopy: text and numbers alone, because gopy's handles would
// name other objects after a core was reset in a forked child.
package pyext

/*
#include <stddef.h>
#cgo noescape gorandom_room
#cgo nocallback gorandom_room
void *gorandom_room(size_t n);
*/
import "C"

import (
	"unsafe"

	"gorandom.dev/pyext/calls"
)

// Every text is made in the C library's heap, with a NUL at its end, and gopy's glue frees it there
// (generate.py): Go's memory would have to be collected. "" means that there was no memory.
func made(appendTo func([]byte) []byte) string {
	p := (*byte)(C.gorandom_room(calls.TextSize))
	if p == nil {
		return ""
	}
	b := append(appendTo(unsafe.Slice(p, calls.TextSize)[:0]), 0)
	if unsafe.SliceData(b) != p {
		panic("pyext: a text is longer than TextSize")
	}
	return unsafe.String(p, len(b))
}

// Status says how the core is doing: lines of a name and a value, as of calls.AppendStatus.
func Status() string { return made(calls.AppendStatus) }

// SeedLoad rewrites the seed file and mixes its old seed in. The answer is as of calls.AppendSeedFile, and so are
// those of the others.
func SeedLoad(path string) string {
	return made(func(b []byte) []byte { return calls.AppendSeedFile(b, path, calls.Load) })
}

// SeedRefresh rewrites the seed file.
func SeedRefresh(path string) string {
	return made(func(b []byte) []byte { return calls.AppendSeedFile(b, path, calls.Refresh) })
}

// SeedSave writes a new seed.
func SeedSave(path string) string {
	return made(func(b []byte) []byte { return calls.AppendSeedFile(b, path, calls.Save) })
}
