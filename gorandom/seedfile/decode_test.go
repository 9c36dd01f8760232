package seedfile

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"testing"
)

func seedOf(c byte) *[SeedSize]byte { return (*[SeedSize]byte)(bytes.Repeat([]byte{c}, SeedSize)) }

// TestDecode tries every prefix, every flipped bit, and a file that is too long.
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

// TestDerived: the Python package's test of its own code has the same digests.
func TestDerived(t *testing.T) {
	var seed, fresh [SeedSize]byte
	for i := range SeedSize {
		seed[i], fresh[i] = byte(i), byte(SeedSize+i)
	}
	next, events := sha256.New(), sha256.New()
	for i := range byte(2) {
		d := derive("next", i, &seed, &fresh)
		next.Write(d[:])
	}
	for i := range byte(32) {
		d := derive("event", i, &seed, &[SeedSize]byte{})
		events.Write(d[:])
	}
	for h, want := range map[hash.Hash]string{next: "494f301e4bf8029cd9aa92a07e9e69619961b1facc0ca4c01503e09bf237aa99", events: "4b57ed3dc4a787d8691ae306cbb053e375647f927c4be9ac4c53919f845b1bc4"} {
		if got := hex.EncodeToString(h.Sum(nil)); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// FuzzDecode: decode accepts what encode writes, and nothing else.
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
