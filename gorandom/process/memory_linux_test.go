package process

import (
	"testing"

	"golang.org/x/sys/unix"
)

// TestMadviseThatLies: advice that was refused is not reported as granted, nor is advice
// from a madvise(2) that grants everything, as qemu-user's does. It fails if advise
// doesn't try nonsense first: the guard would trust a page that no fork wipes.
func TestMadviseThatLies(t *testing.T) {
	for _, v := range []struct {
		name   string
		answer func(advice int) error
		want   Protection
	}{
		{"grants everything", func(int) error { return nil }, Protection{}},
		{"refuses everything", func(int) error { return unix.EINVAL }, Protection{}},
		{"refuses by a filter", func(int) error { return unix.EPERM }, Protection{}},
		{"an old kernel", func(advice int) error {
			if advice == unix.MADV_DONTDUMP {
				return nil
			}
			return unix.EINVAL
		}, Protection{Undumped: true}},
		{"honest", func(advice int) error {
			if advice == unix.MADV_DONTDUMP || advice == unix.MADV_WIPEONFORK {
				return nil
			}
			return unix.EINVAL
		}, Protection{Undumped: true, WipedAtFork: true}},
	} {
		t.Run(v.name, func(t *testing.T) {
			defer func() { madvise = unix.Madvise }()
			madvise = func(_ []byte, advice int) error { return v.answer(advice) }
			m, err := Allocate(1)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = m.Free() }()
			got := m.Protection()
			got.Locked = false
			if got != v.want {
				t.Errorf("got %+v, want %+v", got, v.want)
			}
		})
	}
}
