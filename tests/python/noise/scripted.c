/* Preloaded into a program in direct mode: the program sets the kernel's bytes, and the clock. So a test can give
 * its own bytes to the installed library. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const unsigned char *script;
static size_t left;
static int scripted, always, nothing;
static long long frozen_ms = -1;
static int stands;
static unsigned long long *counted;

void script_bytes(const unsigned char *data, size_t n)
{
	script = data;
	left = n;
	scripted = 1;
	always = 0;
}

/* From now on each read gets the same bytes. */
void script_always(const unsigned char *data, size_t n)
{
	script_bytes(data, n);
	always = 1;
}

/* From now on getrandom gives no byte and no error. */
void script_nothing(void) { nothing = 1; }

size_t script_left(void) { return left; }
void script_end(void) { scripted = 0; }
void script_clock(long long ms) { frozen_ms = ms; }

/* From now on every clock stands still. */
void script_clocks_stand(void) { stands = 1; }

/* The next bytes are read from the kernel before this number changes, and given out after it. */
void script_count(unsigned long long *number) { counted = number; }

/* The front calls the kernel by this function. */
long syscall(long number, ...)
{
	static long (*real)(long, ...);
	long a[6];
	va_list list;
	va_start(list, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(list, long);
	va_end(list);
	if (number == SYS_getrandom && nothing)
		return 0;
	if (number == SYS_getrandom && scripted) {
		if ((size_t)a[1] > left) {
			errno = EIO;
			return -1;
		}
		memcpy((void *)a[0], script, (size_t)a[1]);
		if (!always) {
			script += a[1];
			left -= (size_t)a[1];
		}
		if (counted) {
			++*counted;
			counted = NULL;
		}
		return a[1];
	}
	if (!real)
		real = dlsym(RTLD_NEXT, "syscall");
	return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int clock_gettime(clockid_t clock, struct timespec *t)
{
	static int (*real)(clockid_t, struct timespec *);
	if (clock == CLOCK_REALTIME && frozen_ms >= 0) {
		*t = (struct timespec){.tv_sec = frozen_ms / 1000, .tv_nsec = frozen_ms % 1000 * 1000000 + 999999};
		return 0;
	}
	if (stands) {
		*t = (struct timespec){.tv_sec = 1000};
		return 0;
	}
	if (!real)
		real = dlsym(RTLD_NEXT, "clock_gettime");
	return real(clock, t);
}

time_t time(time_t *t)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	if (t)
		*t = now.tv_sec;
	return now.tv_sec;
}
