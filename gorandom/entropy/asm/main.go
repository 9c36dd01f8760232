// Command asm writes the assembly of package entropy (see the go:generate line
// in processor_amd64.go). It is the source; the .s file is its output.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64,!purego")

	TEXT("rdseed", NOSPLIT, "func() (word uint64, ok bool)")
	Doc("rdseed executes RDSEED once. ok is its carry flag: whether there was a word.")
	// avo knows RDSEED for 16 and 32 bits only.
	Instruction(&ir.Instruction{Opcode: "RDSEEDQ", Operands: []Op{reg.RAX}, Outputs: []Op{reg.RAX}})
	SETCS(reg.CL)
	Store(reg.RAX, Return("word"))
	Store(reg.CL, Return("ok"))
	XORL(reg.EAX, reg.EAX)
	RET()

	TEXT("rdtsc", NOSPLIT, "func() uint64")
	Doc("rdtsc returns the processor's time-stamp counter.")
	RDTSC()
	SHLQ(U8(32), reg.RDX)
	ORQ(reg.RDX, reg.RAX)
	Store(reg.RAX, ReturnIndex(0))
	RET()

	Generate()
}
