/* Signals are held while a handler could find something half done.
 *
 * All but SIGSYS, which stays as it is: a sandbox sends it for a system call that its filter traps, and its handler makes
 * or answers the call. Blocked, it would end the process. Such a handler neither draws nor forks. (pthread_sigmask leaves
 * two signals of the C library's own open, too.) */
#ifndef GORANDOM_SIGNALS_H
#define GORANDOM_SIGNALS_H

#include <signal.h>

static inline int hold_signals(sigset_t *old)	/* 0, or an errno: seccomp */
{
	sigset_t held;
	sigfillset(&held);
	sigdelset(&held, SIGSYS);
	return pthread_sigmask(SIG_BLOCK, &held, old);
}

static inline void release_signals(const sigset_t *old) { pthread_sigmask(SIG_SETMASK, old, NULL); }

#endif
