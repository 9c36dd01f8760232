/* The core's threads do not touch the C library's heap. It would keep a cache and an arena for each thread.
 * In a forked child the threads are gone and their caches are not, so every generation of cores would leave
 * a kilobyte and a mapping behind. runtime/cgo needs little: a few words for each thread that it starts, and
 * the bounds of a stack. */
#define _GNU_SOURCE
#include "core/internal.h"

#define BLOCKS 256	/* threads that one core may start */
#define BLOCK 64	/* bytes; runtime/cgo's ThreadStart has 24 */
#define EACH_THREAD static __thread __attribute__((tls_model("initial-exec")))

void *__real_malloc(size_t);
void __real_free(void *);
int __real_pthread_getattr_np(pthread_t, pthread_attr_t *);

EACH_THREAD int is_core_thread;
EACH_THREAD void *stack;	/* the thread's stack, as Go is told; */
EACH_THREAD size_t stack_size;	/* 0: Go has not asked yet */

/* Zero again, and so all free, after a reset. */
static unsigned char blocks[BLOCKS][BLOCK] __attribute__((aligned(16)));
static unsigned used;

void heap_is_core_thread(char *frame)
{
	is_core_thread = 1;
	stack = frame - STACK_FOR_GO;
	stack_size = STACK_FOR_GO;
}

void *__wrap_malloc(size_t n)
{
	if (!is_core_thread || n > BLOCK)
		return __real_malloc(n);
	unsigned i = __atomic_fetch_add(&used, 1, __ATOMIC_RELAXED);
	return i < BLOCKS ? blocks[i] : __real_malloc(n);
}

/* What a host's thread has allocated for one of ours is not freed: it is a few words, and a free would make a cache. */
void __wrap_free(void *p)
{
	if (!is_core_thread && (uintptr_t)p - (uintptr_t)blocks >= sizeof blocks)
		__real_free(p);
}

/* Go asks this for a host's thread at each entry, and the C library allocates memory for the answer. A raw clone(2)
 * at that moment would leave the child with the heap's lock held. So the first answer is kept. */
int __wrap_pthread_getattr_np(pthread_t self, pthread_attr_t *attr)
{
	if (!stack_size) {
		int error = __real_pthread_getattr_np(self, attr);
		if (!error)
			return pthread_attr_getstack(attr, &stack, &stack_size);
		pthread_attr_init(attr);	/* no memory; runtime/cgo does not check, and would destroy it a second time */
		return error;
	}
	pthread_attr_init(attr);
	return pthread_attr_setstack(attr, stack, stack_size);
}
