#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "guard/pages.h"
#include "guard/process.h"
#include "guard/stamp.h"

struct process *process;
uint64_t stamp_epoch = 1;

static size_t kept = sizeof(struct process);	/* bytes of the page that are given out */

int process_init(void)
{
	pages_init();
	process = pages_new(PAGE, PAGES_WIPED);
	if (!process)
		return ENOMEM;
	pages_lock(process, PAGE);
	process->known = (uint64_t)getpid();
	return 0;
}

void *process_keep(size_t n)
{
	size_t at = kept, size = (n + 15) / 16 * 16;
	if (size > PAGE - at)
		return NULL;
	kept += size;
	return (char *)process + at;
}

uint64_t process_make_stamp(void)
{
	/* The count is inherited, so the stamps of a child are other ones than those of its ancestors. */
	static uint64_t stamps;
	uint64_t none = 0, new = __atomic_add_fetch(&stamps, 1, __ATOMIC_RELAXED);
	return __atomic_compare_exchange_n(&process->stamp, &none, new, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED) ? new : none;
}

void process_begin(uint64_t pid)
{
	memset(process, 0, PAGE);
	process->known = pid;
}
