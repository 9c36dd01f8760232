/* Comparisons of secrets that are marked as undefined memory: valgrind's memcheck reports each branch and each
 * address that depends on such memory. After Adam Langley's ctgrind (2010).
 *
 * As a program: undefined ours|early|table. The first is the comparison that ships. The others depend on the
 * secrets, and must be reported. Ends with 0, or with the line whose check failed.
 * As a library: a Python program marks its memory with it. */
#include <string.h>
#include <valgrind/memcheck.h>

#include "pure/compare.h"

int undefined_watched(void) { return RUNNING_ON_VALGRIND; }
void undefined_mark(void *p, size_t n) { VALGRIND_MAKE_MEM_UNDEFINED(p, n); }
void undefined_unmark(void *p, size_t n) { VALGRIND_MAKE_MEM_DEFINED(p, n); }
void undefined_say(const char *text) { VALGRIND_PRINTF("%s\n", text); }

typedef int comparison(const void *, size_t, const void *, size_t);

__attribute__((noinline)) static int early(const void *a, size_t na, const void *b, size_t nb)
{
	const unsigned char *x = a, *y = b;
	for (size_t i = 0; i < na && na == nb; i++)
		if (x[i] != y[i])
			return 0;
	return na == nb;
}

__attribute__((noinline)) static int table(const void *a, size_t na, const void *b, size_t nb)
{
	static const unsigned char is_zero[256] = {1};
	const unsigned char *x = a, *y = b;
	int same = na == nb;
	for (size_t i = 0; i < na && na == nb; i++)
		same &= is_zero[x[i] ^ y[i]];
	return same;
}

/* *depends: does the answer depend on the secrets, other than by a branch? It is then marked as defined,
 * because the caller gets it and may branch on it. */
static int compare(comparison *f, void *a, size_t na, void *b, size_t nb, int *depends)
{
	unsigned bits = 0;
	undefined_mark(a, na);
	undefined_mark(b, nb);
	int answer = f(a, na, b, nb);
	VALGRIND_GET_VBITS(&answer, &bits, sizeof answer);
	undefined_unmark(&answer, sizeof answer);
	undefined_unmark(a, na);
	undefined_unmark(b, nb);
	*depends = bits != 0;
	return answer;
}

#define MOST 70	/* bytes: several steps of eight, and all remainders */
#define CHECK(x) do { if (!(x)) return __LINE__; } while (0)

int main(int argc, char **argv)
{
	unsigned char a[MOST + 1], b[MOST + 1];
	int depends;

	CHECK(argc == 2 && undefined_watched());
	memset(a, 'x', sizeof a);
	memset(b, 'x', sizeof b);
	if (strcmp(argv[1], "ours"))
		return !compare(strcmp(argv[1], "early") ? table : early, a, MOST, b, MOST, &depends);
	for (size_t n = 0; n <= MOST; n++) {
		CHECK(compare(compare_equal, a, n, b, n, &depends) == 1 && depends == (n > 0));
		CHECK(compare(compare_equal, a, n, b, n + 1, &depends) == 0);
		CHECK(compare(compare_equal, a, n + 1, b, n, &depends) == 0);
		for (size_t i = 0; i < n; i++) {
			b[i] ^= 1;
			CHECK(compare(compare_equal, a, n, b, n, &depends) == 0 && depends);
			b[i] ^= 1;
		}
	}
	return 0;
}
