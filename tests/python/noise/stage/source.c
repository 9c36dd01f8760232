/* What the kernel may answer. */
#include "stage.h"

/* getrandom(2) gives these answers one after the other, and then always the last: bytes to give, or a negative errno. */
static const int *answers;

static ssize_t answer(void *dst, size_t n, unsigned flags)
{
	static int calls;
	CHECK(flags == 1 && ++calls < 10000);	/* GRND_NONBLOCK; and not forever */
	int k = answers[1] ? *answers++ : *answers;
	if (k < 0) {
		errno = -k;
		return -1;
	}
	if (k == 1)	/* nothing at all */
		return 0;
	n = n < (size_t)k ? n : (size_t)k;
	give(dst, n, KERNEL);
	return (ssize_t)n;
}

static unsigned char bytes[4096];

static int asked(const int *these, size_t n)
{
	answers = these;
	on_getrandom = answer;
	memset(bytes, 0xa5, sizeof bytes);
	int r = kernel_read(bytes, n);
	if (r == 0)
		CHECK(once(bytes, n) == KERNEL);
	else
		CHECK(is_zero(bytes, n));
	CHECK(bytes[n] == 0xa5);
	return r;
}

#define ASKED(n, ...) asked((const int[]){__VA_ARGS__, 0}, n)
#define ALL 4096

static void getrandom_answers(void)
{
	CHECK(process_init() == 0 && kernel_init() == 0);
	CHECK(ASKED(64, -EAGAIN) == GORANDOM_NOT_READY && !kernel_ready());
	CHECK(ASKED(64, 16, -EAGAIN) == GORANDOM_NOT_READY && !kernel_ready());
	CHECK(ASKED(64, 1, ALL) == EIO);	/* it gave nothing; else this would never end */
	CHECK(ASKED(64, 16, -ENOMEM) == ENOMEM);
	CHECK(ASKED(64, -EINTR, -EINTR, ALL) == 0 && kernel_ready());
	CHECK(ASKED(256, 8) == 0);	/* in pieces */
	CHECK(ASKED(256, 8, -EINTR, 16, -EINTR, ALL) == 0);
	CHECK(ASKED(64, -EAGAIN) == EIO);	/* it was ready before */
	CHECK(!strcmp(kernel_name(), "getrandom"));
}

static unsigned char twins[128];
static int twin_reads, twins_end;

static ssize_t the_same(void *dst, size_t n, unsigned flags)
{
	(void)flags;
	twin_reads++;
	if (twins_end && twin_reads >= twins_end)
		give(dst, n, KERNEL);
	else
		memcpy(dst, twins, n);
	return (ssize_t)n;
}

/* The kernel of a machine, or an emulator, that was set back. */
static void a_kernel_that_repeats_itself(void)
{
	CHECK(process_init() == 0 && kernel_init() == 0);
	on_getrandom = the_same;
	give(twins, sizeof twins, KERNEL);
	CHECK(kernel_read(bytes, 64) == 0 && once(bytes, 64));
	CHECK(kernel_read(bytes, 64) == EIO && is_zero(bytes, 64));	/* from one read to the next */
	give(twins, sizeof twins, KERNEL);
	memcpy(twins + 96, twins + 64, 32);
	CHECK(kernel_read(bytes, 96) == 0 && once(bytes, 96));	/* the equal bytes were not requested */
	give(twins, 64, KERNEL);
	CHECK(kernel_read(bytes, 128) == EIO && is_zero(bytes, 128));	/* within a read, at its very end */
	give(twins, 128, KERNEL);
	memcpy(twins + 32, twins, 32);
	CHECK(kernel_read(bytes, 128) == EIO && is_zero(bytes, 128));	/* or at its beginning */
	give(twins, sizeof twins, KERNEL);
	CHECK(kernel_read(bytes, 32) == 0);
	twin_reads = 0;
	twins_end = 2;
	CHECK(kernel_read(bytes, 64) == 0 && once(bytes, 64) && twin_reads == 3);	/* once is no failure: another block, all again */
}

/* ---- the devices ---- */

static struct device { unsigned minor; int interrupted, fds, flags, error, reads_as; } urandom = {.minor = 9}, seeded = {.minor = 8};
static struct device *fd_of[64];
static int polls, poll_error, poll_answer, poll_events, read_error, read_most = 1 << 20;
static void (*when_opened)(void);

static int open_device(const char *path, int flags)
{
	struct device *d = strcmp(path, "/dev/random") ? &urandom : &seeded;
	CHECK(!strcmp(path, "/dev/urandom") || d == &seeded);
	d->flags = flags;
	if (d->interrupted) {
		d->interrupted = 0;
		errno = EINTR;
		return -1;
	}
	if (d->error) {
		errno = d->error;
		return -1;
	}
	int fd = memfd_create("device", MFD_CLOEXEC);
	CHECK(fd >= 0 && fd < 64);
	fd_of[fd] = d;
	void (*f)(void) = when_opened;
	when_opened = NULL;
	if (f && d == &urandom)
		f();
	else
		when_opened = f;
	return fd;
}

static int is_open(int fd) { return fcntl(fd, F_GETFD) >= 0; }

static int open_ones(const struct device *d)
{
	int n = 0;
	for (int fd = 0; fd < 64; fd++)
		n += fd_of[fd] == d && is_open(fd);
	return n;
}

static int stat_device(int fd, struct stat *st)
{
	if (fd < 0 || fd >= 64 || !is_open(fd) || !fd_of[fd]) {
		errno = EBADF;
		return -1;
	}
	memset(st, 0, sizeof *st);
	st->st_mode = S_IFCHR | 0666;
	st->st_rdev = makedev(1, fd_of[fd]->reads_as ? (unsigned)fd_of[fd]->reads_as : fd_of[fd]->minor);
	return 0;
}

static ssize_t read_it(int fd, void *dst, size_t n)
{
	static int calls;
	CHECK(fd_of[fd] == &urandom && ++calls < 10000);
	if (read_error) {
		errno = read_error;
		read_error = read_error == EINTR ? 0 : read_error;
		return -1;
	}
	n = n < (size_t)read_most ? n : (size_t)read_most;
	give(dst, n, KERNEL);
	return (ssize_t)n;
}

static int poll_it(struct pollfd *p)
{
	CHECK(fd_of[p->fd] == &seeded && p->events == POLLIN);
	polls++;
	if (poll_error) {
		errno = poll_error;
		poll_error = 0;
		return -1;
	}
	p->revents = (short)poll_events;
	return poll_answer;
}

static void begin_devices(void)
{
	CHECK(process_init() == 0 && kernel_init() == 0);
	on_open = open_device;
	on_fstat = stat_device;
	on_read = read_it;
	on_poll = poll_it;
}

#define DEVICE() ASKED(64, -ENOSYS)
#define FLAGS (O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)

static void devices(void)
{
	begin_devices();
	/* Before the kernel is seeded there is not a byte. */
	CHECK(DEVICE() == GORANDOM_NOT_READY && polls == 1 && open_ones(&seeded) == 0);
	poll_answer = 1;
	poll_events = POLLERR;
	CHECK(DEVICE() == GORANDOM_NOT_READY && polls == 2);
	poll_error = ENOMEM;
	CHECK(DEVICE() == ENOMEM && polls == 3);
	seeded.error = EMFILE;
	CHECK(DEVICE() == EMFILE && polls == 3);
	seeded.error = 0;
	seeded.reads_as = 9;	/* always readable */
	CHECK(DEVICE() == ENODEV && polls == 3);
	seeded.reads_as = 0;
	CHECK(open_ones(&seeded) == 0 && open_ones(&urandom) == 0);
	poll_events = POLLIN;
	poll_error = EINTR;
	seeded.interrupted = urandom.interrupted = 1;
	urandom.reads_as = 5;	/* /dev/zero */
	CHECK(DEVICE() == ENODEV && polls == 5 && open_ones(&urandom) == 0);
	urandom.reads_as = 0;
	read_error = EINTR;
	CHECK(DEVICE() == 0 && polls == 5 && kernel_ready());	/* once ready, always */
	CHECK(seeded.flags == FLAGS && urandom.flags == FLAGS);
	CHECK(open_ones(&seeded) == 0 && open_ones(&urandom) == 1 && !strcmp(kernel_name(), "/dev/urandom"));
	read_most = 8;
	CHECK(DEVICE() == 0 && ASKED(64, -EPERM) == 0 && open_ones(&urandom) == 1);
	read_most = 0;
	CHECK(DEVICE() == EIO);
	read_most = 64;
	read_error = EBADF;
	CHECK(DEVICE() == EBADF);
	read_error = 0;
	/* Any other failure of getrandom is a failure, and no reason to ask elsewhere. */
	CHECK(ASKED(64, -EFAULT) == EFAULT && ASKED(64, ALL) == 0);
	/* A daemon has closed all, and its log has our number: the number is forgotten, and the log stays open. */
	int fd = 0;
	while (fd_of[fd] != &urandom || !is_open(fd))
		fd++;
	fd_of[fd] = NULL;
	CHECK(DEVICE() == 0 && is_open(fd) && open_ones(&urandom) == 1);
}

static void another_thread(void) { CHECK(kernel_read(bytes + 2048, 64) == 0); }

/* Two threads open the device at once: one descriptor is kept. */
static void a_device_opened_by_two(void)
{
	begin_devices();
	poll_answer = 1;
	poll_events = POLLIN;
	when_opened = another_thread;
	CHECK(DEVICE() == 0 && open_ones(&urandom) == 1 && DEVICE() == 0 && open_ones(&urandom) == 1);
}

/* ---- waiting ---- */

static int64_t slept, rest;
static int naps, blocked_calls, blocked_error;

static int nap(const struct timespec *t, struct timespec *left)
{
	naps++;
	slept = t->tv_sec * 1000000000 + t->tv_nsec;
	*left = (struct timespec){0, rest};
	errno = EINTR;
	return rest ? -1 : 0;
}

static ssize_t blocks(void *dst, size_t n, unsigned flags)
{
	CHECK(flags == 0 && n == 1);
	blocked_calls++;
	if (blocked_error) {
		errno = blocked_error;
		blocked_error = blocked_error == EINTR ? 0 : blocked_error;
		return -1;
	}
	*(char *)dst = 1;
	return 1;
}

static void naps_of_the_kernel(void)
{
	CHECK(process_init() == 0 && kernel_init() == 0);
	on_nanosleep = nap;
	on_getrandom = blocks;
	CHECK(kernel_nap(5000000) == 5000000 && slept == 5000000 && !blocked_calls);
	rest = 2000000;
	CHECK(kernel_nap(5000000) == 3000000);	/* a signal came */
	rest = 0;
	CHECK(kernel_nap(1000000000) == slept && slept <= 50000000 && naps == 3);
	CHECK(kernel_nap(-1) == 0 && blocked_calls == 1 && naps == 3);	/* the kernel gathers meanwhile */
	blocked_error = EINTR;
	CHECK(kernel_nap(-1) == 0 && naps == 3);
	blocked_error = ENOSYS;
	CHECK(kernel_nap(-1) == slept && slept > 0 && slept <= 50000000 && naps == 4);
}

static int threads_made, thread_error;
static void *(*gathers)(void *);

static int make_thread(pthread_t *t, void *(*run)(void *))
{
	CHECK(mask_here() & signal_bit(SIGUSR1));	/* it gets no signal of the program's */
	threads_made++;
	gathers = run;
	return thread_error ? thread_error : __real_pthread_create(t, NULL, (void *(*)(void *))(uintptr_t)abs, NULL);
}

static void a_thread_that_gathers(void)
{
	CHECK(process_init() == 0 && kernel_init() == 0);
	on_thread = make_thread;
	on_getrandom = blocks;
	CHECK(kernel_threads() == 0);
	for (int i = 0; i < 3; i++)
		kernel_gather();
	CHECK(threads_made == 1 && kernel_threads() == 1 && mask_here() == 0);
	IN_CHILD(BY_CLONE, {
		kernel_gather();
		CHECK(threads_made == 1 && kernel_threads() == 0);
	});
	blocked_error = EINTR;	/* the C library's own signal */
	gathers(NULL);
	CHECK(blocked_calls == 2 && kernel_threads() == 0);
	memset(process, 0, PAGE);	/* as in a child */
	process->known = (uint64_t)getpid();
	thread_error = EAGAIN;
	kernel_gather();
	CHECK(threads_made == 2 && kernel_threads() == 0);
}

const struct scene of_source[] = {
	{"answers-of-getrandom", getrandom_answers}, {"a-kernel-that-repeats-itself", a_kernel_that_repeats_itself}, {"devices", devices},
	{"a-device-opened-by-two", a_device_opened_by_two}, {"naps-of-the-kernel", naps_of_the_kernel},
	{"a-thread-that-gathers", a_thread_that_gathers}, {NULL, NULL},
};
