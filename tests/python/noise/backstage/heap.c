/* core/heap.c: what the core's threads allocate, and what they report of their stacks. */
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "core/heap.c"

static int mallocs, frees, asked, fails;
static char elsewhere[128];

void *__real_malloc(size_t n) { (void)n; mallocs++; return elsewhere; }
void __real_free(void *p) { (void)p; frees++; }
int __real_pthread_getattr_np(pthread_t self, pthread_attr_t *attr)
{
	(void)self;
	asked++;
	if (fails)
		return ENOMEM;
	pthread_attr_init(attr);
	return pthread_attr_setstack(attr, (void *)((uintptr_t)1 << 32), 1 << 20);
}

static void is_stack(void *wanted, size_t size)
{
	pthread_attr_t attr;
	void *at;
	size_t n;
	CHECK(!__wrap_pthread_getattr_np(pthread_self(), &attr) && !pthread_attr_getstack(&attr, &at, &n) && at == wanted && n == size);
	pthread_attr_destroy(&attr);
}

static void *core_thread(void *unused)
{
	char frame[16];
	void *last = NULL;
	heap_is_core_thread(frame);
	is_stack(frame - STACK_FOR_GO, STACK_FOR_GO);
	CHECK(__wrap_malloc(BLOCK + 1) == elsewhere && mallocs == 1);
	mallocs = 0;
	for (int i = 0; i < BLOCKS; i++) {
		char *p = __wrap_malloc(i % 2 ? BLOCK : 24);
		CHECK(p && (uintptr_t)p % 16 == 0 && p != last && (char *)p >= (char *)blocks && p + BLOCK <= (char *)blocks + sizeof blocks);
		for (int k = 0; k < BLOCK; k++)
			CHECK(!p[k]);
		memset(p, 0xff, BLOCK);
		last = p;
	}
	CHECK(mallocs == 0);
	CHECK(__wrap_malloc(24) == elsewhere && mallocs == 1);	/* more threads than one core may start */
	__wrap_free(elsewhere);	/* a few words of a host's thread: a free would make a cache for this one */
	__wrap_free(last);
	CHECK(frees == 0);
	return unused;
}

int main(void)
{
	pthread_t t;
	pthread_attr_t attr;
	CHECK(__wrap_malloc(24) == elsewhere && mallocs == 1);
	mallocs = 0;
	fails = 1;
	memset(&attr, 0xff, sizeof attr);
	int state = -1;
	CHECK(__wrap_pthread_getattr_np(pthread_self(), &attr) == ENOMEM && asked == 1);
	CHECK(!pthread_attr_getdetachstate(&attr, &state) && state == PTHREAD_CREATE_JOINABLE);	/* Go destroys it */
	fails = 0;
	is_stack((void *)((uintptr_t)1 << 32), 1 << 20);
	is_stack((void *)((uintptr_t)1 << 32), 1 << 20);
	CHECK(asked == 2);	/* and never again: a raw clone(2) at that moment would inherit the heap's lock */
	CHECK(!pthread_create(&t, NULL, core_thread, NULL) && !pthread_join(t, NULL));
	CHECK(asked == 2);
	__wrap_free(elsewhere);
	CHECK(frees == 1);
	__wrap_free(blocks[0]);
	__wrap_free(blocks[BLOCKS - 1]);
	CHECK(frees == 1);
	__wrap_free((char *)blocks + sizeof blocks);
	CHECK(frees == 2);
	return 0;
}
