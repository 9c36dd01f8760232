package entropy

import (
	"bytes"
	"errors"
	"testing"
)

// TestProcessorFails: if a processor runs out of words in the middle of a read, that is
// an error, and the words so far are erased.
func TestProcessorFails(t *testing.T) {
	for _, n := range []int{0, 1, 7, 8, 9, 32} {
		for words := range 5 {
			given := 0
			b := bytes.Repeat([]byte{0xee}, n)
			err := readWords(b, func() (uint64, bool) {
				given++
				return 0x0807060504030201, given <= words
			})
			switch {
			case n > 8*words:
				if !errors.Is(err, ErrUnavailable) || !bytes.Equal(b, make([]byte, n)) {
					t.Errorf("%d bytes, %d words: %v, %x", n, words, err, b)
				}
			case err != nil || !bytes.Equal(b, bytes.Repeat([]byte{1, 2, 3, 4, 5, 6, 7, 8}, 4)[:n]):
				t.Errorf("%d bytes, %d words: %v, %x", n, words, err, b)
			}
		}
	}
}
