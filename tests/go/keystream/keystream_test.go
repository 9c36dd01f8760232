// Package keystream_test checks every kernel that the processor has against
// published vectors and against the block-at-a-time oracle.
package keystream_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"gorandom.dev/gorandom/keystream"
)

// known are all kernels that a processor of this architecture may have.
func known() []string {
	switch runtime.GOARCH {
	case "amd64":
		return []string{"generic", "aesni", "vaes256", "vaes512"}
	case "arm64":
		return []string{"generic", "armv8"}
	}
	return []string{"generic"}
}

// eachKernel runs f for every kernel. It skips, and reports, those that this processor lacks.
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

// oracle is an independent keystream: crypto/aes over counter blocks made by hand.
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

// counterOf returns the counter whose block is b.
func counterOf(b []byte) (c keystream.Counter) {
	for i := range 8 {
		c.Lo |= uint64(b[i]) << (8 * i)
		c.Hi |= uint64(b[8+i]) << (8 * i)
	}
	return c
}

// TestStandardVectors has the AES-256 block of FIPS 197, appendix C.3, and the four of NIST
// SP 800-38A, F.1.5 (ECB-AES256.Encrypt). A counter block is just an AES input, so a
// single-block vector is one of ours with that counter.
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
			// 64 blocks, so that the wide kernels' main loops run too; the
			// vector is the first.
			for _, n := range []int{16, 64 * 16} {
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

func randomKey(rng *rand.Rand) (key [32]byte) {
	for i := range key {
		key[i] = byte(rng.Uint32())
	}
	return key
}

// TestLengths tries every length from 0 to 1025, at every misalignment of dst within the
// widest register, with guard bytes on both sides, and random keys and counters.
func TestLengths(t *testing.T) {
	eachKernel(t, func(t *testing.T, kernel string) {
		rng := rand.New(rand.NewPCG(1, 2))
		const guard = 64
		for n := range 1026 {
			key := randomKey(rng)
			start := keystream.Counter{Lo: rng.Uint64(), Hi: rng.Uint64()}
			buf := bytes.Repeat([]byte{0xa5}, guard+64+n+guard)
			at := guard + n%64
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

// TestCarries has runs that begin 0 to 40 blocks before each place where the counter carries
// out of a byte or out of its lower half, or wraps.
func TestCarries(t *testing.T) {
	wraps := []keystream.Counter{{Lo: 1 << 63}, {}}
	for bit := 8; bit < 64; bit += 8 {
		wraps = append(wraps, keystream.Counter{Lo: 1 << bit})
	}
	for bit := 0; bit < 64; bit += 8 {
		wraps = append(wraps, keystream.Counter{Hi: 1 << bit})
	}
	eachKernel(t, func(t *testing.T, kernel string) {
		rng := rand.New(rand.NewPCG(3, 4))
		for _, wrap := range wraps {
			key := randomKey(rng)
			for before := range uint64(41) {
				start := wrap
				start.Lo -= before
				if start.Lo > wrap.Lo {
					start.Hi--
				}
				want := oracle(t, &key, start, 100*16)
				for _, n := range []int{16, 15 * 16, 40*16 + 5, 100 * 16} {
					got := make([]byte, n)
					c := start
					if err := keystream.FillWith(kernel, &key, got, &c); err != nil {
						t.Fatal(err)
					}
					if !bytes.Equal(got, want[:n]) {
						t.Fatalf("from %x, %d bytes: differs from the oracle", start, n)
					}
				}
			}
		}
	})
}

// TestLongRuns tries lengths around the size of one assembly call (64 KiB) and of one
// request (1 MiB).
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

// TestUncached: output that goes past the caches is the same, and nothing beside dst is
// written. It tries each misalignment of dst within a line, lengths around whole passes and
// a whole call of assembly, and a low word that wraps in the middle. Stores past the caches
// end the process if dst isn't aligned.
func TestUncached(t *testing.T) {
	active := keystream.Active()
	t.Cleanup(func() { _ = keystream.Use(active) })
	eachKernel(t, func(t *testing.T, kernel string) {
		if err := keystream.Use(kernel); err != nil {
			t.Fatal(err)
		}
		key := [32]byte{7}
		var s keystream.Schedule
		s.Expand(&key)
		for _, lo := range []uint64{1, math.MaxUint64 - 39, math.MaxUint64 - 5000} {
			start := keystream.Counter{Lo: lo, Hi: 41}
			const most = 1<<16 + 1200
			want := oracle(t, &key, start, most)
			buf := make([]byte, 64+most+64)
			for at := range 64 {
				at += 64 - int(uintptr(unsafe.Pointer(&buf[0]))%64)
				for _, n := range []int{0, 1, 16, 48, 511, 512, 513, 560, 1024, 1100, 1<<16 - 16, 1 << 16, 1<<16 + 1137} {
					if n > 2000 && at%8 != 0 {
						continue // slow, and covered by 1 to 7 bytes beside a block
					}
					for i := range buf {
						buf[i] = 0xa5
					}
					c := start
					dst := buf[at : at+n : at+n]
					if err := s.FillUncached(dst, &c); err != nil {
						t.Fatal(err)
					}
					if !bytes.Equal(dst, want[:n]) {
						t.Fatalf("from %x, %d bytes at %d: differs from the oracle", lo, n, at%64)
					}
					end := start
					if end.Add(uint64(n+15) / 16); c != end {
						t.Fatalf("%d bytes: counter %x, want %x", n, c, end)
					}
					if outside := bytes.Count(buf[:at], []byte{0xa5}) + bytes.Count(buf[at+n:], []byte{0xa5}); outside != len(buf)-n {
						t.Fatalf("%d bytes at %d: wrote outside dst", n, at%64)
					}
				}
			}
		}
	})
}

// TestSchedule: the exported functions give the active kernel's bytes. The state is plain
// data that can be copied, and Wipe leaves nothing.
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

// TestUse: each kernel can be chosen, and a key keeps the kernel that it was expanded for,
// whatever is chosen later. It fails if Fill uses the active one, because the generic
// kernel's key has no schedule. An unknown name changes nothing.
func TestUse(t *testing.T) {
	active := keystream.Active()
	t.Cleanup(func() { _ = keystream.Use(active) })
	if !slices.Contains(keystream.Kernels(), active) {
		t.Errorf("active %q is not among %q", active, keystream.Kernels())
	}
	key := [32]byte{5}
	want := oracle(t, &key, keystream.Counter{}, 777)
	expanded := map[string]*keystream.Schedule{}
	check := func(t *testing.T) {
		for of, s := range expanded {
			got := make([]byte, 777)
			if err := s.Fill(got, new(keystream.Counter)); err != nil || !bytes.Equal(got, want) {
				t.Errorf("the key of %q: differs from the oracle (%v)", of, err)
			}
		}
	}
	eachKernel(t, func(t *testing.T, kernel string) {
		if err := keystream.Use(kernel); err != nil {
			t.Fatal(err)
		}
		if err := keystream.Use("sparc"); !errors.Is(err, keystream.ErrKernel) {
			t.Errorf("an unknown name: got %v, want ErrKernel", err)
		}
		if keystream.Active() != kernel {
			t.Errorf("active is %q", keystream.Active())
		}
		expanded[kernel] = new(keystream.Schedule)
		expanded[kernel].Expand(&key)
		check(t)
	})
	if err := keystream.Use("generic"); err != nil {
		t.Fatal(err)
	}
	check(t)
}

// TestLesserProcessor runs TestActive again with fewer features in x/sys/cpu than this
// processor has. It fails if a kernel doesn't check for what it needs. On a processor that
// lacks it, such a kernel would be chosen, and an illegal instruction would end the process.
func TestLesserProcessor(t *testing.T) {
	without := map[string][]string{
		"amd64": {"aes", "sse41", "avx2", "avx512f"},
		"arm64": {"aes"},
	}[runtime.GOARCH]
	kernels := map[string][]string{
		"aes": {"generic"}, "sse41": {"generic"}, "avx2": {"generic", "aesni"}, "avx512f": {"generic", "aesni", "vaes256"},
	}
	for _, feature := range without {
		t.Run(feature, func(t *testing.T) {
			want := slices.DeleteFunc(slices.Clone(kernels[feature]), func(name string) bool {
				return !slices.Contains(keystream.Kernels(), name)
			})
			again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestActive$", "-test.v")
			again.Env = append(os.Environ(), "GODEBUG=cpu."+feature+"=off")
			out, err := again.CombinedOutput()
			if errors.Is(err, syscall.ENOEXEC) {
				t.Skipf("NOT RUN: an emulated program can't start another: %v", err)
			}
			if err != nil || !strings.Contains(string(out), fmt.Sprintf("kernels %q, active %q", want, want[len(want)-1])) {
				t.Errorf("want kernels %q: %v\n%s", want, err, out)
			}
		})
	}
}

// TestActive: the active kernel works, and is the last of Kernels unless the processor is
// better off with another. A kernel that the processor lacks is refused.
func TestActive(t *testing.T) {
	names := keystream.Kernels()
	t.Logf("kernels %q, active %q", names, keystream.Active())
	if names[0] != "generic" || !slices.Contains(names, keystream.Active()) {
		t.Error("the list doesn't begin with generic, or lacks the active one")
	}
	if last := names[len(names)-1]; last != keystream.Active() && last != "vaes512" {
		t.Errorf("%q is there and not active", last)
	}
	for _, name := range []string{"aesni", "vaes256", "vaes512", "armv8"} {
		if slices.Contains(names, name) {
			continue
		}
		active := keystream.Active()
		if err := keystream.Use(name); !errors.Is(err, keystream.ErrKernel) || keystream.Active() != active {
			t.Errorf("%s, which this processor lacks: %v, active %q", name, err, keystream.Active())
		}
		if err := keystream.FillWith(name, &[32]byte{1}, make([]byte, 16), new(keystream.Counter)); !errors.Is(err, keystream.ErrKernel) {
			t.Errorf("%s, which this processor lacks: FillWith gives %v", name, err)
		}
	}
	var s keystream.Schedule
	s.Expand(&[32]byte{1})
	got := make([]byte, 1000)
	if err := s.Fill(got, new(keystream.Counter)); err != nil || !bytes.Equal(got, oracle(t, &[32]byte{1}, keystream.Counter{}, 1000)) {
		t.Errorf("differs from the oracle (%v)", err)
	}
}

// TestNoAllocation: the fast kernels use no memory but the caller's.
func TestNoAllocation(t *testing.T) {
	active := keystream.Active()
	t.Cleanup(func() { _ = keystream.Use(active) })
	s := new(keystream.Schedule)
	key := new([32]byte)
	c := new(keystream.Counter)
	for _, kernel := range keystream.Kernels()[1:] {
		if err := keystream.Use(kernel); err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(100, func() {
			var onStack [1000]byte
			s.Expand(key)
			if s.Fill(onStack[:], c) != nil {
				t.Fail()
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", kernel, n)
		}
	}
}

func FuzzKernels(f *testing.F) {
	f.Add([]byte("key"), uint64(math.MaxUint64-3), uint64(math.MaxUint64), uint16(777))
	f.Fuzz(func(t *testing.T, k []byte, lo, hi uint64, n uint16) {
		var key [32]byte
		copy(key[:], k)
		start := keystream.Counter{Lo: lo, Hi: hi}
		want := oracle(t, &key, start, int(n))
		end := start
		end.Add((uint64(n) + 15) / 16)
		for _, kernel := range keystream.Kernels() {
			got := make([]byte, n)
			c := start
			if err := keystream.FillWith(kernel, &key, got, &c); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s: differs from the oracle", kernel)
			}
			if c != end {
				t.Errorf("%s: counter %x, want %x", kernel, c, end)
			}
		}
	})
}

// BenchmarkFill measures one key's keystream by each kernel, and by Go's own counter mode,
// whose counter has the opposite byte order and which needs a text to encrypt.
func BenchmarkFill(b *testing.B) {
	defer func(active string) { _ = keystream.Use(active) }(keystream.Active())
	sizes := []int{32, 256, 4096, 1 << 20}
	for _, kernel := range keystream.Kernels() {
		if err := keystream.Use(kernel); err != nil {
			b.Fatal(err)
		}
		s, c := new(keystream.Schedule), new(keystream.Counter)
		s.Expand(&[32]byte{1})
		for _, n := range sizes {
			b.Run(fmt.Sprintf("%s/%d", kernel, n), func(b *testing.B) {
				dst := make([]byte, n)
				b.SetBytes(int64(n))
				b.ReportAllocs()
				for b.Loop() {
					if err := s.Fill(dst, c); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		b.Fatal(err)
	}
	ctr := cipher.NewCTR(block, make([]byte, 16))
	for _, n := range sizes {
		b.Run(fmt.Sprintf("crypto-aes-ctr/%d", n), func(b *testing.B) {
			dst := make([]byte, n)
			b.SetBytes(int64(n))
			for b.Loop() {
				ctr.XORKeyStream(dst, dst)
			}
		})
	}
}

// BenchmarkExpand measures the cost of a new key.
func BenchmarkExpand(b *testing.B) {
	s, key := new(keystream.Schedule), new([32]byte)
	for b.Loop() {
		s.Expand(key)
	}
}
