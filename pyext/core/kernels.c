/* Go's assembly that C calls: AES of package keystream, and SHA-256 of Go's own library, for processors with
 * instructions for them.
 *
 * Hashing a short message takes 100 ns, and 4 KiB of keystream take 300; the gate and the way into Go take a microsecond.
 * These functions are leaves: they read their arguments from the stack and touch neither the stack below nor a goroutine, so
 * they need no runtime. The build makes them visible by the names below (build/archive.py). SHA-256 is left out if this Go
 * has none. */
#include <string.h>

#include "core/internal.h"

#define ARGUMENTS 5

/* Calls such a function by Go's ABI0: arguments are on the stack, and no register except the frame pointer is preserved.
 * The functions of package keystream leave nothing secret in registers. */
#if defined __x86_64__
static inline void call_go(void (*function)(void), const uint64_t a[ARGUMENTS])
{
#define ROOM "168"	/* 40 bytes, below this function's red zone of 128 */
	__asm__ volatile(
		"subq $" ROOM ", %%rsp\n"
		"	.cfi_adjust_cfa_offset " ROOM "\n"
		"	movq (%1), %%rax\n"	/* word by word, as they were stored: a wider load would wait for the stores */
		"	movq 8(%1), %%rbx\n"
		"	movq 16(%1), %%rcx\n"
		"	movq 24(%1), %%rdx\n"
		"	movq 32(%1), %%r8\n"
		"	movq %%rax, (%%rsp)\n"
		"	movq %%rbx, 8(%%rsp)\n"
		"	movq %%rcx, 16(%%rsp)\n"
		"	movq %%rdx, 24(%%rsp)\n"
		"	movq %%r8, 32(%%rsp)\n"
		"	call *%0\n"
		"	addq $" ROOM ", %%rsp\n"
		"	.cfi_adjust_cfa_offset -" ROOM "\n"
		: "+D"(function), "+S"(a)
		:: "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", XMM, "memory", "cc");
}
#elif defined __aarch64__
static inline void call_go(void (*function)(void), const uint64_t a[ARGUMENTS])
{
	register void (*f)(void) __asm__("x9") = function;
	register const uint64_t *from __asm__("x10") = a;
	__asm__ volatile(	/* the first argument is 8 bytes above the stack pointer */
		"sub sp, sp, #48\n"
		"	.cfi_adjust_cfa_offset 48\n"
		"	ldp x0, x1, [x10]\n"
		"	ldp x2, x3, [x10, #16]\n"
		"	ldr x4, [x10, #32]\n"
		"	stp x0, x1, [sp, #8]\n"
		"	stp x2, x3, [sp, #24]\n"
		"	str x4, [sp, #40]\n"
		"	blr x9\n"
		"	add sp, sp, #48\n"
		"	.cfi_adjust_cfa_offset -48\n"
		: "+r"(f), "+r"(from)
		:: "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x30",
		"v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18",
		"v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31", "memory", "cc");
}
#endif

/* ---- AES-256: package keystream ---- */

#define FEW 8	/* blocks that the narrow kernel makes just as fast. Package keystream has the same rule */

#if defined __x86_64__
void go_expand_aesni(void), go_aesni(void), go_vaes256(void), go_vaes512(void);
#define EXPAND go_expand_aesni
#define NARROW go_aesni
#else
void go_expand_armv8(void), go_armv8(void);
#define EXPAND go_expand_armv8
#define NARROW go_armv8
#endif

static void expand(unsigned char schedule[AES_SCHEDULE], const unsigned char key[AES_KEY])
{
	call_go(EXPAND, (uint64_t[ARGUMENTS]){(uintptr_t)schedule, (uintptr_t)key});
}

#define KERNEL(name) \
static void fill_##name(void *dst, uint64_t blocks, const unsigned char schedule[AES_SCHEDULE], uint64_t lo, uint64_t hi) \
{ \
	call_go(blocks <= FEW ? NARROW : go_##name, (uint64_t[ARGUMENTS]){(uintptr_t)dst, blocks, (uintptr_t)schedule, lo, hi}); \
}

#if defined __x86_64__
KERNEL(aesni)
KERNEL(vaes256)
KERNEL(vaes512)
static const struct keystream kernels[] = {
	{"aesni", expand, fill_aesni}, {"vaes256", expand, fill_vaes256}, {"vaes512", expand, fill_vaes512},
};
#else
KERNEL(armv8)
static const struct keystream kernels[] = {{"armv8", expand, fill_armv8}};
#endif

/* NIST SP 800-38A, F.5.5: the first block, made alone by the narrow kernel, and in a row of blocks. */
static int is_aes(const struct keystream *k)
{
	static const unsigned char key[AES_KEY] = {
		0x60, 0x3d, 0xeb, 0x10, 0x15, 0xca, 0x71, 0xbe, 0x2b, 0x73, 0xae, 0xf0, 0x85, 0x7d, 0x77, 0x81,
		0x1f, 0x35, 0x2c, 0x07, 0x3b, 0x61, 0x08, 0xd7, 0x2d, 0x98, 0x10, 0xa3, 0x09, 0x14, 0xdf, 0xf4,
	}, want[AES_BLOCK] = {0x0b, 0xdf, 0x7d, 0xf1, 0x59, 0x17, 0x16, 0x33, 0x5e, 0x9a, 0x8b, 0x15, 0xc8, 0x60, 0xc5, 0x02};
	const uint64_t lo = 0xf7f6f5f4f3f2f1f0, hi = 0xfffefdfcfbfaf9f8;
	unsigned char schedule[AES_SCHEDULE], row[5 * FEW][AES_BLOCK];

	k->expand(schedule, key);
	k->fill(row, 1, schedule, lo, hi);
	if (memcmp(row, want, AES_BLOCK))
		return 0;
	k->fill(row, 5 * FEW, schedule, lo - FEW, hi);
	return memcmp(row[FEW], want, AES_BLOCK) == 0;
}

const struct keystream *core_kernel(const char *name)
{
	for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++)
		if (strcmp(kernels[i].name, name) == 0)
			return is_aes(&kernels[i]) ? &kernels[i] : NULL;
	return NULL;
}

/* ---- SHA-256 ---- */

#if defined GORANDOM_SHA256_BLOCK && defined __x86_64__
#include <cpuid.h>

void go_sha256(void);

/* func block(dig *Digest, p []byte). A Digest begins with its eight state words, and the assembly uses no more of it. The
 * assembly leaves parts of the message in vector registers. */
static void sha256(uint32_t state[8], const void *blocks, size_t bytes)
{
	call_go(go_sha256, (uint64_t[ARGUMENTS]){(uintptr_t)state, (uintptr_t)blocks, bytes, bytes});
	__asm__ volatile("vzeroall" ::: XMM);
}

/* The same choice as in crypto/internal/fips140/sha256; and the system must save the AVX registers. */
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

/* The first block of FIPS 180-4's example "abc": in another Go the name may mean something else. */
static int is_sha256(void)
{
	static const unsigned char block[64] = {'a', 'b', 'c', 0x80, [63] = 24};
	static const uint32_t want[8] = {
		0xba7816bf, 0x8f01cfea, 0x414140de, 0x5dae2223, 0xb00361a3, 0x96177a9c, 0xb410ff61, 0xf20015ad,
	};
	uint32_t state[8] = {
		0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
	};
	sha256(state, block, sizeof block);
	return memcmp(state, want, sizeof want) == 0;
}

sha256_blocks core_sha256(void) { return processor_can() && is_sha256() ? sha256 : NULL; }

#else

sha256_blocks core_sha256(void) { return NULL; }

#endif
