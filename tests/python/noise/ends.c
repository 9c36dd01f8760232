/* Threads that draw and end. A signal handler draws at each instruction of their end, or at each second, each third ...
 * For x86-64. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>

#define TRAP_FLAG 0x100
#define APART 40	/* instructions between two draws, at most */

typedef int bytes_callback(unsigned char *, int);

static bytes_callback *draw;
static pthread_key_t key;
static volatile int is_over, steps, apart;
int ends_drawn, ends_zeros;

static void trapped(int sig, siginfo_t *info, void *context)
{
	greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
	const unsigned char *code = (const unsigned char *)r[REG_RIP];
	unsigned char bytes[16], none[16] = {0};

	(void)sig, (void)info;
	/* A trap with its signal blocked would end the process. */
	if (is_over || (code[0] == 0x0f && code[1] == 0x05 && r[REG_RAX] == SYS_rt_sigprocmask))
		r[REG_EFL] &= ~TRAP_FLAG;
	else if (++steps % apart == 0) {
		ends_drawn += draw(bytes, sizeof bytes) == 1;
		ends_zeros += !memcmp(bytes, none, sizeof none);
	}
}

static void after_the_pool(void *unused) { is_over = 1 + !unused; }

static void *thread(void *unused)
{
	unsigned char bytes[16];
	draw(bytes, sizeof bytes);
	pthread_setspecific(key, &key);
	is_over = steps = 0;
	__asm__ volatile("pushfq; orq %0, (%%rsp); popfq" : : "i"(TRAP_FLAG) : "memory", "cc");
	return unused;
}

/* 0; or -1. */
int ends_run(bytes_callback *callback, int threads)
{
	struct sigaction sa = {.sa_sigaction = trapped, .sa_flags = SA_SIGINFO};
	pthread_t t;

	draw = callback;
	if (sigaction(SIGTRAP, &sa, NULL) || pthread_key_create(&key, after_the_pool))
		return -1;
	for (int i = 0; i < threads; i++) {
		apart = 1 + i % APART;
		if (pthread_create(&t, NULL, thread, NULL) || pthread_join(t, NULL))
			return -1;
	}
	return 0;
}
