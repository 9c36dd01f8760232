/* Preloaded: a C library that does not export its count of threads. If the environment has COUNTED, pthread_create is that
 * of the library there (counted.c). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

void *dlsym(void *handle, const char *name)
{
	static void *(*real)(void *, const char *);
	const char *counted = getenv("COUNTED");

	for (const char *const *v = (const char *const[]){"GLIBC_2.34", "GLIBC_2.17", "GLIBC_2.2.5", NULL}; !real && *v; v++)
		real = (void *(*)(void *, const char *))dlvsym(RTLD_NEXT, "dlsym", *v);
	if (handle == RTLD_DEFAULT && strcmp(name, "__nptl_nthreads") == 0)
		return NULL;
	if (handle == RTLD_DEFAULT && counted && strcmp(name, "pthread_create") == 0)
		return real(dlopen(counted, RTLD_NOW), "create");
	return real(handle, name);
}
