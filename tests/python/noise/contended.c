/* secret.c's lock, held by a thread that releases it only after many turns of the others. sched_yield counts the turns.
 * Output: the result and how many turns it took; how many pages were locked; and how many bytes of what is given back are zero
 * afterwards, not counting the link to the next piece. */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

static int turn(void);
#define sched_yield turn
#include "guard/secret.c"

#define TURNS 100000

static long turns;

int pages_wiped_at_fork = 1;
int fork_notice(void) { return 0; }
int *process_keep_lock(void) { return calloc(1, sizeof(int)); }
void *pages_new(size_t n, enum pages kind) { return kind == PAGES_KEPT ? calloc(1, n) : NULL; }
static int locked;
void pages_lock(void *pages, size_t n) { locked += pages && n == PAGE; }

static int turn(void)
{
	if (++turns == TURNS)
		lock_leave(lock);
	return 0;
}

static int count_zeros(void)
{
	unsigned char *piece = secret_take(SMALLEST);
	int zeros = sizeof(struct piece);
	memset(piece, 0xff, SMALLEST);
	secret_give(piece, SMALLEST);
	for (int i = sizeof(struct piece); i < SMALLEST; i++)
		zeros += !piece[i];
	return zeros;
}

int main(void)
{
	if (secret_init())
		return 2;
	lock_take(lock);
	void *got = secret_take(SMALLEST);
	printf("%s %ld\n", got ? "memory" : "none", turns);
	printf("locked %d\nerased %d\n", locked, count_zeros());
	return 0;
}
