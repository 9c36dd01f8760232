/* For the parts of pyext/core. Each has a test program that plays the C library and the system to it. */
#include <stdio.h>
#include <stdlib.h>

#define CHECK(x) ((x) ? (void)0 : (fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x), _Exit(1)))
