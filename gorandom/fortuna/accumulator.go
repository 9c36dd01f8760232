package fortuna

import (
	"errors"
	"math/bits"
	"time"
)

const (
	// Pools is the number of pools. Pool 31 is used once in 2^31 reseeds: at ten
	// reseeds a second, every 6.8 years (section 9.5.2).
	Pools = 32

	// MinPoolSize is how many bytes, headers included, pool 0 must hold for a
	// reseed: room for 128 bits of entropy (section 9.5.5). This may be a wrong guess
	// without harm, because the later pools make up for it.
	MinPoolSize = 64

	// ReseedInterval is the time that must pass between reseeds. Without it, an attacker
	// who knows the state and adds events could empty all pools (section 9.5.5).
	ReseedInterval = 100 * time.Millisecond

	// MaxEvent is the most bytes of data in one event (section 9.5.3.1).
	MaxEvent = 32
)

var (
	// ErrEventSize is returned for an event without data or with more than MaxEvent bytes.
	ErrEventSize = errors.New("fortuna: an event has 1 to 32 bytes")
	// ErrPool is returned for a pool that isn't 0 to 31.
	ErrPool = errors.New("fortuna: no such pool")
)

// Accumulator is the accumulator of section 9.5: pools that gather events, and
// the generator that they reseed. The zero value is empty and unseeded.
type Accumulator struct {
	// Generator gives the bytes. Reading from it directly skips RandomData's reseed.
	Generator Generator

	pools    [Pools]Pool
	digest   [DigestSize]byte // of a pool while reseeding; zero between calls
	reseeds  uint64
	reseeded bool
	last     time.Duration // when reseeded, the time of the last reseed
}

// AddEvent appends the bytes source, len(data) and data to a pool (section 9.5.6).
// The caller chooses the pool, and must send each source's events to all pools in
// turn. On ErrEventSize or ErrPool nothing is appended.
func (a *Accumulator) AddEvent(source byte, pool int, data []byte) error {
	if len(data) < 1 || len(data) > MaxEvent {
		return ErrEventSize
	}
	if pool < 0 || pool >= Pools {
		return ErrPool
	}
	header := [2]byte{source, byte(len(data))}
	a.pools[pool].Append(header[:])
	a.pools[pool].Append(data)
	return nil
}

// Due reports whether the book's rule asks for a reseed at the time now: pool 0
// holds MinPoolSize bytes and more than ReseedInterval has passed. now counts from
// any fixed moment. If it lies before the last reseed, the clock was set back, and
// the interval counts as passed.
func (a *Accumulator) Due(now time.Duration) bool {
	return a.pools[0].Len() >= MinPoolSize &&
		(!a.reseeded || now < a.last || now-a.last > ReseedInterval)
}

// Reseed reseeds the generator at once, due or not. The seed is the digests of the
// pools that WhichPools names for this reseed, followed by fresh; those pools are
// then empty. Pass nil as fresh for PyCrypto's reseed.
func (a *Accumulator) Reseed(now time.Duration, fresh []byte) {
	a.reseeds++
	a.reseeded, a.last = true, now
	a.Generator.beginReseed()
	for i := range WhichPools(a.reseeds) {
		a.pools[i].hash.sumTo(&a.digest)
		_, _ = a.Generator.hash.Write(a.digest[:])
		a.pools[i].Wipe()
	}
	clear(a.digest[:])
	_, _ = a.Generator.hash.Write(fresh)
	a.Generator.endReseed()
}

// RandomData reseeds if a reseed is due at the time now, then fills b (section
// 9.5.5; PyCrypto's random_data). The errors are those of
// Generator.PseudoRandomData: ErrUnseeded until pool 0 has once been full enough.
func (a *Accumulator) RandomData(now time.Duration, b []byte) error {
	if a.Due(now) {
		a.Reseed(now, nil)
	}
	return a.Generator.PseudoRandomData(b)
}

// ForgetLastReseed lets the next reseed ignore the interval. It is for use after a
// fork. Called often, it would defeat the interval's purpose.
func (a *Accumulator) ForgetLastReseed() { a.reseeded, a.last = false, 0 }

// LastReseed returns the time of the last reseed. The bool is false if there was
// none or it was forgotten.
func (a *Accumulator) LastReseed() (time.Duration, bool) { return a.last, a.reseeded }

// ReseedCount returns the number of reseeds.
func (a *Accumulator) ReseedCount() uint64 { return a.reseeds }

// Collected returns the number of bytes in pool 0, which Due compares with MinPoolSize.
func (a *Accumulator) Collected() uint64 { return a.pools[0].Len() }

// Pool returns a copy of pool i, to look at, or ErrPool.
func (a *Accumulator) Pool(i int) (Pool, error) {
	if i < 0 || i >= Pools {
		return Pool{}, ErrPool
	}
	return a.pools[i], nil
}

// Wipe empties the pools, makes the generator unseeded and erases everything.
func (a *Accumulator) Wipe() { *a = Accumulator{} }

// WhichPools returns n such that reseed number r uses pools 0 to n-1: pool i is
// used if 2^i divides r (section 9.5.2). r counts from 1; for 0 there are none.
// From r = 2^31 on its multiples use all 32.
func WhichPools(r uint64) (n int) {
	if r == 0 {
		return 0
	}
	return min(Pools, bits.TrailingZeros64(r)+1)
}
