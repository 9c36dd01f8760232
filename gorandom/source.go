package gorandom

import "encoding/binary"

// Source is a source of numbers for package math/rand/v2:
//
//	r := rand.New(gorandom.Source{})
//	winner := r.IntN(len(tickets))
//
// It takes no seed and has no state, so nobody can draw the same numbers again. It is
// safe for concurrent use, and its numbers differ in the child of a fork. A rand.Rand
// isn't safe for concurrent use: make one for each goroutine.
type Source struct{}

// Uint64 returns a random number; each of the 2^64 is equally likely. It waits until
// the system's random number generator is ready, as Read does. It can't return an
// error, so where Read would return one, it panics with it. It never returns a weaker
// number instead.
func (Source) Uint64() uint64 {
	var b [8]byte
	if err := Read(b[:]); err != nil {
		panic(err)
	}
	return binary.LittleEndian.Uint64(b[:])
}
