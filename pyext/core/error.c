/* The text of a Go error, on its way to the glue that makes a Python exception of it outside of the gate.
 * Malloc'd: it belongs to the C library's heap and outlives the core. */
#include <stdlib.h>
#include <string.h>

#include "error.h"

static __thread char *error __attribute__((tls_model("initial-exec")));	/* the core's library has static TLS anyway */

/* Called by gopy's Go code. */
__attribute__((visibility("hidden"))) void gorandom_error(char *text)
{
	free(error);
	error = text;
}

/* A copy for the glue to free(), or NULL. Called by gopy's Go code. */
__attribute__((visibility("hidden"))) char *gorandom_text(const char *s, size_t n)
{
	char *text = malloc(n + 1);
	if (text) {
		memcpy(text, s, n);
		text[n] = 0;
	}
	return text;
}

char *core_take_error(void)
{
	char *text = error;
	error = NULL;
	return text;
}
