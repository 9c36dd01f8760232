#ifndef GORANDOM_RUNTIME_LIMITS_H
#define GORANDOM_RUNTIME_LIMITS_H

#pragma GCC visibility push(hidden)

/* NULL, and the core's threads have been made; or what a start would not get. */
const char *limits_refuse(void);
int limits_threads(void);	/* are there threads for Go, or can they be had? */
int limits_room(void);	/* is there still room for one more thread in Go? */

#pragma GCC visibility pop

#endif
