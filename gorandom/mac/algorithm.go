package mac

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"hash"
	"sync"

	"golang.org/x/crypto/blake2b"
	"golang.org/x/crypto/blake2s"
	"golang.org/x/crypto/ripemd160" //nolint:staticcheck // deprecated for new protocols; old ones still need it
)

// Algorithm names the hash function of an HMAC.
type Algorithm uint8

// The algorithms. pyext/core/core.h numbers them in the same order.
const (
	SHA256 Algorithm = iota
	SHA1
	MD5
	SHA224
	SHA384
	SHA512
	SHA512_224
	SHA512_256
	SHA3_224
	SHA3_256
	SHA3_384
	SHA3_512
	BLAKE2b // with digests of 64 bytes, unkeyed
	BLAKE2s // with digests of 32 bytes, unkeyed
	RIPEMD160
	algorithms
)

// Sizes in bytes that no algorithm exceeds.
const (
	MaxSize      = 64  // of a tag
	maxBlock     = 144 // SHA3-224's rate
	maxStateSize = 224 // BLAKE2b's encoding has 213
)

// descriptions of the algorithms. The names are those of Python's hashlib.
var descriptions = [algorithms]struct {
	name string
	new  func() hash.Hash
}{
	SHA256:     {"sha256", sha256.New},
	SHA1:       {"sha1", sha1.New},
	MD5:        {"md5", md5.New},
	SHA224:     {"sha224", sha256.New224},
	SHA384:     {"sha384", sha512.New384},
	SHA512:     {"sha512", sha512.New},
	SHA512_224: {"sha512_224", sha512.New512_224},
	SHA512_256: {"sha512_256", sha512.New512_256},
	SHA3_224:   {"sha3_224", func() hash.Hash { return sha3.New224() }},
	SHA3_256:   {"sha3_256", func() hash.Hash { return sha3.New256() }},
	SHA3_384:   {"sha3_384", func() hash.Hash { return sha3.New384() }},
	SHA3_512:   {"sha3_512", func() hash.Hash { return sha3.New512() }},
	BLAKE2b:    {"blake2b", unkeyed(blake2b.New512)},
	BLAKE2s:    {"blake2s", unkeyed(blake2s.New256)},
	RIPEMD160:  {"ripemd160", ripemd160.New},
}

// unkeyed returns BLAKE2's constructor without BLAKE2's own key. Without a key it can't
// fail.
func unkeyed(new func([]byte) (hash.Hash, error)) func() hash.Hash {
	return func() hash.Hash {
		h, _ := new(nil)
		return h
	}
}

func (a Algorithm) known() bool { return a < algorithms }

// ByName returns the algorithm of a name, such as "sha256" or "sha3_512".
func ByName(name string) (Algorithm, error) {
	for a := range algorithms {
		if descriptions[a].name == name {
			return a, nil
		}
	}
	return 0, ErrAlgorithm
}

// String returns the name that ByName knows.
func (a Algorithm) String() string {
	if !a.known() {
		return "unknown"
	}
	return descriptions[a].name
}

// Size returns the size of a tag in bytes; 0 for an unknown algorithm.
func (a Algorithm) Size() int {
	if !a.known() {
		return 0
	}
	t := a.borrow()
	defer t.giveBack(a)
	return t.hash.Size()
}

// tools are spare tools, with a pool for each algorithm.
var tools [algorithms]sync.Pool

func (a Algorithm) borrow() *tool {
	if t, ok := tools[a].Get().(*tool); ok {
		return t
	}
	return newTool(descriptions[a].new())
}
