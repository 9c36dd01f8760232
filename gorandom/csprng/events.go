package csprng

import (
	"crypto/sha256"
	"encoding/binary"

	"gorandom.dev/gorandom/fortuna"
	"gorandom.dev/gorandom/health"
)

// AddEvent adds data from a program's source to its next pool. The data takes effect
// by Fortuna's rule and never at once: an attacker who could add single events to the
// key and see the output after each could guess them one by one. Data longer than 32
// bytes counts as its SHA-256 digest. It returns ErrEvent if data is empty, or
// ErrClosed.
func (r *RNG) AddEvent(source byte, data []byte) error {
	if r == nil {
		return ErrClosed
	}
	if len(data) == 0 {
		return ErrEvent
	}
	if len(data) > fortuna.MaxEvent {
		digest := sha256.Sum256(data)
		defer clear(digest[:])
		data = digest[:]
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.root == nil {
		return ErrClosed
	}
	// First, so that the event isn't wiped with the state from the parent.
	r.noticeForkLocked()
	r.addLocked(source, data)
	return nil
}

// addLocked adds an event of 1 to 32 bytes to the source's next pool.
func (r *RNG) addLocked(source byte, data []byte) {
	pool := r.root.next[source]
	r.root.next[source] = (pool + 1) % fortuna.Pools
	r.appendLocked(source, int(pool), data)
	r.scheduleLocked()
}

// appendLocked adds an event of 1 to 32 bytes to a pool.
func (r *RNG) appendLocked(source byte, pool int, data []byte) {
	if r.root.accumulator.AddEvent(source, pool, data) != nil {
		return
	}
	r.events++
	if r.observe != nil {
		r.observe(source, pool, len(data))
	}
}

const (
	// samplesPerEvent is how many requests a lane gathers into one event, because an
	// event would cost more than its request. Only the counter's two low bytes are
	// unpredictable, and they lose nothing by waiting.
	samplesPerEvent = fortuna.MaxEvent / 2

	// samplesPerWord is how many requests there are for each word of the processor's
	// entropy instruction, which takes some microseconds, or of another source.
	samplesPerWord = 4 * samplesPerEvent

	maxWords = 2 // sources that give words: the processor and a hardware generator
)

// samples are the low bytes of the cycle counter at a lane's last requests.
type samples struct {
	bytes [fortuna.MaxEvent]byte
	word  [8]byte     // of a source of noise; zero between calls
	count uint32      // requests since the last word
	fed   uint32      // that count at the last event
	last  uint64      // the cycle counter at the last request; 0: there was none
	test  health.Test // of the cycles between two requests
}

func (s *samples) wipe() { *s = samples{} }

// sample records a request at cycle c. Each 16th request feeds the pools with 32
// bytes of the cycle counter, each 64th with a word of the processor's. A lane never
// waits for the root's lock to do that: while another holds it, the lane goes on
// mixing samples into those it has.
func (r *RNG) sample(s *samples, c uint64) {
	if !r.jitter.dropped() {
		r.sampleCycles(s, c)
	}
	s.count++
	if s.count < s.fed+samplesPerEvent {
		return
	}
	if !r.jitter.dropped() && !r.tryAdd(SourceCycles, s.bytes[:]) {
		return
	}
	clear(s.bytes[:])
	s.fed = s.count
	if s.count < samplesPerWord {
		return
	}
	s.count, s.fed = 0, 0
	// Slow, so not with the root's lock held.
	for i, n := range r.words {
		if !n.dropped() && n.source.Read(s.word[:]) == nil {
			r.tryWord(i, s.word[:])
			clear(s.word[:])
		}
	}
}

// sampleCycles mixes the cycle counter into the lane's samples. It tests the counter's
// steps and not its values: the entropy is in the steps, and a counter that advances
// evenly never repeats a value.
func (r *RNG) sampleCycles(s *samples, c uint64) {
	if s.last != 0 {
		step := [1]byte{byte(c - s.last)}
		if !r.jitter.pass(&s.test, step[:]) {
			return
		}
	}
	s.last = c
	at := s.count % samplesPerEvent * 2
	s.bytes[at] ^= byte(c)
	s.bytes[at+1] ^= byte(c >> 8)
}

// mix puts a word of the processor's and the cycle counter into a lane's key, at most
// once a millisecond because the word takes some microseconds. From then on two
// copies of a machine diverge, even where nothing tells them that they are copies.
// This is no reseed in Fortuna's sense, and nothing relies on it: a key that an
// attacker knows stays known until the root reseeds, and a key that he doesn't know
// gets no weaker. The lane tests its words itself, because the root's lock isn't held.
func (r *RNG) mix(s *laneState, c uint64) {
	n := 0
	if r.processorWords(&s.words, s.mixin[:8]) {
		n = 8
	}
	binary.LittleEndian.PutUint64(s.mixin[n:], c)
	s.generator.Reseed(s.mixin[:n+tickSize])
	clear(s.mixin[:])
	s.mixed = c
}

// tryAdd adds an event if nobody holds the root's lock.
func (r *RNG) tryAdd(source byte, data []byte) bool {
	if !r.mu.TryLock() {
		return false
	}
	defer r.mu.Unlock()
	if r.root == nil {
		return false
	}
	r.addLocked(source, data)
	return true
}
