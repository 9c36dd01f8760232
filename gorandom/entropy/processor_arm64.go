//go:build arm64 && !purego

package entropy

import "golang.org/x/sys/cpu"

const seedInstruction = "rndrrs"

// hasSeedInstruction is what the field RNDR of ID_AA64ISAR0_EL1 says. Only Linux lets
// a program read that register (the kernel emulates the read). Elsewhere it isn't read.
var hasSeedInstruction = cpu.ARM64.HasCPUID && isar0()>>60 != 0

func seedOnce() (uint64, bool) { return rndrrs() }

// rndrrs reads RNDRRS once. Unlike RNDR it is reseeded for each word. ok is false if
// there was no word.
func rndrrs() (word uint64, ok bool)

// isar0 reads ID_AA64ISAR0_EL1.
func isar0() uint64
