package seedfile

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"testing"
)

func seedOf(c byte) *[SeedSize]byte { return (*[SeedSize]byte)(bytes.Repeat([]byte{c}, SeedSize)) }

// TestDecode: every prefix, every bit, and more than there should be.
func TestDecode(t *testing.T) {
	whole := encode(seedOf(7))
	refuse := func(b []byte) {
		t.Helper()
		seed := *seedOf(1)
		if err := decode(b, &seed); !errors.Is(err, ErrRefused) || seed != *seedOf(1) {
			t.Errorf("%d bytes: %v", len(b), err)
		}
	}
	for n := range whole {
		refuse(whole[:n])
		refuse(append(bytes.Clone(whole[:n]), make([]byte, len(whole)-n)...))
		for bit := range 8 {
			b := bytes.Clone(whole[:])
			b[n] ^= 1 << bit
			refuse(b)
		}
	}
	refuse(append(whole[:], 0))
}

// FuzzDecode: what is read is what encode writes, and nothing else is read.
func FuzzDecode(f *testing.F) {
	whole := encode(seedOf(3))
	f.Add(whole[:])
	f.Add(whole[:80])
	f.Add([]byte{})
	other := append([]byte("gorandom seed 2\n"), whole[16:80]...) // of another version, and whole
	digest := sha256.Sum256(other)
	f.Add(append(other, digest[:]...))
	f.Fuzz(func(t *testing.T, b []byte) {
		var seed [SeedSize]byte
		err := decode(b, &seed)
		if err == nil {
			if again := encode(&seed); !bytes.Equal(again[:], b) {
				t.Errorf("read %x", b)
			}
		} else if !errors.Is(err, ErrRefused) || seed != ([SeedSize]byte{}) {
			t.Error(err)
		}
	})
}
