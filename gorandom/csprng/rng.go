// Package csprng is the complete random number generator: the algorithm of package
// fortuna and the policy around it. The policy decides what feeds the pools and how
// often, when to reseed, where secrets are kept, and what a fork or a restored
// machine changes. The essay in package gorandom gives the reasons.
//
// An RNG has one root, an accumulator with its pools and generator, and a number of
// lanes. Each lane is a Fortuna generator of its own, seeded from the root's.
// Threads that use different lanes share no lock and no cache line between two
// reseeds.
//
// It starts no goroutine and never panics. The only descriptor it opens is the one
// that package entropy may keep.
package csprng

import (
	"encoding/binary"
	"errors"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"gorandom.dev/gorandom/entropy"
	"gorandom.dev/gorandom/fortuna"
	"gorandom.dev/gorandom/health"
	"gorandom.dev/gorandom/keystream"
	"gorandom.dev/gorandom/process"
)

const (
	// StaleAfter is the age at which a reseed happens even without new events. A
	// machine that was cloned with all its memory shares its state with its twin for
	// no longer than this.
	StaleAfter = time.Second

	// MaxLanes bounds the memory that New locks: about 1.2 KB a lane.
	MaxLanes = 1024

	// uncached is the size from which a draw is written past the caches. The last-level
	// caches of common processors are no larger.
	uncached = 32 << 20

	freshSize = 32 // bytes from the kernel for each pool at start, and for each reseed: 256 bits
	wordsSize = 32 // bytes from the processor for each reseed
	tickSize  = 8  // bytes of the cycle counter for each reseed, after those
)

// The numbers of the RNG's own sources of events, which are in the events' headers.
// Package seedfile has one more. A program's own events may have any number.
const (
	SourceKernel    = 255 // the kernel: 32 bytes for each pool at start
	SourceCycles    = 254 // the cycle counter at requests
	SourceProcessor = 253 // the processor's entropy instruction
	SourceHardware  = 252 // a hardware generator
)

var (
	// ErrLane is returned for a lane that isn't among 0 to Config.Lanes-1.
	ErrLane = errors.New("csprng: no such lane")
	// ErrEvent is returned for an event without data.
	ErrEvent = errors.New("csprng: an event has at least one byte")
	// ErrClosed is returned by an RNG that was closed or not made by New.
	ErrClosed = errors.New("csprng: closed")
)

// Config says what an RNG is made of. Each zero field means its default, which is
// what programs want; the fields are there for tests.
type Config struct {
	// Lanes is the number of lanes: 1 if it is less, MaxLanes if it is more.
	Lanes int
	// Source gives the bytes that everything relies on. Default: entropy.NewKernel().
	Source entropy.Source
	// Processor gives events only. Default: entropy.Processor, where the processor has it.
	Processor entropy.Source
	// Hardware gives events only. Default: none. Set it to entropy.NewHardware() where
	// a draw may wait for such a device.
	Hardware entropy.Source
	// Cycles gives events, and tells FillAny that no time has passed since it last
	// looked at the clock. Default: entropy.Cycles.
	Cycles func() uint64
	// Clock gives the time since any fixed moment. Default: a monotonic clock.
	Clock func() time.Duration
	// Allocate gives the memory for secrets. Default: process.Allocate.
	Allocate func(size int) (*process.Memory, error)
	// Getpid is asked only where memory isn't wiped at a fork. Default: getpid(2).
	Getpid func() int
	// Observe is called for each event that the pools take. It must not call the RNG.
	Observe func(source byte, pool, size int)
	// Clones returns a number that changes when the machine was restored from a saved
	// state. Default: process.WatchClones.
	Clones func() uint64
}

// RNG generates random bytes. It is safe for concurrent use.
type RNG struct {
	source    entropy.Source
	words     []*noise // at most maxWords
	processor *noise   // of words, or nil
	jitter    *noise
	cycles    func() uint64
	clock     func() time.Duration
	clones    func() uint64                     // or nil: restores can't be detected
	observe   func(source byte, pool, size int) // or nil
	memory    *process.Memory
	guard     *process.Guard
	lanes     []lane
	hints     sync.Pool // of *hint, for FillAny

	// What lanes look at before each draw. It changes only with a reseed.
	started  atomic.Bool
	epoch    atomic.Uint64 // one more with each reseed; a lane of another epoch is stale
	forks    atomic.Uint64 // one more with each fork noticed; a lane with another count must be wiped
	reseeded atomic.Int64  // time of the last reseed
	reseedAt atomic.Int64  // time from which a reseed is considered
	seededIn atomic.Uint64 // machine() before the last reseed

	_ [cacheLines]byte // what follows changes often

	mu         sync.Mutex // of all below; while holding it, take a lane's lock only by TryLock
	root       *root      // nil when closed
	reseeds    uint64
	failed     uint64
	events     uint64
	lastFailed error
	serve      []string  // Status.Sources
	dropped    []Dropped // Status.Dropped
	listed     uint64    // which sources had failed when these were made
}

// lane is a lane's lock and its state in secret memory. mu comes before RNG.mu.
type lane struct {
	mu    sync.Mutex
	state *laneState // nil when closed
	_     [cacheLines]byte
}

// New returns an RNG without a seed. Its first Fill or Reseed seeds it. New fails
// with process.ErrMemory if there is no memory for secrets.
func New(c Config) (*RNG, error) {
	r := &RNG{source: c.Source, cycles: c.Cycles, clock: c.Clock, clones: c.Clones, observe: c.Observe}
	if r.source == nil {
		r.source = entropy.NewKernel()
	}
	if p := (entropy.Processor{}); c.Processor == nil && p.Available() {
		c.Processor = p
	}
	if c.Processor != nil {
		r.processor = newNoise(c.Processor.Name(), SourceProcessor, c.Processor, wordCutoffs)
		r.words = append(r.words, r.processor)
	}
	if c.Hardware != nil {
		r.words = append(r.words, newNoise(c.Hardware.Name(), SourceHardware, c.Hardware, wordCutoffs))
	}
	r.jitter = newNoise("cycles", SourceCycles, nil, jitterCutoffs)
	if r.cycles == nil {
		r.cycles = entropy.Cycles
	}
	if r.clock == nil {
		start := time.Now()
		r.clock = func() time.Duration { return time.Since(start) }
	}
	if r.clones == nil {
		r.clones, _ = process.WatchClones()
	}
	if c.Allocate == nil {
		c.Allocate = process.Allocate
	}
	lanes := min(max(c.Lanes, 1), MaxLanes)
	memory, err := c.Allocate(secretsSize(lanes))
	if err != nil {
		return nil, err
	}
	if memory == nil || len(memory.Bytes()) < secretsSize(lanes) {
		return nil, process.ErrMemory
	}
	r.memory = memory
	word := r.place(lanes)
	if c.Getpid == nil {
		c.Getpid = syscall.Getpid
	}
	r.guard = process.NewGuard(memory, word, c.Getpid)
	r.guard.Mark()
	var next atomic.Uint32
	r.hints.New = func() any { return &hint{int(next.Add(1) % uint32(lanes))} }
	return r, nil
}

// Fill fills b completely with random bytes from a lane, or zeroes it and returns an
// error. The error is ErrLane, ErrClosed, or, if the RNG could not be seeded yet,
// entropy.ErrNotReady or another error of the source. After the first success a
// failing source is no longer an error (Status counts it), except in the child of a
// fork. More than 1 MiB is a series of requests, and may see a reseed in the middle.
// An empty b draws nothing, but seeds an RNG without a seed.
func (r *RNG) Fill(lane int, b []byte) error { return r.FillPart(lane, b, len(b)) }

// FillPart is Fill for a part of a draw; whole is the size of that draw. One of 32 MiB
// or more is written past the processor's caches, which could not hold it.
func (r *RNG) FillPart(lane int, b []byte, whole int) error {
	if r == nil || lane < 0 || lane >= len(r.lanes) {
		clear(b)
		return ErrLane
	}
	l := &r.lanes[lane]
	l.mu.Lock()
	err := r.fillLocked(l, b, whole)
	l.mu.Unlock()
	return err
}

// machine returns a number that changes when the machine was restored from a saved state.
func (r *RNG) machine() uint64 {
	if r.clones == nil {
		return 0
	}
	return r.clones()
}

// hint is the lane that a goroutine on one processor last found free.
type hint struct{ lane int }

// FillAny is Fill from a lane that no other goroutine is using, if there is one. For
// draws of at most 256 bytes the lane makes 512 at once and keeps the rest ready for
// the next draws. Ready bytes go stale as lanes do: by Reseed, by a fork and by age,
// which is known to within a millisecond.
func (r *RNG) FillAny(b []byte) error {
	if r == nil || len(r.lanes) == 0 {
		clear(b)
		return ErrClosed
	}
	h, ok := r.hints.Get().(*hint)
	if !ok {
		h = new(hint)
	}
	l := &r.lanes[h.lane]
	for range r.lanes {
		if l.mu.TryLock() {
			err := r.fillAnyLocked(l, b)
			l.mu.Unlock()
			r.hints.Put(h)
			return err
		}
		h.lane = (h.lane + 1) % len(r.lanes)
		l = &r.lanes[h.lane]
	}
	r.hints.Put(h)
	l.mu.Lock()
	err := r.fillAnyLocked(l, b)
	l.mu.Unlock()
	return err
}

// fillAnyLocked is FillAny with the lane's lock held.
func (r *RNG) fillAnyLocked(l *lane, b []byte) error {
	if len(b) == 0 || len(b) > smallDraw {
		return r.fillLocked(l, b, len(b))
	}
	for {
		machine := r.machine()
		if err := r.take(l, b); err != nil {
			clear(b)
			return err
		}
		if machine == r.machine() {
			return nil
		}
	}
}

// fillLocked is FillPart with the lane's lock held. It starts again if the machine was
// restored meanwhile. One look before the draw is not enough: the machine may be
// saved between that look and the last byte.
func (r *RNG) fillLocked(l *lane, b []byte, whole int) error {
	machine := r.machine()
	for rest := b; ; {
		n := min(len(rest), fortuna.MaxRequest)
		if err := r.request(l, rest[:n], whole >= uncached); err != nil {
			clear(b)
			return err
		}
		if rest = rest[n:]; len(rest) > 0 {
			continue
		}
		now := r.machine()
		if now == machine {
			return nil
		}
		rest, machine = b, now
	}
}

// request makes one request of at most 1 MiB to a lane whose lock is held.
func (r *RNG) request(l *lane, b []byte, uncached bool) error {
	s := l.state
	if s == nil {
		return ErrClosed
	}
	if err := r.refresh(s); err != nil {
		return err
	}
	if len(b) == 0 {
		return nil
	}
	c := r.cycles()
	r.sample(&s.samples, c)
	if c-s.mixed >= recently {
		r.mix(s, c)
	}
	if uncached {
		return s.generator.RequestUncached(b)
	}
	return s.generator.Request(b)
}

// refresh does any reseed that is needed before a byte is given.
func (r *RNG) refresh(s *laneState) error {
	if r.mustLook() {
		if err := r.look(); err != nil {
			return err
		}
	}
	if s.epoch != r.epoch.Load() {
		return r.seedLane(s)
	}
	return nil
}

// mustLook reports whether the root must be checked before a byte is given.
func (r *RNG) mustLook() bool {
	now := r.clock()
	return !r.started.Load() || r.guard.Changed() || r.machine() != r.seededIn.Load() ||
		now >= time.Duration(r.reseedAt.Load()) || now < time.Duration(r.reseeded.Load())
}

// look starts or reseeds the root if it is time. It returns an error only if the
// root has no seed, or if a twin may have the same one.
func (r *RNG) look() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.root == nil {
		return ErrClosed
	}
	r.noticeForkLocked()
	if !r.started.Load() {
		return r.startLocked(r.clock())
	}
	if r.machine() != r.seededIn.Load() {
		return r.reseedNowLocked(r.clock())
	}
	// Another lane may have been here while this one waited for the lock.
	if r.mustLook() {
		r.reseedLocked(r.clock())
	}
	return nil
}

// noticeForkLocked wipes everything if the process was forked, because the parent
// has the same keys and pools.
func (r *RNG) noticeForkLocked() {
	if !r.guard.Changed() {
		return
	}
	r.started.Store(false)
	r.root.wipe()
	r.forks.Add(1)
	// The child is a process of its own and tests its sources itself.
	r.jitter.failed.Store(uint32(health.None))
	for _, n := range r.words {
		n.failed.Store(uint32(health.None))
	}
	// A lane whose lock is held wipes itself when it sees that forks has changed.
	for i := range r.lanes {
		if l := &r.lanes[i]; l.mu.TryLock() {
			if l.state != nil {
				l.state.wipe()
			}
			l.mu.Unlock()
		}
	}
	r.guard.Mark()
}

// startLocked seeds the root for the first time. With 32 bytes from the kernel in
// each of the 32 pools, the first reseed and all later ones have full strength,
// whatever the other sources are worth.
func (r *RNG) startLocked(now time.Duration) error {
	x := r.root
	machine := r.machine()
	defer clear(x.fresh[:])
	if err := r.readLocked(x.fresh[:]); err != nil {
		return err
	}
	for i := range fortuna.Pools {
		r.appendLocked(SourceKernel, i, x.fresh[i*freshSize:][:freshSize])
	}
	r.startNoiseLocked()
	x.accumulator.Reseed(now, x.fresh[fortuna.Pools*freshSize:])
	r.seededIn.Store(machine)
	r.publishLocked(now)
	return nil
}

// reseedLocked makes the reseed that is due, by the book's rule or by age. Every
// reseed uses what freshLocked gives. One that is due only by age uses nothing else
// and leaves the pools as they are: if they were emptied before they hold enough,
// their events could be guessed one at a time.
func (r *RNG) reseedLocked(now time.Duration) {
	x := r.root
	defer clear(x.fresh[:])
	fresh, err := r.freshLocked()
	due := x.accumulator.Due(now)
	switch {
	case err == nil && due:
		x.accumulator.Reseed(now, fresh)
	case err == nil:
		x.accumulator.Generator.Reseed(fresh)
	case due:
		x.accumulator.Reseed(now, fresh)
	default:
		// The key is as good as it was. Ask the kernel again soon, not at once.
		r.reseedAt.Store(int64(now + fortuna.ReseedInterval))
		x.reseeded = min(x.reseeded, now)
		r.reseeded.Store(int64(x.reseeded))
		return
	}
	r.publishLocked(now)
}

// freshLocked returns what a reseed mixes in beside the pools: 32 bytes from the
// kernel, 32 from the processor if available, and the cycle counter. The last two
// are for machines that were saved once and restored twice, whose kernels may give
// both copies the same bytes for a minute. If the source fails, freshLocked counts
// the failure and returns the error and the rest.
func (r *RNG) freshLocked() ([]byte, error) {
	x := r.root
	err := r.readLocked(x.fresh[:freshSize])
	from, n := 0, freshSize
	if err != nil {
		r.failed++
		from = freshSize
	}
	if r.processorWords(&x.tests[processorTest], x.fresh[n:n+wordsSize]) {
		n += wordsSize
	}
	binary.LittleEndian.PutUint64(x.fresh[n:], r.cycles())
	return x.fresh[from : n+tickSize], err
}

// processorWords fills b with whole words from the processor. It returns false if
// there is no such source, or it was dropped, or these words fail the test t.
func (r *RNG) processorWords(t *health.Test, b []byte) bool {
	p := r.processor
	return p != nil && !p.dropped() && p.source.Read(b) == nil && p.pass(t, b)
}

// publishLocked makes a reseed known to the lanes.
func (r *RNG) publishLocked(now time.Duration) {
	r.reseeds++
	r.root.reseeded = now
	r.reseeded.Store(int64(now))
	r.scheduleLocked()
	r.epoch.Add(1)
	r.started.Store(true)
}

// scheduleLocked sets the time from which a reseed is considered next.
func (r *RNG) scheduleLocked() {
	at := r.root.reseeded + StaleAfter
	if last, ok := r.root.accumulator.LastReseed(); ok && r.root.accumulator.Collected() >= fortuna.MinPoolSize {
		at = min(at, last+fortuna.ReseedInterval+1)
	}
	r.reseedAt.Store(int64(at))
}

// seedLane gives a lane a key of this epoch.
func (r *RNG) seedLane(s *laneState) error {
	r.mu.Lock()
	if r.root == nil {
		r.mu.Unlock()
		return ErrClosed
	}
	// After this lane's look, another lane may have noticed a fork. That wiped the root,
	// and the kernel may have given nothing to start it again.
	var err error
	if !r.started.Load() {
		err = r.startLocked(r.clock())
	}
	if err == nil {
		err = r.root.accumulator.Generator.Request(s.seed[:])
	}
	epoch, forks := r.epoch.Load(), r.forks.Load()
	r.mu.Unlock()
	if err != nil {
		return err
	}
	if s.forks != forks {
		s.generator.Wipe()
		s.samples.wipe()
		s.words.Wipe()
		s.mixed = 0
	}
	s.generator.Reseed(s.seed[:])
	clear(s.seed[:])
	s.ready.wipe()
	s.epoch, s.forks = epoch, forks
	return nil
}

// Reseed mixes 32 fresh bytes from the kernel, and the pools due for this reseed,
// into the root's key. It takes effect before the next byte of any lane. If the
// source fails, it returns the source's error and nothing changes.
func (r *RNG) Reseed() error {
	if r == nil {
		return ErrClosed
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.root == nil {
		return ErrClosed
	}
	now := r.clock()
	r.noticeForkLocked()
	if !r.started.Load() {
		return r.startLocked(now)
	}
	return r.reseedNowLocked(now)
}

// reseedNowLocked is Reseed of a root that is seeded.
func (r *RNG) reseedNowLocked(now time.Duration) error {
	machine := r.machine()
	defer clear(r.root.fresh[:])
	fresh, err := r.freshLocked()
	if err != nil {
		return err
	}
	r.root.accumulator.Reseed(now, fresh)
	r.seededIn.Store(machine)
	r.publishLocked(now)
	return nil
}

// Close erases all secrets and frees their memory. Afterwards every method except
// Status returns ErrClosed. A second Close does nothing.
func (r *RNG) Close() error {
	if r == nil {
		return nil
	}
	// Let running Fills end first. Later ones find no state.
	for i := range r.lanes {
		l := &r.lanes[i]
		l.mu.Lock()
		l.state = nil
		l.mu.Unlock()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.root == nil {
		return nil
	}
	r.started.Store(false)
	r.root = nil
	return r.memory.Free()
}

// Status reports an RNG's state. It contains no secrets.
type Status struct {
	Started       bool   // seeded, and not closed or forked since
	Reseeds       uint64 // of the root
	FailedReseeds uint64 // how often the source failed at a reseed, even if the reseed was then made without it
	LastFailure   error  // the source's error when it was last asked, or nil
	Events        uint64 // taken into the pools since New
	Collected     uint64 // bytes in pool 0
	Forks         uint64 // how often a child began anew
	Lanes         int
	Keystream     string    // the kernel of package keystream
	Sources       []string  // what feeds the pools, the kernel's first; shared: don't change it
	Dropped       []Dropped // what no longer does; likewise
	Protection    process.Protection
}

// Dropped is a source that failed a health test and no longer feeds the pools.
type Dropped struct{ Name, Reason string }

// String returns the name and the reason, as a status shows them.
func (d Dropped) String() string { return d.Name + ": " + d.Reason }

// Status returns the RNG's state.
func (r *RNG) Status() Status {
	if r == nil {
		return Status{LastFailure: ErrClosed}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := Status{
		Started:       r.started.Load(),
		Reseeds:       r.reseeds,
		FailedReseeds: r.failed,
		LastFailure:   r.lastFailed,
		Events:        r.events,
		Forks:         r.forks.Load(),
		Lanes:         len(r.lanes),
		Keystream:     keystream.Active(),
	}
	if r.root == nil {
		return s
	}
	s.Started = s.Started && !r.guard.Changed()
	s.Collected = r.root.accumulator.Collected()
	s.Protection = r.memory.Protection()
	s.Sources, s.Dropped = r.sourcesLocked()
	return s
}
