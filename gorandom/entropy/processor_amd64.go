//go:build amd64 && !purego

package entropy

import "golang.org/x/sys/cpu"

//go:generate sh -c "cd asm && go run . -out ../processor_amd64.s -stubs ../stubs_amd64.go -pkg entropy"

const seedInstruction = "rdseed"

// hasSeedInstruction is what CPUID says.
var hasSeedInstruction = cpu.X86.HasRDSEED

func seedOnce() (uint64, bool) { return rdseed() }

func cycles() uint64 { return rdtsc() }
