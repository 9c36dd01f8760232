/* Starts the Go runtime. The library is dormant: the build turns the archive's .init_array, which the
 * loader would run, into the ordinary section go_init, whose bounds the linker defines. */
#define _GNU_SOURCE
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>

#include "start.h"

typedef void (*init_fn)(int, char **, char **);
extern init_fn __start_go_init[] __attribute__((visibility("hidden")));
extern init_fn __stop_go_init[] __attribute__((visibility("hidden")));

/* runtime.sigtable, made visible by the build; build/archive.py asserts its size. */
struct sigtab { int32_t flags; char *name; intptr_t len; };
extern struct sigtab sigtable[SIGTABLE_ENTRIES] __asm__("runtime.sigtable") __attribute__((visibility("hidden")));

/* Each of Go's timers, and a standard stream that does not block, would have it open an epoll and an eventfd, and a daemon
 * that closes all descriptors would be ended by the next use of them. Go takes its poller for open already; as it has none
 * (runtime.epfd is -1) it asks none, and as a wake-up seems to be on its way it writes none. A thread without work
 * looks for a timer's end again and again instead of sleeping; but timers are the collector's alone, and that is off but
 * for the generic kernel's garbage (package calls). */
extern uint32_t poller_is_open __asm__("runtime.netpollInited") __attribute__((visibility("hidden")));
extern uint32_t poller_is_woken __asm__("runtime.netpollWakeSig") __attribute__((visibility("hidden")));

/* Go looks for the auxiliary vector behind the environment, as the kernel lays them out. It points into
 * these for as long as it runs. */
static struct {
	char *argv[2], *env[5];
	uintptr_t aux[20];
} stack;
static char processors_text[] = "GOMAXPROCS=0000000000";
static unsigned char random_bytes[16] __attribute__((aligned(16)));

void core_start(struct record *r, unsigned char random[16], int processors)
{
	/* What Go takes over of the host's vector: AT_RANDOM not, because Go overwrites those bytes and they
	 * are the source of the host's stack canary. */
	static const unsigned long taken[] = {AT_PAGESZ, AT_HWCAP, AT_HWCAP2, AT_SYSINFO_EHDR, AT_SECURE, AT_PLATFORM, AT_CLKTCK};
	size_t n = 0;

	record = r;
	keep_spare(r);
	snprintf(processors_text, sizeof processors_text, "GOMAXPROCS=%d", processors);
	memcpy(random_bytes, random, sizeof random_bytes);
	stack.argv[0] = "gorandom";
	/* No preemption by signals; no descriptor on the cgroup's limits, no thread that looks at them again. */
	stack.env[0] = "GODEBUG=asyncpreemptoff=1,containermaxprocs=0,updatemaxprocs=0";
	stack.env[1] = "GOTRACEBACK=none";	/* what is made of a trace all the same, package fatal swallows */
	stack.env[2] = "GOGC=off";	/* calls leave no garbage (package calls), and a collector has timers */
	stack.env[3] = processors_text;
	for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
		stack.aux[n++] = taken[i];
		stack.aux[n++] = getauxval(taken[i]);
	}
	stack.aux[n++] = AT_RANDOM;
	stack.aux[n++] = (uintptr_t)random_bytes;
	stack.aux[n++] = AT_NULL;
	stack.aux[n++] = 0;

	poller_is_open = poller_is_woken = 1;
	/* Signals that the table does not know are neither caught nor unblocked by Go's threads. */
	for (int i = 0; i < SIGTABLE_ENTRIES; i++)
		sigtable[i].flags = 0;
	for (init_fn *f = __start_go_init; f < __stop_go_init; f++)
		(*f)(1, stack.argv, stack.env);
}
