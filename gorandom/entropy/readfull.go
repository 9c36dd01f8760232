//go:build darwin || freebsd || linux || openbsd

package entropy

import (
	"io"

	"golang.org/x/sys/unix"
)

// readFull calls read until b is full. A short answer and EINTR are not errors. An
// empty answer is one, because it would be repeated for ever.
func readFull(b []byte, read func([]byte) (int, error)) error {
	for len(b) > 0 {
		n, err := read(b)
		switch {
		case interrupted(err):
		case err != nil:
			return err
		case n <= 0 || n > len(b):
			return io.ErrUnexpectedEOF
		default:
			b = b[n:]
		}
	}
	return nil
}

func interrupted(err error) bool { return err == unix.EINTR }
