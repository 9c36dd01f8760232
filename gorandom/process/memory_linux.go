package process

import "golang.org/x/sys/unix"

const mapFlags = 0

// nonsense is an advice that no kernel knows. Some emulators of the system calls
// (qemu-user 7.2 is one) answer 0 to every advice and do nothing.
const nonsense = 12345

func wipeAtFork(b []byte) bool { return advise(b, unix.MADV_WIPEONFORK) }

func leaveOutOfDumps(b []byte) bool { return advise(b, unix.MADV_DONTDUMP) }

// advise reports success only if madvise(2) can be trusted, that is, if it refuses
// nonsense.
func advise(b []byte, advice int) bool {
	return madvise(b, nonsense) != nil && madvise(b, advice) == nil
}

var madvise = unix.Madvise // or a test's
