/* Texts of Go's, on their way to the glue, which makes Python's objects of them outside of the gate; an error's text
 * goes by a variable. Malloc'd: they belong to the C library's heap and outlive the core. Go's code calls gorandom_…. */
#include <stdlib.h>
#include <string.h>

#include "core/internal.h"

static __thread char *error __attribute__((tls_model("initial-exec")));	/* the core's library has static TLS anyway */

void gorandom_error(char *text)
{
	free(error);
	error = text;
}

char *core_take_error(void)
{
	char *text = error;
	error = NULL;
	return text;
}

/* For a text that Go will write. NULL: no memory. */
void *gorandom_room(size_t n) { return malloc(n); }

/* A copy for the glue to free(), or NULL. */
char *gorandom_text(const char *s, size_t n)
{
	char *text = malloc(n + 1);
	if (text) {
		memcpy(text, s, n);
		text[n] = 0;
	}
	return text;
}
