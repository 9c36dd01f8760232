/* Preloaded: the devices that report restores are files that the test writes to (noise/watched.py). Only open and fstat
 * are replaced, so that the mapping is a real one.
 *
 * With WATCHED_COPIES a fork copies all memory, secrets too. A raw clone(2) is then like a restored machine: a second
 * process with the same keys and the same ready bytes. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static int device = -1;	/* the last descriptor of the device that was opened */

int open(const char *path, int flags, ...)
{
	static int (*real)(const char *, int, ...);
	const char *file = NULL;
	va_list list;
	if (!real)
		real = dlsym(RTLD_NEXT, "open");
	if (!strcmp(path, "/dev/vmclock0"))
		file = getenv("WATCHED_VMCLOCK");
	else if (!strcmp(path, "/dev/sysgenid"))
		file = getenv("WATCHED_SYSGENID");
	if (file)
		return device = real(file, flags);
	va_start(list, flags);
	int fd = real(path, flags, va_arg(list, int));
	va_end(list);
	return fd;
}

static int pretend(int fd, struct stat *st, int r)
{
	if (r == 0 && fd == device && fd >= 0 && !getenv("WATCHED_AS_FILE")) {
		st->st_mode = S_IFCHR | 0600;
		st->st_rdev = makedev(10, 123);
		device = -1;
	}
	return r;
}

int fstat(int fd, struct stat *st)
{
	static int (*real)(int, struct stat *);
	if (!real)
		real = dlsym(RTLD_NEXT, "fstat");
	return pretend(fd, st, real(fd, st));
}

/* This is what fstat is in programs for a glibc before 2.33. */
int __fxstat(int version, int fd, struct stat *st)
{
	static int (*real)(int, int, struct stat *);
	if (!real)
		real = dlsym(RTLD_NEXT, "__fxstat");
	return pretend(fd, st, real(version, fd, st));
}

int madvise(void *at, size_t n, int advice)
{
	if (getenv("WATCHED_COPIES") && (advice == MADV_WIPEONFORK || advice == MADV_DONTFORK))
		return 0;
	return (int)syscall(SYS_madvise, at, n, advice);
}
