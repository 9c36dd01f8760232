// Package seedfile keeps a seed from one start of a machine to the next, as in
// Cryptography Engineering 9.6. The seed adds to the kernel's bytes where those may be
// weak: early at boot, on machines without an entropy source.
//
// # What holds
//
//   - A seed is used once. Load writes the next seed, and has the file and its
//     directory on the disk (fsync), before the generator sees the old one. So a
//     machine that loses power at any moment either hasn't used its seed or has
//     another.
//   - The file is replaced in one step (a temporary file beside it, rename): a
//     reader sees the old one or the new one, whole.
//   - One process at a time: flock(2) on a file of the same name with ".lock", which
//     is never removed. A call tries the lock and never waits for it. The kernel
//     releases it when its holder dies. A seed that is read is locked too, so that no
//     two calls read the same one even if the lock's file is removed.
//   - No descriptor is open when a call returns, and an executed program inherits
//     none. A child that another thread forks during a call has copies. A caller that
//     can prevent such forks should, as the Python package does.
//   - Only a regular file of the effective user is read, of exactly Size bytes, with a
//     digest that fits, and closed to all others. It must not be reached by a symbolic
//     link or have a second name.
//   - The seed is never used alone. It goes to the pools of a generator that the kernel
//     has seeded, and a reseed follows that takes kernel bytes too. So stealing the
//     file doesn't help to predict anything.
//
// The seed passes through the Go heap and is erased there after use; a call leaves no
// garbage. The package makes its system calls directly. Package os would leave an epoll
// and an event descriptor behind after the first file that it opens, and so would lock
// and rename packages built on it (tests compare with them).
package seedfile

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"sync"

	"gorandom.dev/gorandom/fortuna"
)

const (
	// SeedSize is the size of a seed in bytes; Cryptography Engineering 9.6.1.
	SeedSize = 64
	// Size is the size of a seed file in bytes: a heading, the seed, and the
	// SHA-256 digest of both.
	Size = len(heading) + SeedSize + sha256.Size
	// Source is the number of the events that a seed becomes. The table in package
	// gorandom lists it with the numbers of the other sources.
	Source = 251

	heading = "gorandom seed 1\n"
)

var (
	// ErrLocked is returned when another process, or another call in this one, holds
	// the lock. Try again.
	ErrLocked = errors.New("seedfile: locked by another process")
	// ErrRefused is wrapped by every refusal of a file: for its kind, its owner, its
	// mode, its size or its content.
	ErrRefused = errors.New("seedfile: refused")
	// ErrUnsupported is returned on systems without flock(2) and file owners.
	ErrUnsupported = errors.New("seedfile: not on this system")
)

type refusal string

func (r refusal) Error() string { return string(r) }
func (refusal) Unwrap() error   { return ErrRefused }

// The refusals. Each wraps ErrRefused.
const (
	errKind    = refusal("seedfile: not a regular file")
	errOwner   = refusal("seedfile: belongs to another user")
	errMode    = refusal("seedfile: readable or writable by other users")
	errLinked  = refusal("seedfile: has another name, under which its seed would be used again")
	errSize    = refusal("seedfile: not of a seed file's size: another file, or one that was cut short")
	errHeading = refusal("seedfile: not a seed file of this version")
	errDigest  = refusal("seedfile: torn: its digest does not fit its seed")
)

// Generator takes a seed and gives the next one: a *csprng.RNG.
type Generator interface {
	// FillAny fills b with random bytes, or returns an error while the kernel
	// gives no seed.
	FillAny(b []byte) error
	AddEvent(source byte, data []byte) error
	// Reseed mixes kernel bytes and the pools that are due into the key.
	Reseed() error
}

// step is a moment in a call. A process can die at each.
type step string

// The steps, in order.
const (
	stepLocked          step = "locked"
	stepOpened          step = "opened"
	stepRead            step = "read"
	stepCreated         step = "created"
	stepWritten         step = "written"
	stepSynced          step = "synced"
	stepRenamed         step = "renamed"
	stepDirectorySynced step = "directory synced"
	stepUsed            step = "used"
)

// hook is nil, or a test's function, called at each step.
var hook func(step)

func reached(s step) {
	if hook != nil {
		hook(s)
	}
}

// Load replaces the seed in the file by another one, and then mixes the old one into g.
// If the file can't be replaced, it mixes nothing and returns ErrLocked, an error that
// wraps ErrRefused, or a syscall.Errno. It also returns g's errors.
func Load(path string, g Generator) error { return with(path, g, (*call).load) }

// Refresh replaces the seed in the file by one that depends on it and on g's output. A
// long-running program calls it from time to time (Cryptography Engineering 9.6.2: every
// ten minutes). It returns the same errors as Load.
func Refresh(path string, g Generator) error { return with(path, g, (*call).renew) }

// Save writes a new seed from g's output into the file, and creates the file if needed.
// It replaces a file that is no seed file, or whose mode is wrong, but refuses one that
// isn't a regular file of this user.
func Save(path string, g Generator) error { return with(path, g, (*call).save) }

// call is one of these three, and its working memory. The seeds are in it because an
// argument of an interface's method escapes to the heap.
type call struct {
	file
	old, fresh, next [SeedSize]byte
	event            [sha256.Size]byte
}

var calls = sync.Pool{New: func() any { return new(call) }}

func with(path string, g Generator, do func(*call, Generator) error) error {
	c := calls.Get().(*call)
	defer c.giveBack()
	if err := c.open(path); err != nil {
		return err
	}
	defer c.close()
	return do(c, g)
}

// giveBack erases the secrets.
func (c *call) giveBack() {
	clear(c.old[:])
	clear(c.fresh[:])
	clear(c.next[:])
	clear(c.event[:])
	calls.Put(c)
}

func (c *call) load(g Generator) error {
	if err := c.renew(g); err != nil {
		return err
	}
	if err := c.use(g); err != nil {
		return err
	}
	reached(stepUsed)
	return nil
}

func (c *call) save(g Generator) error {
	if err := c.replaceable(); err != nil {
		return err
	}
	if err := g.FillAny(c.next[:]); err != nil {
		return err
	}
	return c.write(&c.next)
}

// renew reads the seed and writes the next one.
func (c *call) renew(g Generator) error {
	if err := c.read(&c.old); err != nil {
		return err
	}
	reached(stepRead)
	if err := g.FillAny(c.fresh[:]); err != nil {
		return err
	}
	for i := range byte(SeedSize / sha256.Size) {
		digest := derive("next", i, &c.old, &c.fresh)
		copy(c.next[int(i)*sha256.Size:], digest[:])
	}
	return c.write(&c.next)
}

// use gives each pool an event that depends on the whole seed: pool 0 holds it at once,
// and the slow pools keep it for later reseeds.
func (c *call) use(g Generator) error {
	for i := range byte(fortuna.Pools) {
		c.event = derive("event", i, &c.old, &[SeedSize]byte{})
		if err := g.AddEvent(Source, c.event[:]); err != nil {
			return err
		}
	}
	return g.Reseed()
}

// derive makes values that reveal nothing about each other.
func derive(purpose string, i byte, a, b *[SeedSize]byte) [sha256.Size]byte {
	var m [len(heading) + 8 + 1 + 2*SeedSize]byte
	defer clear(m[:])
	copy(m[:], heading)
	copy(m[len(heading):len(heading)+8], purpose)
	m[len(heading)+8] = i
	copy(m[len(heading)+9:], a[:])
	copy(m[len(heading)+9+SeedSize:], b[:])
	return sha256.Sum256(m[:])
}

// encode returns the content of a file with this seed.
func encode(seed *[SeedSize]byte) [Size]byte {
	var b [Size]byte
	copy(b[:], heading)
	copy(b[len(heading):], seed[:])
	digest := sha256.Sum256(b[:Size-sha256.Size])
	copy(b[Size-sha256.Size:], digest[:])
	return b
}

// decode reads a file's content. On an error, which wraps ErrRefused, seed is unchanged.
func decode(b []byte, seed *[SeedSize]byte) error {
	if len(b) != Size {
		return errSize
	}
	if string(b[:len(heading)]) != heading {
		return errHeading
	}
	digest := sha256.Sum256(b[:Size-sha256.Size])
	if !bytes.Equal(digest[:], b[Size-sha256.Size:]) {
		return errDigest
	}
	copy(seed[:], b[len(heading):])
	return nil
}
