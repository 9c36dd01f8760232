/* Texts of Go's, on their way to the glue, which makes Python's objects of them outside of the gate; an error's text
 * goes by a variable. Malloc'd: they belong to the C library's heap and outlive the core. */
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

/* For a text that Go will write. NULL: no memory. */
__attribute__((visibility("hidden"))) void *gorandom_room(size_t n) { return malloc(n); }

char *core_take_error(void)
{
	char *text = error;
	error = NULL;
	return text;
}
