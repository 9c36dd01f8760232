#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "guard/process.h"
#include "pure/sha256.h"
#include "runtime/runtime.h"

const struct gorandom_core *core;
struct record *core_record;
unsigned core_lanes;
struct core_state *core_state;

static const char *missing = "the core's library has not been loaded";

const char *library_missing(void) { return missing; }

int library_init(void)
{
	core_state = process_keep(sizeof *core_state);
	return core_state ? 0 : ENOMEM;
}

static unsigned count_processors(void)
{
	cpu_set_t set;
	unsigned n = sched_getaffinity(0, sizeof set, &set) ? 1 : (unsigned)CPU_COUNT(&set);
	return n < GORANDOM_MAX_LANES ? n : GORANDOM_MAX_LANES;
}

#ifndef GORANDOM_NO_CORE
static void say(const char *what, const char *why)
{
	char *text;	/* never freed */
	missing = asprintf(&text, "%s: %s", what, why) < 0 ? what : text;
}

/* NULL, and then missing says why. */
static void *open_library(const char *path)
{
	char above[4096];
	const char *name = strrchr(path, '/');
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (library)
		return library;
	const char *why = dlerror();
	say(strstr(why, "static TLS") ? "other libraries have taken the room for thread-local storage"
		: "the core's library cannot be loaded", why);
	/* Nuitka packs what a module is linked to into the folder above the module's. */
	snprintf(above, sizeof above, "%.*s/..%s", (int)(name - path), path, name);
	library = dlopen(above, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (library)
		missing = NULL;
	return library;
}
#endif

const char *library_load(const char *path, const char *spare, const struct gorandom_core **loaded)
{
	*loaded = NULL;
#ifdef GORANDOM_NO_CORE	/* set by the build: why it made none */
	(void)path;
	(void)spare;
	missing = GORANDOM_NO_CORE;
#else
	/* The library alone has 32 MiB of zeros (Go's crypto/internal/fips140). The loader's mapping of them goes past an
	 * RLIMIT_DATA, and after that the program gets no more memory. */
	if (spare) {
		say("when gorandom was imported", spare);
		return NULL;
	}
	void *library = open_library(path);
	if (!library)
		return NULL;
	const struct gorandom_core *found = dlsym(library, "gorandom_core");
	if (!found || found->abi != GORANDOM_CORE_ABI || strcmp(found->version, GORANDOM_VERSION))
		return "gorandom's libraries are of different versions: install it again";
	sha256_fast = found->sha256();	/* it needs no core */
	unsigned *nthreads = nthreads_find();
	if (!pages_wiped_at_fork)
		missing = "this kernel cannot wipe memory at fork (MADV_WIPEONFORK)";
	else if (!nthreads)
		missing = "this C library does not show its count of threads";
	else
		core_record = found->map(nthreads, &missing);
	if (!core_record)
		return NULL;
	core_lanes = count_processors();
	missing = NULL;
	*loaded = found;
#endif
	return NULL;
}
