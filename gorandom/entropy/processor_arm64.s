// Written by hand: avo makes assembly for amd64 alone.

//go:build arm64 && !purego

#include "textflag.h"

// func rndrrs() (word uint64, ok bool)
TEXT ·rndrrs(SB), NOSPLIT, $0-9
	WORD $0xd53b2420 // MRS RNDRRS, R0: S3_3_C2_C4_1, which Go's assembler doesn't know
	CSET NE, R1 // the flags are 0, or Z alone if there was no word
	MOVD R0, word+0(FP)
	MOVB R1, ok+8(FP)
	MOVD ZR, R0
	RET

// func isar0() uint64
TEXT ·isar0(SB), NOSPLIT, $0-8
	MRS ID_AA64ISAR0_EL1, R0
	MOVD R0, ret+0(FP)
	RET
