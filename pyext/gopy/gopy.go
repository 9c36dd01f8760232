// Package gopy holds the functions that gopy binds for Python. They take and return text alone: gopy's handles would
// name other objects after a forked child has reset the core. README.md says why there are so few.
package gopy

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

// made returns a text in the C library's heap, with a NUL at its end. The glue frees it there (generate.py), because
// nothing collects Go's memory. It returns "" if there is no memory.
func made(appendTo func([]byte) []byte) string {
	p := (*byte)(C.gorandom_room(calls.TextSize))
	if p == nil {
		return ""
	}
	b := append(appendTo(unsafe.Slice(p, calls.TextSize)[:0]), 0)
	if unsafe.SliceData(b) != p {
		panic("gopy: a text is longer than TextSize")
	}
	return unsafe.String(p, len(b))
}

// Status describes the state of the core: lines of a name and a value, as in [calls.AppendStatus].
func Status() string { return made(calls.AppendStatus) }

// SeedLoad rewrites the seed file and mixes its old seed in. The path and the answer are those of
// [calls.AppendSeedFile], here and below.
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
