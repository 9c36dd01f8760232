package entropy_test

import (
	"bytes"
	"errors"
	"testing"

	"gorandom.dev/gorandom/entropy"
)

// TestProcessor: Read gives bytes where the instruction exists, and an error elsewhere.
func TestProcessor(t *testing.T) {
	var p entropy.Processor
	t.Logf("available: %v (%s)", p.Available(), p.Name())
	seen := map[string]bool{}
	for _, n := range []int{0, 1, 7, 8, 9, 32} {
		b := bytes.Repeat([]byte{0xee}, n)
		err := p.Read(b)
		if !p.Available() {
			if n > 0 && !errors.Is(err, entropy.ErrUnavailable) {
				t.Errorf("%d bytes: got %v, want ErrUnavailable", n, err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
		if n >= 8 {
			if word := string(b[:8]); seen[word] {
				t.Errorf("%d bytes: a word came twice", n)
			} else {
				seen[word] = true
			}
		}
		if n > 8 && b[n-1] == 0xee && b[n-2] == 0xee && b[n-3] == 0xee {
			t.Errorf("%d bytes: not filled to the end", n)
		}
	}
}

// TestCycles: the counter advances, and its low bytes differ.
func TestCycles(t *testing.T) {
	low := map[uint16]bool{}
	for range 1000 {
		low[uint16(entropy.Cycles())] = true
	}
	if len(low) < 100 {
		t.Errorf("%d different low words in 1000", len(low))
	}
}

func BenchmarkSources(b *testing.B) {
	for _, s := range []entropy.Source{entropy.NewKernel(), entropy.Processor{}} {
		b.Run(s.Name(), func(b *testing.B) {
			word := make([]byte, 32)
			b.ReportAllocs()
			for b.Loop() {
				if err := s.Read(word); err != nil {
					b.Skip(err)
				}
			}
		})
	}
}
