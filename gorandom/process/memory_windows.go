package process

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

func allocate(size int) (*Memory, error) {
	const page = 4096 // bytes, on every architecture of Windows
	size = (size + page - 1) / page * page
	addr, err := windows.VirtualAlloc(0, uintptr(size), windows.MEM_COMMIT|windows.MEM_RESERVE, windows.PAGE_READWRITE)
	if err != nil {
		return nil, noMemory{err}
	}
	// The address of memory that isn't Go's own. Read it as a pointer: go vet would object
	// to one that is computed from an integer.
	b := unsafe.Slice(*(**byte)(unsafe.Pointer(&addr)), size)
	return &Memory{b, Protection{
		WipedAtFork: true, // there is no fork on Windows
		Locked:      windows.VirtualLock(addr, uintptr(size)) == nil,
	}, func([]byte) error { return windows.VirtualFree(addr, 0, windows.MEM_RELEASE) }}, nil
}
