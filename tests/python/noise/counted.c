/* A library as glibc's libpthread was before 2.34: the count of threads is in its symbol table alone. */
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
