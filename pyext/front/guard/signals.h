/* Signals and cancellation are held while a handler could find something half done.
 *
 * SIGSYS is the exception and stays as it is. It comes when a sandbox's filter traps a system call, and the sandbox's
 * handler makes or answers the call. If SIGSYS were blocked, it would end the process. Such a handler neither draws nor
 * forks. (pthread_sigmask also leaves two of the C library's own signals open.) */
#pragma once

#include <pthread.h>
#include <signal.h>

struct held {
	sigset_t mask;
	int cancel;
};

static inline int hold_signals(struct held *held)	/* 0; or an errno (seccomp), and nothing is held */
{
	sigset_t signals;
	sigfillset(&signals);
	sigdelset(&signals, SIGSYS);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &held->cancel);
	int error = pthread_sigmask(SIG_BLOCK, &signals, &held->mask);
	if (error)
		pthread_setcancelstate(held->cancel, NULL);
	return error;
}

static inline void release_signals(const struct held *held)
{
	pthread_sigmask(SIG_SETMASK, &held->mask, NULL);
	pthread_setcancelstate(held->cancel, NULL);
}
