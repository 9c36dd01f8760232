//go:build !darwin && !freebsd && !linux && !openbsd

package seedfile

type file struct{}

func (*file) open(string) error           { return ErrUnsupported }
func (*file) close()                      {}
func (*file) read(*[SeedSize]byte) error  { return ErrUnsupported }
func (*file) replaceable() error          { return ErrUnsupported }
func (*file) write(*[SeedSize]byte) error { return ErrUnsupported }
