/* The one symbol of the core's library that the front looks up. */
#include "core.h"
#include "error.h"
#include "reset.h"
#include "sha256.h"
#include "start.h"
#include "threads.h"

/* Exported by Go: ../exports.go. */
int gorandom_seed(int, char *), gorandom_fill(int, void *, size_t, size_t), gorandom_event(int, void *, size_t), gorandom_reseed(void);
size_t gorandom_hand_size(int);
int gorandom_hand(int, void *, void *, size_t, void *, size_t);
int gorandom_keystream(char *, void *, void *, void *, size_t);
int gorandom_mac_set(int, void *, size_t, void *);
int gorandom_mac_sum(void *, void *, size_t, void *, size_t);
int gorandom_mac_once(int, void *, size_t, void *, size_t, void *, size_t);

static int seed(int lanes, const char *keystream) { return gorandom_seed(lanes, (char *)keystream); }

static int event(int source, const void *data, size_t n) { return gorandom_event(source, (void *)data, n); }

static int hand(int operation, void *state, const void *in, size_t n, void *out, size_t m)
{
	return gorandom_hand(operation, state, (void *)in, n, out, m);
}

static int keystream(const char *kernel, const void *key, const void *counter, void *out, size_t n)
{
	return gorandom_keystream((char *)kernel, (void *)key, (void *)counter, out, n);
}

static int mac_set(int algorithm, const void *key, size_t n, void *state)
{
	return gorandom_mac_set(algorithm, (void *)key, n, state);
}

static int mac_sum(const void *state, const void *message, size_t n, void *tag, size_t size)
{
	return gorandom_mac_sum((void *)state, (void *)message, n, tag, size);
}

static int mac_once(int algorithm, const void *key, size_t n, const void *message, size_t m, void *tag, size_t size)
{
	return gorandom_mac_once(algorithm, (void *)key, n, (void *)message, m, tag, size);
}

__attribute__((visibility("default"))) const struct gorandom_core gorandom_core = {
	.abi = GORANDOM_CORE_ABI,
	.version = GORANDOM_VERSION,
	.map = core_map,
	.hire = core_hire,
	.asleep = core_asleep,
	.dismiss = core_dismiss,
	.settle = core_settle,
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
	.mappings = core_mappings,
	.take_error = core_take_error,
	.seed = seed,
	.fill = gorandom_fill,
	.event = event,
	.reseed = gorandom_reseed,
	.hand_size = gorandom_hand_size,
	.hand = hand,
	.keystream = keystream,
	.mac_set = mac_set,
	.mac_sum = mac_sum,
	.mac_once = mac_once,
	.sha256 = core_sha256,
};
