/* What the functions that gopy binds need in C. Go's code calls gorandom_…. */
#include <stdlib.h>

#include "core/internal.h"

static __thread int panicked __attribute__((tls_model("initial-exec")));	/* the core's library has static TLS anyway */

/* The call ends as if it had returned nothing. The glue raises an exception, outside the gate. */
void gorandom_panicked(void) { panicked = 1; }

int core_take_panic(void)
{
	int was = panicked;
	panicked = 0;
	return was;
}

/* For a text that Go writes and the glue frees. It is in the C library's heap, because it outlives the core. NULL: no
 * memory. */
void *gorandom_room(size_t n) { return malloc(n); }
