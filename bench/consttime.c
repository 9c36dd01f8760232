/* Does the time of a comparison tell whether two tags are equal? Welch's t-test between the times of two classes
 * of input, after Reparaz, Balasch and Verbauwhede, "Dude, is my code constant time?" (DATE 2017, section 2).
 *
 *   consttime ours|early random|first|last MEASUREMENTS
 *
 * One class are tags equal to a fixed one, the other random tags, or tags that differ in the first or the last byte
 * alone. Prints: the largest |t| over all crops, how many measurements that crop has, the calls that each
 * measurement timed, and the median ticks of each class. bench/consttime.py runs it and judges. */
#define _GNU_SOURCE
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "pure/compare.h"

#define TAG 32	/* bytes, of HMAC-SHA-256 */
#define BATCH 1000	/* inputs made at a time, before any of them is timed: they stay in the nearest caches */
#define CROPS 100
#define LEAST 10000	/* measurements that a crop must leave for its t to mean something */
#define COARSE 16	/* steps of the counter that a measurement spans at least, by as many calls as that takes */

typedef int comparison(const void *, size_t, const void *, size_t);
enum other { RANDOM, FIRST, LAST };

/* As memcmp is often written, and as no tag should be compared. */
__attribute__((noinline)) static int early(const void *a, size_t na, const void *b, size_t nb)
{
	const unsigned char *x = a, *y = b;
	for (size_t i = 0; i < na && na == nb; i++)
		if (x[i] != y[i])
			return 0;
	return na == nb;
}

/* The fences keep the counter from being read before what stands before it, and after what follows. */
static inline uint64_t ticks(void)
{
#if defined __x86_64__
	uint32_t low, high;
	__asm__ volatile("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
#elif defined __aarch64__
	uint64_t now;
	__asm__ volatile("isb\n\tmrs %0, cntvct_el0\n\tisb" : "=r"(now) : : "memory");
	return now;
#else
#error "no counter of cycles is known for this processor"
#endif
}

static void fail(const char *what)
{
	perror(what);
	exit(2);
}

static void randomise(void *p, size_t n)
{
	if (getrandom(p, n, 0) != (ssize_t)n)
		fail("getrandom");
}

struct sample {
	double time;
	int class;	/* 0: equal */
};

static unsigned char tag[TAG];
static volatile int sink;

static void measure(comparison *f, enum other other, int calls, struct sample *samples, size_t n)
{
	static unsigned char inputs[BATCH][TAG], classes[BATCH];

	randomise(inputs, sizeof inputs);
	randomise(classes, sizeof classes);
	for (size_t i = 0; i < n; i++) {
		unsigned char r = inputs[i][0] | 1;
		samples[i].class = classes[i] & 1;
		if (!samples[i].class || other != RANDOM)
			memcpy(inputs[i], tag, TAG);
		if (samples[i].class && other != RANDOM)
			inputs[i][other == FIRST ? 0 : TAG - 1] ^= r;
	}
	for (size_t i = 0; i < n; i++) {
		uint64_t start = ticks();
		for (int k = 0; k < calls; k++)
			sink = f(tag, TAG, inputs[i], TAG);
		samples[i].time = (double)(ticks() - start);
	}
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* The times of one class (-1: of both), sorted, for the caller to free. */
static double *sorted(const struct sample *samples, size_t n, int class, size_t *count)
{
	double *times = malloc(n * sizeof *times);
	if (!times)
		fail("malloc");
	*count = 0;
	for (size_t i = 0; i < n; i++)
		if (class < 0 || samples[i].class == class)
			times[(*count)++] = samples[i].time;
	qsort(times, *count, sizeof *times, by_size);
	return times;
}

static double median(const struct sample *samples, size_t n, int class)
{
	size_t count;
	double *times = sorted(samples, n, class, &count), middle = times[count / 2];
	free(times);
	return middle;
}

/* What the counter goes forward at a time: 1 tick, 26 on some virtual machines. */
static double step(const struct sample *samples, size_t n)
{
	size_t count;
	double *times = sorted(samples, n, -1, &count), least = INFINITY;
	for (size_t i = 1; i < count; i++)
		if (times[i] > times[i - 1] && times[i] - times[i - 1] < least)
			least = times[i] - times[i - 1];
	free(times);
	return least < INFINITY ? least : 1;
}

/* How many calls a measurement times. Finding it warms up, too. */
static int calibrate(comparison *f, enum other other, struct sample *samples)
{
	for (int calls = 1; ; calls *= 2) {
		measure(f, other, calls, samples, BATCH);
		if (median(samples, BATCH, 0) >= COARSE * step(samples, BATCH))
			return calls;
	}
}

/* Welch's t of the times up to most: the difference of the means, in units of its standard error. Means and variances
 * are carried along as Welford's method does (Knuth, TAOCP 2, 4.2.2). */
static double welch(const struct sample *samples, size_t n, double most, size_t *used)
{
	double count[2] = {0}, mean[2] = {0}, squares[2] = {0};

	for (size_t i = 0; i < n; i++) {
		int c = samples[i].class;
		if (samples[i].time > most)
			continue;
		double off = samples[i].time - mean[c];
		mean[c] += off / ++count[c];
		squares[c] += off * (samples[i].time - mean[c]);
	}
	*used = (size_t)(count[0] + count[1]);
	if (count[0] < 2 || count[1] < 2)
		return 0;
	double error = sqrt(squares[0] / (count[0] - 1) / count[0] + squares[1] / (count[1] - 1) / count[1]);
	/* No spread at all is a crop of one value: the classes agree, or differ by more than any threshold. */
	return error > 0 ? fabs(mean[0] - mean[1]) / error : mean[0] == mean[1] ? 0 : INFINITY;
}

/* What interrupts make of a time is noise in the upper tail. So t is taken without a crop and with each of a row
 * of upper limits, quantiles that draw nearer to 1 exponentially, as in the paper's program. */
static double largest(const struct sample *samples, size_t n, size_t *used)
{
	size_t all, count;
	double *times = sorted(samples, n, -1, &all), most = welch(samples, n, INFINITY, used);

	for (int i = 1; i <= CROPS; i++) {
		double t = welch(samples, n, times[(size_t)((1 - pow(0.5, 10.0 * i / CROPS)) * (double)(all - 1))], &count);
		if (count >= LEAST && t > most) {
			most = t;
			*used = count;
		}
	}
	free(times);
	return most;
}

int main(int argc, char **argv)
{
	static const char *const others[] = {[RANDOM] = "random", [FIRST] = "first", [LAST] = "last"};
	size_t n = argc == 4 ? strtoul(argv[3], NULL, 10) / BATCH * BATCH : 0, used;
	int other = 0;

	while (n && other <= LAST && strcmp(argv[2], others[other]))
		other++;
	if (n < 2 * LEAST || other > LAST || (strcmp(argv[1], "ours") && strcmp(argv[1], "early"))) {
		fprintf(stderr, "usage: consttime ours|early random|first|last MEASUREMENTS (%d or more)\n", 2 * LEAST);
		return 2;
	}
	comparison *f = strcmp(argv[1], "ours") ? early : compare_equal;
	struct sample *samples = malloc(n * sizeof *samples);
	if (!samples)
		fail("malloc");
	randomise(tag, sizeof tag);
	int calls = calibrate(f, other, samples);
	for (size_t i = 0; i < n; i += BATCH)
		measure(f, other, calls, samples + i, BATCH);
	double t = largest(samples, n, &used);
	printf("%.2f %zu %d %.0f %.0f\n", t, used, calls, median(samples, n, 0), median(samples, n, 1));
	return 0;
}
