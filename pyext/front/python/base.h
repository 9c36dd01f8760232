/* The base as the other extension modules use it (gopy's glue, numpy/ and openssl/): one struct, in a capsule. */
#pragma once

#include <string.h>

#include "python/abi.h"

#include "draw/draw.h"
#include "guard/fork.h"
#include "guard/process.h"
#include "guard/stamp.h"
#include "pure/sha256.h"
#include "runtime/runtime.h"

#define BASE_CAPSULE "gorandom._front._base"

struct base {
	const char *version;	/* GORANDOM_VERSION. It comes first, so that every version finds it */

	int (*draw)(unsigned char *dst, size_t n, int wait);	/* bytes_draw() */
	int (*draw_bytes)(unsigned char *dst, size_t n);	/* draw_bytes(), for callers that know no Python */

	int (*enter)(struct visit *);	/* gate_enter_aside(). Starts no core */
	int (*leave)(struct visit *);	/* gate_leave(). Returns whether the call ended in a panic */

	void *(*pages_new)(size_t bytes, enum pages);
	void (*pages_lock)(void *, size_t bytes);
	int pages_wiped_at_fork;

	void (*fork_register)(struct fork_hook *);
	int (*fork_check)(void);	/* after it stamps and locks are right in a child */

	const uint64_t *stamp_epoch;
	uint64_t (*process_stamp)(void);
	struct stamp (*stamp_now)(void);
	int (*stamp_holds)(const struct stamp *);
	int watches_restores;	/* by a page; otherwise only the clock's second limits what copies share */
	uint64_t (*restore_now)(void);

	int (*events_add)(int source, const void *data, size_t n);
	int (*kernel_ready)(void);
	int64_t (*kernel_nap)(int64_t ns);
	void (*sha256)(const void *, size_t, unsigned char digest[SHA256_BYTES]);
};

/* Call it when a module starts. NULL: an exception is set. An upgrade may have replaced the module's file since the base was
 * loaded, and then the two disagree about the struct. */
static inline const struct base *base_import(void)
{
	const struct base *base = PyCapsule_Import(BASE_CAPSULE, 0);
	if (!base || strcmp(base->version, GORANDOM_VERSION) == 0)
		return base;
	PyErr_Format(PyExc_ImportError, "gorandom %s runs in this process, and this file is of gorandom " GORANDOM_VERSION
		": start the process anew", base->version);
	return NULL;
}
