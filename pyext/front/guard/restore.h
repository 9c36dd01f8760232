/* What the machine's monitor writes where this process can read it when the machine has been restored from a saved
 * state: one of these two, or nothing. */
#pragma once

#include <stdint.h>

#pragma GCC visibility push(hidden)

/* The start of the vmclock page, up to what is read here: Linux's include/uapi/linux/vmclock-abi.h, version 1. Its
 * fields are little-endian, as all processors are for which this is built. */
struct vmclock {
	uint32_t magic, size;
	uint16_t version;
	uint8_t counter, time_type;
	uint32_t seq_count;	/* odd while the monitor writes */
	uint64_t disruption_marker;	/* another value after each restore and each migration */
	uint64_t flags;
	uint8_t clock[72];	/* time: none of it is of use here */
	uint64_t vm_generation_counter;	/* another value after each restore, if a flag says that it is there */
};
_Static_assert(sizeof(struct vmclock) == 112, "the layout of vmclock-abi.h");

#define VMCLOCK_MAGIC 0x4b4c4356
#define VMCLOCK_VERSION 1
#define VMCLOCK_GENERATION ((uint64_t)1 << 8)	/* flags: VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT */

enum restore_kind { RESTORE_CLOCK, RESTORE_VMCLOCK, RESTORE_SYSGENID };	/* CLOCK: no page */

extern const volatile void *restore_page;	/* mapped for good, in children too; NULL: none to be had */
extern enum restore_kind restore_kind;

static inline uint64_t restore_of_vmclock(const volatile struct vmclock *v)
{
	/* A write in progress is a value of its own, so what was made in the middle of one is stale at its end. Nothing
	 * is waited for: the monitor may take as long as it likes. */
	uint64_t writing = v->seq_count & 1;
	uint64_t restores = v->flags & VMCLOCK_GENERATION ? v->vm_generation_counter : 0;
	return v->disruption_marker + restores + (writing << 63);
}

/* A number that is another one after the machine has been restored. What was made under another number than the
 * present one is stale, and may exist twice. To be looked at after the bytes have been taken: before that, the machine
 * may be saved between the look and the taking. */
static inline uint64_t restore_now(void)
{
	const volatile void *page = restore_page;
	if (__builtin_expect(!page, 1))
		return 0;
	return restore_kind == RESTORE_VMCLOCK ? restore_of_vmclock(page) : *(const volatile uint32_t *)page;
}

int restore_init(void);	/* once. 0: that there is nothing to look at is no failure */
const char *restore_name(void);	/* "vmclock", "sysgenid", or "clock": then pools live for a second of it and that is all */
int restore_generation(uint64_t *);	/* what the monitor counts. 0: it does not */

#pragma GCC visibility pop
