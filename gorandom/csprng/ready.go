package csprng

const (
	// readySize is how many bytes FillAny makes at once for small draws. A request
	// costs as much as some KiB of keystream; shared by 32 draws of 16 bytes, that is
	// little for each. More would lock more memory in each lane.
	readySize = 512
	// smallDraw is the size up to which draws are served from ready bytes. A larger
	// draw is a request of its own.
	smallDraw = readySize / 2
	// recently is how many cycles ago the clock may have been read when bytes are
	// taken, because reading it costs as much as the rest of the draw. When bytes are
	// made, a lane's key takes a new word from the processor if the last is at least as old.
	// It is a millisecond at 1 GHz, and less than StaleAfter down to 2 MHz.
	recently = 1 << 20
)

// ready holds bytes that a lane has made for small draws. The last left bytes are
// still to be given; those before them were handed out and are zero.
type ready struct {
	bytes  [readySize]byte
	left   uint32
	looked uint64 // the cycle counter, when the clock was last looked at
}

func (s *ready) wipe() { *s = ready{} }

// take fills b from the lane's ready bytes, makes more when they run out, and erases
// what it hands out. The lane's lock is held. It makes the same checks as a request,
// except that it rarely reads the clock (see recently).
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
