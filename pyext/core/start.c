/* Starts the Go runtime. The library is dormant: the build turns the archive's .init_array, which the
 * loader would run, into the ordinary section go_init, whose bounds the linker defines. */
#define _GNU_SOURCE
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>

#include "core/internal.h"

#define SIGTABLE_ENTRIES 65	/* Linux: signals 0 to 64 */

#pragma GCC visibility push(hidden)	/* none comes from another library */

typedef void (*init_fn)(int, char **, char **);
extern init_fn __start_go_init[], __stop_go_init[];

/* runtime.sigtable, made visible by the build; build/archive.py asserts its size. */
struct sigtab { int32_t flags; char *name; intptr_t len; };
extern struct sigtab sigtable[SIGTABLE_ENTRIES] __asm__("runtime.sigtable");

/* For a timer, or for a non-blocking standard stream, Go would open an epoll and an eventfd. In a daemon that closes all
 * descriptors their next use would end the process. So Go is told that its poller is open. It has none (runtime.epfd is
 * -1), so it polls none. A wake-up seems to be pending, so it writes none. A thread without work now looks for a timer's
 * end again and again instead of sleeping. But only the collector has timers, and it is off except for the generic
 * kernel's garbage (package calls). */
extern uint32_t poller_is_open __asm__("runtime.netpollInited"), poller_is_woken __asm__("runtime.netpollWakeSig");

#pragma GCC visibility pop

static char processors_text[] = "GOMAXPROCS=0000000000";
static unsigned char random_bytes[16] __attribute__((aligned(16)));

/* Go looks for the auxiliary vector after the environment, where the kernel puts it. It keeps pointers into
 * these as long as it runs. */
static struct {
	char *argv[2], *env[5];
	ElfW(auxv_t) aux[9];
} stack = {
	.argv = {"gorandom"},
	.env = {
		/* No preemption by signals; no descriptor for the cgroup's limits, and no thread that checks them again. */
		"GODEBUG=asyncpreemptoff=1,containermaxprocs=0,updatemaxprocs=0",
		"GOTRACEBACK=none",	/* what is printed of a trace anyway, package fatal swallows */
		"GOGC=off",	/* calls leave no garbage (package calls), and a collector has timers */
		processors_text,
	},
	/* Go gets the host's values of the entries before AT_RANDOM. It does not get the host's AT_RANDOM: it overwrites those
	 * bytes, and the host's stack canary is made of them. */
	.aux = {
		{AT_PAGESZ}, {AT_HWCAP}, {AT_HWCAP2}, {AT_SYSINFO_EHDR}, {AT_SECURE}, {AT_PLATFORM}, {AT_CLKTCK},
		{AT_RANDOM, {(uintptr_t)random_bytes}}, {AT_NULL},
	},
};

void core_start(struct record *r, unsigned char random[16], int processors)
{
	record = r;
	keep_spare(r);
	snprintf(processors_text, sizeof processors_text, "GOMAXPROCS=%d", processors);
	memcpy(random_bytes, random, sizeof random_bytes);
	for (ElfW(auxv_t) *a = stack.aux; a->a_type != AT_RANDOM; a++)
		a->a_un.a_val = getauxval(a->a_type);

	poller_is_open = poller_is_woken = 1;
	/* Go's threads neither catch nor unblock signals that the table does not know. */
	for (int i = 0; i < SIGTABLE_ENTRIES; i++)
		sigtable[i].flags = 0;
	for (init_fn *f = __start_go_init; f < __stop_go_init; f++)
		(*f)(1, stack.argv, stack.env);
}
