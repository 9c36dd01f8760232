/* Go's own SHA-256 for processors with instructions for it, called from C.
 *
 * An HMAC of a short message takes 100 ns of hashing; the gate and the way into Go take five times that. The
 * compression itself is a leaf: assembly of crypto/internal/fips140/sha256 that reads its arguments from the
 * stack and touches neither the stack below nor a goroutine, so it needs no runtime. The build makes it visible
 * by the name go_sha256_block (build/archive.py), or leaves it out if this Go has none. */
#include "core/internal.h"

#if defined GORANDOM_SHA256_BLOCK && defined __x86_64__
#include <cpuid.h>
#include <string.h>

/* func block(dig *Digest, p []byte), by Go's ABI0: arguments on the stack, no register but the frame pointer is the
 * caller's to keep. The digest begins with its eight words, and assembly sees no more of it. The vector registers are
 * cleared. */
static void call_go_sha256(uint32_t state[8], const void *blocks, size_t bytes)
{
#define ROOM "168"	/* 40 bytes, below the 128 that this function may use without a word */
	__asm__ volatile(
		"subq $" ROOM ", %%rsp\n"
		"	.cfi_adjust_cfa_offset " ROOM "\n"
		"	movq %0, (%%rsp)\n"
		"	movq %1, 8(%%rsp)\n"
		"	movq %2, 16(%%rsp)\n"
		"	movq %2, 24(%%rsp)\n"
		"	call go_sha256_block\n"
		"	vzeroall\n"
		"	addq $" ROOM ", %%rsp\n"
		"	.cfi_adjust_cfa_offset -" ROOM "\n"
		: "+D"(state), "+S"(blocks), "+d"(bytes)
		:: "rax", "rbx", "rcx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", XMM, "memory", "cc");
}

/* As crypto/internal/fips140/sha256 chooses it; and the system must keep the AVX registers. */
static int processor_can(void)
{
	unsigned a, b, c, d, low, high;
	if (!__get_cpuid(1, &a, &b, &c, &d))
		return 0;
	const unsigned wanted = bit_SSSE3 | bit_SSE4_1 | bit_AVX | bit_OSXSAVE;
	if ((c & wanted) != wanted)
		return 0;
	__asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (low & 6) == 6 && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & 1u << 29);	/* SHA */
}

/* The first block of FIPS 180-4's example "abc": another Go may mean something else by the name. */
static int is_sha256(void)
{
	static const unsigned char block[64] = {'a', 'b', 'c', 0x80, [63] = 24};
	static const uint32_t want[8] = {
		0xba7816bf, 0x8f01cfea, 0x414140de, 0x5dae2223, 0xb00361a3, 0x96177a9c, 0xb410ff61, 0xf20015ad,
	};
	uint32_t state[8] = {
		0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
	};
	call_go_sha256(state, block, sizeof block);
	return memcmp(state, want, sizeof want) == 0;
}

sha256_blocks core_sha256(void) { return processor_can() && is_sha256() ? call_go_sha256 : NULL; }

#else

sha256_blocks core_sha256(void) { return NULL; }

#endif
