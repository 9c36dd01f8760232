/* The core's threads do not touch the C library's heap. It would keep a cache and an arena for each, and
 * since the threads are gone in a forked child while their caches are not, every generation of cores would
 * leave a kilobyte and a mapping behind. runtime/cgo needs little: a few words for each thread that it
 * starts, and the bounds of a stack. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>

#include "threads.h"

#define BLOCKS 256	/* threads that one core may start */
#define BLOCK 64	/* bytes; runtime/cgo's ThreadStart has 24 */

void *__real_malloc(size_t);
void __real_free(void *);
int __real_pthread_getattr_np(pthread_t, pthread_attr_t *);

static __thread char *stack_top __attribute__((tls_model("initial-exec")));	/* of one of the core's threads; else NULL */

/* Zero again, and so all free, after a reset. */
static unsigned char blocks[BLOCKS][BLOCK] __attribute__((aligned(16)));
static unsigned used;

void heap_is_core_thread(void *frame) { stack_top = frame; }

void *__wrap_malloc(size_t n)
{
	if (!stack_top || n > BLOCK)
		return __real_malloc(n);
	unsigned i = __atomic_fetch_add(&used, 1, __ATOMIC_RELAXED);
	return i < BLOCKS ? blocks[i] : __real_malloc(n);
}

/* What a host's thread has allocated for one of ours is left: a few words, where a free would make a cache. */
void __wrap_free(void *p)
{
	if (!stack_top && ((unsigned char *)p < blocks[0] || (unsigned char *)p >= blocks[BLOCKS]))
		__real_free(p);
}

/* Go asks for a host's thread at each entry, the C library allocates for the answer, and a raw clone(2) in that
 * moment would leave the child with the heap's lock: so the first answer is kept. */
static __thread void *host_stack __attribute__((tls_model("initial-exec")));
static __thread size_t host_stack_size __attribute__((tls_model("initial-exec")));

static int learn_stack(pthread_attr_t *attr)
{
	int error = __real_pthread_getattr_np(pthread_self(), attr);
	if (error) {	/* no memory; runtime/cgo does not look, and would destroy what was destroyed */
		pthread_attr_init(attr);
		return error;
	}
	return pthread_attr_getstack(attr, &host_stack, &host_stack_size);
}

int __wrap_pthread_getattr_np(pthread_t t, pthread_attr_t *attr)
{
	if (!pthread_equal(t, pthread_self()))
		return __real_pthread_getattr_np(t, attr);
	if (!stack_top && !host_stack_size)
		return learn_stack(attr);
	int error = pthread_attr_init(attr);
	if (error)
		return error;
	if (!stack_top)
		return pthread_attr_setstack(attr, host_stack, host_stack_size);
	return pthread_attr_setstack(attr, stack_top - STACK_FOR_GO, STACK_FOR_GO);
}
