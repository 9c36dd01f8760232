package pyext

import (
	"errors"
	"strconv"
	"syscall"

	"gorandom.dev/gorandom/seedfile"
)

// Paths cross as hexadecimal digits, because a file's name is bytes and gopy's text ends at a NUL; seeds do
// not cross at all. The lock is tried once a call: the waiting belongs to Python, where a signal can end it.

// seedFile is the path, in hexadecimal digits, of the file that this core has last used.
var seedFile string

// SeedLoad rewrites the seed file and mixes its old seed in. The answer is "" or, after a failure,
// "kind:errno:text", with the kind "locked", "refused", "os" or "generator".
func SeedLoad(path string) string { return onSeedFile(path, seedfile.Load) }

// SeedRefresh rewrites the seed file; the answer is as of SeedLoad.
func SeedRefresh(path string) string { return onSeedFile(path, seedfile.Refresh) }

// SeedSave writes a new seed; the answer is as of SeedLoad.
func SeedSave(path string) string { return onSeedFile(path, seedfile.Save) }

// SeedFile is the path, in hexadecimal digits, of the seed file that this core has last used, or "".
func SeedFile() string { return seedFile }

func onSeedFile(path string, do func(string, seedfile.Generator) error) string {
	name, err := fromHex(path)
	if err != nil || core == nil {
		return "generator:0:internal error in the core"
	}
	err = do(name, core)
	var errno syscall.Errno
	switch {
	case err == nil:
		seedFile = path
		return ""
	case errors.Is(err, seedfile.ErrLocked):
		return "locked:0:" + err.Error()
	case errors.Is(err, seedfile.ErrRefused):
		return "refused:0:" + err.Error()
	case errors.As(err, &errno):
		return "os:" + strconv.Itoa(int(errno)) + ":" + errno.Error()
	default:
		return "generator:0:" + err.Error()
	}
}

// fromHex does what encoding/hex does, without the size of package fmt.
func fromHex(digits string) (string, error) {
	b := make([]byte, len(digits)/2)
	for i := range b {
		v, err := strconv.ParseUint(digits[2*i:2*i+2], 16, 8)
		if err != nil {
			return "", err
		}
		b[i] = byte(v)
	}
	return string(b), nil
}
