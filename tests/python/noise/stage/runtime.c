/* Threads' records, the gate, limits and starts. */
#include "stage.h"

/* ---- records of threads ---- */

static struct thread *records[256];
static int count;

static void *draw_and_end(void *unused)
{
	CHECK(token());
	records[count++] = here();
	return unused;
}

static int signals_are_held(void)
{
	CHECK(mask_here() & signal_bit(SIGUSR1));
	return 0;
}

/* A thread's bytes are erased when it ends, and the next thread gets its record and page. No handler forks in the middle. */
static void threads_one_after_the_other(void)
{
	boot();
	on_setspecific = signals_are_held;
	CHECK(token());
	for (int i = 0; i < 100; i++) {
		end(begin(draw_and_end, NULL));
		CHECK(records[i] == records[0] && records[i] != here() && is_zero(records[i]->page, PAGE));
		CHECK(!records[i]->used && !records[i]->owner);
	}
	CHECK(go.forgets == 0);	/* the core is alive: Go's own destructor does that */
}

static struct stop together;
static int begun;

static void *draw_and_stay(void *unused)
{
	CHECK(token());
	records[__atomic_fetch_add(&begun, 1, __ATOMIC_SEQ_CST)] = here();
	stop_here(&together);
	CHECK(token());
	return unused;
}

/* After each page of the front's there is one that must not be touched. */
static void *map_apart(void *at, size_t n, int prot, int flags, int fd, off_t offset)
{
	if (n != PAGE)
		return __real_mmap(at, n, prot, flags, fd, offset);
	char *p = __real_mmap(at, n + PAGE, prot, flags, fd, offset);
	CHECK(p != MAP_FAILED && !mprotect(p + PAGE, PAGE, PROT_NONE));
	return p;
}

static void threads_at_once(void)
{
	enum { THREADS = 150 };	/* more than a page has records */
	pthread_t t[THREADS];
	on_mmap = map_apart;
	boot();
	start_set_mode(START_NEVER);
	for (int i = 0; i < THREADS; i++)
		t[i] = begin(draw_and_stay, NULL);
	while (__atomic_load_n(&begun, __ATOMIC_SEQ_CST) < THREADS)
		sched_yield();
	for (int i = 0; i < THREADS; i++)
		for (int j = 0; j < i; j++)
			CHECK(records[i] != records[j] && records[i]->page != records[j]->page);
	__atomic_store_n(&together.go, 1, __ATOMIC_SEQ_CST);
	for (int i = 0; i < THREADS; i++)
		end(t[i]);
}

static struct thread *handlers;

/* A signal handler draws just before signals are held for a thread's first record. */
static int handler_comes(int how, const sigset_t *set, sigset_t *old)
{
	on_sigmask = NULL;
	CHECK(token());
	handlers = here();
	return __real_pthread_sigmask(how, set, old);
}

static void first_draw(void)
{
	on_sigmask = handler_comes;
	CHECK(thread_find() == handlers && here() == handlers);
	CHECK(token() && token());
}

static void a_handler_at_a_first_draw(void)
{
	boot();
	start_set_mode(START_NEVER);
	in_thread(first_draw);
	in_thread(first_draw);
}

static int no_memory(void) { return ENOMEM; }

static void draw_without_a_record(void)
{
	on_setspecific = no_memory;
	CHECK(!thread_get() && token() == KERNEL);
	on_setspecific = NULL;
	CHECK(here() && token() == KERNEL);
	records[count++] = here();
}

static void no_room_for_a_record(void)
{
	boot();
	start_set_mode(START_NEVER);
	in_thread(draw_without_a_record);
	in_thread(draw_without_a_record);
	CHECK(records[0] == records[1]);	/* a record that could not be used is not lost */
}

/* Another thread is in the middle of a draw when this one forks. In the child another gets its record, free of marks. */
static struct stop in_a_draw;

static void *interrupted_by_a_fork(void *unused)
{
	records[0] = on_getrandom ? here() : NULL;
	CHECK(token());
	return unused;
}

static ssize_t stop_in_the_kernel(void *dst, size_t n, unsigned flags)
{
	(void)flags;
	on_getrandom = NULL;
	stop_here(&in_a_draw);
	give(dst, n, KERNEL);
	return (ssize_t)n;
}

static void draws_from_its_page(void)
{
	uint64_t reads = shared->reads;
	CHECK(!records[0] || here() == records[0]);
	for (int i = 0; i < 8; i++)
		CHECK(token() == KERNEL);
	CHECK(shared->reads - reads <= 2);	/* if the mark had stayed, each draw would be the kernel's */
}

static void a_thread_in_a_draw_at_a_fork(void)
{
	boot();
	start_set_mode(START_NEVER);
	CHECK(token());
	on_getrandom = stop_in_the_kernel;
	pthread_t t = begin(interrupted_by_a_fork, NULL);
	wait_until(&in_a_draw.come);
	IN_CHILD(BY_FORK, {
		in_thread(draws_from_its_page);
		in_thread(draws_from_its_page);
	});
	in_a_draw.go = 1;
	end(t);
}

/* The same with the lock of the records, for which a first draw maps memory. */
static struct stop in_the_list;

static void *stop_in_a_mapping(void *at, size_t n, int prot, int flags, int fd, off_t offset)
{
	on_mmap = NULL;
	stop_here(&in_the_list);
	return __real_mmap(at, n, prot, flags, fd, offset);
}

static void a_thread_in_the_list_at_a_fork(void)
{
	boot();
	start_set_mode(START_NEVER);
	on_mmap = stop_in_a_mapping;
	pthread_t t = begin(interrupted_by_a_fork, NULL);	/* the first of all: it makes the list */
	wait_until(&in_the_list.come);
	IN_CHILD(BY_FORK, {
		on_yield = no_waiting;
		CHECK(token() == KERNEL);
		in_thread(draws_from_its_page);
	});
	in_the_list.go = 1;
	end(t);
}

/* A thread that has been in Go ends in a process that no longer has that core. Go's destructor would spin. */
static void after_ours(void *unused)
{
	(void)unused;
	if (getpid() != go.pid)
		_exit(go.forgets == 1 ? 0 : 1);
}

static void the_end_of_a_thread_in_a_clone(void)
{
	pthread_key_t key;
	boot();
	CHECK(!pthread_key_create(&key, after_ours));
	CHECK(large() == CORE);
	pid_t pid;
	pthread_setspecific(key, &key);
	if (child(BY_CLONE, &pid)) {
		CHECK(token() == KERNEL && go.forgets == 0);
		pthread_exit(NULL);
	}
	wait_for(pid);
}

static void is_not_initial(void) { CHECK(!here()->initial); }

/* The thread that keeps its M is the one whose stack's bounds are expensive to find. In a child none does. */
static void who_is_initial(void)
{
	boot();
	IN_CHILD(BY_FORK, {
		CHECK(!here()->initial);
		in_thread(is_not_initial);
	});
	in_thread(is_not_initial);
	CHECK(here()->initial);
}

/* ---- the gate ---- */

static void fills_of_other_threads(void)
{
	int unbinds = go.unbinds;
	CHECK(large() == CORE && go.unbinds == unbinds + 1);	/* such a thread keeps nothing of Go's */
}

static void inside(void)
{
	stack_t before, after;
	static char own[64 << 10];
	CHECK(!__real_sigaltstack(&(stack_t){.ss_sp = own, .ss_size = sizeof own}, NULL));
	__real_sigaltstack(NULL, &before);
	boot();
	CHECK(large() == CORE && go.starts == 1 && go.reseeds == 0);	/* its seed is fresh */
	int waits = go.waits;
	CHECK(large() == CORE && go.waits > waits && go.unbinds == 0);
	__real_sigaltstack(NULL, &after);
	CHECK(after.ss_sp == before.ss_sp && after.ss_size == before.ss_size && mask_here() == 0);
	in_thread(fills_of_other_threads);
	in_thread(fills_of_other_threads);
	CHECK(go.crowd == 1);
}

/* One more thread than can be at work cannot enter in any way. A thread that may wait does so, for a while. */
static struct stop in_the_core;
static int naps_made;
static int64_t napped, longest;

static void stop_in_a_fill(void)
{
	go.on_fill = NULL;
	stop_here(&in_the_core);
}

static void *fill_and_stay(void *unused)
{
	CHECK(large() == CORE);
	return unused;
}

static int no_nap(const struct timespec *t, struct timespec *rest)
{
	(void)rest;
	CHECK(++naps_made < 10000);
	napped += t->tv_nsec;
	if (t->tv_nsec > longest)
		longest = t->tv_nsec;
	return 0;
}

static int never_ends(void *unused) { return unused != NULL; }

static void no_place(void)
{
	static unsigned char bytes[1 << 20];
	go.processors = 1;
	boot();
	CHECK(large() == CORE);
	go.on_fill = stop_in_a_fill;
	pthread_t t = begin(fill_and_stay, NULL);
	wait_until(&in_the_core.come);
	on_nanosleep = no_nap;
	int fills = go.fills;
	CHECK(large() == KERNEL && go.fills == fills && naps_made == 0);
	CHECK(draw_bytes(bytes, sizeof bytes, never_ends, NULL) == 0 && once(bytes, sizeof bytes) == KERNEL);
	CHECK(napped >= 100000000 && napped < 110000000 && longest <= 2000000 && naps_made > 60);
	/* Calls that are not draws have a place of their own. */
	CHECK(draw_reseed() == 0 && go.reseeds == 1 && events_add(0, "event", 5) == 0 && go.events == 1);
	on_nanosleep = NULL;
	in_the_core.go = 1;
	end(t);
	CHECK(large() == CORE && go.crowd == 2);
}

/* A fork while another thread has the only place: in the child it is free. */
static void a_place_at_a_fork(void)
{
	go.processors = 1;
	boot();
	CHECK(large() == CORE);
	go.on_fill = stop_in_a_fill;
	pthread_t t = begin(fill_and_stay, NULL);
	wait_until(&in_the_core.come);
	IN_CHILD(BY_FORK, CHECK(large() == CORE && go.children == 1 && go.resets == 1));
	in_the_core.go = 1;
	end(t);
}

static int sigaction_refused;
static void (*sigsys_handler)(int);

static int sigsys(int signal, struct sigaction *old)
{
	CHECK(signal == SIGSYS);
	if (sigaction_refused) {
		errno = EPERM;
		return -1;
	}
	memset(old, 0, sizeof *old);
	old->sa_handler = sigsys_handler;
	return 0;
}

static void some_handler(int signal) { (void)signal; }

static void a_closed_gate(void)
{
	boot();
	CHECK(large() == CORE && !gate_closed() && !start_reason());
	on_sigaction = sigsys;
	int fills = go.fills;
	sigsys_handler = some_handler;
	CHECK(gate_closed() && !strcmp(start_reason(), gate_closed()) && large() == KERNEL && go.fills == fills);
	sigsys_handler = SIG_IGN;
	CHECK(!gate_closed() && large() == CORE);
	sigaction_refused = 1;
	fills = go.fills;
	CHECK(strstr(gate_closed(), "rt_sigaction") && large() == KERNEL && go.fills == fills && mask_here() == 0);
}

/* A handler forks in a way that nothing notices, just before the check whose core this is. */
static pid_t forked;

static void fork_unnoticed(void)
{
	forked = (pid_t)__real_syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (!forked)
		alarm(10);
}

static int fork_in_the_gate(int signal, struct sigaction *old)
{
	on_sigaction = NULL;
	fork_unnoticed();
	return __real_sigaction(signal, NULL, old);
}

static void a_fork_in_the_gate(void)
{
	boot();
	CHECK(large() == CORE);
	on_sigaction = fork_in_the_gate;
	int origin = large();
	CHECK(origin == (forked ? CORE : KERNEL));
	if (!forked)
		_exit(0);
	wait_for(forked);
	CHECK(large() == CORE);
}

/* An alternate signal stack may be too small for Go. */
static int on_the_stack;
static void handler_draws(int signal)
{
	(void)signal;
	on_the_stack = large();
}

static void on_an_alternate_stack(void)
{
	static char own[512 << 10];
	CHECK(!__real_sigaltstack(&(stack_t){.ss_sp = own, .ss_size = sizeof own}, NULL));
	CHECK(!__real_sigaction(SIGUSR1, &(struct sigaction){.sa_handler = handler_draws, .sa_flags = SA_ONSTACK}, NULL));
	int fills = go.fills;
	raise(SIGUSR1);
	CHECK(on_the_stack == KERNEL && go.fills == fills && large() == CORE);
}

static void a_draw_on_an_alternate_stack(void)
{
	boot();
	static char own[512 << 10];
	__real_sigaltstack(&(stack_t){.ss_sp = own, .ss_size = sizeof own}, NULL);
	__real_sigaction(SIGUSR1, &(struct sigaction){.sa_handler = handler_draws, .sa_flags = SA_ONSTACK}, NULL);
	raise(SIGUSR1);
	CHECK(on_the_stack == KERNEL && go.starts == 0);	/* not on that stack; but later it starts */
	CHECK(large() == CORE && go.starts == 1);
	in_thread(on_an_alternate_stack);
}

/* After a start no memory is left. A second thread needs memory in Go, so it does not enter. */
static int asks, no_room;

static void *map_little(void *at, size_t n, int prot, int flags, int fd, off_t offset)
{
	if (n >= 4 << 20) {
		asks++;
		if (no_room) {
			errno = ENOMEM;
			return MAP_FAILED;
		}
	}
	return __real_mmap(at, n, prot, flags, fd, offset);
}

static void is_refused(void) { CHECK(large() == KERNEL); }

static void refuse_another(void)
{
	go.on_fill = NULL;
	in_thread(is_refused);
}

static void no_room_in_go(void)
{
	int fills = go.fills;
	no_room = 1;
	for (int i = 0; i < 3; i++)
		CHECK(large() == KERNEL && go.fills == fills);
	no_room = 0;
	asks = 0;
	CHECK(large() == CORE && asks > 0);
	asks = 0;
	no_room = 1;
	for (int i = 0; i < 3; i++)
		CHECK(large() == CORE && asks == 0);	/* Go has its second M now */
	go.on_fill = refuse_another;
	CHECK(large() == CORE && large() == CORE && !go.on_fill);	/* the refused entry leaves no trace */
}

static void room_for_another_thread(void)
{
	boot();
	CHECK(large() == CORE);
	on_mmap = map_little;
	no_room = 1;
	CHECK(large() == CORE && asks == 0);	/* the first thread has what it needs */
	in_thread(no_room_in_go);
}

static int fork_in_the_mask(int how, const sigset_t *set, sigset_t *old)
{
	on_sigmask = NULL;
	fork_unnoticed();
	return __real_pthread_sigmask(how, set, old);
}

/* Go's threads: there must be enough before a thread enters, and limits may have come since the start. */
static void threads_for_go(void)
{
	boot();
	CHECK(large() == CORE && go.asleep >= go.processors + 1);
	int makes = go.makes, waits;
	CHECK(large() == CORE && go.makes == makes);
	go.asleep = go.processors;	/* one too few */
	waits = go.waits;
	CHECK(large() == CORE && go.makes == makes + 1 && go.asleep == go.processors + 1 && go.waits >= waits + 2);
	go.asleep = 0;
	go.threads_fail = 1;
	int fills = go.fills;
	CHECK(large() == KERNEL && go.fills == fills && mask_here() == 0);
	CHECK(large() == CORE);
	/* In a child that no handler has seen. */
	go.asleep = 0;
	makes = go.makes;
	IN_CHILD(BY_CLONE, CHECK(large() == KERNEL && go.makes == makes));
	/* Nor in the child of a handler that forks at the last moment. */
	on_sigmask = fork_in_the_mask;
	CHECK(large() == (forked ? CORE : KERNEL) && go.makes == makes + !!forked);
	if (!forked)
		_exit(0);
	wait_for(forked);
}

/* ---- restores ---- */

static struct vmclock *monitor;

static int open_monitor(const char *path, int flags)
{
	(void)flags;
	return strcmp(path, "/dev/vmclock0") ? -1 : memfd_create("monitor", MFD_CLOEXEC);
}

static int stat_monitor(int fd, struct stat *st)
{
	(void)fd;
	*st = (struct stat){.st_mode = S_IFCHR, .st_rdev = makedev(10, 123)};
	return 0;
}

static void *map_monitor(void *at, size_t n, int prot, int flags, int fd, off_t offset)
{
	if (fd < 0)
		return __real_mmap(at, n, prot, flags, fd, offset);
	return monitor = __real_mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static void *map_the_monitor(void *at, size_t n, int prot, int flags, int fd, off_t offset)
{
	void *p = map_monitor(at, n, prot, flags, fd, offset);
	if (fd >= 0)
		*monitor = (struct vmclock){.magic = VMCLOCK_MAGIC, .size = 112, .version = 1, .disruption_marker = 1};
	return p;
}

static void boot_with_a_monitor(void)
{
	on_open = open_monitor;
	on_fstat = stat_monitor;
	on_mmap = map_the_monitor;
	boot();
	CHECK(restore_kind == RESTORE_VMCLOCK && large() == CORE && go.reseeds == 0);
}

static void restore_in_a_fill(void)
{
	go.on_fill = NULL;
	monitor->disruption_marker++;
}

static void a_restored_machine(void)
{
	unsigned char bytes[16];
	boot_with_a_monitor();
	for (int i = 1; i < 4; i++) {
		monitor->disruption_marker++;
		for (int j = 0; j < 3; j++)
			CHECK(large() == CORE && go.reseeds == i);	/* before the next byte, and once */
	}
	/* If the core cannot reseed, it gives nothing. */
	monitor->disruption_marker++;
	go.reseed_fails = 40;
	int fills = go.fills;
	for (int i = 0; i < 40; i++)
		CHECK(large() == KERNEL && go.fills == fills && mask_here() == 0);
	CHECK(large() == CORE && go.reseeds == 3 + 41);
	/* Ready bytes are dropped. */
	CHECK(draw(bytes, 16) == 0 && once(bytes, 16) && draw_ready(bytes, 16) && once(bytes, 16));
	monitor->disruption_marker++;
	CHECK(!draw_ready(bytes, 16) && token());
	/* A restore in the middle of a draw: the draw starts again. */
	go.on_fill = restore_in_a_fill;
	fills = go.fills;
	int reseeds = go.reseeds;
	CHECK(large() == CORE && go.fills == fills + 2 && go.reseeds == reseeds + 1);
}

/* ---- starts ---- */

static void refused_starts(void)
{
	boot();
	go.reserve_fails = go.threads_fail = 1000;
	for (int i = 0; i < 5; i++)
		CHECK(large() == KERNEL && go.starts == 0 && go.reserves == 1 && go.ends == 1 && go.makes == 0);	/* asked once */
	CHECK(strstr(start_reason(), "limit") && mask_here() == 0);
	IN_CHILD(BY_FORK, {
		go.reserve_fails = 0;
		CHECK(large() == KERNEL && go.reserves == 2 && go.makes == 1 && go.ends == 2 && go.starts == 0);
		CHECK(strstr(start_reason(), "threads"));
	});
	IN_CHILD(BY_FORK, {
		go.reserve_fails = go.threads_fail = 0;
		go.reset_fails = 1;
		CHECK(large() == KERNEL && go.resets == 1 && go.starts == 0 && go.ends == 2 && strstr(start_reason(), "undone"));
	});
}

static void a_seed_that_fails(void)
{
	boot();
	go.seed_fails = 1;
	CHECK(large() == KERNEL && go.starts == 1 && go.seeds == 1 && go.releases == 1 && go.fills == 0 && go.waits == 1 && mask_here() == 0);
	CHECK(large() == KERNEL && go.starts == 1 && !core_alive() && strstr(start_reason(), "seeded"));
}

static int stacks_refused;
static int refuse_stacks(const stack_t *new, stack_t *old)
{
	if (stacks_refused > 0 && --stacks_refused == 0) {
		errno = EPERM;
		return -1;
	}
	return __real_sigaltstack(new, old);
}

/* A filter comes between the checks and the start's own entry. */
static void confine(void) { stacks_refused = 1; }

static void a_start_that_cannot_enter(void)
{
	boot();
	on_sigaltstack = refuse_stacks;
	go.on_start = confine;
	CHECK(large() == KERNEL && go.starts == 1 && go.seeds == 0 && go.releases == 1 && mask_here() == 0);
	CHECK(strstr(start_reason(), "cannot enter") && large() == KERNEL && go.starts == 1);
}

static void no_start(int refused_call)
{
	boot();
	on_sigaltstack = refuse_stacks;
	CHECK(!sigaltstack(NULL, &(stack_t){0}));
	stacks_refused = refused_call;
	CHECK(large() == KERNEL && go.starts == 0 && strstr(start_reason(), "sigaltstack") && mask_here() == 0);
}

static void a_stack_not_asked_for(void) { no_start(1); }
static void a_stack_not_set(void) { no_start(2); }

static int refuse_masks(int how, const sigset_t *set, sigset_t *old)
{
	(void)how, (void)set, (void)old;
	return EPERM;
}

static void masks_refused_before_a_start(void)
{
	boot();
	on_sigmask = refuse_masks;
	CHECK(!start_core() && go.starts == 0 && strstr(start_reason(), "rt_sigprocmask"));
}

static ssize_t no_bytes(void *dst, size_t n, unsigned flags)
{
	(void)dst, (void)n, (void)flags;
	errno = EAGAIN;
	return -1;
}

/* While the system's generator is not seeded there is no core, but it is not refused for good. */
static void no_start_without_a_seed(void)
{
	unsigned char bytes[16];
	boot();
	on_getrandom = no_bytes;
	memset(bytes, 1, sizeof bytes);
	CHECK(draw_bytes(bytes, 16, NULL, NULL) == GORANDOM_NOT_READY && is_zero(bytes, 16) && go.starts == 0);
	on_getrandom = NULL;
	CHECK(large() == CORE && go.starts == 1);
}

static struct stop in_a_start;
static void stop_in_the_start(void) { stop_here(&in_a_start); }

static void *start_and_draw(void *unused)
{
	CHECK(large() == CORE);
	return unused;
}

/* Another thread is starting the core, however long that takes. No other thread waits for it. */
static void a_draw_during_a_start(void)
{
	boot();
	go.on_seed = stop_in_the_start;
	pthread_t t = begin(start_and_draw, NULL);
	wait_until(&in_a_start.come);
	CHECK(token() == KERNEL && large() == KERNEL && go.starts == 1 && go.fills == 0);
	in_a_start.go = 1;
	end(t);
	CHECK(large() == CORE && go.starts == 1);
}

/* A child starts a core when its bytes from the kernel have cost as much as that. */
static void when_a_child_starts(void)
{
	unsigned char bytes[4096];
	boot();
	CHECK(token() != KERNEL && go.prepares == 0);
	IN_CHILD(BY_FORK, {
		CHECK(go.prepares == 1 && go.children == 1 && !core_alive());
		while (draw_direct_bytes() < (1 << 20) - sizeof bytes) {
			CHECK(draw(bytes, sizeof bytes) == 0 && once(bytes, sizeof bytes) == KERNEL);
			CHECK(go.starts == 1);
		}
		CHECK(strstr(start_reason(), "megabyte"));
		CHECK(draw(bytes, sizeof bytes) == 0 && draw(bytes, sizeof bytes) == 0 && go.starts == 2 && go.resets == 1);
		CHECK(!start_reason());
	});
	CHECK(go.prepares == 1 && go.parents == 1 && go.children == 0);
	IN_CHILD(BY_FORK, {
		static unsigned char much[256 << 10];
		CHECK(draw(much, sizeof much - 8) == 0 && go.starts == 1);
		CHECK(draw(much, sizeof much) == 0 && go.starts == 2);
	});
}

static void modes(void)
{
	boot();
	CHECK(start_set_mode(START_NEVER) == 0 && large() == KERNEL && go.starts == 0 && strstr(start_reason(), "never"));
	CHECK(!start_core() && go.starts == 0);
	CHECK(start_set_mode(START_AUTO) == 0 && large() == CORE);
	CHECK(start_set_mode(START_NEVER) == -1 && start_get_mode() == START_AUTO && mask_here() == 0);	/* too late */
	start_set_mode(START_EAGER);
	IN_CHILD(BY_FORK, CHECK(token() != KERNEL && go.starts == 2));
}

const struct scene of_runtime[] = {
	{"threads-one-after-the-other", threads_one_after_the_other}, {"threads-at-once", threads_at_once},
	{"a-handler-at-a-first-draw", a_handler_at_a_first_draw}, {"no-room-for-a-record", no_room_for_a_record},
	{"a-thread-in-a-draw-at-a-fork", a_thread_in_a_draw_at_a_fork}, {"a-thread-in-the-list-at-a-fork", a_thread_in_the_list_at_a_fork},
	{"the-end-of-a-thread-in-a-clone", the_end_of_a_thread_in_a_clone}, {"who-is-initial", who_is_initial},
	{"inside", inside}, {"no-place", no_place}, {"a-place-at-a-fork", a_place_at_a_fork}, {"a-closed-gate", a_closed_gate},
	{"a-fork-in-the-gate", a_fork_in_the_gate}, {"a-draw-on-an-alternate-stack", a_draw_on_an_alternate_stack},
	{"room-for-another-thread", room_for_another_thread}, {"threads-for-Go", threads_for_go}, {"a-restored-machine", a_restored_machine},
	{"refused-starts", refused_starts}, {"a-seed-that-fails", a_seed_that_fails}, {"a-start-that-cannot-enter", a_start_that_cannot_enter},
	{"a-stack-not-asked-for", a_stack_not_asked_for}, {"a-stack-not-set", a_stack_not_set},
	{"masks-refused-before-a-start", masks_refused_before_a_start}, {"no-start-without-a-seed", no_start_without_a_seed},
	{"a-draw-during-a-start", a_draw_during_a_start}, {"when-a-child-starts", when_a_child_starts}, {"modes", modes}, {NULL, NULL},
};
