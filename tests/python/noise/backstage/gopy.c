/* core/gopy.c: only its thread sees a panic, once. */
#define _GNU_SOURCE
#include "check.h"

#include <string.h>

#include "core/gopy.c"

static void *another(void *unused)
{
	CHECK(!core_take_panic());
	gorandom_panicked();
	return unused;
}

int main(void)
{
	pthread_t thread;
	CHECK(!core_take_panic());
	gorandom_panicked();
	pthread_create(&thread, NULL, another, NULL);
	pthread_join(thread, NULL);
	CHECK(core_take_panic() == 1 && !core_take_panic());

	char *room = gorandom_room(2000);
	memset(room, 1, 2000);
	free(room);
	return 0;
}
