package calls

import "strconv"

// AppendStatus appends the core's state as lines of a name and a value. "kernel", "source", "dropped" and "memory" may
// come several times.
func AppendStatus(b []byte) []byte {
	if core == nil {
		return b
	}
	s := core.Status()
	b = appendLine(b, "keystream", s.Keystream)
	for _, name := range kernels {
		b = appendLine(b, "kernel", name)
	}
	b = appendCount(b, "reseeds", s.Reseeds)
	b = appendCount(b, "failed_reseeds", s.FailedReseeds)
	b = appendCount(b, "events", s.Events)
	for _, name := range s.Sources {
		b = appendLine(b, "source", name)
	}
	for _, d := range s.Dropped {
		b = appendLine(b, "dropped", d.Name, ": ", d.Reason)
	}
	if s.Protection.WipedAtFork {
		b = appendLine(b, "memory", "wiped at fork")
	}
	if s.Protection.Undumped {
		b = appendLine(b, "memory", "undumped")
	}
	if s.Protection.Locked {
		b = appendLine(b, "memory", "locked")
	}
	return b
}

func appendLine(b []byte, name string, value ...string) []byte {
	b = append(append(b, name...), ' ')
	for _, part := range value {
		b = append(b, part...)
	}
	return append(b, '\n')
}

func appendCount(b []byte, name string, n uint64) []byte {
	b = append(append(b, name...), ' ')
	return append(strconv.AppendUint(b, n, 10), '\n')
}
