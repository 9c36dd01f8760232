/* argv: a library like counted.c, and what takes its place once it has been loaded: "" for nothing, or a file.
 * Prints what the front's nthreads.c finds there. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

static void *create;

/* A C library that does not export the count, and whose pthread_create is the library's. */
static void *look(void *handle, const char *name)
{
	(void)handle;
	return strcmp(name, "pthread_create") ? NULL : create;
}

#define dlsym look
#include "../../../pyext/front/runtime/nthreads.c"
#undef dlsym

int main(int argc, char **argv)
{
	void *library = dlopen(argv[1], RTLD_NOW);
	if (argc != 3 || !library || !(create = dlsym(library, "create")))
		return 2;
	if (*argv[2] && rename(argv[2], argv[1]))
		return 2;
	const unsigned *found = nthreads_find();
	const void *(*place)(void) = (const void *(*)(void))create;
	puts(!found ? "nothing" : found == place() ? "the count" : "something else");
	return 0;
}
