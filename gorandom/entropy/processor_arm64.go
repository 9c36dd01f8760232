//go:build arm64 && !purego

package entropy

import "golang.org/x/sys/cpu"

const seedInstruction = "rndrrs"

// hasSeedInstruction is what the field RNDR of ID_AA64ISAR0_EL1 says. Only Linux
// tells that a program may read that register (it answers in the processor's
// place); elsewhere nothing is asked.
var hasSeedInstruction = cpu.ARM64.HasCPUID && isar0()>>60 != 0

func seedOnce() (uint64, bool) { return rndrrs() }

// rndrrs reads RNDRRS once, which unlike RNDR is seeded anew for each word. ok is
// false if there was none.
func rndrrs() (word uint64, ok bool)

// isar0 reads ID_AA64ISAR0_EL1.
func isar0() uint64
