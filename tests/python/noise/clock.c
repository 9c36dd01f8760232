/* Preloaded: a clock of seconds that the program sets. It counts calls. CLOCK_NAP (ns) slows it. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <time.h>

long clock_calls, clock_shows = 1000000000;

time_t time(time_t *to)
{
	static long nap = -1;
	struct timespec begin, now;
	if (nap < 0)
		nap = getenv("CLOCK_NAP") ? atol(getenv("CLOCK_NAP")) : 0;
	clock_calls++;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while (nap && (now.tv_sec - begin.tv_sec) * 1000000000 + now.tv_nsec - begin.tv_nsec < nap);
	if (to)
		*to = clock_shows;
	return clock_shows;
}
