// Package pyext is what CPython sees of the Go core: this file by gopy, in text and numbers alone, because
// gopy's handles would name other objects after a core was reset in a forked child; and bytes by a table of
// C functions, in exports.go.
package pyext

import (
	"strings"

	"gorandom.dev/gorandom/reader"
)

// status is the reader's, or the zero Status before there is one.
func status() reader.Status {
	if core == nil {
		return reader.Status{}
	}
	return core.Status()
}

// Reseeds is how often the generator has been reseeded since this core started.
func Reseeds() int { return int(status().Reseeds) }

// FailedReseeds is how often the kernel refused the bytes for one.
func FailedReseeds() int { return int(status().FailedReseeds) }

// Events is how many events the pools have taken since this core started.
func Events() int { return int(status().Events) }

// Keystream names the AES kernel in use.
func Keystream() string { return status().Keystream }

// Sources names the entropy sources, one a line.
func Sources() string { return strings.Join(status().Sources, "\n") }

// Dropped names the entropy sources that failed a health test, and which, one a line.
func Dropped() string {
	var lines []string
	for _, d := range status().Dropped {
		lines = append(lines, d.String())
	}
	return strings.Join(lines, "\n")
}

// Memory says what the system granted for the secrets: some of "wiped at fork, undumped, locked".
func Memory() string {
	p := status().Protection
	var granted []string
	for _, g := range []struct {
		is   bool
		name string
	}{{p.WipedAtFork, "wiped at fork"}, {p.Undumped, "undumped"}, {p.Locked, "locked"}} {
		if g.is {
			granted = append(granted, g.name)
		}
	}
	return strings.Join(granted, ", ")
}
