/* Which AES kernels of the core's package keystream this processor has. A name that GORANDOM_KEYSTREAM must not
 * have is refused at import, when there is no Go runtime that could be asked, and may never be one. Names and
 * conditions are those of gorandom/keystream; tests/python/test_keystream.py holds the two together. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "front.h"

const char *keystream_name;

static int anywhere(void) { return 1; }

#if defined __x86_64__
#include <cpuid.h>

#define XCR0_YMM 0x06u	/* the system saves registers of 256 bits, */
#define XCR0_ZMM 0xe6u	/* of 512 */

static unsigned saved_registers(void)
{
	unsigned a, b, c, d, lo, hi;
	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE))
		return 0;
	__asm__("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
	return lo;
}

static int has_aesni(void)
{
	unsigned a, b, c, d;
	return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_AES) && (c & bit_SSE4_1);
}

static int has_vaes(unsigned feature, unsigned saved)
{
	unsigned a, b, c, d;
	return has_aesni() && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & feature) == feature && (c & bit_VAES)
		&& (saved_registers() & saved) == saved;
}

static int has_vaes256(void) { return has_vaes(bit_AVX2, XCR0_YMM); }
static int has_vaes512(void) { return has_vaes(bit_AVX2 | bit_AVX512F, XCR0_ZMM); }

#elif defined __aarch64__
#include <asm/hwcap.h>
#include <sys/auxv.h>

static int has_armv8(void) { return (getauxval(AT_HWCAP) & HWCAP_AES) != 0; }
#endif

static const struct {
	const char *name;
	int (*here)(void);
} kernels[] = {
	{"generic", anywhere},
#if defined __x86_64__
	{"aesni", has_aesni},
	{"vaes256", has_vaes256},
	{"vaes512", has_vaes512},
#elif defined __aarch64__
	{"armv8", has_armv8},
#endif
};
#define KERNELS (sizeof kernels / sizeof *kernels)

int keystream_choose(const char *name)
{
	keystream_name = NULL;
	if (!name)
		return 0;
	for (size_t i = 0; i < KERNELS; i++)
		if (strcmp(name, kernels[i].name) == 0 && kernels[i].here()) {
			keystream_name = kernels[i].name;
			return 0;
		}
	return -1;
}

const char *keystream_each(size_t *at)
{
	while (*at < KERNELS) {
		size_t i = (*at)++;
		if (kernels[i].here())
			return kernels[i].name;
	}
	return NULL;
}

void keystream_names(char *text, size_t n)
{
	const char *name;
	*text = 0;
	for (size_t i = 0; (name = keystream_each(&i));) {
		size_t end = strlen(text);
		snprintf(text + end, n - end, "%s\"%s\"", end ? ", " : "", name);
	}
}
