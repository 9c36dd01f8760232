/* Threads that want a record and a page (runtime/thread.c) in a child, at bad moments.
 *
 * One is made by another library's fork handler, before the hook of thread.c runs. Output: the records of the first thread, of
 * that one, and of one made later; 0 for none.
 *
 * One is made by a signal handler after its fork, in a thread that is giving its record back. Output: "kept" if the new thread
 * still has its record when the other one has ended. */
#define _GNU_SOURCE
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guard/fork.h"
#include "guard/process.h"
#include "runtime/runtime.h"
#include "runtime/thread.h"

const struct gorandom_core *core;
struct record *core_record;
struct core_state *core_state;

static sem_t found, end;
static struct thread *record;

static void *find(void *unused)
{
	record = thread_get();
	sem_post(&found);
	sem_wait(&end);	/* a record goes back when its thread ends */
	return unused;
}

static struct thread *of_new_thread(void)
{
	pthread_t t;
	if (pthread_create(&t, NULL, find, NULL))
		return NULL;
	sem_wait(&found);
	return record;
}

static struct thread *early;
static void make_early(void)
{
	early = of_new_thread();
}

static int number(struct thread *t) { return t ? 1 + (int)(t - thread_first) : 0; }

/* ---- a thread that ends ---- */

static int armed;
static pthread_t new;

int __real_pthread_setspecific(pthread_key_t, const void *);
int __wrap_pthread_setspecific(pthread_key_t key, const void *value)
{
	int error = __real_pthread_setspecific(key, value);
	if (__atomic_exchange_n(&armed, 0, __ATOMIC_RELAXED))
		raise(SIGUSR1);	/* it comes now, or when signals are no longer held */
	return error;
}

static void *keep(void *ends)
{
	struct thread *mine = thread_get();
	sem_post(&found);
	pthread_join(*(pthread_t *)ends, NULL);
	dprintf(1, "%s\n", mine && mine->owner == thread_here() ? "kept" : "lost");
	exit(0);
}

static void fork_now(int signo)
{
	static pthread_t self;
	(void)signo;
	self = pthread_self();
	if (fork() == 0) {
		pthread_create(&new, NULL, keep, &self);
		sem_wait(&found);
	} else {
		wait(NULL);
	}
}

static void *end_interrupted(void *unused)
{
	struct sigaction sa = {.sa_handler = fork_now};
	thread_get();
	sigaction(SIGUSR1, &sa, NULL);
	armed = 1;
	return unused;
}

int main(void)
{
	pthread_t t;
	static struct fork_hook before = {.place = FORK_THREADS, .wipe = make_early};
	int status;

	if (process_init())
		return 2;
	fork_register(&before);
	if (thread_init() || fork_init() || !thread_get())
		return 2;
	sem_init(&found, 0, 0);
	sem_init(&end, 0, 0);
	if (fork() == 0) {
		struct thread *late = of_new_thread();
		dprintf(1, "%d %d %d\n", number(thread_get()), number(early), number(late));
		_exit(0);
	}
	if (wait(&status) < 0 || status != 0)
		return 1;
	return pthread_create(&t, NULL, end_interrupted, NULL) || pthread_join(t, NULL);
}
