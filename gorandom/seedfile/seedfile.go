// Package seedfile keeps a seed from one start of a machine to the next, as in
// Cryptography Engineering 9.6. What it adds to the kernel's bytes helps where
// those are poor: early at boot, on machines without a source.
//
// # What holds
//
//   - A seed is used once. Load writes the next one, and has the file and its
//     directory on the disk (fsync), before the generator sees the old one: a
//     machine that loses power at any moment has either not used its seed or has
//     another.
//   - The file is replaced in one step (a temporary file beside it, rename): a
//     reader sees the old one or the new one, whole.
//   - One process at a time: flock(2) on a file of the same name with ".lock",
//     which stays. It is tried, never waited for. The kernel gives it back when
//     its holder dies. A seed that is read is locked too, so that no two have it
//     even if the lock's file is removed.
//   - No descriptor is open when a call returns, none is inherited by a program
//     that is executed. A child forked during a call by another thread has
//     copies: who can prevent such forks should, as the Python package does.
//   - Only a regular file, not by a symbolic link and with no second name, of the
//     effective user and closed to all others is read, of exactly Size bytes and with a digest that
//     fits.
//   - The seed never stands alone: it goes to the pools of a generator that was
//     seeded by the kernel, followed by a reseed that takes kernel bytes too. Who
//     has stolen the file predicts nothing.
//
// The seed passes through the Go heap and is erased there after use; a call leaves no
// garbage. System calls are made directly, because package os would leave an epoll
// and an event descriptor behind after the first file that it opens; the same holds
// for lock and rename packages built on it (tests compare with them).
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
	// ErrLocked is returned when another process, or another call in this one,
	// has the lock. Try again.
	ErrLocked = errors.New("seedfile: locked by another process")
	// ErrRefused is what every refusal of a file for what it is wraps: its kind,
	// its owner, its mode, its size, its content.
	ErrRefused = errors.New("seedfile: refused")
	// ErrUnsupported is returned on systems without flock(2) and owners of files.
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

// Generator is what takes a seed and gives the next one: a *csprng.RNG.
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

// hook is nil, or a test's function that is called at each step.
var hook func(step)

func reached(s step) {
	if hook != nil {
		hook(s)
	}
}

// Load replaces the seed in the file by another one, and then mixes the old one
// into g. It returns an error and mixes nothing if the file can't be replaced:
// ErrLocked, one that wraps ErrRefused, or a syscall.Errno of the system; or an
// error of g's.
func Load(path string, g Generator) error { return with(path, g, (*call).load) }

// Refresh replaces the seed in the file by one that depends on it and on g's
// output. A program that runs long calls it from time to time (every ten minutes
// in Cryptography Engineering 9.6.2). Errors as of Load.
func Refresh(path string, g Generator) error { return with(path, g, (*call).renew) }

// Save writes a new seed from g's output into the file, and makes the file if
// there is none. One that is no seed file, or whose mode is wrong, is replaced;
// one that isn't a regular file of this user is refused.
func Save(path string, g Generator) error { return with(path, g, (*call).save) }

// call is one of the three, and what it works with: an argument of an interface's
// method escapes, so the seeds lie here.
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

// giveBack erases what is secret.
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

// use gives each of the pools an event that depends on all of the seed, so that
// pool 0 holds it at once and the slow pools for the reseeds to come.
func (c *call) use(g Generator) error {
	for i := range byte(fortuna.Pools) {
		c.event = derive("event", i, &c.old, &[SeedSize]byte{})
		if err := g.AddEvent(Source, c.event[:]); err != nil {
			return err
		}
	}
	return g.Reseed()
}

// derive makes values of which none tells anything about another.
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

// decode reads a file's content. If it returns an error, which wraps ErrRefused,
// seed is as it was.
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
