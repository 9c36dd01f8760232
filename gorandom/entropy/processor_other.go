//go:build (!amd64 && !arm64) || purego

package entropy

const (
	seedInstruction    = "none"
	hasSeedInstruction = false
)

func seedOnce() (uint64, bool) { return 0, false }
