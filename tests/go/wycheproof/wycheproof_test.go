package wycheproof

import (
	"bytes"
	"encoding/hex"
	"testing"

	"gorandom.dev/gorandom/mac"
)

// TestHMAC: each valid tag is package mac's, or begins it where the vector's tag is shorter.
// Each invalid tag is refused. Verify also refuses a truncated tag.
func TestHMAC(t *testing.T) {
	vectors, err := HMAC()
	if err != nil {
		t.Fatal(err)
	}
	ran := map[string]int{}
	for _, v := range vectors {
		a, err := mac.ByName(v.Algorithm)
		if err != nil {
			if v.Algorithm != "sm3" {
				t.Errorf("%s: %v", v.File, err)
			}
			continue
		}
		ran[v.Algorithm]++
		key, message, tag := unhex(t, v.Key), unhex(t, v.Message), unhex(t, v.Tag)
		once, _ := mac.Sum(nil, a, key, message)
		var k mac.Key
		if err := k.Set(a, key); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(once, k.Sum(nil, message)) {
			t.Errorf("%s %d: two tags", v.File, v.ID)
		}
		if bytes.Equal(once[:len(tag)], tag) != v.Valid {
			t.Errorf("%s %d: the tag is %x, the vector says %v of %x", v.File, v.ID, once, v.Valid, tag)
		}
		if err := k.Verify(message, tag); (err == nil) != (v.Valid && len(tag) == a.Size()) {
			t.Errorf("%s %d: Verify says %v of a tag of %d bytes", v.File, v.ID, err, len(tag))
		}
	}
	t.Logf("%d vectors: %v", len(vectors), ran)
	if len(ran) != 11 || len(vectors) < 2000 {
		t.Errorf("%d algorithms, %d vectors", len(ran), len(vectors))
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
