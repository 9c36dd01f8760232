/* A sandbox whose filter answers one system call with SECCOMP_RET_TRAP, and whose SIGSYS handler makes the call itself,
 * as Chromium and Android do. The filter lets calls pass that are made by the one instruction in call(). */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

long trapped;	/* calls that the handler has made */

extern const char trapped_here[];

#if defined __x86_64__
__attribute__((noinline, noclone)) static long call(long n, const long a[6])
{
	register long r10 __asm__("r10") = a[3], r8 __asm__("r8") = a[4], r9 __asm__("r9") = a[5];
	__asm__ volatile("syscall\n.globl trapped_here\n.hidden trapped_here\ntrapped_here:"
		: "+a"(n) : "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
	return n;
}

static long *registers(ucontext_t *at, long *n, long a[6])
{
	greg_t *g = at->uc_mcontext.gregs;
	static const int order[6] = {REG_RDI, REG_RSI, REG_RDX, REG_R10, REG_R8, REG_R9};
	for (int i = 0; i < 6; i++)
		a[i] = (long)g[order[i]];
	*n = (long)g[REG_RAX];
	return (long *)&g[REG_RAX];
}
#elif defined __aarch64__
__attribute__((noinline, noclone)) static long call(long n, const long a[6])
{
	register long x8 __asm__("x8") = n, x0 __asm__("x0") = a[0], x1 __asm__("x1") = a[1], x2 __asm__("x2") = a[2];
	register long x3 __asm__("x3") = a[3], x4 __asm__("x4") = a[4], x5 __asm__("x5") = a[5];
	__asm__ volatile("svc #0\n.globl trapped_here\n.hidden trapped_here\ntrapped_here:"
		: "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
	return x0;
}

static long *registers(ucontext_t *at, long *n, long a[6])
{
	for (int i = 0; i < 6; i++)
		a[i] = (long)at->uc_mcontext.regs[i];
	*n = (long)at->uc_mcontext.regs[8];
	return (long *)&at->uc_mcontext.regs[0];
}
#endif

static void handler(int signo, siginfo_t *info, void *context)
{
	ucontext_t *at = context;
	long n, a[6], *answer = registers(at, &n, a);
	int error = errno;

	(void)signo, (void)info;
	__atomic_add_fetch(&trapped, 1, __ATOMIC_RELAXED);
	*answer = call(n, a);
	/* When a handler ends, the mask and the stack from before it come back. */
	if (n == SYS_rt_sigprocmask)
		call(n, (long[6]){SIG_SETMASK, 0, (long)&at->uc_sigmask, 8});
	else if (n == SYS_sigaltstack)
		call(n, (long[6]){0, (long)&at->uc_stack});
	errno = error;
}

int trapped_handler(void)
{
	struct sigaction sa = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
	return sigaction(SIGSYS, &sa, NULL);
}

/* From now on, in all threads. 0, or an errno. */
int trapped_call(int n)
{
	uint64_t here = (uint64_t)(uintptr_t)trapped_here;
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)n, 0, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)here, 0, 2),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer) + 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(here >> 32), 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof code / sizeof *code, code};
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) ? errno : 0;
}
