// Package wycheproof reads the HMAC vectors of C2SP's project Wycheproof. The program in cmd
// writes them in the format that the tests of the Python package read.
package wycheproof

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"

	"github.com/c2sp/wycheproof"
)

// Vector is one test of a file. Tag may be shorter than the algorithm's tags. It is then
// valid only as a truncated tag.
type Vector struct {
	Algorithm string // hashlib's name, for example "sha512_256"
	File      string
	ID        int
	Key       string // hexadecimal, as are the next two
	Message   string
	Tag       string
	Valid     bool
}

// HMAC returns the vectors of all HMAC files.
func HMAC() ([]Vector, error) {
	names, err := fs.Glob(wycheproof.TestVectors, "hmac_*_test.json")
	if err != nil {
		return nil, err
	}
	var all []Vector
	for _, name := range names {
		text, err := fs.ReadFile(wycheproof.TestVectors, name)
		if err != nil {
			return nil, err
		}
		var file struct {
			NumberOfTests int
			TestGroups    []struct {
				Tests []struct {
					TcID          int
					Key, Msg, Tag string
					Result        string
				}
			}
		}
		if err := json.Unmarshal(text, &file); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		algorithm := strings.TrimSuffix(strings.TrimPrefix(name, "hmac_"), "_test.json")
		n := len(all)
		for _, group := range file.TestGroups {
			for _, v := range group.Tests {
				all = append(all, Vector{algorithm, name, v.TcID, v.Key, v.Msg, v.Tag, v.Result == "valid"})
			}
		}
		if len(all)-n != file.NumberOfTests {
			return nil, fmt.Errorf("%s: %d tests, and it says %d", name, len(all)-n, file.NumberOfTests)
		}
	}
	return all, nil
}
