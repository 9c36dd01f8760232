//go:build !darwin && !freebsd && !linux && !openbsd && !windows

package process

// allocate takes memory from the Go heap. It promises no protection, and its Protection
// says so.
func allocate(size int) (*Memory, error) {
	return &Memory{make([]byte, size), Protection{}, func([]byte) error { return nil }}, nil
}
