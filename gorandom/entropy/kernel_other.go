//go:build !darwin && !freebsd && !linux && !openbsd && !windows

package entropy

// Kernel is for systems whose random number generator isn't supported yet.
type Kernel struct{}

// NewKernel returns a source that gives nothing.
func NewKernel() *Kernel { return &Kernel{} }

// Name returns "none".
func (*Kernel) Name() string { return "none" }

// Read returns ErrUnavailable.
func (*Kernel) Read(b []byte) error {
	clear(b)
	return ErrUnavailable
}
