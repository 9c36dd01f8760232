/* Has this machine been restored from a saved state? Two machines restored from one state have the same memory, pools
 * and keys included. The monitor reports it in a page that a driver lets programs map: vmclock (Linux 6.13) or sysgenid
 * (a driver outside Linux). A check only reads memory.
 *
 * The page is mapped at import, because a program may later change its root or drop its privileges. The descriptor is
 * closed. No environment variable and no argument sets the path: the names belong to root, as /dev/urandom does. Only
 * root may read vmclock's device unless the administrator opens it. A process that may not read it has only the clock.
 *
 * The mapping cannot fault later. It is of physical memory, held by the mapping (vmclock), or of a page that the driver
 * keeps as long as it is mapped (sysgenid). A file in the device's place could be truncated while it is mapped, so only
 * devices are mapped. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "guard/restore.h"

#define MISC 10	/* the major number of both: Linux's Documentation/admin-guide/devices.txt */

const volatile void *restore_page;
enum restore_kind restore_kind;

static int is_vmclock(const volatile struct vmclock *v)
{
	return v->magic == VMCLOCK_MAGIC && v->version == VMCLOCK_VERSION && v->size >= sizeof *v;
}

/* The page of a device, or NULL. */
static void *map(const char *path, size_t size)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
	if (fd < 0)
		return NULL;
	void *page = MAP_FAILED;
	if (fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && major(st.st_rdev) == MISC)
		page = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	return page == MAP_FAILED ? NULL : page;
}

int restore_init(void)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);	/* vmclock's driver maps exactly one of the system's pages */
	void *page = map("/dev/vmclock0", size);
	if (page && is_vmclock(page)) {
		restore_kind = RESTORE_VMCLOCK;
	} else {
		if (page)
			munmap(page, size);
		page = map("/dev/sysgenid", size);
		if (page)
			restore_kind = RESTORE_SYSGENID;
	}
	restore_page = page;
	return 0;
}

const char *restore_name(void)
{
	static const char *const names[] = {[RESTORE_CLOCK] = "clock", [RESTORE_VMCLOCK] = "vmclock", [RESTORE_SYSGENID] = "sysgenid"};
	return names[restore_kind];
}

int restore_generation(uint64_t *generation)
{
	const volatile struct vmclock *v = restore_page;

	if (restore_kind == RESTORE_VMCLOCK)
		*generation = v->flags & VMCLOCK_GENERATION ? v->vm_generation_counter : v->disruption_marker;
	else
		*generation = restore_now();
	return restore_kind != RESTORE_CLOCK;
}
