// Package keystream_test checks every kernel that the processor has against
// published vectors and against the block-at-a-time oracle.
package keystream_test

import (
	"bytes"
	"crypto/aes"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"gorandom.dev/gorandom/keystream"
)

// known are all kernels that some processor of this architecture may have.
func known() []string {
	if runtime.GOARCH == "amd64" {
		return []string{"generic", "aesni", "vaes256"}
	}
	return []string{"generic"}
}

// eachKernel runs f for every kernel, and says loudly which this processor lacks.
func eachKernel(t *testing.T, f func(t *testing.T, kernel string)) {
	t.Helper()
	for _, name := range known() {
		t.Run(name, func(t *testing.T) {
			if !slices.Contains(keystream.Kernels(), name) {
				t.Skipf("NOT RUN: this processor or build has no kernel %q, only %q", name, keystream.Kernels())
			}
			f(t, name)
		})
	}
}

// oracle is this test's own: crypto/aes over counter blocks made by hand.
func oracle(t *testing.T, key *[32]byte, c keystream.Counter, n int) []byte {
	t.Helper()
	block, err := aes.NewCipher(key[:])
	if err != nil {
		t.Fatal(err)
	}
	var out []byte
	for len(out) < n {
		var in [16]byte
		for i := range 8 {
			in[i] = byte(c.Lo >> (8 * i))
			in[8+i] = byte(c.Hi >> (8 * i))
		}
		block.Encrypt(in[:], in[:])
		out = append(out, in[:]...)
		if c.Lo++; c.Lo == 0 {
			c.Hi++
		}
	}
	return out[:n]
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// counterOf is the counter whose block is b.
func counterOf(b []byte) (c keystream.Counter) {
	for i := range 8 {
		c.Lo |= uint64(b[i]) << (8 * i)
		c.Hi |= uint64(b[8+i]) << (8 * i)
	}
	return c
}

// TestStandardVectors: the AES-256 block of FIPS 197, appendix C.3, and the four
// of NIST SP 800-38A, F.1.5 (ECB-AES256.Encrypt). A counter block is just an
// AES input, so a single-block vector is one of ours with that counter.
func TestStandardVectors(t *testing.T) {
	const nist = "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"
	vectors := []struct{ source, key, in, out string }{
		{"FIPS 197 C.3", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "00112233445566778899aabbccddeeff", "8ea2b7ca516745bfeafc49904b496089"},
		{"SP 800-38A F.1.5 #1", nist, "6bc1bee22e409f96e93d7e117393172a", "f3eed1bdb5d2a03c064b5a7e3db181f8"},
		{"SP 800-38A F.1.5 #2", nist, "ae2d8a571e03ac9c9eb76fac45af8e51", "591ccb10d410ed26dc5ba74a31362870"},
		{"SP 800-38A F.1.5 #3", nist, "30c81c46a35ce411e5fbc1191a0a52ef", "b6ed21b99ca6f4f9f153e7b1beafed1d"},
		{"SP 800-38A F.1.5 #4", nist, "f69f2445df4f9b17ad2b417be66c3710", "23304b7a39f9f3ff067d8d8f9e24ecc7"},
	}
	eachKernel(t, func(t *testing.T, kernel string) {
		for _, v := range vectors {
			key := [32]byte(unhex(t, v.key))
			in := unhex(t, v.in)
			c := counterOf(in)
			if b := c.Bytes(); !bytes.Equal(b[:], in) {
				t.Fatalf("%s: Counter.Bytes: got %x, want %x", v.source, b, in)
			}
			// 32 blocks, so that the wide kernels' main loops run too; the
			// vector is the first.
			for _, n := range []int{16, 32 * 16} {
				got := make([]byte, n)
				c := c
				if err := keystream.FillWith(kernel, &key, got, &c); err != nil {
					t.Fatal(err)
				}
				if want := unhex(t, v.out); !bytes.Equal(got[:16], want) {
					t.Errorf("%s, %d bytes: got %x, want %x", v.source, n, got[:16], want)
				}
			}
		}
	})
}

// TestLengths: every length from 0 to 1025, at every misalignment of dst within
// a block, with guard bytes on both sides, from random keys and counters.
func TestLengths(t *testing.T) {
	eachKernel(t, func(t *testing.T, kernel string) {
		rng := rand.New(rand.NewPCG(1, 2))
		const guard = 64
		for n := range 1026 {
			var key [32]byte
			for i := range key {
				key[i] = byte(rng.Uint32())
			}
			start := keystream.Counter{Lo: rng.Uint64(), Hi: rng.Uint64()}
			buf := bytes.Repeat([]byte{0xa5}, guard+16+n+guard)
			at := guard + n%16
			dst := buf[at : at+n : at+n]
			c := start
			if err := keystream.FillWith(kernel, &key, dst, &c); err != nil {
				t.Fatal(err)
			}
			if want := oracle(t, &key, start, n); !bytes.Equal(dst, want) {
				t.Fatalf("%d bytes: got %x, want %x", n, dst, want)
			}
			end := start
			end.Add(uint64(n+15) / 16)
			if c != end {
				t.Fatalf("%d bytes: counter %x, want %x", n, c, end)
			}
			for i, b := range buf {
				if (i < at || i >= at+n) && b != 0xa5 {
					t.Fatalf("%d bytes: wrote outside dst, at %d", n, i-at)
				}
			}
		}
	})
}

// TestCarries: runs that begin 0 to 40 blocks before each place where the
// counter carries: within a byte, a word of 32 bits, the low 64, all 128.
func TestCarries(t *testing.T) {
	wraps := []keystream.Counter{
		{Lo: 1 << 8}, {Lo: 1 << 16}, {Lo: 1 << 32}, {Lo: 1 << 63},
		{Lo: 0, Hi: 1}, {Lo: 0, Hi: 1 << 32}, {Lo: 0, Hi: math.MaxUint64}, {},
	}
	eachKernel(t, func(t *testing.T, kernel string) {
		key := [32]byte{31: 7}
		for _, wrap := range wraps {
			for before := range uint64(41) {
				start := wrap
				start.Lo -= before
				if start.Lo > wrap.Lo {
					start.Hi--
				}
				for _, n := range []int{16, 15 * 16, 40*16 + 5, 100 * 16} {
					got := make([]byte, n)
					c := start
					if err := keystream.FillWith(kernel, &key, got, &c); err != nil {
						t.Fatal(err)
					}
					if want := oracle(t, &key, start, n); !bytes.Equal(got, want) {
						t.Fatalf("from %x, %d bytes: differs from the oracle", start, n)
					}
				}
			}
		}
	})
}

// TestLongRuns: lengths around the size of one assembly call (64 KiB) and of
// one request (1 MiB).
func TestLongRuns(t *testing.T) {
	eachKernel(t, func(t *testing.T, kernel string) {
		key := [32]byte{1}
		start := keystream.Counter{Lo: math.MaxUint64 - 5000, Hi: 41}
		for _, around := range []int{1 << 16, 1 << 20} {
			want := oracle(t, &key, start, around+17)
			for _, n := range []int{around - 17, around - 1, around, around + 1, around + 16, around + 17} {
				got := make([]byte, n)
				c := start
				if err := keystream.FillWith(kernel, &key, got, &c); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got, want[:n]) {
					t.Fatalf("%d bytes: differs from the oracle", n)
				}
			}
		}
	})
}

// TestSchedule: the exported way gives the active kernel's bytes, its state is
// plain data that can be copied, and Wipe leaves nothing.
func TestSchedule(t *testing.T) {
	t.Logf("kernels on this processor: %q, active: %s", keystream.Kernels(), keystream.Active())
	key := [32]byte{1, 2, 3}
	var s keystream.Schedule
	s.Expand(&key)
	if *s.Key() != key {
		t.Errorf("Key: got %x, want %x", *s.Key(), key)
	}
	twin, expanded := s, s
	want := oracle(t, &key, keystream.Counter{Lo: 9}, 333)
	for i, x := range []*keystream.Schedule{&s, &twin} {
		got := make([]byte, 333)
		c := keystream.Counter{Lo: 9}
		if err := x.Fill(got, &c); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("schedule %d: differs from the oracle", i)
		}
		if *x != expanded {
			t.Errorf("schedule %d: Fill left something in its scratch", i)
		}
	}
	s.Wipe()
	if s != (keystream.Schedule{}) {
		t.Error("Wipe left something")
	}
}

func TestFillWithUnknownKernel(t *testing.T) {
	var c keystream.Counter
	dst := []byte{1, 2, 3}
	if err := keystream.FillWith("sparc", &[32]byte{}, dst, &c); !errors.Is(err, keystream.ErrKernel) {
		t.Errorf("got %v, want ErrKernel", err)
	}
	if c.Lo != 0 || !bytes.Equal(dst, []byte{1, 2, 3}) {
		t.Error("an unknown kernel touched its arguments")
	}
}

func TestActiveIsTheLastOfKernels(t *testing.T) {
	names := keystream.Kernels()
	if names[0] != "generic" || names[len(names)-1] != keystream.Active() {
		t.Errorf("kernels %q, active %q", names, keystream.Active())
	}
}

// TestNoAllocation: the fast kernels work in the caller's memory alone.
func TestNoAllocation(t *testing.T) {
	if keystream.Active() == "generic" {
		t.Skip("NOT RUN: the generic kernel makes a crypto/aes block at each call")
	}
	s := new(keystream.Schedule)
	key := new([32]byte)
	c := new(keystream.Counter)
	if n := testing.AllocsPerRun(100, func() {
		var onStack [100]byte
		s.Expand(key)
		if s.Fill(onStack[:], c) != nil {
			t.Fail()
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzKernels(f *testing.F) {
	f.Add([]byte("key"), uint64(math.MaxUint64-3), uint64(math.MaxUint64), uint16(777))
	f.Fuzz(func(t *testing.T, k []byte, lo, hi uint64, n uint16) {
		var key [32]byte
		copy(key[:], k)
		start := keystream.Counter{Lo: lo, Hi: hi}
		want := oracle(t, &key, start, int(n))
		for _, kernel := range keystream.Kernels() {
			got := make([]byte, n)
			c := start
			if err := keystream.FillWith(kernel, &key, got, &c); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s: differs from the oracle", kernel)
			}
		}
	})
}

func BenchmarkKernel(b *testing.B) {
	for _, kernel := range keystream.Kernels() {
		for _, n := range []int{16, 256, 4096, 1 << 20} {
			b.Run(fmt.Sprintf("%s/%d", kernel, n), func(b *testing.B) {
				key := [32]byte{1}
				dst := make([]byte, n)
				var c keystream.Counter
				b.SetBytes(int64(n))
				b.ReportAllocs()
				for b.Loop() {
					if err := keystream.FillWith(kernel, &key, dst, &c); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
