/* A library like glibc's libpthread before 2.34: only its symbol table has the count of threads. */
#ifndef TYPE
#define TYPE unsigned
#endif
#ifndef COUNT
#define COUNT 1
#endif

static TYPE __nptl_nthreads = COUNT;

#ifdef SECOND
const void *second(void) { return &__nptl_nthreads; }
#else
const void *create(void) { return &__nptl_nthreads; }
#endif
