// Package mac_test checks package mac against published vectors and crypto/hmac, and checks
// that it leaves nothing behind.
package mac_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"reflect"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/blake2b"
	"golang.org/x/crypto/blake2s"
	"golang.org/x/crypto/ripemd160"
	"pgregory.net/rapid"

	"gorandom.dev/gorandom/mac"
)

// hashes are the constructors for crypto/hmac, by the names that package mac must know.
var hashes = map[string]func() hash.Hash{
	"md5": md5.New, "sha1": sha1.New, "sha224": sha256.New224, "sha256": sha256.New,
	"sha384": sha512.New384, "sha512": sha512.New, "sha512_224": sha512.New512_224, "sha512_256": sha512.New512_256,
	"sha3_224":  func() hash.Hash { return sha3.New224() },
	"sha3_256":  func() hash.Hash { return sha3.New256() },
	"sha3_384":  func() hash.Hash { return sha3.New384() },
	"sha3_512":  func() hash.Hash { return sha3.New512() },
	"blake2b":   func() hash.Hash { h, _ := blake2b.New512(nil); return h },
	"blake2s":   func() hash.Hash { h, _ := blake2s.New256(nil); return h },
	"ripemd160": ripemd160.New,
}

func each(t *testing.T, f func(t *testing.T, a mac.Algorithm, new func() hash.Hash)) {
	for name, new := range hashes {
		t.Run(name, func(t *testing.T) {
			a, err := mac.ByName(name)
			if err != nil {
				t.Fatal(err)
			}
			f(t, a, new)
		})
	}
}

// sums computes a tag in all three ways.
func sums(t *testing.T, a mac.Algorithm, key, message []byte) [][]byte {
	t.Helper()
	once, err := mac.Sum(nil, a, key, message)
	if err != nil {
		t.Fatal(err)
	}
	var k mac.Key
	if err := k.Set(a, key); err != nil {
		t.Fatal(err)
	}
	copied := k
	k.Wipe()
	return [][]byte{once, copied.Sum(nil, message), copied.Sum([]byte("prefix"), message)[len("prefix"):]}
}

// TestVectors has those of RFC 2202 sections 2 and 3, and RFC 4231 section 4 (the truncated
// one by its first 16 bytes).
func TestVectors(t *testing.T) {
	rep := func(b byte, n int) string { return hex.EncodeToString(bytes.Repeat([]byte{b}, n)) }
	text := func(s string) string { return hex.EncodeToString([]byte(s)) }
	const counting = "0102030405060708090a0b0c0d0e0f10111213141516171819"
	for i, v := range []struct{ algorithm, key, message, tag string }{
		{"md5", rep(0x0b, 16), text("Hi There"), "9294727a3638bb1c13f48ef8158bfc9d"},
		{"md5", text("Jefe"), text("what do ya want for nothing?"), "750c783e6ab0b503eaa86e310a5db738"},
		{"md5", rep(0xaa, 16), rep(0xdd, 50), "56be34521d144c88dbb8c733f0e8b3f6"},
		{"md5", counting, rep(0xcd, 50), "697eaf0aca3a3aea3a75164746ffaa79"},
		{"md5", rep(0x0c, 16), text("Test With Truncation"), "56461ef2342edc00f9bab995690efd4c"},
		{"md5", rep(0xaa, 80), text("Test Using Larger Than Block-Size Key - Hash Key First"), "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd"},
		{"md5", rep(0xaa, 80), text("Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data"), "6f630fad67cda0ee1fb1f562db3aa53e"},
		{"sha1", rep(0x0b, 20), text("Hi There"), "b617318655057264e28bc0b6fb378c8ef146be00"},
		{"sha1", text("Jefe"), text("what do ya want for nothing?"), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
		{"sha1", rep(0xaa, 20), rep(0xdd, 50), "125d7342b9ac11cd91a39af48aa17b4f63f175d3"},
		{"sha1", counting, rep(0xcd, 50), "4c9007f4026250c6bc8414f9bf50c86c2d7235da"},
		{"sha1", rep(0x0c, 20), text("Test With Truncation"), "4c1a03424b55e07fe7f27be1d58bb9324a9a5a04"},
		{"sha1", rep(0xaa, 80), text("Test Using Larger Than Block-Size Key - Hash Key First"), "aa4ae5e15272d00e95705637ce8a3b55ed402112"},
		{"sha1", rep(0xaa, 80), text("Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data"), "e8e99d0f45237d786d6bbaa7965c7808bbff1a91"},
		{"sha224", rep(0x0b, 20), text("Hi There"), "896fb1128abbdf196832107cd49df33f47b4b1169912ba4f53684b22"},
		{"sha256", rep(0x0b, 20), text("Hi There"), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
		{"sha384", rep(0x0b, 20), text("Hi There"), "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6"},
		{"sha512", rep(0x0b, 20), text("Hi There"), "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854"},
		{"sha256", text("Jefe"), text("what do ya want for nothing?"), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
		{"sha256", rep(0xaa, 20), rep(0xdd, 50), "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
		{"sha256", counting, rep(0xcd, 50), "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
		{"sha256", rep(0x0c, 20), text("Test With Truncation"), "a3b6167473100ee06e0c796c2955552b"},
		{"sha256", rep(0xaa, 131), text("Test Using Larger Than Block-Size Key - Hash Key First"), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
		{"sha512", rep(0xaa, 131), text("Test Using Larger Than Block-Size Key - Hash Key First"), "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598"},
		{"sha256", rep(0xaa, 131), text("This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm."), "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
	} {
		t.Run(fmt.Sprintf("%s/%d", v.algorithm, i), func(t *testing.T) {
			a, err := mac.ByName(v.algorithm)
			if err != nil {
				t.Fatal(err)
			}
			for way, tag := range sums(t, a, unhex(t, v.key), unhex(t, v.message)) {
				if !strings.HasPrefix(hex.EncodeToString(tag), v.tag) {
					t.Errorf("way %d: %x, want %s", way, tag, v.tag)
				}
			}
		})
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestLengths compares keys and messages around each block boundary with crypto/hmac.
func TestLengths(t *testing.T) {
	each(t, func(t *testing.T, a mac.Algorithm, new func() hash.Hash) {
		block := new().BlockSize()
		for _, n := range []int{0, 1, 20, block - 1, block, block + 1, 2 * block, 1000} {
			key := bytes.Repeat([]byte{0xa7}, n)
			for _, m := range []int{0, 1, block - 9, block - 1, block, block + 1, 3*block + 5, 100_000} {
				message := bytes.Repeat([]byte{0x5b}, m)
				oracle := hmac.New(new, key)
				oracle.Write(message)
				want := oracle.Sum(nil)
				if a.Size() != len(want) {
					t.Fatalf("size %d, want %d", a.Size(), len(want))
				}
				for way, tag := range sums(t, a, key, message) {
					if !bytes.Equal(tag, want) {
						t.Fatalf("key of %d, message of %d, way %d: %x, want %x", n, m, way, tag, want)
					}
				}
			}
		}
	})
}

func TestProperty(t *testing.T) {
	each(t, func(t *testing.T, a mac.Algorithm, new func() hash.Hash) {
		rapid.Check(t, func(r *rapid.T) {
			key := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(r, "key")
			message := rapid.SliceOfN(rapid.Byte(), 0, 700).Draw(r, "message")
			oracle := hmac.New(new, key)
			oracle.Write(message)
			want := oracle.Sum(nil)
			for way, tag := range sums(t, a, key, message) {
				if !bytes.Equal(tag, want) {
					r.Fatalf("way %d: %x, want %x", way, tag, want)
				}
			}
		})
	})
}

// TestVerify: every bit of a tag counts, and so does its length. A correct but shortened tag
// is refused.
func TestVerify(t *testing.T) {
	each(t, func(t *testing.T, a mac.Algorithm, _ func() hash.Hash) {
		var k mac.Key
		if err := k.Set(a, []byte("key")); err != nil {
			t.Fatal(err)
		}
		message := []byte("message")
		tag := k.Sum(nil, message)
		if err := k.Verify(message, tag); err != nil {
			t.Fatal(err)
		}
		for bit := range 8 * len(tag) {
			wrong := bytes.Clone(tag)
			wrong[bit/8] ^= 1 << (bit % 8)
			if !errors.Is(k.Verify(message, wrong), mac.ErrMismatch) {
				t.Fatalf("bit %d does not count", bit)
			}
		}
		for _, wrong := range [][]byte{nil, {}, tag[:len(tag)-1], tag[:1], append(bytes.Clone(tag), 0)} {
			if !errors.Is(k.Verify(message, wrong), mac.ErrMismatch) {
				t.Fatalf("a tag of %d bytes was taken", len(wrong))
			}
		}
		if k.Verify([]byte("Message"), tag) == nil {
			t.Error("another message has this tag")
		}
	})
}

func TestUnknown(t *testing.T) {
	if _, err := mac.ByName("sha257"); !errors.Is(err, mac.ErrAlgorithm) {
		t.Error(err)
	}
	var k mac.Key
	unknown := mac.RIPEMD160 + 1
	if err := k.Set(unknown, nil); !errors.Is(err, mac.ErrAlgorithm) {
		t.Error(err)
	}
	if _, err := mac.Sum(nil, unknown, nil, nil); !errors.Is(err, mac.ErrAlgorithm) {
		t.Error(err)
	}
	if unknown.Size() != 0 || unknown.String() != "unknown" {
		t.Error(unknown.Size(), unknown)
	}
	defer func() {
		if recover() == nil {
			t.Error("a key that was not set made a tag")
		}
	}()
	k.Sum(nil, nil)
}

// TestPlainData: a Key holds no Go pointer, so it can be outside the Go heap.
func TestPlainData(t *testing.T) {
	var plain func(typ reflect.Type) bool
	plain = func(typ reflect.Type) bool {
		switch k := typ.Kind(); {
		case k == reflect.Struct:
			for f := range typ.Fields() {
				if !plain(f.Type) {
					return false
				}
			}
			return true
		case k == reflect.Array:
			return plain(typ.Elem())
		default:
			return reflect.Bool <= k && k <= reflect.Complex128
		}
	}
	if !plain(reflect.TypeFor[mac.Key]()) {
		t.Error("a Key holds a pointer")
	}
	var k mac.Key
	if err := k.Set(mac.SHA512, []byte("key")); err != nil {
		t.Fatal(err)
	}
	if k.Wipe(); k != (mac.Key{}) {
		t.Error("Wipe left something")
	}
}

// TestNothingIsAllocated: neither a prepared key nor a single use allocates. It fails if a
// buffer of the caller's escapes or a hash object is made anew each time.
func TestNothingIsAllocated(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes sync.Pool forget")
	}
	each(t, func(t *testing.T, a mac.Algorithm, _ func() hash.Hash) {
		var k mac.Key
		if err := k.Set(a, []byte("key")); err != nil {
			t.Fatal(err)
		}
		message, room := make([]byte, 100), make([]byte, 0, mac.MaxSize)
		if n := testing.AllocsPerRun(100, func() { k.Sum(room, message) }); n != 0 {
			t.Errorf("Key.Sum: %v objects", n)
		}
		if n := testing.AllocsPerRun(100, func() { _, _ = mac.Sum(room, a, message, message) }); n != 0 {
			t.Errorf("Sum: %v objects", n)
		}
	})
}

// TestOneKeyManyGoroutines is for the race detector.
func TestOneKeyManyGoroutines(t *testing.T) {
	each(t, func(t *testing.T, a mac.Algorithm, _ func() hash.Hash) {
		var k mac.Key
		if err := k.Set(a, []byte("key")); err != nil {
			t.Fatal(err)
		}
		want := k.Sum(nil, []byte("message"))
		var wait sync.WaitGroup
		for range 4 {
			wait.Go(func() {
				for range 200 {
					if !bytes.Equal(k.Sum(nil, []byte("message")), want) {
						t.Error("another tag")
					}
				}
			})
		}
		wait.Wait()
	})
}

func BenchmarkSum(b *testing.B) {
	for _, a := range []mac.Algorithm{mac.SHA256, mac.SHA1, mac.SHA512, mac.SHA3_256, mac.BLAKE2b} {
		message, room := make([]byte, 32), make([]byte, 0, mac.MaxSize)
		b.Run(a.String()+"/once", func(b *testing.B) {
			for b.Loop() {
				_, _ = mac.Sum(room, a, message, message)
			}
		})
		b.Run(a.String()+"/key", func(b *testing.B) {
			var k mac.Key
			_ = k.Set(a, message)
			for b.Loop() {
				k.Sum(room, message)
			}
		})
		b.Run(a.String()+"/crypto-hmac", func(b *testing.B) {
			h := hmac.New(hashes[a.String()], message)
			for b.Loop() {
				h.Reset()
				h.Write(message)
				h.Sum(room)
			}
		})
	}
}
