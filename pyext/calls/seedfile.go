package calls

import (
	"errors"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"unsafe"

	"gorandom.dev/gorandom/seedfile"
)

// Paths cross as hexadecimal digits, because a file name is bytes and gopy's text ends at a NUL. Seeds never cross. Each
// call tries the lock once; Python does the waiting, where a signal can end it.

// pathMax is more than a directory's path, of the longest that a kernel takes, with a name behind it.
const pathMax = 5000

// TextSize is more than any call appends to nothing.
const TextSize = 2000

// The operations on a seed file.
var (
	Load    = seedfile.Load
	Refresh = seedfile.Refresh
	Save    = seedfile.Save
)

var paths = sync.Pool{New: func() any { return new([pathMax]byte) }}

// AppendSeedFile does one of these operations. It appends nothing, or after a failure "kind:errno:text", with the kind
// "locked", "refused", "os", "generator" (no entropy) or "internal".
func AppendSeedFile(b []byte, digits string, do func(string, seedfile.Generator) error) []byte {
	if core == nil {
		return appendFailure(b, "internal", 0, errInternal.Error())
	}
	room := paths.Get().(*[pathMax]byte)
	defer paths.Put(room)
	path, err := fromHex(room[:], digits)
	if err == nil {
		err = do(path, core)
	}
	if err == nil {
		return b
	}
	if errors.Is(err, seedfile.ErrLocked) {
		return appendFailure(b, "locked", 0, err.Error())
	}
	if errors.Is(err, seedfile.ErrRefused) {
		return appendFailure(b, "refused", 0, err.Error())
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return appendFailure(b, "os", int64(errno), errno.Error())
	}
	if errors.Is(err, errInternal) {
		return appendFailure(b, "internal", 0, err.Error())
	}
	return appendFailure(b, "generator", 0, err.Error())
}

func appendFailure(b []byte, kind string, errno int64, text string) []byte {
	b = append(append(b, kind...), ':')
	b = append(strconv.AppendInt(b, errno, 10), ':')
	return append(b, text...)
}

var errInternal = errors.New("internal error in the core")

// fromHex is hex.Decode, without the size of package fmt.
func fromHex(room []byte, digits string) (string, error) {
	n := len(digits) / 2
	if n > len(room) {
		return "", syscall.ENAMETOOLONG
	}
	for i := range n {
		high, low := strings.IndexByte(hexDigits, digits[2*i]), strings.IndexByte(hexDigits, digits[2*i+1])
		if high < 0 || low < 0 {
			return "", errInternal
		}
		room[i] = byte(high<<4 | low)
	}
	return unsafe.String(unsafe.SliceData(room), n), nil
}

const hexDigits = "0123456789abcdef"
