package process

// WatchClones returns a function whose value is another one after the machine has
// been restored from a saved state, and what tells it: "vmclock" or "sysgenid",
// pages in which the machine's monitor changes a number then, and which a driver
// of Linux lets programs map. Where there is no such page, or this process may not
// read it (vmclock's is root's alone by default), it returns nil and "clock": then
// nothing tells. A call of the function is a read of memory.
func WatchClones() (now func() uint64, name string) { return watchClones() }
