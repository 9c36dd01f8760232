//go:build amd64 || arm64

package process

import (
	"os"
	"path/filepath"
	"testing"
	"unsafe"
)

// TestVMClock: the number changes with everything that the monitor may write.
func TestVMClock(t *testing.T) {
	for name, v := range map[string]struct {
		flags   uint64
		change  func(v *vmclock)
		another bool
	}{
		"nothing":                   {vmclockGeneration, func(*vmclock) {}, false},
		"disruption":                {0, func(v *vmclock) { v.disruptionMarker++ }, true},
		"disruption and generation": {vmclockGeneration, func(v *vmclock) { v.disruptionMarker++; v.vmGenerationCounter++ }, true},
		"generation alone":          {vmclockGeneration, func(v *vmclock) { v.vmGenerationCounter++ }, true},
		"generation, not kept":      {^uint64(vmclockGeneration), func(v *vmclock) { v.vmGenerationCounter++ }, false},
		"a write begins":            {0, func(v *vmclock) { v.seqCount++ }, true},
		"a write of the time":       {0, func(v *vmclock) { v.seqCount += 2; v.clock[0]++ }, false},
	} {
		page := &vmclock{seqCount: 6, disruptionMarker: 40, flags: v.flags, vmGenerationCounter: 50}
		before := page.now()
		v.change(page)
		if another := page.now() != before; another != v.another {
			t.Errorf("%s: another number: %v", name, another)
		}
	}
}

// TestVMClockRefused: a page with an unknown layout is not used.
func TestVMClockRefused(t *testing.T) {
	size := uint32(unsafe.Sizeof(vmclock{}))
	for name, v := range map[string]struct {
		page  vmclock
		known bool
	}{
		"known":            {vmclock{magic: vmclockMagic, version: vmclockVersion, size: size}, true},
		"with more fields": {vmclock{magic: vmclockMagic, version: vmclockVersion, size: 4096}, true},
		"zeros":            {vmclock{}, false},
		"another magic":    {vmclock{magic: vmclockMagic + 1, version: vmclockVersion, size: size}, false},
		"another version":  {vmclock{magic: vmclockMagic, version: vmclockVersion + 1, size: size}, false},
		"too small":        {vmclock{magic: vmclockMagic, version: vmclockVersion, size: size - 1}, false},
	} {
		if got := v.page.known(); got != v.known {
			t.Errorf("%s: %v", name, got)
		}
	}
	// These are the offsets in the kernel's header.
	if v := (vmclock{}); unsafe.Offsetof(v.seqCount) != 12 || unsafe.Offsetof(v.disruptionMarker) != 16 ||
		unsafe.Offsetof(v.flags) != 24 || unsafe.Offsetof(v.vmGenerationCounter) != 104 {
		t.Errorf("the layout is another: %+v", v)
	}
}

// TestMapDeviceRefuses: only misc devices are mapped, and only those that have a page.
func TestMapDeviceRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, make([]byte, 8192), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, "/dev/zero", "/dev/null", "/dev/none", filepath.Dir(file), "/dev/net/tun", "/dev/fuse"} {
		if page := mapDevice(path); page != nil {
			t.Errorf("%s was mapped", path)
		}
	}
}
