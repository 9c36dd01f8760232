package csprng

const (
	// readySize is how many bytes FillAny makes at once for small draws: enough
	// that a request, which costs as much as some KiB of keystream, is little to
	// each of 32 draws of 16 bytes, and so few that a lane locks little memory.
	readySize = 512
	// smallDraw is the most bytes that are taken from those ready. A larger draw
	// is a request of its own.
	smallDraw = readySize / 2
	// recently is how many cycles old the last look at the clock may be when
	// bytes are taken: the clock would cost as much as the rest of the draw. And
	// how old the last word of the processor's in a lane's key, when bytes are made.
	// It is a millisecond at 1 GHz, and less than StaleAfter down to 2 MHz.
	recently = 1 << 20
)

// ready are bytes that a lane has made for small draws, the last left ones of
// bytes. Those before them were handed out and are zero.
type ready struct {
	bytes  [readySize]byte
	left   uint32
	looked uint64 // the cycle counter, when the clock was last looked at
}

func (s *ready) wipe() { *s = ready{} }

// take fills b from what the lane has ready, makes more when there is no more,
// and erases what it hands out. The lane's lock is held. What calls for fresh
// bytes is looked at as for a request, but for the clock (see recently).
func (r *RNG) take(l *lane, b []byte) error {
	s := l.state
	if s == nil {
		return ErrClosed
	}
	cycles := r.cycles()
	if s.epoch != r.epoch.Load() || cycles-s.ready.looked >= recently || !r.started.Load() || r.guard.Changed() ||
		r.machine() != r.seededIn.Load() {
		if err := r.refresh(s); err != nil {
			return err
		}
		s.ready.looked = cycles
	}
	for {
		from := s.ready.bytes[readySize-s.ready.left:]
		n := copy(b, from)
		clear(from[:n])
		s.ready.left -= uint32(n)
		if b = b[n:]; len(b) == 0 {
			return nil
		}
		if err := r.request(l, s.ready.bytes[:], false); err != nil {
			return err
		}
		s.ready.left, s.ready.looked = readySize, cycles
	}
}
