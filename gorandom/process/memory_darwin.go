package process

const mapFlags = 0

// wipeAtFork reports false: the system can leave a page out of a child, but can't
// replace it by zeros. The guard compares process IDs instead.
func wipeAtFork([]byte) bool { return false }

// leaveOutOfDumps reports false: the system has no such advice.
func leaveOutOfDumps([]byte) bool { return false }
