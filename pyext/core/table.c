/* The one symbol of the core's library that the front looks up. */
#include "core/internal.h"

/* Exported by Go: ../exports.go. cgo knows no const. */
int gorandom_seed(int, const char *, char *), gorandom_reseed(void);
int gorandom_fill(int, void *, size_t, size_t);
int gorandom_event(int, const void *, size_t);
int gorandom_hand(int, struct hand_generator *, const void *, size_t, void *, size_t);
int gorandom_keystream(const char *, const void *, const void *, void *, size_t);
int gorandom_mac_set(int, const void *, size_t, void *);
int gorandom_mac_sum(const void *, const void *, size_t, void *, size_t);
int gorandom_mac_once(int, const void *, size_t, const void *, size_t, void *, size_t);

__attribute__((visibility("default"))) const struct gorandom_core gorandom_core = {
	.abi = GORANDOM_CORE_ABI,
	.version = GORANDOM_VERSION,
	.map = core_map,
	.threads_make = core_threads_make,
	.threads_asleep = core_threads_asleep,
	.threads_end = core_threads_end,
	.threads_wait = core_threads_wait,
	.reserve = core_reserve,
	.release = core_release,
	.start = core_start,
	.reset = core_reset,
	.prepare = core_prepare,
	.parent = core_parent,
	.child = core_child,
	.forget = core_forget,
	.unbind = core_unbind,
	.threads = core_threads,
	.take_panic = core_take_panic,
	.seed = gorandom_seed,
	.fill = gorandom_fill,
	.event = gorandom_event,
	.reseed = gorandom_reseed,
	.hand = gorandom_hand,
	.keystream = gorandom_keystream,
	.mac_set = gorandom_mac_set,
	.mac_sum = gorandom_mac_sum,
	.mac_once = gorandom_mac_once,
	.kernel = core_kernel,
	.sha256 = core_sha256,
};
