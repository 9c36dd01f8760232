//go:build !amd64 || purego

package entropy

import "time"

var start = time.Now()

// cycles counts nanoseconds where no cheaper counter is supported yet.
func cycles() uint64 { return uint64(time.Since(start)) }
