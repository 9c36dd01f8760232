package entropy

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// Kernel is Windows' random number generator: ProcessPrng, since Windows 7.
type Kernel struct{ prng *windows.LazyProc }

// NewKernel returns the kernel's source.
func NewKernel() *Kernel {
	return &Kernel{windows.NewLazySystemDLL("bcryptprimitives.dll").NewProc("ProcessPrng")}
}

// Name returns "ProcessPrng".
func (*Kernel) Name() string { return "ProcessPrng" }

// Read fills b. The function always succeeds where it exists.
func (k *Kernel) Read(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if err := k.prng.Find(); err != nil {
		clear(b)
		return wrap("ProcessPrng", "", err)
	}
	if ok, _, err := k.prng.Call(uintptr(unsafe.Pointer(&b[0])), uintptr(len(b))); ok == 0 {
		clear(b)
		return wrap("ProcessPrng", "", err)
	}
	return nil
}
