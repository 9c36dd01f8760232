package process

import "sync/atomic"

// Guard says whether this process is the one that called Mark, or a child that was
// forked from it in any way.
//
// Where the word's memory is wiped at a fork, a child finds the word zero. That takes
// no system call and no hook at the fork, and detects even a raw clone(2).
//
// Elsewhere the word tells nothing, and process IDs are compared at each call. That is
// the best available and no proof: an ID is reused after its process has ended, so a
// grandchild can have its grandparent's. Protection.WipedAtFork says which of the two
// holds.
type Guard struct {
	word   *atomic.Uint64
	wiped  bool
	getpid func() int
	pid    atomic.Int64
}

// NewGuard returns a guard with its word in m. Changed returns true until Mark is
// called. getpid gives the process ID, as syscall.Getpid does.
func NewGuard(m *Memory, word *atomic.Uint64, getpid func() int) *Guard {
	return &Guard{word: word, wiped: m.Protection().WipedAtFork, getpid: getpid}
}

// Mark makes this process the one that Changed compares with.
func (g *Guard) Mark() {
	g.pid.Store(int64(g.getpid()))
	g.word.Store(1)
}

// Changed reports whether the process was forked since Mark, or Mark was never
// called.
func (g *Guard) Changed() bool {
	return g.word.Load() == 0 || !g.wiped && g.pid.Load() != int64(g.getpid())
}
