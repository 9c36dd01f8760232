/* How the machine's monitor tells this process that the machine was restored from a saved state: by one of two pages
 * that the process can read, or not at all. */
#pragma once

#include <stdint.h>

#pragma GCC visibility push(hidden)

/* The start of the vmclock page, up to what is read here: Linux's include/uapi/linux/vmclock-abi.h, version 1. Its
 * fields are little-endian, like all processors that this is built for. */
struct vmclock {
	uint32_t magic, size;
	uint16_t version;
	uint8_t counter, time_type;
	uint32_t seq_count;	/* odd while the monitor writes */
	uint64_t disruption_marker;	/* changes with each restore and each migration */
	uint64_t flags;
	uint8_t clock[72];	/* the time; not used here */
	uint64_t vm_generation_counter;	/* changes with each restore, if a flag says that it is there */
};
_Static_assert(sizeof(struct vmclock) == 112, "the layout of vmclock-abi.h");

#define VMCLOCK_MAGIC 0x4b4c4356
#define VMCLOCK_VERSION 1
#define VMCLOCK_GENERATION ((uint64_t)1 << 8)	/* flags: VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT */

enum restore_kind { RESTORE_CLOCK, RESTORE_VMCLOCK, RESTORE_SYSGENID };	/* CLOCK: no page */

extern const volatile void *restore_page;	/* mapped for good, in children too; NULL: there is none */
extern enum restore_kind restore_kind;

static inline uint64_t restore_of_vmclock(const volatile struct vmclock *v)
{
	/* A write in progress has a value of its own, so what was made during a write is stale when it ends. This never
	 * waits for the monitor, which may take as long as it likes. */
	uint64_t writing = v->seq_count & 1;
	uint64_t restores = v->flags & VMCLOCK_GENERATION ? v->vm_generation_counter : 0;
	return v->disruption_marker + restores + (writing << 63);
}

/* A number that changes when the machine is restored. What was made under a different number is stale and may exist
 * twice. Look at it after the bytes have been taken. If you look earlier, the machine may be saved between the look and
 * the taking. */
static inline uint64_t restore_now(void)
{
	const volatile void *page = restore_page;
	if (__builtin_expect(!page, 1))
		return 0;
	return restore_kind == RESTORE_VMCLOCK ? restore_of_vmclock(page) : *(const volatile uint32_t *)page;
}

int restore_init(void);	/* once. Always 0: a missing page is no failure */
const char *restore_name(void);	/* "vmclock", "sysgenid", or "clock": no page; pools then live for at most a second */
int restore_generation(uint64_t *);	/* stores what the monitor counts. Returns 0 if there is no such count */

#pragma GCC visibility pop
