package process

import "sync/atomic"

// Guard says whether this process is another than the one that called Mark: a
// child of a fork, made by any road.
//
// Where the memory that its word stands in is wiped at a fork, the word tells: a
// child finds it zero. That takes no system call, nothing has to be called at
// the fork, and even a raw clone(2) is seen.
//
// Elsewhere the word tells nothing, and process IDs are compared at each call.
// That is the best there is and not proof: an ID is used again after its process
// has ended, so a grandchild can have its grandparent's. Protection.WipedAtFork
// says which of the two holds.
type Guard struct {
	word   *atomic.Uint64
	wiped  bool
	getpid func() int
	pid    atomic.Int64
}

// NewGuard returns a guard with its word in m. It reads as changed until Mark.
// getpid gives the process ID, as syscall.Getpid does.
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
