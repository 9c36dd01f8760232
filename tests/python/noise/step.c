/* Interrupts a draw at the k-th of its instructions by a signal whose handler draws, forks, or both. For x86-64.
 *
 * The instructions are stepped by ptrace(2), because the thread's own trap flag would kill it where signals are
 * blocked. No handler runs there either, so a blocked stretch is passed at full speed and counts as one instruction.
 * The tracer is made before the first draw and stays, because the pools would notice another fork. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define TRAP_FLAG 0x100
#define UNTOUCHED 0xA5
#define MOST 32768	/* bytes of a kind that one process draws */
#define PATH 16384
#define WORDS (1u << 18)

enum { FORK = 1, CLONE = 2, CHILD_DRAWS = 4, PARENT_DRAWS = 8 };
enum { DRAW, HANDLER, SECOND, LATER, KINDS };
static const char *const kinds[] = {"interrupted draw", "handler's draw", "second handler's draw", "later draws"};

struct bytes {	/* that one process got */
	int failed, n[KINDS];
	unsigned char of[KINDS][MOST + 64];
};

/* Shared with the tracer and with the child, so that a fork copies none of it. */
static struct shared {
	volatile uint64_t address;	/* of the first interruption: steps[0] instructions after the hits-th time there */
	volatile int hits, steps[2], is_over, done, length;
	uint64_t path[PATH];	/* the addresses of a draw's instructions */
	struct bytes child;
	unsigned used;
	struct { uint64_t word; uint32_t who; } words[WORDS];
} *s;

static struct bytes mine;
static int line, action, size, times, j, handlers, countdown, runs;
static volatile int in_child, is_over;
static pid_t child;
char step_text[256];	/* what was wrong; empty: nothing */
int step_held;	/* parent and child got the same bytes from the interrupted draw */

void mark(void);
__asm__(".hidden mark\nmark: int3\nret");

/* ---- what draws: this library, which gorandom.openssl takes for a libcrypto, or a bit generator of numpy's ---- */

struct method { void *seed; int (*bytes)(unsigned char *, int); };
static const struct method *openssl;
static uint64_t (*next)(void *);
static void *state;

int RAND_set_rand_method(const struct method *m) { openssl = m; return 1; }
const struct method *RAND_get_rand_method(void) { return openssl; }
unsigned char *SHA256(const void *data, size_t n, unsigned char *hash) { (void)data, (void)n; return hash; }
unsigned long OpenSSL_version_num(void) { return 0x30000000; }

void step_numpy(uint64_t (*f)(void *), void *its) { next = f, state = its; }

static int draw(unsigned char *dst, int n)
{
	if (!next)
		return openssl->bytes(dst, n);
	for (; n > 0; dst += 8, n -= 8)
		*(uint64_t *)dst = next(state);
	return 1;
}

void step_draw(int n, int draws)
{
	unsigned char unused[4096];
	while (draws--)
		draw(unused, n);
}

static void take(int kind, int n, int draws)
{
	for (; draws--; mine.n[kind] += n)
		mine.failed += !draw(mine.of[kind] + mine.n[kind], n);
}

/* ---- the tracer ---- */

/* Waits until t stops. The signal that has stopped it; 0: it is gone. */
static int stopped(pid_t t)
{
	int status;
	return waitpid(t, &status, __WALL) == t && WIFSTOPPED(status) ? WSTOPSIG(status) : 0;
}

static uint64_t rip(pid_t t) { return (uint64_t)ptrace(PTRACE_PEEKUSER, t, offsetof(struct user_regs_struct, rip), 0); }
static int at_mark(pid_t t) { return rip(t) == (uint64_t)(uintptr_t)mark + 1; }

static int wait_for_mark(pid_t t)
{
	int sig;
	while ((sig = stopped(t)) != 0 && !(sig == SIGTRAP && at_mark(t)))
		ptrace(PTRACE_CONT, t, 0, sig == SIGTRAP ? 0 : sig);
	return sig;
}

static int run_to_mark(pid_t t)
{
	ptrace(PTRACE_CONT, t, 0, 0);
	return wait_for_mark(t);
}

static int is_blocked(pid_t t)
{
	uint64_t mask = 0;
	ptrace(PTRACE_GETSIGMASK, t, sizeof mask, &mask);
	return mask >> (SIGUSR1 - 1) & 1;
}

/* Runs to the address, for the hits-th time outside blocked stretches. 0: the draw was over before. */
static int run_to_address(pid_t t)
{
	int sig = 0, hits = s->hits;
	ptrace(PTRACE_POKEUSER, t, offsetof(struct user, u_debugreg[0]), s->address);
	ptrace(PTRACE_POKEUSER, t, offsetof(struct user, u_debugreg[7]), 1);
	do {
		ptrace(PTRACE_CONT, t, 0, sig == SIGTRAP ? 0 : sig);
		sig = stopped(t);
		hits -= sig == SIGTRAP && rip(t) == s->address && !is_blocked(t);
	} while (sig && hits && !(sig == SIGTRAP && at_mark(t)));
	ptrace(PTRACE_POKEUSER, t, offsetof(struct user, u_debugreg[7]), 0);
	return hits == 0;
}

static int advance(pid_t t)
{
	int sig = 0, blocked = 0;
	do {
		ptrace(blocked ? PTRACE_SYSCALL : PTRACE_SINGLESTEP, t, 0, (sig & 0x7f) == SIGTRAP ? 0 : sig);
		sig = stopped(t);
		blocked = sig && is_blocked(t);
	} while (blocked);
	return sig && !(s->is_over && at_mark(t));
}

static void interrupt(pid_t process, pid_t t)
{
	if (!wait_for_mark(t) || (s->address && !run_to_address(t)))
		goto end;
	for (int i = 0; i < 2 && (i == 0 || s->steps[i]); i++) {
		for (int n = 0; n < s->steps[i]; n++) {
			if (!advance(t))
				goto end;
			if (!s->address && s->length < PATH)
				s->path[s->length++] = rip(t);
		}
		s->done++;
		syscall(SYS_tgkill, process, t, SIGUSR1);
		if (!run_to_mark(t) || s->is_over)
			break;
	}
end:
	if ((s->is_over && at_mark(t)) || run_to_mark(t))
		ptrace(PTRACE_DETACH, t, 0, 0);
}

/* 0; or -1: there is no tracer. Call it before gorandom is imported. */
int step_start(void)
{
	int ends[2];
	pid_t process = getpid(), tracer, t;
	s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s == MAP_FAILED || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return -1;
	tracer = fork();
	if (tracer == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ends[0]);
		while (read(ends[1], &t, sizeof t) == sizeof t) {
			int error = ptrace(PTRACE_SEIZE, t, 0, PTRACE_O_TRACESYSGOOD) ? errno : 0;
			if (write(ends[1], &error, sizeof error) < 0 || error)
				break;
			interrupt(process, t);
		}
		_exit(0);
	}
	line = ends[0];
	close(ends[1]);
	prctl(PR_SET_PTRACER, tracer);	/* fails without Yama, where no permission is needed */
	return tracer < 0 ? -1 : 0;
}

/* ---- what interrupts ---- */

/* A trap with its signal blocked would end the process. */
static int will_block(const greg_t *r)
{
	const unsigned char *code = (const unsigned char *)r[REG_RIP];
	return code[0] == 0x0f && code[1] == 0x05 && r[REG_RAX] == SYS_rt_sigprocmask;
}

/* In the child, which is not traced: runs after each instruction, if it is stepped; and at the mark, if it comes so far. */
static void trapped(int sig, siginfo_t *info, void *context)
{
	greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
	(void)sig, (void)info;
	if (--countdown > 0 && !will_block(r))
		return;
	r[REG_EFL] &= ~TRAP_FLAG;
	if (!is_over)
		take(SECOND, size, times);
}

static void interrupted(int sig, siginfo_t *info, void *context)
{
	int error = errno;
	(void)sig, (void)info;
	if (handlers++) {
		take(SECOND, size, times);
		return;
	}
	if (action & FORK)
		child = fork();
	if (action & CLONE)
		child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	in_child = action & (FORK | CLONE) && child == 0;
	if (in_child) {
		struct sigaction sa = {.sa_sigaction = trapped, .sa_flags = SA_SIGINFO};
		sigaction(SIGTRAP, &sa, NULL);
		countdown = j;
		alarm(20);
	}
	if (action & (in_child ? CHILD_DRAWS : PARENT_DRAWS))
		take(HANDLER, size, times);
	greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
	if (j && in_child && !will_block(r))
		r[REG_EFL] |= TRAP_FLAG;
	else if (j && !in_child && !is_over)
		mark();
	errno = error;
}

/* A process that dies reports where. */
static void dies(int sig)
{
	if (!in_child)
		dprintf(2, "signal %d: the draw was interrupted at %#lx, %d handlers ran\n", sig, (unsigned long)s->address, handlers);
	signal(sig, SIG_DFL);
	raise(sig);
}

/* ---- one run ---- */

static struct { int n, later, error; } run;

static void *whole(void *unused)
{
	pid_t t = (pid_t)syscall(SYS_gettid);
	if (write(line, &t, sizeof t) < 0 || read(line, &run.error, sizeof run.error) != sizeof run.error)
		run.error = EPIPE;
	if (run.error)
		return unused;
	mark();
	mine.failed = !draw(mine.of[DRAW], run.n);
	is_over = 1;
	if (!in_child) {
		s->is_over = 1;
		mark();
	}
	countdown = 1;
	mine.n[DRAW] = run.n;
	take(LATER, 16, run.later);
	if (in_child) {
		s->child = mine;
		_exit(0);
	}
	return unused;
}

static void say(const char *what, int kind, int child)
{
	if (!*step_text)
		snprintf(step_text, sizeof step_text, "%s: %s of the %s", what, kinds[kind], child ? "child" : "parent");
}

/* Checks that each word of 8 bytes comes only once in all runs, and is not zero. */
static void look_at(const struct bytes *b, int kind, int child)
{
	uint32_t who = (uint32_t)(runs << 3 | child << 2 | kind);
	for (int i = 0; i < b->n[kind]; i += 8) {
		uint64_t x;
		memcpy(&x, b->of[kind] + i, 8);
		if (!x) {
			say("zeros", kind, child);
			continue;
		}
		unsigned at = (unsigned)x % WORDS;
		while (s->words[at].word && s->words[at].word != x)
			at = (at + 1) % WORDS;
		if (s->words[at].word) {
			char what[128];
			uint32_t w = s->words[at].who;
			snprintf(what, sizeof what, "repeats the %s of the %s%s", kinds[w & 3], w & 4 ? "child" : "parent",
			         w >> 3 == who >> 3 ? "" : " in an earlier run");
			say(what, kind, child);
			continue;
		}
		s->words[at].word = x;
		s->words[at].who = who;
		s->used++;
	}
}

static void look(const struct bytes *b, int child)
{
	static unsigned char untouched[64];
	memset(untouched, UNTOUCHED, sizeof untouched);
	if (s->used > WORDS / 2) {
		memset(s->words, 0, sizeof s->words);
		s->used = 0;
	}
	for (int kind = 0; kind < KINDS; kind++) {
		if (memcmp(b->of[kind] + b->n[kind], untouched, sizeof untouched))
			say("written past the end", kind, child);
		if (child && kind == DRAW && !memcmp(b->of[DRAW], mine.of[DRAW], (size_t)b->n[DRAW]))
			step_held = 1;
		else
			look_at(b, kind, child);
	}
	if (b->failed)
		say("draws failed", LATER, child);
}

/* The instructions of the last draw that was stepped to its end. */
const uint64_t *step_path(int *length)
{
	*length = s->length;
	return s->path;
}

/* Draws n bytes. The draw is interrupted steps instructions after the hits-th time that it comes to address. If second
 * is not 0, a handler draws again that many instructions later. 1; 0: the draw was over before; or the negative errno
 * of ptrace. With address 0 the whole draw is stepped, and nothing interrupts it. */
int step(uint64_t address, int hits, int steps, int second, int what, int n, int handler_size, int handler_times,
         int later_draws, int in_thread)
{
	static const int fatal[] = {SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGALRM};
	struct sigaction sa = {.sa_sigaction = interrupted, .sa_flags = SA_SIGINFO | SA_NODEFER};
	int status = 0;

	sigaction(SIGUSR1, &sa, NULL);
	for (unsigned i = 0; i < sizeof fatal / sizeof *fatal; i++)
		signal(fatal[i], dies);
	memset(&mine, UNTOUCHED, sizeof mine);
	memset(mine.n, 0, sizeof mine.n);
	mine.failed = 0;
	s->address = address, s->hits = hits;
	s->steps[0] = address ? steps : INT_MAX;
	s->steps[1] = j = second;
	s->is_over = s->done = 0;
	if (!address)
		s->length = 0;
	action = what, size = handler_size, times = handler_times;
	in_child = handlers = is_over = step_held = 0;
	step_text[0] = 0;
	runs++;
	run.n = n, run.later = later_draws;
	alarm(30);
	if (in_thread) {
		pthread_t thread;
		pthread_create(&thread, NULL, whole, NULL);
		pthread_join(thread, NULL);
	} else
		whole(NULL);
	alarm(0);
	if (run.error)
		return -run.error;
	look(&mine, 0);
	if (s->done && action & (FORK | CLONE)) {
		if (waitpid(child, &status, __WALL) < 0)
			snprintf(step_text, sizeof step_text, "no child");
		else if (status)
			snprintf(step_text, sizeof step_text, "the child ended with status %#x", (unsigned)status);
		else
			look(&s->child, 1);
	}
	return s->done > 0;
}
