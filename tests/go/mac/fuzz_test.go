package mac_test

import (
	"bytes"
	"crypto/hmac"
	"errors"
	"testing"

	"gorandom.dev/gorandom/mac"
)

// FuzzSum compares any key and message with crypto/hmac. No other tag may verify.
func FuzzSum(f *testing.F) {
	for number := range uint8(16) {
		f.Add(number, []byte("key"), []byte("message"))
		f.Add(number, bytes.Repeat([]byte{1}, 64), []byte("message"))
		f.Add(number, bytes.Repeat([]byte{1}, 128), []byte("message"))
	}
	f.Add(uint8(0), bytes.Repeat([]byte{1}, 65), bytes.Repeat([]byte{2}, 119))
	f.Add(uint8(8), bytes.Repeat([]byte{1}, 145), bytes.Repeat([]byte{2}, 287))
	f.Fuzz(func(t *testing.T, number uint8, key, message []byte) {
		a := mac.Algorithm(number)
		hash := hashes[a.String()]
		if hash == nil {
			if tag, err := mac.Sum(nil, a, key, message); !errors.Is(err, mac.ErrAlgorithm) || tag != nil {
				t.Errorf("algorithm %d: %x, %v", number, tag, err)
			}
			return
		}
		oracle := hmac.New(hash, key)
		oracle.Write(message)
		want := oracle.Sum(nil)
		for way, tag := range sums(t, a, key, message) {
			if !bytes.Equal(tag, want) {
				t.Errorf("%v, way %d: %x, want %x", a, way, tag, want)
			}
		}
		var k mac.Key
		if err := errors.Join(k.Set(a, key), k.Verify(message, want)); err != nil {
			t.Error(err)
		}
		other := bytes.Clone(want)
		other[len(message)%len(other)] ^= 1 << (number % 8)
		for _, tag := range [][]byte{other, want[1:], want[:len(want)-1], append(want, 0), nil} {
			if err := k.Verify(message, tag); !errors.Is(err, mac.ErrMismatch) {
				t.Errorf("%v: tag %x, want %x: %v", a, tag, want, err)
			}
		}
	})
}
