/* Preloaded: finds the stacks of all threads that this process or an ancestor has made. For programs whose threads do
 * not end, because an ended thread has no attributes. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>

enum { MOST = 1 << 15 };

unsigned stacks_made;
uintptr_t stacks_low[MOST], stacks_high[MOST];

static int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

/* Done early, because a forked child may not call the loader. */
__attribute__((constructor)) static void resolve(void) { *(void **)&real = dlsym(RTLD_NEXT, "pthread_create"); }

int pthread_create(pthread_t *t, const pthread_attr_t *attr, void *(*run)(void *), void *arg)
{
	pthread_attr_t made;
	void *low;
	size_t size;
	int error = real(t, attr, run, arg);

	if (error || pthread_getattr_np(*t, &made))
		return error;
	if (!pthread_attr_getstack(&made, &low, &size)) {
		unsigned i = __atomic_fetch_add(&stacks_made, 1, __ATOMIC_RELAXED) % MOST;
		stacks_low[i] = (uintptr_t)low;
		stacks_high[i] = (uintptr_t)low + size;
	}
	pthread_attr_destroy(&made);
	return 0;
}
