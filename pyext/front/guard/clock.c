/* On most systems time() only reads a page, in about 3 ns. Where it is a system call (gVisor, some clock sources of
 * virtual machines) it would cost more than the rest of a draw. There the processor's counter shows whether a millisecond
 * may have passed since the last look at the clock. */
#include <sys/prctl.h>

#include "guard/clock.h"

#define RECENTLY ((uint64_t)1 << 20)	/* cycles: a millisecond at 1 GHz, and less than a second down to 1 MHz */
#define SLOW 300	/* ns */
#define TRIES 8

int clock_is_slow;

static uint64_t cycles(void)
{
#if defined __x86_64__
	return __builtin_ia32_rdtsc();
#elif defined __aarch64__
	uint64_t count;
	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(count));
	return count;
#else
	return 0;
#endif
}

/* A program may have forbidden the counter. Reading it then raises SIGSEGV. */
static int may_count(void)
{
	int how = PR_TSC_ENABLE;
#if defined __x86_64__
	return prctl(PR_GET_TSC, &how) || how == PR_TSC_ENABLE;
#elif defined __aarch64__
	return how == PR_TSC_ENABLE;
#else
	return 0;
#endif
}

static int64_t now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int clock_init(void)
{
	int64_t began = now();
	for (int i = 0; i < TRIES; i++)
		(void)time(NULL);
	clock_is_slow = now() - began > SLOW * TRIES && may_count();
	return 0;
}

uint32_t clock_seldom(void)
{
	static uint64_t asked;
	static uint32_t second;	/* read at asked or later */
	uint64_t count = cycles();
	if (count - __atomic_load_n(&asked, __ATOMIC_ACQUIRE) < RECENTLY)
		return __atomic_load_n(&second, __ATOMIC_RELAXED);
	uint32_t s = (uint32_t)time(NULL);
	__atomic_store_n(&second, s, __ATOMIC_RELAXED);
	__atomic_store_n(&asked, count, __ATOMIC_RELEASE);
	return s;
}
