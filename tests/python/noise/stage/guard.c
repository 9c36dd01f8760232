/* Pages, processes, forks, restores, clocks and locks. */
#include "stage.h"

/* ---- pages ---- */

static int refused, answers_all, mapped;	/* the advice that fails; 0 is the answer to the rest; mappings that exist */

static int advise(void *p, size_t n, int advice)
{
	if (advice == refused) {
		errno = EINVAL;
		return -1;
	}
	return answers_all ? 0 : __real_madvise(p, n, advice);
}

static void *map(void *at, size_t n, int prot, int flags, int fd, off_t offset)
{
	mapped++;
	return __real_mmap(at, n, prot, flags, fd, offset);
}

static int unmap(void *p, size_t n)
{
	mapped--;
	return __real_munmap(p, n);
}

#define FLAG(p, flag) has_flag(p, " " flag)
static int has_flag(const void *p, const char *flag)	/* of the mapping at p, in VmFlags */
{
	char line[512];
	unsigned long lo, hi;
	int here = 0, found = 0;
	FILE *f = fopen("/proc/self/smaps", "r");
	CHECK(f);
	while (!found && fgets(line, sizeof line, f)) {
		if (sscanf(line, "%lx-%lx ", &lo, &hi) == 2 && strchr(line, '-') < strchr(line, ' '))
			here = lo <= (unsigned long)p && (unsigned long)p < hi;
		else if (here && !strncmp(line, "VmFlags:", 8)) {
			found = strstr(line, flag) != NULL;
			break;
		}
	}
	fclose(f);
	return found;
}

static void pages(void)
{
	on_madvise = advise;
	CHECK(process_init() == 0 && pages_wiped_at_fork == 1);
	char *wiped = pages_new(PAGE, PAGES_WIPED), *kept = pages_new(PAGE, PAGES_KEPT);
	CHECK(FLAG(process, "wf") && FLAG(process, "dd") && FLAG(wiped, "wf") && FLAG(wiped, "dd") && FLAG(kept, "dd"));
	CHECK(!FLAG(kept, "wf"));
	*wiped = *kept = 1;
	IN_CHILD(BY_CLONE, CHECK(!*wiped && *kept && !process->known));
	on_mmap = map;
	on_munmap = unmap;
	refused = MADV_DONTDUMP;
	CHECK(!pages_new(PAGE, PAGES_KEPT) && !pages_new(PAGE, PAGES_WIPED));
	refused = MADV_WIPEONFORK;
	CHECK(!pages_new(PAGE, PAGES_WIPED));
	CHECK(!mapped);
}

/* qemu-user 7.2, and some sandboxes. */
static void a_lie(void)
{
	on_madvise = advise;
	answers_all = 1;
	CHECK(process_init() == 0 && !pages_wiped_at_fork);
}

static void no_wiping(void)
{
	on_madvise = advise;
	on_mmap = map;
	on_munmap = unmap;
	refused = MADV_WIPEONFORK;
	CHECK(process_init() == 0 && !pages_wiped_at_fork && mapped == 1);
	CHECK(pages_new(PAGE, PAGES_WIPED));	/* no failure there */
}

static int error;	/* of the next mapping, or of advice */
static int advices;

static void *no_map(void *at, size_t n, int prot, int flags, int fd, off_t offset)
{
	(void)at, (void)n, (void)prot, (void)flags, (void)fd, (void)offset;
	errno = error;
	return MAP_FAILED;
}

static int drop(void *p, size_t n, int advice)
{
	(void)p, (void)n;
	advices++;
	if (advice == MADV_NORMAL && error > 0)
		return 0;
	errno = abs(error);
	return error ? -1 : 0;
}

static void locked_in_advance(void)
{
	on_mmap = no_map;
	error = EAGAIN;
	CHECK(pages_locked_in_advance());	/* RLIMIT_MEMLOCK is reached */
	error = ENOMEM;
	CHECK(!pages_locked_in_advance());
	on_mmap = map;
	on_munmap = unmap;
	on_madvise = drop;
	error = EINVAL;
	CHECK(pages_locked_in_advance());
	error = -EINVAL;
	CHECK(!pages_locked_in_advance());	/* a filter answers this to all advice */
	error = EPERM;
	CHECK(!pages_locked_in_advance());
	error = 0;
	CHECK(!pages_locked_in_advance() && advices && !mapped);
}

static const void *locked[16];
static int locks;
static int lock_one(const void *p, size_t n)
{
	CHECK(n == PAGE);
	locked[locks++ % 16] = p;
	return 0;
}

static int was_locked(const void *p)
{
	for (int i = 0; i < locks && i < 16; i++)
		if (locked[i] == p)
			return 1;
	return 0;
}

static void the_process_page(void)
{
	static const size_t sizes[] = {1, 8, 15, 16, 17, 100, 640};
	char *last = NULL;
	int *of_a_lock = NULL;
	on_mlock = lock_one;
	CHECK(process_init() == 0 && was_locked(process));
	CHECK(process->known == (uint64_t)getpid());
	CHECK(!process_keep(PAGE) && !process_keep(PAGE - sizeof(struct process) + 1));
	for (int i = 0; i < 100; i++) {
		size_t n = sizes[i % 7];
		if (i < 8) {
			of_a_lock = process_keep_lock();
			CHECK(!*of_a_lock && (char *)of_a_lock > (char *)process + PAGE - 64);	/* in the last line */
		}
		char *p = process_keep(n);
		if (!p)
			continue;
		CHECK((uintptr_t)p % 16 == 0 && is_zero(p, n) && p >= (char *)(process + 1) && p + n <= (char *)of_a_lock);
		memset(p, 0xff, n);
		last = p;
	}
	CHECK(last && process->known == (uint64_t)getpid());
	CHECK(!process_keep(640) && !process_keep(17));
	for (int i = 0; process_keep_lock(); i++)
		CHECK(i < 4);
	IN_CHILD(BY_CLONE, CHECK(is_zero(process, PAGE)));
}

static void a_stamp(void)
{
	CHECK(process_init() == 0);
	uint64_t stamp = process_stamp();
	CHECK(stamp && process_make_stamp() == stamp && process_stamp() == stamp);	/* two threads may do this at once */
	IN_CHILD(BY_CLONE, {
		uint64_t theirs = process_stamp();
		CHECK(theirs && theirs != stamp);
		IN_CHILD(BY_CLONE, CHECK(process_stamp() != theirs && process_stamp() != stamp));
	});
	CHECK(process_stamp() == stamp);
}

/* ---- where fork wipes nothing: it is done by hand, however the child was made ---- */

static void boot_without_wiping(void)
{
	refused = MADV_WIPEONFORK;
	on_madvise = advise;
	static int (*const steps[])(void) = {process_init, clock_init, kernel_init, library_init, thread_init, events_init, start_init, fork_init};
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		CHECK(steps[i]() == 0);
	start_load("stage/core.so");
	CHECK(!pages_wiped_at_fork && !core && strstr(library_missing(), "MADV_WIPEONFORK"));
}

static struct thread *of_another;
static struct stop staying;

static void *draw_and_stay(void *unused)
{
	CHECK(token() == KERNEL);
	of_another = here();
	stop_here(&staying);
	return unused;
}

static void takes_the_others_record(void) { CHECK(token() == KERNEL && here() == of_another); }

static void without_wiping(int how)
{
	boot_without_wiping();
	pthread_t t = begin(draw_and_stay, NULL);
	wait_until(&staying.come);
	CHECK(token() == KERNEL);
	struct thread *mine = here();
	uint64_t stamp = process_stamp(), epoch = stamp_epoch;
	pid_t pid;
	if (child(how, &pid)) {
		unsigned char bytes[16];
		if (how == BY_CLONE && draw_ready(bytes, 16))	/* no other call has checked */
			once(bytes, 16);
		CHECK(is_zero(mine->page, PAGE) && is_zero(of_another->page, PAGE) && stamp_epoch != epoch && process_stamp() != stamp);
		stamp = process_stamp();
		fork_check();
		CHECK(process_stamp() == stamp && !of_another->used);
		CHECK(process->known == (how == BY_FORK ? (uint64_t)getpid() : 0));
		for (int i = 0; i < 100; i++)
			CHECK(token() == KERNEL);
		how == BY_FORK ? in_thread(takes_the_others_record) : (void)0;
		_exit(0);
	}
	for (int i = 0; i < 100; i++)
		CHECK(token() == KERNEL);
	wait_for(pid);
	staying.go = 1;
	end(t);
}

static void a_fork_without_wiping(void) { without_wiping(BY_FORK); }
static void a_clone_without_wiping(void) { without_wiping(BY_CLONE); }

/* ---- forks ---- */

static int hooks_run;	/* a bit each */
static uint64_t masks[8];

static void hook_prepare(void) { hooks_run |= 1; masks[0] = mask_here(); }
static void hook_parent(void) { hooks_run |= 2; masks[1] = mask_here(); }
static void hook_wipe(void) { hooks_run |= 4; masks[2] = mask_here(); CHECK(!process->known); }
static void hook_child(void) { hooks_run |= 8; masks[3] = mask_here(); CHECK(process->known); }
static struct fork_hook hook = {.place = FORK_LOCKS, .prepare = hook_prepare, .parent = hook_parent, .wipe = hook_wipe, .child = hook_child};

static int holds(uint64_t mask) { return mask >> (SIGUSR1 - 1) & 1; }

/* From the prepare hooks to the hooks after the fork no handler runs. Afterwards the mask is the program's. */
static void masks_at_a_fork(void)
{
	sigset_t own;
	sigemptyset(&own);
	sigaddset(&own, SIGHUP);
	__real_pthread_sigmask(SIG_SETMASK, &own, NULL);
	boot();
	fork_register(&hook);
	uint64_t before = mask_here();
	CHECK(before == signal_bit(SIGHUP));
	IN_CHILD(BY_FORK, CHECK((hooks_run & 13) == 13 && mask_here() == before && holds(masks[2]) && holds(masks[3]) && !fork_is_underway()));
	CHECK(hooks_run == 3 && mask_here() == before && holds(masks[0]) && holds(masks[1]) && !fork_is_underway());
	CHECK(!(masks[0] & signal_bit(SIGSYS)));
}

/* A child that no handler has seen, where nothing is wiped. Its hooks run with signals held, too. */
static void masks_at_a_clone(void)
{
	boot_without_wiping();
	fork_register(&hook);
	IN_CHILD(BY_CLONE, {
		fork_check();
		CHECK(hooks_run == 4 && holds(masks[2]) && mask_here() == 0);
		fork_check();
	});
}

/* Another library's handlers, registered before ours. So its child handler runs before ours. */
static int forks_left, in_prepare, in_its_child;

static void fork_once(void)
{
	pid_t pid;
	if (forks_left-- <= 0)
		return;
	if (child(BY_FORK, &pid)) {
		in_its_child = 1;
		return;
	}
	wait_for(pid);
}

static void others_prepare(void) { in_prepare ? fork_once() : (void)0; }
static void others_child(void) { in_prepare ? (void)0 : fork_once(); }

static void sound(void)
{
	CHECK(process->known == (uint64_t)getpid() && !fork_is_underway() && mask_here() == 0);
	CHECK(token() && large() == CORE);
	IN_CHILD(BY_FORK, CHECK(!fork_is_underway() && token() && large() == CORE));
}

static void forks_in_others_handlers(void)
{
	CHECK(!pthread_atfork(others_prepare, NULL, others_child));
	boot();
	CHECK(large() == CORE);
	for (in_prepare = 0; in_prepare < 2; in_prepare++) {
		pid_t pid;
		forks_left = 1;
		int is_child = child(BY_FORK, &pid);
		sound();
		if (!is_child)
			wait_for(pid);
		if (is_child || in_its_child)
			_exit(0);
		sound();
	}
}

/* A process made by a raw clone(2) forks. Neither it nor its child touches a lock of ours. */
static void a_clone_that_forks(void)
{
	boot();
	fork_register(&hook);
	CHECK(token());
	IN_CHILD(BY_CLONE, {
		CHECK(token() == KERNEL && !process->known);
		int prepares = go.prepares;
		IN_CHILD(BY_FORK, {
			CHECK(hooks_run == 4);
			CHECK(!process->known && !fork_is_underway() && token() == KERNEL && large() == KERNEL);
			CHECK(strstr(start_reason(), "clone(2)"));
		});
		CHECK(hooks_run == 0 && go.prepares == prepares && mask_here() == 0);
	});
}

/* The same where nothing is wiped: only its own fork notices that it is a clone. */
static void a_clone_that_forks_without_wiping(void)
{
	boot_without_wiping();
	CHECK(token());
	IN_CHILD(BY_CLONE, IN_CHILD(BY_FORK, CHECK(!process->known && token() == KERNEL)));
}

static void others_draw(void) { CHECK(token() && large()); }

/* Between our handlers the thread must not enter Go: to make threads it would wait for a lock that its own fork holds. */
static void draws_in_others_handlers(void)
{
	CHECK(!pthread_atfork(others_draw, others_draw, others_draw));
	boot();
	CHECK(large() == CORE);
	go.asleep = 0;
	IN_CHILD(BY_FORK, sound());
	sound();
}

/* ---- restores ---- */

static struct { struct vmclock v; char rest[PAGE - sizeof(struct vmclock)]; } *monitor;
static int monitors_major, monitors_type, open_flags, sysgenid_only;

static int open_monitor(const char *path, int flags)
{
	errno = ENOENT;
	if (strcmp(path, sysgenid_only ? "/dev/sysgenid" : "/dev/vmclock0"))
		return -1;
	open_flags = flags;
	return memfd_create("monitor", MFD_CLOEXEC);
}

static int stat_monitor(int fd, struct stat *st)
{
	(void)fd;
	memset(st, 0, sizeof *st);
	st->st_mode = (mode_t)monitors_type | 0600;
	st->st_rdev = makedev((unsigned)monitors_major, 123);
	return 0;
}

static void *map_monitor(void *at, size_t n, int prot, int flags, int fd, off_t offset)
{
	(void)at, (void)n, (void)fd, (void)offset;
	CHECK(prot == PROT_READ && flags == MAP_SHARED);
	mapped++;
	return monitor;
}

static int unmap_monitor(void *p, size_t n)
{
	(void)n;
	CHECK(p == monitor);
	mapped--;
	return 0;
}

static enum restore_kind found(uint32_t magic, uint32_t size, uint16_t version, int type, int major)
{
	int fds[2];
	monitor->v = (struct vmclock){.magic = magic, .size = size, .version = version, .disruption_marker = 5, .vm_generation_counter = 9};
	monitors_type = type;
	monitors_major = major;
	restore_kind = RESTORE_CLOCK;
	restore_page = NULL;
	mapped = 0;
	fds[0] = dup(0);
	CHECK(restore_init() == 0);
	fds[1] = dup(0);
	CHECK(fds[1] == fds[0] + 1);	/* no descriptor stays */
	close(fds[0]);
	close(fds[1]);
	CHECK(mapped == (restore_kind != RESTORE_CLOCK) && !restore_page == !mapped);
	return restore_kind;
}

static void monitors(void)
{
	uint64_t generation;
	monitor = __real_mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	on_open = open_monitor;
	on_fstat = stat_monitor;
	on_mmap = map_monitor;
	on_munmap = unmap_monitor;
	CHECK(found(VMCLOCK_MAGIC, 112, 1, S_IFCHR, 10) == RESTORE_VMCLOCK);	/* exactly as much as is read */
	CHECK(open_flags == (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW));
	CHECK(restore_generation(&generation) && generation == 5 && restore_now() == 5);
	monitor->v.seq_count = 1;
	CHECK(restore_now() != 5);	/* it writes */
	monitor->v.seq_count = 2;
	monitor->v.vm_generation_counter++;
	CHECK(restore_now() == 5);	/* no flag says that this is a counter */
	monitor->v.flags = VMCLOCK_GENERATION;
	uint64_t before = restore_now();
	CHECK(restore_generation(&generation) && generation == 10);
	monitor->v.vm_generation_counter++;
	CHECK(restore_now() != before);
	CHECK(found(VMCLOCK_MAGIC, 111, 1, S_IFCHR, 10) == RESTORE_CLOCK);
	CHECK(found(VMCLOCK_MAGIC + 1, 112, 1, S_IFCHR, 10) == RESTORE_CLOCK);
	CHECK(found(VMCLOCK_MAGIC, 112, 2, S_IFCHR, 10) == RESTORE_CLOCK);
	CHECK(found(VMCLOCK_MAGIC, 112, 1, S_IFREG, 10) == RESTORE_CLOCK);
	CHECK(found(VMCLOCK_MAGIC, 112, 1, S_IFCHR, 1) == RESTORE_CLOCK);
	CHECK(!restore_generation(&generation) && !strcmp(restore_name(), "clock"));
	sysgenid_only = 1;
	CHECK(found(77, 0, 0, S_IFCHR, 10) == RESTORE_SYSGENID && restore_now() == 77);
}

/* ---- clocks ---- */

static void a_clock_that_is_slow(void)
{
	slow_ns = 2000;
	CHECK(clock_init() == 0 && clock_is_slow);
	uint32_t first = clock_second();
	CHECK(first == (uint32_t)second);
	second++;
	struct timespec t = {0, 20000000};	/* at 1 GHz, 20 times as long as an answer is used */
	nanosleep(&t, NULL);
	CHECK(clock_second() == (uint32_t)second);
}

static void a_counter_that_is_forbidden(void)
{
#if defined __x86_64__
	slow_ns = 2000;
	tsc_forbidden = 1;
	CHECK(clock_init() == 0 && !clock_is_slow);	/* using it would raise SIGSEGV */
	second++;
	CHECK(clock_second() == (uint32_t)second);
#endif
}

/* ---- locks and signals ---- */

static int *lock, yields, free_after;

static void yielded(void)
{
	CHECK(++yields < 100000);
	if (yields == free_after)
		lock_leave(lock);
}

static void a_lock(void)
{
	CHECK(process_init() == 0);
	on_yield = yielded;
	lock = process_keep_lock();
	lock_take(lock);
	CHECK(*lock && !yields);
	IN_CHILD(BY_CLONE, lock_take(lock); CHECK(!yields));	/* its holder may not exist there */
	free_after = 50000;
	lock_take(lock);
	CHECK(yields == free_after);	/* no matter how long its holder is off its processor */
}

static void a_lock_without_wiping(void)
{
	boot_without_wiping();
	on_yield = yielded;
	lock = process_keep_lock();
	lock_take(lock);
	IN_CHILD(BY_CLONE, lock_take(lock); CHECK(*lock && yields == 1));
	IN_CHILD(BY_FORK, lock_take(lock); CHECK(*lock && !yields));
	CHECK(*lock);
}

static int refuse_masks(int how, const sigset_t *set, sigset_t *old)
{
	(void)how, (void)set, (void)old;
	return EPERM;
}

static void signals_that_cannot_be_held(void)
{
	struct held held;
	int cancel;
	on_sigmask = refuse_masks;
	CHECK(hold_signals(&held) == EPERM);
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &cancel);
	CHECK(cancel == PTHREAD_CANCEL_ENABLE && mask_here() == 0);
	on_sigmask = NULL;
	CHECK(hold_signals(&held) == 0);
	CHECK(mask_here() == (ALL_SIGNALS & ~(signal_bit(SIGSYS) | (uint64_t)3 << 31)));
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	CHECK(cancel == PTHREAD_CANCEL_DISABLE);
	release_signals(&held);
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &cancel);
	CHECK(cancel == PTHREAD_CANCEL_ENABLE && mask_here() == 0);
}

const struct scene of_guard[] = {
	{"pages", pages}, {"a-lie", a_lie}, {"no-wiping", no_wiping}, {"locked-in-advance", locked_in_advance},
	{"the-process-page", the_process_page}, {"a-stamp", a_stamp}, {"a-fork-without-wiping", a_fork_without_wiping},
	{"a-clone-without-wiping", a_clone_without_wiping}, {"masks-at-a-fork", masks_at_a_fork}, {"masks-at-a-clone", masks_at_a_clone},
	{"forks-in-handlers-of-others", forks_in_others_handlers}, {"a-clone-that-forks", a_clone_that_forks},
	{"a-clone-that-forks-without-wiping", a_clone_that_forks_without_wiping}, {"draws-in-handlers-of-others", draws_in_others_handlers}, {"monitors", monitors},
	{"a-clock-that-is-slow", a_clock_that_is_slow}, {"a-counter-that-is-forbidden", a_counter_that_is_forbidden}, {"a-lock", a_lock},
	{"a-lock-without-wiping", a_lock_without_wiping},
	{"signals-that-cannot-be-held", signals_that_cannot_be_held}, {NULL, NULL},
};
