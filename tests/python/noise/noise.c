/* Threads that keep the C library's locks busy, so that each lock is held at some fork. They block all signals,
 * because a test's signals belong to the threads that draw. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

enum { LOADER, PHDRS, THREADS };

static pthread_t thread;
static int running, kind;
static long rounds;
static char library[4096];

static void *nothing(void *arg) { return arg; }
static int look(struct dl_phdr_info *info, size_t size, void *arg) { (void)size, ++*(int *)arg; return info == NULL; }

static void *make_noise(void *arg)
{
	while (__atomic_load_n(&running, __ATOMIC_RELAXED)) {
		if (kind == LOADER) {
			void *h = dlopen(library, RTLD_NOW);
			char *(*touch)(void) = h ? (char *(*)(void))dlsym(h, "touch") : NULL;
			if (touch)
				*touch() = 1;
			if (h)
				dlclose(h);
		} else if (kind == PHDRS) {
			int n = 0;
			dl_iterate_phdr(look, &n);
		} else {
			pthread_t t;
			if (!pthread_create(&t, NULL, nothing, NULL))
				pthread_join(t, NULL);
		}
		__atomic_add_fetch(&rounds, 1, __ATOMIC_RELAXED);
	}
	return arg;
}

int noise_start(int what, const char *path)
{
	sigset_t all, old;

	kind = what;
	strncpy(library, path, sizeof library - 1);
	running = 1;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int error = pthread_create(&thread, NULL, make_noise, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return error;
}

long noise_rounds(void) { return __atomic_load_n(&rounds, __ATOMIC_RELAXED); }

void noise_stop(void)
{
	__atomic_store_n(&running, 0, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
}
