/* Erases a secret that is not read again. A compiler would leave out a plain memset as useless. explicit_bzero(3) does the
 * same, but glibc has it only since 2.25, and wheels are for 2.17. */
#pragma once

#include <string.h>

static inline void erase(void *p, size_t n)
{
	memset(p, 0, n);
	__asm__ volatile("" : : "r"(p) : "memory");
}
