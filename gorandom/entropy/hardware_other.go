//go:build !linux

package entropy

// Hardware is for systems that offer programs no hardware generator.
type Hardware struct{}

// NewHardware returns a source that gives nothing.
func NewHardware() *Hardware { return &Hardware{} }

// Name returns "hwrng".
func (*Hardware) Name() string { return "hwrng" }

// Read returns ErrUnavailable.
func (*Hardware) Read(b []byte) error {
	clear(b)
	return ErrUnavailable
}
