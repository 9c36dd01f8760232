// Package entropy_test checks the sources of entropy as the system really provides them.
package entropy_test

import (
	"fmt"
	"runtime"
	"testing"

	"gorandom.dev/gorandom/entropy"
)

// TestRealKernel makes the real calls, on whatever system this is. getentropy gives at most
// 256 bytes at once.
func TestRealKernel(t *testing.T) {
	k := entropy.NewKernel()
	names := map[string]string{
		"darwin": "getentropy", "freebsd": "getrandom", "linux": "getrandom", "openbsd": "getentropy", "windows": "ProcessPrng",
	}
	if k.Name() != names[runtime.GOOS] {
		t.Errorf("Name: %q", k.Name())
	}
	const part = 16
	seen := map[[part]byte]bool{{}: true}
	for _, n := range []int{0, 1, 32, 255, 256, 257, 512, 513, 1056, 1 << 20} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			b := make([]byte, n)
			if err := k.Read(b); err != nil {
				t.Fatal(err)
			}
			for i := n % part; i < n; i += part { // a short read would miss the end
				p := [part]byte(b[i:])
				if seen[p] {
					t.Fatalf("bytes %d to %d are zero or came before", i, i+part)
				}
				seen[p] = true
			}
		})
	}
}
