/* Go ends the process when the system refuses it memory, a mapping or a thread. So before a start all of that is
 * requested and given back. Trying it shows limits, cgroups and seccomp alike, and needs no /proc. The amounts are those
 * with which Go was seen to fail, plus a margin. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>

#include "guard/process.h"
#include "guard/signals.h"
#include "runtime/runtime.h"

/* Address space. Go takes 1,199 MB if it can, and 748 if not. But once it has its largest piece, it ends the process if
 * it does not get the rest. So failures were seen from 1,100 to 1,260 MB. */
#define RESERVED ((size_t)1300 << 20)
#define WRITABLE ((size_t)64 << 20)	/* private writable memory, which counts as address space too */

/* A limit is set for what the program itself needs, and direct mode takes nothing from it. So a core may take at most an
 * eighth of what is left. Without a limit there is always this much, because it is only mapped, and for a moment. */
#define AMPLE_ADDRESSES ((size_t)10 << 30)
#define AMPLE_MEMORY ((size_t)512 << 20)

#define FEW_MAPPINGS "fewer than 96 mappings are left (vm.max_map_count)"
#define SPLITS 48	/* of a mapping into three: 96 more mappings; a core and its threads have about 50 */

static int can_map(size_t n, int prot)
{
	void *p = mmap(NULL, n, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return 0;
	munmap(p, n);
	return 1;
}

/* Which of the two has refused the call that set errno? */
static const char *limit_or_filter(const char *limit, const char *filter) { return errno == ENOMEM ? limit : filter; }

#define LOCKED "memory is locked in advance (mlockall)"
#define NO_MMAP "mmap is refused (seccomp)"

static const char *cannot_split(void)
{
	char *p = mmap(NULL, 2 * SPLITS * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return limit_or_filter("no address space is left (RLIMIT_AS), or no mapping (vm.max_map_count)", NO_MMAP);
	const char *why = NULL;
	if (madvise(p, PAGE, MADV_DONTDUMP))
		why = limit_or_filter(FEW_MAPPINGS, "madvise is refused (seccomp)");
	for (int i = 0; !why && i < SPLITS; i++)
		if (mprotect(p + (2 * i + 1) * PAGE, PAGE, PROT_READ))
			why = limit_or_filter(FEW_MAPPINGS, "mprotect is refused (seccomp)");
	munmap(p, 2 * SPLITS * PAGE);
	return why;
}

const char *limits_spare(void)
{
	if (pages_locked_in_advance())	/* before anything large is mapped */
		return LOCKED;
	if (!can_map(AMPLE_ADDRESSES, PROT_NONE))
		return limit_or_filter("less than 10 GiB of address space is left (RLIMIT_AS), of which a core takes 1.2", NO_MMAP);
	if (!can_map(AMPLE_MEMORY, PROT_READ | PROT_WRITE))
		return limit_or_filter("less than 512 MiB of memory is left (RLIMIT_DATA), of which a core takes 64", NO_MMAP);
	return NULL;
}

const char *limits_refuse(void)
{
	/* The order matters: at RLIMIT_MEMLOCK mmap fails too, and at the limit of mappings each later check does. */
	const char *missing = pages_locked_in_advance() ? LOCKED : cannot_split();
	if (!missing)
		missing = limits_spare();
	if (missing)
		return missing;
	/* From here on no other thread can take the memory. */
	if (core->reserve(core_record, RESERVED, WRITABLE))
		missing = "a limit was lowered while a core was about to start";
	else if (core->threads_make(core_record, GORANDOM_THREADS + core_processors()))
		missing = "no room for the core's threads (RLIMIT_NPROC, a cgroup's pids.max, seccomp, or memory for their stacks)";
	if (missing)
		core->threads_end(core_record);
	return missing;
}

/* A busy core takes threads now and then, at most as many at a time as it has processors. Go ends the process if it gets
 * none. So no thread enters when fewer are asleep and no more can be made. */
int limits_threads(void)
{
	struct held held;
	int enough = 0;

	if (core->threads_asleep(core_record) >= core_processors())
		return 1;
	if (hold_signals(&held))
		return 0;
	/* Checked only now, when no signal handler can fork any more. */
	enough = core_alive() && core->threads_make(core_record, core_processors()) == 0;
	core->threads_wait(core_record);
	release_signals(&held);
	return enough;
}

int limits_room(void)
{
	return can_map((size_t)16 << 20, PROT_NONE) && can_map((size_t)8 << 20, PROT_READ | PROT_WRITE);
}
