/* The kernel's bytes without the core: what gorandom/entropy does in Go, for processes and moments without Go. Both
 * follow one rule, "How Linux is asked" in gorandom/doc.go. Repeated bytes are an error as well, within a read or from
 * one read to the next.
 *
 * It makes the system call itself. The C library's function may serve from memory of its own, with locks that a raw
 * clone(2) would leave held. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "core/core.h"
#include "guard/process.h"
#include "guard/signals.h"
#include "pure/erase.h"
#include "pure/sha256.h"
#include "source/kernel.h"

#define GETRANDOM_NONBLOCK 1
#define BLOCK 32	/* bytes that are compared with the 32 before them, as in gorandom/csprng */
#define URANDOM 9	/* minor numbers of major 1 */
#define RANDOM 8
#define TRIES 4	/* of a read during which the descriptor becomes another file */
#define NAP 20000000	/* ns between two looks at a generator that is not ready */

#define IS(flag) __atomic_load_n(&(flag), __ATOMIC_RELAXED)
#define SET(flag, value) __atomic_store_n(&(flag), value, __ATOMIC_RELAXED)

/* What the process, or an ancestor, has learnt. Each is a single word, and is set once or idempotently. */
static int ready;	/* bytes have come once: from then on "not ready" is a failure */
static int device_ready;	/* /dev/random has polled readable once */
static int device_fd = -1;	/* /dev/urandom, kept for hosts that chroot later; checked at each use */
static int device_serves;	/* which of the two served last */

const char *kernel_name(void) { return IS(device_serves) ? "/dev/urandom" : "getrandom"; }
int kernel_ready(void) { return IS(ready); }

static int is_device(int fd, unsigned minor)
{
	struct stat st;
	return fd >= 0 && fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, minor);
}

/* The flags: no program inherits it, a symbolic link is refused, and a FIFO does not make open() wait. */
static int open_device(const char *path, unsigned minor, int *error)
{
	int fd;

	do
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	while (fd < 0 && errno == EINTR);
	if (fd < 0) {
		*error = errno;
	} else if (!is_device(fd, minor)) {
		close(fd);
		*error = ENODEV;
		fd = -1;
	}
	return fd;
}

/* A daemon may have closed the descriptor, and another file may have its number now. Such a descriptor is forgotten,
 * never closed. */
static int open_urandom(int *error)
{
	int fd = __atomic_load_n(&device_fd, __ATOMIC_ACQUIRE);
	if (is_device(fd, URANDOM))
		return fd;
	int fresh = open_device("/dev/urandom", URANDOM, error);
	if (fresh >= 0 && !__atomic_compare_exchange_n(&device_fd, &fd, fresh, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
		close(fresh);	/* another thread was faster */
		return fd;
	}
	return fresh;
}

/* Before the kernel is seeded, /dev/urandom gives weak bytes. /dev/random polls readable once it is. */
static int device_seeded(void)
{
	int n, error;

	if (IS(device_ready))
		return 0;
	struct pollfd p = {.fd = open_device("/dev/random", RANDOM, &error), .events = POLLIN};
	if (p.fd < 0)
		return error;
	do
		n = poll(&p, 1, 0);
	while (n < 0 && errno == EINTR);
	error = n < 0 ? errno : n == 1 && (p.revents & POLLIN) ? 0 : GORANDOM_NOT_READY;
	close(p.fd);
	SET(device_ready, error == 0);
	return error;
}

static int read_device(unsigned char *dst, size_t n)
{
	int error = device_seeded();
	if (error)
		return error;
	for (int tries = 0; tries < TRIES; tries++) {
		int fd = open_urandom(&error);
		if (fd < 0)
			return error;
		for (size_t got = 0; got < n && !error;) {
			ssize_t k = read(fd, dst + got, n - got);
			if (k > 0)
				got += (size_t)k;
			else if (k == 0)
				error = EIO;
			else if (errno != EINTR)
				error = errno;
		}
		/* If another file has the descriptor now, these bytes or this error may be that file's. */
		if (is_device(fd, URANDOM))
			return error;
		error = 0;
	}
	return EIO;
}

static int read_getrandom(unsigned char *dst, size_t n)
{
	size_t got = 0;
	while (got < n) {
		long k = syscall(SYS_getrandom, dst + got, n - got, GETRANDOM_NONBLOCK);
		if (k > 0)
			got += (size_t)k;
		else if (k == 0)
			return EIO;
		else if (errno != EINTR)
			return errno == EAGAIN ? GORANDOM_NOT_READY : errno;
	}
	return 0;
}

static int read_either(void *dst, size_t n, int *device)
{
	int r = read_getrandom(dst, n);
	*device = r == ENOSYS || r == EPERM;
	return *device ? read_device(dst, n) : r;
}

/* Two equal blocks in a row occur by chance once in 2^256, and always if the generator is stuck. */
static int has_twins(const unsigned char *bytes, size_t n)
{
	for (size_t at = BLOCK; at + BLOCK <= n; at += BLOCK)
		if (!memcmp(bytes + at, bytes + at - BLOCK, BLOCK))
			return 1;
	return 0;
}

/* Did the last read begin with the same block? A generator that was set back may answer each read alike. Only a part of
 * the block's digest is kept, because the block itself is a caller's secret by then. By chance two of them are equal
 * once in 2^64. */
static int was_last(const unsigned char block[BLOCK])
{
	static uint64_t last;	/* of this process, or of an ancestor; 0: there was none */
	unsigned char digest[SHA256_BYTES];
	uint64_t now;

	sha256_once(block, BLOCK, digest);
	memcpy(&now, digest, sizeof now);
	erase(digest, sizeof digest);
	return __atomic_exchange_n(&last, now, __ATOMIC_RELAXED) == now;
}

/* Reads again before a repetition counts as a failure. Two threads of a program may fill one buffer, and each then sees
 * the other's block in it. So a block that no other thread can see decides. */
static int read_again(void *dst, size_t n, int *device)
{
	unsigned char block[BLOCK];
	int r = read_either(block, sizeof block, device);
	if (r == 0 && was_last(block))
		r = EIO;
	erase(block, sizeof block);
	if (r == 0)
		r = read_either(dst, n, device);
	return r == 0 && has_twins(dst, n) ? EIO : r;
}

int kernel_read(void *dst, size_t n)
{
	int device, r = read_either(dst, n, &device);
	if (r == 0 && (has_twins(dst, n) || (n >= BLOCK && was_last(dst))))
		r = read_again(dst, n, &device);
	if (r == 0) {
		SET(device_serves, device);
		SET(ready, 1);
		return 0;
	}
	memset(dst, 0, n);
	return r == GORANDOM_NOT_READY && IS(ready) ? EIO : r;
}

int64_t kernel_nap(int64_t ns)
{
	/* Waiting inside getrandom makes the kernel gather entropy by itself (since 5.4). */
	if (ns < 0 && !IS(device_serves)) {
		unsigned char byte;
		long k = syscall(SYS_getrandom, &byte, 1, 0);
		int error = errno;
		erase(&byte, 1);
		if (k == 1 || error == EINTR)
			return 0;
	}
	struct timespec t = {0, ns < 0 || ns > NAP ? NAP : ns}, rest = {0, 0};
	nanosleep(&t, &rest);
	return t.tv_nsec - rest.tv_nsec;
}

/* ---- gathering ----
 *
 * Linux gathers entropy by itself (since 5.4), but only while a caller is blocked in getrandom(2), and that call takes no
 * timeout. So for callers that wait with a timeout, a thread blocks in it, at most one in a process.
 *
 * The thread ends when the kernel's generator is ready. That may be after the timeout: only a signal would end the call
 * earlier, and a library has none to spare. The thread holds no lock and uses no Python, so a fork meanwhile is safe. The
 * child does not have it and may start its own. If all other threads end, the process lasts as long as this one. */

enum { NOT_YET, BLOCKS, ENDED };
static uint64_t *gathers;	/* in this process */

int kernel_init(void)
{
	gathers = process_keep(sizeof *gathers);
	return gathers ? 0 : ENOMEM;
}

static void *gather(void *unused)
{
	unsigned char byte;

	(void)unused;
	/* EINTR: the C library's own signal, for a setuid() in another thread. */
	while (syscall(SYS_getrandom, &byte, 1, 0) < 0 && errno == EINTR)
		;
	erase(&byte, 1);
	SET(*gathers, ENDED);
	return NULL;
}

void kernel_gather(void)
{
	uint64_t not_yet = NOT_YET;
	pthread_t thread;
	struct held held;

	/* A process that bypassed the fork handlers, or gets no thread, only polls the generator. */
	if (!process->known || !__atomic_compare_exchange_n(gathers, &not_yet, BLOCKS, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		return;
	hold_signals(&held);
	if (pthread_create(&thread, NULL, gather, NULL) == 0)
		pthread_detach(thread);
	else
		SET(*gathers, ENDED);
	release_signals(&held);
}

unsigned kernel_threads(void) { return IS(*gathers) == BLOCKS; }
