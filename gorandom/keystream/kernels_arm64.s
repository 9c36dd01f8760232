// Written by hand: avo makes assembly for amd64 alone.

//go:build arm64 && !purego

#include "textflag.h"

// FOLD makes the next even round key in x from x, the running exclusive-or of
// its four words, and from the substituted word of the one before, in all four
// words of V2. V4 is zero.
#define FOLD(x) \
	VEXT $12, x.B16, V4.B16, V3.B16; \
	VEOR V3.B16, x.B16, x.B16; \
	VEXT $8, x.B16, V4.B16, V3.B16; \
	VEOR V3.B16, x.B16, x.B16; \
	VEOR V2.B16, x.B16, x.B16; \
	VST1.P [x.B16], 16(R0)

// SUBWORD puts the last word of x, substituted, into all four words of V2. In
// four equal columns AESE shifts no row out of its place; its key is V4, zero.
#define SUBWORD(x) \
	VDUP x.S[3], V2.S4; \
	AESE V4.B16, V2.B16

// EVEN is SUBWORD, rotated, with the round's constant: FIPS 197, section 5.2.
#define EVEN(constant) \
	SUBWORD(V1); \
	VSHL $24, V2.S4, V3.S4; \
	VSRI $8, V2.S4, V3.S4; \
	MOVW $constant, R2; \
	VDUP R2, V2.S4; \
	VEOR V3.B16, V2.B16, V2.B16; \
	FOLD(V0)

#define ODD \
	SUBWORD(V0); \
	FOLD(V1)

// func expandARMv8(schedule *[scheduleSize]byte, key *[KeySize]byte)
TEXT ·expandARMv8(SB), NOSPLIT, $0-16
	MOVD schedule+0(FP), R0
	MOVD key+8(FP), R1
	VEOR V4.B16, V4.B16, V4.B16
	VLD1 (R1), [V0.B16, V1.B16]
	VST1.P [V0.B16, V1.B16], 32(R0)
	EVEN(0x01)
	ODD
	EVEN(0x02)
	ODD
	EVEN(0x04)
	ODD
	EVEN(0x08)
	ODD
	EVEN(0x10)
	ODD
	EVEN(0x20)
	ODD
	EVEN(0x40)

	// Leave no key in a register.
	VEOR V0.B16, V0.B16, V0.B16
	VEOR V1.B16, V1.B16, V1.B16
	VEOR V2.B16, V2.B16, V2.B16
	VEOR V3.B16, V3.B16, V3.B16
	RET

// NEXT puts the counter into x and counts on.
#define NEXT(x) \
	VMOV V8.B16, x.B16; \
	VADD V9.D2, V8.D2, V8.D2

#define MIX(key, x) \
	AESE key.B16, x.B16; \
	AESMC x.B16, x.B16

#define ROUND(key) \
	MIX(key, V0); \
	MIX(key, V1); \
	MIX(key, V2); \
	MIX(key, V3); \
	MIX(key, V4); \
	MIX(key, V5); \
	MIX(key, V6); \
	MIX(key, V7)

#define LAST(x) \
	AESE V29.B16, x.B16; \
	VEOR V30.B16, x.B16, x.B16

// PASS encrypts the next eight counters, in V0 to V7, under V16 to V30.
#define PASS \
	NEXT(V0); \
	NEXT(V1); \
	NEXT(V2); \
	NEXT(V3); \
	NEXT(V4); \
	NEXT(V5); \
	NEXT(V6); \
	NEXT(V7); \
	ROUND(V16); \
	ROUND(V17); \
	ROUND(V18); \
	ROUND(V19); \
	ROUND(V20); \
	ROUND(V21); \
	ROUND(V22); \
	ROUND(V23); \
	ROUND(V24); \
	ROUND(V25); \
	ROUND(V26); \
	ROUND(V27); \
	ROUND(V28); \
	LAST(V0); \
	LAST(V1); \
	LAST(V2); \
	LAST(V3); \
	LAST(V4); \
	LAST(V5); \
	LAST(V6); \
	LAST(V7)

#define STORE(x) \
	VST1.P [x.B16], 16(R0); \
	SUBS $1, R1; \
	BEQ done

#define WIPE(x) VEOR x.B16, x.B16, x.B16

// func fillARMv8(dst *byte, blocks uint64, schedule *[scheduleSize]byte, lo, hi uint64)
TEXT ·fillARMv8(SB), NOSPLIT, $0-40
	MOVD dst+0(FP), R0
	MOVD blocks+8(FP), R1
	MOVD schedule+16(FP), R2
	MOVD lo+24(FP), R3
	MOVD hi+32(FP), R4
	VLD1.P 64(R2), [V16.B16, V17.B16, V18.B16, V19.B16]
	VLD1.P 64(R2), [V20.B16, V21.B16, V22.B16, V23.B16]
	VLD1.P 64(R2), [V24.B16, V25.B16, V26.B16, V27.B16]
	VLD1 (R2), [V28.B16, V29.B16, V30.B16]
	VMOV R3, V8.D[0]
	VMOV R4, V8.D[1]
	MOVD $1, R5
	VEOR V9.B16, V9.B16, V9.B16
	VMOV R5, V9.D[0]

	// A rest of fewer than eight blocks is computed eight wide too, which costs
	// no more than one block's latency, and stored in part.
eight:
	CMP $8, R1
	BLO rest
	PASS
	VST1.P [V0.B16, V1.B16, V2.B16, V3.B16], 64(R0)
	VST1.P [V4.B16, V5.B16, V6.B16, V7.B16], 64(R0)
	SUB $8, R1
	B eight

rest:
	CBZ R1, done
	PASS
	STORE(V0)
	STORE(V1)
	STORE(V2)
	STORE(V3)
	STORE(V4)
	STORE(V5)
	STORE(V6)

done:
	// Leave no key and no keystream in a register.
	WIPE(V0)
	WIPE(V1)
	WIPE(V2)
	WIPE(V3)
	WIPE(V4)
	WIPE(V5)
	WIPE(V6)
	WIPE(V7)
	WIPE(V8)
	WIPE(V16)
	WIPE(V17)
	WIPE(V18)
	WIPE(V19)
	WIPE(V20)
	WIPE(V21)
	WIPE(V22)
	WIPE(V23)
	WIPE(V24)
	WIPE(V25)
	WIPE(V26)
	WIPE(V27)
	WIPE(V28)
	WIPE(V29)
	WIPE(V30)
	RET
