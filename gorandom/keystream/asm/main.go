// Command asm writes the assembly of package keystream (see the go:generate
// line in kernels_amd64.go). It is the source; the .s file is its output.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

const (
	rounds    = 14 // FIPS 197, table 3: AES-256
	blockSize = 16 // bytes
	inFlight  = 8  // registers: two AES units with a latency of 4 need 8
)

func main() {
	ConstraintExpr("amd64,!purego")

	expand()
	fillAESNI()
	fillVAES()
	cpuidex()

	Generate()
}

// expand is the key expansion of FIPS 197, section 5.2, for a key of 32 bytes.
func expand() {
	TEXT("expandAESNI", NOSPLIT, "func(schedule *[240]byte, key *[32]byte)")
	Doc("expandAESNI writes the 15 round keys of key to schedule.",
		"The two may overlap if they start at the same address.")
	Pragma("noescape")
	schedule := Mem{Base: Load(Param("schedule"), GP64())}
	key := Mem{Base: Load(Param("key"), GP64())}

	even, odd, word, shifted := X0, X1, X2, X3
	MOVOU(key, even)
	MOVOU(key.Offset(blockSize), odd)
	MOVOU(even, schedule)
	MOVOU(odd, schedule.Offset(blockSize))

	// fold is the running exclusive-or of a round key's four words.
	fold := func(x VecPhysical) {
		for range 3 {
			PSLLDQ(Imm(4), shifted)
			PXOR(shifted, x)
		}
		PXOR(word, x)
	}
	at := 2
	for round := range 7 {
		AESKEYGENASSIST(Imm(1<<round), odd, word)
		PSHUFD(Imm(0xff), word, word)
		MOVO(even, shifted)
		fold(even)
		MOVOU(even, schedule.Offset(at*blockSize))
		at++
		if at > rounds {
			break
		}
		AESKEYGENASSIST(Imm(0), even, word)
		PSHUFD(Imm(0xaa), word, word)
		MOVO(odd, shifted)
		fold(odd)
		MOVOU(odd, schedule.Offset(at*blockSize))
		at++
	}

	Comment("Leave no key in a register.")
	for _, x := range []VecPhysical{even, odd, word, shifted} {
		PXOR(x, x)
	}
	RET()
}

var (
	xmm = []VecPhysical{X0, X1, X2, X3, X4, X5, X6, X7, X8, X9, X10, X11, X12, X13, X14, X15}
	ymm = []VecPhysical{Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15}
)

// fillAESNI has eight blocks of 128 bits in flight. A rest of fewer than eight
// is computed eight wide too, which costs no more than one block's latency, and
// stored in part.
func fillAESNI() {
	TEXT("fillAESNI", NOSPLIT, "func(dst *byte, blocks uint64, schedule *[240]byte, lo uint64, hi uint64)")
	Doc("fillAESNI writes blocks encrypted counter blocks to dst.",
		"The low word of the counter must not wrap before the last of them.")
	Pragma("noescape")
	dst := Mem{Base: Load(Param("dst"), GP64())}
	blocks := Load(Param("blocks"), GP64())
	schedule := Mem{Base: Load(Param("schedule"), GP64())}
	lo := Load(Param("lo"), GP64())
	hi := Load(Param("hi"), GP64())

	state, counter, one, roundKey := xmm[:inFlight], X8, X9, X10
	MOVQ(lo, counter)
	PINSRQ(Imm(1), hi, counter)
	step := GP64()
	MOVQ(U32(1), step)
	MOVQ(step, one)

	pass := func() {
		MOVOU(schedule, roundKey)
		for _, x := range state {
			MOVO(counter, x)
			PADDQ(one, counter)
			PXOR(roundKey, x)
		}
		for round := 1; round < rounds; round++ {
			MOVOU(schedule.Offset(round*blockSize), roundKey)
			for _, x := range state {
				AESENC(roundKey, x)
			}
		}
		MOVOU(schedule.Offset(rounds*blockSize), roundKey)
		for _, x := range state {
			AESENCLAST(roundKey, x)
		}
	}

	Label("eight")
	CMPQ(blocks, U8(inFlight))
	JB(LabelRef("rest"))
	pass()
	for i, x := range state {
		MOVOU(x, dst.Offset(i*blockSize))
	}
	ADDQ(U8(inFlight*blockSize), dst.Base)
	SUBQ(U8(inFlight), blocks)
	JMP(LabelRef("eight"))

	Label("rest")
	TESTQ(blocks, blocks)
	JZ(LabelRef("done"))
	pass()
	for i, x := range state[:inFlight-1] {
		MOVOU(x, dst.Offset(i*blockSize))
		DECQ(blocks)
		JZ(LabelRef("done"))
	}

	Label("done")
	Comment("Leave no key and no keystream in a register.")
	for _, x := range append(state, counter, one, roundKey) {
		PXOR(x, x)
	}
	RET()
}

// fillVAES has eight registers of two blocks in flight. It does whole groups of
// sixteen blocks; the caller gives the rest to fillAESNI.
func fillVAES() {
	TEXT("fillVAES", NOSPLIT, "func(dst *byte, blocks uint64, schedule *[240]byte, lo uint64, hi uint64)")
	Doc("fillVAES writes blocks encrypted counter blocks to dst.",
		"blocks is a multiple of 16. The low word of the counter must not wrap before the last of them.")
	Pragma("noescape")
	dst := Mem{Base: Load(Param("dst"), GP64())}
	blocks := Load(Param("blocks"), GP64())
	schedule := Mem{Base: Load(Param("schedule"), GP64())}
	lo := Load(Param("lo"), GP64())
	hi := Load(Param("hi"), GP64())

	state, counter, two, roundKey := ymm[:inFlight], Y8, Y9, Y10
	VMOVQ(lo, X8)
	VPINSRQ(Imm(1), hi, X8, X8)
	INCQ(lo)
	VMOVQ(lo, X9)
	VPINSRQ(Imm(1), hi, X9, X9)
	VINSERTI128(Imm(1), X9, Y8, Y8)
	step := GP64()
	MOVQ(U32(2), step)
	VMOVQ(step, X9)
	VINSERTI128(Imm(1), X9, Y9, Y9)

	Label("sixteen")
	CMPQ(blocks, U8(2*inFlight))
	JB(LabelRef("wipe"))
	VBROADCASTI128(schedule, roundKey)
	for _, y := range state {
		VPXOR(roundKey, counter, y)
		VPADDQ(two, counter, counter)
	}
	for round := 1; round < rounds; round++ {
		VBROADCASTI128(schedule.Offset(round*blockSize), roundKey)
		for _, y := range state {
			VAESENC(roundKey, y, y)
		}
	}
	VBROADCASTI128(schedule.Offset(rounds*blockSize), roundKey)
	for _, y := range state {
		VAESENCLAST(roundKey, y, y)
	}
	for i, y := range state {
		VMOVDQU(y, dst.Offset(i*2*blockSize))
	}
	ADDQ(U32(2*inFlight*blockSize), dst.Base)
	SUBQ(U8(2*inFlight), blocks)
	JMP(LabelRef("sixteen"))

	Label("wipe")
	Comment("Leave no key and no keystream in a register, and no dirty upper half.")
	VZEROALL()
	RET()
}

func cpuidex() {
	TEXT("cpuid", NOSPLIT, "func(leaf, subleaf uint32) (eax, ebx, ecx, edx uint32)")
	Doc("cpuid asks the processor for a leaf of its features.")
	Load(Param("leaf"), EAX)
	Load(Param("subleaf"), ECX)
	CPUID()
	Store(EAX, Return("eax"))
	Store(EBX, Return("ebx"))
	Store(ECX, Return("ecx"))
	Store(EDX, Return("edx"))
	RET()
}
