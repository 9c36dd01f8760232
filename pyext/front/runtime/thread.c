#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guard/fork.h"
#include "guard/lock.h"
#include "guard/process.h"
#include "guard/signals.h"
#include "runtime/runtime.h"
#include "runtime/thread.h"

/* Holds the thread's record. It is a pthread key and not a __thread variable, because the loader makes the latter at a
 * thread's first use and takes its own lock for that. In a forked child that lock may be held forever. */
static pthread_key_t key;

/* Every record ever made. Those of ended threads are used again. The list only grows. */
static struct thread *all;
static int *list_lock;

struct thread *thread_first;

static void own(struct thread *t)
{
	__atomic_store_n(&t->owner, thread_here(), __ATOMIC_RELAXED);
	if (!__atomic_load_n(&thread_first, __ATOMIC_RELAXED))
		__atomic_store_n(&thread_first, t, __ATOMIC_RELEASE);
}

static void disown(struct thread *t)
{
	if (t == __atomic_load_n(&thread_first, __ATOMIC_RELAXED))
		__atomic_store_n(&thread_first, NULL, __ATOMIC_RELAXED);
	__atomic_store_n(&t->owner, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&t->used, 0, __ATOMIC_RELEASE);
}

/* The value of the key in a thread that is ending. The C library calls destructors again, for a few rounds, while any key
 * has a value. This value stays set: otherwise a destructor of the program that draws in the last round would get a page
 * that is never given back. */
static struct thread ended;

static void give_back(struct thread *t)
{
	memset(t->page, 0, PAGE);
	/* The main thread may have drawn before a raw clone and end here by pthread_exit. Its Go key is set, and Go's destructor
	 * would spin in a runtime that is not this process's. Ours comes first, because its key is older. */
	if (core && !core_alive())
		core->forget(core_record);
	disown(t);
}

/* Signals are held from the beginning. If a handler drew, its bytes would be erased in a page that marks them as ready. If it
 * forked, the child would give the record to another thread, because the key says that the record is free. */
static void thread_ends(void *value)
{
	struct held held;
	hold_signals(&held);
	pthread_setspecific(key, &ended);
	if (value != &ended)
		give_back(value);
	release_signals(&held);
}

/* Records are cut from pages and not malloc'd: in a raw clone malloc's locks may be held forever. A page's records join the
 * list by a single store, because another thread may fork in the middle. */
static struct thread *make_records(void)
{
	const size_t n = PAGE / sizeof(struct thread);
	struct thread *new = pages_new(PAGE, PAGES_KEPT);
	if (!new)
		return NULL;
	for (size_t i = 0; i < n; i++)
		new[i].next = i + 1 < n ? &new[i + 1] : all;
	__atomic_store_n(&all, new, __ATOMIC_RELEASE);
	return new;
}

/* A record that no thread uses, of an ended thread if there is one. */
static struct thread *take_record(void)
{
	struct thread *t;
	lock_take(list_lock);
	for (t = all; t && __atomic_load_n(&t->used, __ATOMIC_ACQUIRE); t = t->next)
		;
	if (!t)
		t = make_records();
	if (t) {
		t->used = 1;
		t->taken = 0;	/* a fork may have ended its last thread in the middle of a draw */
	}
	lock_leave(list_lock);
	return t;
}

/* Call it with signals held: a handler that forked in the middle would leave the child with a record that belongs to no
 * thread, or to two. */
static struct thread *get_first(void)
{
	struct thread *t = take_record();
	if (!t)
		return NULL;
	if (!t->page)
		t->page = pages_new(PAGE, PAGES_WIPED);
	t->initial = fork_generation == 0 && syscall(SYS_gettid) == getpid();
	if (!t->page || pthread_setspecific(key, t)) {
		disown(t);
		return NULL;
	}
	own(t);
	return t;
}

struct thread *thread_find(void)
{
	struct thread *t = pthread_getspecific(key);
	/* In a child that our fork handler has not seen yet, a new thread gets no record. That handler frees all records but its
	 * own thread's, and would free this one too. */
	if (!t && process->known == (uint64_t)getpid()) {
		struct held held;
		hold_signals(&held);
		t = pthread_getspecific(key);	/* a handler may have drawn in between */
		if (!t)
			t = get_first();
		release_signals(&held);
	}
	return t == &ended ? NULL : t;
}

/* Only the calling thread's record is in use: thread_find() has given none to other threads in this child. */
static void wipe(void)
{
	struct thread *mine = pthread_getspecific(key);
	if (mine == &ended)	/* forked by a destructor */
		mine = NULL;
	thread_first = mine;
	for (struct thread *t = all; t; t = t->next) {
		if (t != mine) {
			t->used = 0;
			t->owner = 0;
		}
		if (!pages_wiped_at_fork && t->page)
			memset(t->page, 0, PAGE);
	}
}

/* Its key is older than Go's, which is made at a start. So the destructor above runs before Go's own. */
int thread_init(void)
{
	static struct fork_hook hook = {.place = FORK_THREADS, .wipe = wipe};
	list_lock = process_keep_lock();
	int error = list_lock ? pthread_key_create(&key, thread_ends) : ENOMEM;
	if (!error)
		fork_register(&hook);
	return error;
}
