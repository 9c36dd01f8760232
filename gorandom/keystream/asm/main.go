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
	data()
	for _, v := range vectors {
		fillVAES(v)
		fillUncachedVAES(v)
	}
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
	xmm = []VecPhysical{X0, X1, X2, X3, X4, X5, X6, X7}
	ymm = []VecPhysical{Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10}
	zmm = []VecPhysical{Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10}
)

// fillAESNI has eight blocks of 128 bits in flight. Fewer than eight remaining blocks are
// computed eight wide too, which costs no more than one block's latency. Only those
// blocks are stored.
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

	state, counter, one, roundKey := xmm, X8, X9, X10
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

// vector is a register width with VAES, and the instructions whose names depend on the
// width.
type vector struct {
	name   string
	blocks int // in a register
	file   []VecPhysical
	xor    func(a, b, to Op)
	load   func(block, register Op) // into each block of the register
	move   func(from, to Op)
	shift  func(register VecPhysical) // moves the next block to the front; nil for two, where at most one is left
}

var vectors = []vector{
	{
		"VAES256", 2, ymm, VPXOR, VBROADCASTI128, VMOVDQU,
		nil,
	},
	{
		// Only registers 0 to 15, because VZEROALL clears no others.
		"VAES512", 4, zmm,
		func(a, b, to Op) { VPXORQ(a, b, to) },
		func(block, register Op) { VBROADCASTI32X4(block, register) },
		func(from, to Op) { VMOVDQU64(from, to) },
		func(r VecPhysical) { VALIGNQ(Imm(2), r, r, r) },
	},
}

// begin is the common part of v's two functions: the arguments, and pass, which makes
// eight registers of keystream.
func (v vector) begin(name string, doc ...string) (dst Mem, blocks Register, state []VecPhysical, pass func()) {
	name += v.name
	TEXT(name, NOSPLIT, "func(dst *byte, blocks uint64, schedule *[240]byte, lo uint64, hi uint64)")
	Doc(append([]string{name + " writes blocks encrypted counter blocks to dst.",
		"The low word of the counter must not wrap before the last of them."}, doc...)...)
	Pragma("noescape")
	dst = Mem{Base: Load(Param("dst"), GP64())}
	blocks = Load(Param("blocks"), GP64())
	schedule := Mem{Base: Load(Param("schedule"), GP64())}
	lo := Load(Param("lo"), GP64())
	hi := Load(Param("hi"), GP64())

	var counter, step, roundKey VecPhysical
	state, counter, step, roundKey = v.file[:inFlight], v.file[8], v.file[9], v.file[10]
	VMOVQ(lo, counter.AsX())
	VMOVQ(hi, step.AsX())
	VPBROADCASTQ(counter.AsX(), counter)
	VPBROADCASTQ(step.AsX(), step)
	VPUNPCKLQDQ(step, counter, counter)
	VPADDQ(counts, counter, counter)
	v.load(counts.Offset(v.blocks*blockSize), step)

	return dst, blocks, state, func() {
		v.load(schedule, roundKey)
		for _, r := range state {
			v.xor(roundKey, counter, r)
			VPADDQ(step, counter, counter)
		}
		for round := 1; round < rounds; round++ {
			v.load(schedule.Offset(round*blockSize), roundKey)
			for _, r := range state {
				VAESENC(roundKey, r, r)
			}
		}
		v.load(schedule.Offset(rounds*blockSize), roundKey)
		for _, r := range state {
			VAESENCLAST(roundKey, r, r)
		}
	}
}

func (v vector) end() {
	Comment("Leave no key and no keystream in a register, and no dirty upper half.")
	VZEROALL()
	RET()
}

// fillUncachedVAES has eight registers of v in flight, and stores them past the caches: a
// line is written to memory without being read first.
func fillUncachedVAES(v vector) {
	dst, blocks, state, pass := v.begin("fillUncached", "They are a multiple of 32, at least that, and dst is one of 64.")

	Label("whole")
	pass()
	for i, r := range state {
		VMOVNTDQ(r, dst.Offset(i*v.blocks*blockSize))
	}
	ADDQ(U32(inFlight*v.blocks*blockSize), dst.Base)
	SUBQ(U8(inFlight*v.blocks), blocks)
	JNZ(LabelRef("whole"))

	Comment("Such stores are ordered with no others. They must be visible before any later store says that dst is ready.")
	SFENCE()
	v.end()
}

// fillVAES has eight registers of v in flight. As in fillAESNI, the remaining blocks are
// computed eight registers wide and stored in part.
func fillVAES(v vector) {
	dst, blocks, state, pass := v.begin("fill")
	whole := inFlight * v.blocks

	Label("whole")
	CMPQ(blocks, U8(whole))
	JB(LabelRef("rest"))
	pass()
	for i, r := range state {
		v.move(r, dst.Offset(i*v.blocks*blockSize))
	}
	ADDQ(U32(whole*blockSize), dst.Base)
	SUBQ(U8(whole), blocks)
	JMP(LabelRef("whole"))

	Label("rest")
	TESTQ(blocks, blocks)
	JZ(LabelRef("done"))
	pass()
	last := state[0]
	for i, r := range state {
		if i > 0 {
			v.move(r, last)
		}
		CMPQ(blocks, U8(v.blocks))
		JB(LabelRef("blocks"))
		v.move(r, dst)
		ADDQ(U8(v.blocks*blockSize), dst.Base)
		SUBQ(U8(v.blocks), blocks)
	}

	Label("blocks")
	TESTQ(blocks, blocks)
	JZ(LabelRef("done"))
	VMOVDQU(last.AsX(), dst)
	if v.shift != nil {
		v.shift(last)
		ADDQ(U8(blockSize), dst.Base)
		DECQ(blocks)
		JMP(LabelRef("blocks"))
	}

	Label("done")
	v.end()
}

// counts are the blocks 0 to 4: the offsets of a register's blocks from its first, and the
// steps of the counter.
var counts Mem

func data() {
	counts = GLOBL("counts", RODATA|NOPTR)
	for i := range 5 {
		DATA(i*blockSize, U64(i))
		DATA(i*blockSize+8, U64(0))
	}
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
