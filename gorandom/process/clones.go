package process

// WatchClones returns a function whose value changes when the machine has been
// restored from a saved state, and the name of what it reads: "vmclock" or
// "sysgenid". These are pages in which the machine's monitor then changes a number;
// a Linux driver lets programs map them. Without such a page, or if this process may
// not read it (by default only root may read vmclock's), it returns nil and "clock",
// and restores can't be detected. A call of the function is a read of memory.
func WatchClones() (now func() uint64, name string) { return watchClones() }
