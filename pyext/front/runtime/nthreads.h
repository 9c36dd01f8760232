#ifndef GORANDOM_RUNTIME_NTHREADS_H
#define GORANDOM_RUNTIME_NTHREADS_H

#pragma GCC visibility push(hidden)

unsigned *nthreads_find(void);	/* glibc's count of this process's threads; NULL: it is not to be found */

#pragma GCC visibility pop

#endif
