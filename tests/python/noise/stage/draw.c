/* Draws from pools, generators, the core and the kernel; and events. */
#include "stage.h"

#define POOL 3776	/* bytes that a refill makes */

static void without_a_core(void)
{
	boot();
	start_set_mode(START_NEVER);
}

/* ---- in direct mode ---- */

static void pools_of_the_kernels_bytes(void)
{
	unsigned char bytes[512];
	without_a_core();
	CHECK(token() == KERNEL && shared->reads == 1 && shared->most == 256);	/* most children draw one token and exit */
	for (int i = 0; i < 15; i++)
		CHECK(token() == KERNEL && shared->reads == 1);
	CHECK(token() == KERNEL && shared->reads == 2 && shared->most == 512 && draw_direct_bytes() == 768);
	for (int i = 0; i < 3000; i++) {
		size_t n = (size_t[]){16, 8, 24, 512, 504}[i % 5];
		CHECK(draw(bytes, n) == 0 && once(bytes, n) == KERNEL);
		CHECK(!page_has(here(), bytes) && !page_has(here(), bytes + n - 8));	/* erased at their source */
	}
	CHECK(shared->most == POOL);
	for (size_t n = 1; n < sizeof bytes; n++) {
		memset(bytes, 0xa5, sizeof bytes);
		CHECK(draw(bytes, n) == 0 && bytes[n] == 0xa5);
	}
}

/* Draws to the last byte of a pool, and no further. */
static void the_end_of_a_pool(void)
{
	unsigned char bytes[512];
	without_a_core();
	CHECK(token());
	CHECK(draw_ready(bytes, 224) && once(bytes, 224) && !draw_ready(bytes, 24) && draw_ready(bytes, 16) && once(bytes, 16));
	CHECK(!draw_ready(bytes, 8) && shared->reads == 1);
	CHECK(draw(bytes, 504) == 0 && once(bytes, 504) == KERNEL && shared->reads == 2);
	CHECK(draw(bytes, 16) == 0 && once(bytes, 16) == KERNEL && shared->reads == 3);	/* across the end: first what was left */
	CHECK(!draw_ready(bytes, 513) && !draw_ready(bytes, 1 << 20));
}

static void another_second(void)
{
	unsigned char bytes[16], ready[16];
	without_a_core();
	CHECK(token() && draw_ready(bytes, 16) && once(bytes, 16));
	second++;
	CHECK(!draw_ready(bytes, 16));
	uint64_t reads = shared->reads;
	CHECK(draw_bytes(bytes, 16, NULL, NULL) == 0 && once(bytes, 16) && shared->reads == reads + 1);
	/* The same without draw_ready(), which takes bytes even when it refuses them. */
	second--;
	CHECK(draw_bytes(ready, 16, NULL, NULL) == 0 && once(ready, 16) && shared->reads == reads + 2);
	stamp_all_stale();
	CHECK(draw_bytes(bytes, 16, NULL, NULL) == 0 && once(bytes, 16) && shared->reads == reads + 3);
	CHECK(draw_bytes(bytes, 16, NULL, NULL) == 0 && shared->reads == reads + 3);
}

/* ---- a thread's generator ---- */

static void a_generator(void)
{
	static unsigned char bytes[256 << 10];
	unsigned char ready[8];
	boot();
	CHECK(token() == STREAM && go.fills == 1 && go.most == AES_KEY);
	struct thread *t = here();
	CHECK(go.expands == 2 && go.held_expands == 2);	/* the core's key, and the next one */
	/* Draws of all sizes up to 256 KiB do not enter Go, and each leaves another key. */
	static const size_t sizes[] = {520, 1024, 4096, 16 << 10, (16 << 10) + 16, 64 << 10, 256 << 10};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		int fills = go.fills, expands = go.expands;
		CHECK(draw(bytes, sizes[i]) == 0 && once(bytes, sizes[i]) == STREAM && go.fills == fills && go.expands > expands);
		CHECK(!page_has(t, bytes) && !page_has(t, bytes + sizes[i] - 8));
	}
	/* A key is good for 1 MiB. */
	int fills = go.fills;
	for (int i = 0; i < 12; i++)
		CHECK(draw(bytes, sizeof bytes) == 0 && once(bytes, sizeof bytes) == STREAM);
	CHECK(go.fills == fills + 3);
	/* A reseed makes key and pool stale. What the pool had is erased, although nothing takes its place yet. */
	CHECK(draw(bytes, 16) == 0 && once(bytes, 16));
	memcpy(ready, (char *)t->page + PAGE - 8, 8);
	CHECK(page_has(t, ready) && !is_zero(ready, 8));
	CHECK(draw_reseed() == 0);
	fills = go.fills;
	CHECK(draw(bytes, 2048) == 0 && once(bytes, 2048) == STREAM && go.fills == fills + 1 && !page_has(t, ready));
	second++;
	CHECK(draw(bytes, 2048) == 0 && once(bytes, 2048) == STREAM && go.fills == fills + 2);
	/* Larger draws are the core's, at most 8 MiB at a time. */
	static unsigned char more[20 << 20];
	fills = go.fills;
	CHECK(draw(more, sizeof more) == 0 && once(more, sizeof more) == CORE && go.fills == fills + 3 && go.most == 8 << 20);
}

static uint64_t held_sizes;
static void count_held(void) { held_sizes += mask_here() >> (SIGUSR1 - 1) & 1; }

static void signals_while_a_pool_is_made(void)
{
	static unsigned char bytes[64 << 10];
	boot();
	go.on_stream = count_held;
	CHECK(token() && held_sizes == 2);	/* the pool, and the next key */
	held_sizes = 0;
	CHECK(draw(bytes, 4096) == 0 && held_sizes == 0);	/* two system calls would cost more than the draw */
	CHECK(draw(bytes, sizeof bytes) == 0 && held_sizes == 2 && mask_here() == 0);
}

/* When the core fails or has no place, bytes are the kernel's. They are the core's again when it can. */
static void a_core_that_fails(void)
{
	unsigned char bytes[4096];
	go.generic = 1;
	boot();
	CHECK(large() == CORE);
	go.fill_fails = 2;
	CHECK(large() == KERNEL && large() == KERNEL && large() == CORE && mask_here() == 0);
	second++;
	CHECK(token() && draw(bytes, 4096) == 0 && once(bytes, 4096) == CORE);	/* without a kernel in C */
	CHECK(draw_direct_bytes() >= 2 << 20);
}

static void a_generator_without_a_core(void)
{
	unsigned char bytes[4096];
	boot();
	CHECK(token() == STREAM);
	second++;
	go.fill_fails = 1000;
	CHECK(draw(bytes, 4096) == 0 && once(bytes, 4096) == KERNEL && token() == KERNEL);
	CHECK(draw(bytes, 4096) == 0 && once(bytes, 4096) == KERNEL);	/* its old key is stale for good */
	second++;
	go.fill_fails = 0;
	CHECK(token() == STREAM);
}

static int locked;
static const void *last_locked;
static int note_lock(const void *p, size_t n)
{
	CHECK(n == PAGE);
	locked++;
	last_locked = p;
	return 0;
}

/* A child's page is not locked any more. */
static void locks_of_pages(void)
{
	on_mlock = note_lock;
	without_a_core();
	locked = 0;
	CHECK(token() && locked == 1 && last_locked == here()->page && token() && locked == 1);
	IN_CHILD(BY_CLONE, CHECK(token() && locked == 2 && last_locked == here()->page && token() && locked == 2));
}

/* ---- interrupted ---- */

static pid_t forked = -1;
static void fork_here(void)
{
	if (forked < 0 && !(forked = (pid_t)__real_syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)))
		alarm(10);
}

static ssize_t fork_in_the_kernel(void *dst, size_t n, unsigned flags)
{
	(void)flags;
	give(dst, n, KERNEL);
	fork_here();
	return (ssize_t)n;
}

static void both_are_sound(void)
{
	for (int i = 0; i < 300; i++)
		CHECK(token());
	if (!forked)
		_exit(0);
	wait_for(forked);
}

/* The child returns into the draw with bytes that its parent has too. */
static void a_fork_in_a_draw(void)
{
	without_a_core();
	on_getrandom = fork_in_the_kernel;
	CHECK(token() == KERNEL);
	both_are_sound();
}

static void a_fork_in_a_large_draw(void)
{
	without_a_core();
	on_getrandom = fork_in_the_kernel;
	CHECK(large() == KERNEL);
	both_are_sound();
}

static void a_fork_in_a_generators_draw(void)
{
	unsigned char bytes[2048];
	boot();
	CHECK(token() == STREAM);
	go.on_stream = fork_here;
	CHECK(draw(bytes, sizeof bytes) == 0 && once(bytes, sizeof bytes));
	both_are_sound();
}

static void a_fork_in_a_refill(void)
{
	unsigned char bytes[16];
	boot();
	CHECK(token() == STREAM);
	second++;
	go.on_stream = fork_here;
	CHECK(draw(bytes, sizeof bytes) == 0 && once(bytes, sizeof bytes));
	both_are_sound();
}

/* The last check for a fork comes after the bytes have been taken, because a handler may fork between the two. */
static void a_fork_as_ready_bytes_are_taken(void)
{
	unsigned char bytes[24];
	boot();
	CHECK(token() == STREAM);
	on_copy = fork_here;
	CHECK(draw(bytes, sizeof bytes) == 0 && once(bytes, sizeof bytes) && !on_copy && forked >= 0);
	both_are_sound();
}

/* In the child the new key is zero, on a page that has just been wiped. Nothing of it may be used. */
static void a_fork_in_a_keys_draw(void)
{
	boot();
	CHECK(token() == STREAM);
	second++;
	go.on_fill = fork_here;
	CHECK(token());
	both_are_sound();
}

static int handlers;
static void draw_in_a_handler(void)
{
	if (handlers++)
		return;
	for (int i = 0; i < 300; i++)
		CHECK(token());
}

static void draw_in_the_middle(void)
{
	static unsigned char bytes[16];
	boot();
	CHECK(token() == STREAM);
	go.on_stream = draw_in_a_handler;
	second++;
	CHECK(draw(bytes, sizeof bytes) == 0 && once(bytes, sizeof bytes) && handlers);
	for (int i = 0; i < 300; i++)
		CHECK(token());
}

static int parts, end_after;
static int between(void *arg)
{
	CHECK(arg == &parts);
	return ++parts >= end_after;
}

static ssize_t fails_at_last(void *dst, size_t n, unsigned flags)
{
	(void)flags;
	if (parts >= 2) {
		errno = EIO;
		return -1;
	}
	parts++;
	give(dst, n, KERNEL);
	return (ssize_t)n;
}

/* What was drawn by then is erased. */
static void a_large_draw_that_ends_early(void)
{
	static unsigned char bytes[4 << 20];
	without_a_core();
	end_after = 3;
	CHECK(draw_bytes(bytes, sizeof bytes, between, &parts) == DRAW_ENDED && parts == 3 && is_zero(bytes, sizeof bytes));
	CHECK(shared->reads == 3 && shared->most == 1 << 20);
	end_after = 100;
	CHECK(draw_bytes(bytes, sizeof bytes, between, &parts) == 0 && once(bytes, sizeof bytes) == KERNEL);
	parts = 0;
	on_getrandom = fails_at_last;
	memset(bytes, 1, sizeof bytes);
	CHECK(draw_bytes(bytes, sizeof bytes, NULL, NULL) == EIO && is_zero(bytes, sizeof bytes));
	/* A small draw, of a thread whose mark is free again. */
	CHECK(draw_bytes(bytes, 16, NULL, NULL) == EIO && is_zero(bytes, 16));
	on_getrandom = NULL;
	uint64_t reads = shared->reads;
	for (int i = 0; i < 8; i++)
		CHECK(token() == KERNEL);
	CHECK(shared->reads == reads + 1);
}

/* ---- reseeds and events ---- */

static void reseeds(void)
{
	unsigned char bytes[16];
	boot();
	CHECK(token() == STREAM && draw_ready(bytes, 16) && once(bytes, 16));
	uint64_t epoch = stamp_epoch;
	CHECK(draw_reseed() == 0 && go.reseeds == 1 && stamp_epoch != epoch && !draw_ready(bytes, 16) && token() == STREAM);
	go.reseed_fails = 1;
	CHECK(draw_reseed() == GORANDOM_NOT_READY && go.reseeds == 2);
	/* A core that cannot be entered now is reseeded before its next byte. */
	go.threads_fail = 1;
	go.asleep = 0;
	CHECK(draw_reseed() == 0 && go.reseeds == 2);
	CHECK(large() == CORE && go.reseeds == 3 && large() == CORE && go.reseeds == 3);
}

static void add(int n)
{
	char text[EVENT_BYTES + 1];
	int size = snprintf(text, sizeof text, "event number %d", n);
	CHECK(events_add(n % 256, text, (size_t)size) == 0);
}

static int is_event(int at, int n)
{
	char text[EVENT_BYTES] = "";
	snprintf(text, sizeof text, "event number %d", n);
	return !memcmp(go.event[at], text, sizeof text);
}

static int in_the_process_page(const char *text)
{
	return memmem(process, PAGE, text, strlen(text)) != NULL;
}

static void early_events(void)
{
	boot();
	for (int i = 0; i < 250; i++)
		add(i);
	CHECK(process->known == (uint64_t)getpid() && go.events == 0 && in_the_process_page("event number 249"));
	CHECK(draw_start_core() && go.events == 100);	/* the newest hundred */
	int found = 0;
	for (int at = 0; at < 100; at++)
		for (int n = 150; n < 250; n++)
			found += is_event(at, n);
	CHECK(found == 100 && !in_the_process_page("event number") && mask_here() == 0);
	add(7);
	CHECK(go.events == 101 && is_event(100, 7));	/* and none of the others again */
	go.event_fails = 1;
	CHECK(events_add(1, "x", 1) == EIO);
	/* Kept while no thread can enter; delivered by the next one that does, before its own. */
	go.threads_fail = 1;
	go.asleep = 0;
	add(8);
	CHECK(go.events == 102 && in_the_process_page("event number 8"));
	add(9);
	CHECK(go.events == 104 && is_event(102, 8) && is_event(103, 9));
	go.threads_fail = 1;
	go.asleep = 0;
	add(10);
	CHECK(draw_reseed() == 0 && go.events == 105 && is_event(104, 10));
}

static void as_many_as_are_kept(void)
{
	boot();
	for (int i = 0; i < 100; i++)
		add(i);
	CHECK(draw_start_core() && go.events == 100 && is_event(0, 0) && is_event(99, 99));
}

/* Another thread is delivering events at a fork. In the child those events are gone, and the lock is free. */
static struct stop delivering;
static void stop_in_an_event(void)
{
	go.on_event = NULL;
	stop_here(&delivering);
}

static void *deliver(void *unused)
{
	CHECK(draw_start_core());
	return unused;
}

static void events_at_a_fork(void)
{
	boot();
	CHECK(large() == CORE);
	go.threads_fail = 1;
	go.asleep = 0;
	add(1);
	go.on_event = stop_in_an_event;
	pthread_t t = begin(deliver, NULL);
	wait_until(&delivering.come);
	IN_CHILD(BY_FORK, {
		on_yield = no_waiting;
		CHECK(!in_the_process_page("event number"));
		add(2);
		CHECK(in_the_process_page("event number 2"));
	});
	IN_CHILD(BY_CLONE, {
		on_yield = no_waiting;
		add(2);
		CHECK(in_the_process_page("event number 2") && mask_here() == 0);
	});
	delivering.go = 1;
	end(t);
}

static int masked_adds;
static int count_held_adds(int how, const sigset_t *set, sigset_t *old)
{
	int r = __real_pthread_sigmask(how, set, old);
	masked_adds += set && mask_here() >> (SIGUSR1 - 1) & 1;
	return r;
}

/* A handler adds an event while its thread adds one. */
static void events_are_added_with_signals_held(void)
{
	without_a_core();
	on_sigmask = count_held_adds;
	add(1);
	CHECK(masked_adds == 1 && mask_here() == 0);
}

const struct scene of_draw[] = {
	{"pools-from-the-kernel", pools_of_the_kernels_bytes}, {"the-end-of-a-pool", the_end_of_a_pool}, {"another-second", another_second},
	{"a-generator", a_generator}, {"signals-while-a-pool-is-made", signals_while_a_pool_is_made}, {"a-core-that-fails", a_core_that_fails},
	{"a-generator-without-a-core", a_generator_without_a_core}, {"locks-of-pages", locks_of_pages}, {"a-fork-in-a-draw", a_fork_in_a_draw},
	{"a-fork-in-a-large-draw", a_fork_in_a_large_draw}, {"a-fork-in-a-draw-of-a-generator", a_fork_in_a_generators_draw},
	{"a-fork-as-ready-bytes-are-taken", a_fork_as_ready_bytes_are_taken},
	{"a-fork-in-a-refill", a_fork_in_a_refill}, {"a-fork-in-a-draw-of-a-key", a_fork_in_a_keys_draw}, {"a-draw-in-the-middle-of-another", draw_in_the_middle},
	{"a-large-draw-that-ends-early", a_large_draw_that_ends_early}, {"reseeds", reseeds}, {"early-events", early_events},
	{"as-many-events-as-are-kept", as_many_as_are_kept}, {"events-at-a-fork", events_at_a_fork},
	{"events-are-added-with-signals-held", events_are_added_with_signals_held}, {NULL, NULL},
};
