//go:build !darwin && !freebsd && !linux && !openbsd

package seedfile

type file struct{}

func withFile(string, func(*file) error) error { return ErrUnsupported }

func (*file) read(*[SeedSize]byte) error  { return ErrUnsupported }
func (*file) replaceable() error          { return ErrUnsupported }
func (*file) write(*[SeedSize]byte) error { return ErrUnsupported }
