/* What the front (_front, C, no runtime) and the core (libgorandom.core.so, Go) know of each other.
 *
 * The front looks up one symbol in the core's library, gorandom_core. Every function below that enters Go
 * (seed, fill, event, reseed, hand…, keystream, mac…) must be called inside the gate (front/runtime/gate.c).
 * The others never touch the runtime.
 */
#ifndef GORANDOM_CORE_H
#define GORANDOM_CORE_H

#include <stddef.h>
#include <stdint.h>

#include "front/pure/sha256.h"

#define GORANDOM_CORE_ABI 11
#define GORANDOM_THREADS 5	/* that a start takes, at most. Busy cores take more, one by one: up to 12 were seen on 16 processors */
#define GORANDOM_STACK ((size_t)256 << 10)	/* bytes, for each */
#define GORANDOM_MAX_LANES 16	/* generators of a core; more processors than that share them */

struct record;	/* what has to be undone before a core can start again: internal.h */

/* What the functions that enter Go return: 0, or one of these, or a positive errno of the kernel. */
enum {
	GORANDOM_NOT_READY = -1,	/* the system's generator has not been seeded yet */
	GORANDOM_BROKEN = -2,	/* a panic was recovered, or the core was never seeded */
	GORANDOM_NO_KERNEL = -3,	/* this processor, or this build, has no AES kernel of that name */
};

/* A Fortuna generator that a program drives by hand. A new one is all zeros. */
struct hand_generator {
	unsigned char key[32], counter[16];	/* the next block */
	uint64_t seeded;	/* 1 after the first reseed: output can be requested. 0 before */
	unsigned char work[584];	/* Go's; zero between calls */
};
enum hand {
	GENERATOR_RESEED,	/* in: seed */
	GENERATOR_DATA,	/* out: any number of bytes, in requests of 1 MiB */
	GENERATOR_REQUEST,	/* out: at most 1 MiB, one request */
	HAND_OPERATIONS,
};

/* The algorithms of HMACs, in the order of gorandom/mac: name (hashlib's), bytes of a tag, bytes of a block. */
#define MAC_ALGORITHMS(X) \
	X("sha256", 32, 64) X("sha1", 20, 64) X("md5", 16, 64) X("sha224", 28, 64) X("sha384", 48, 128) \
	X("sha512", 64, 128) X("sha512_224", 28, 128) X("sha512_256", 32, 128) X("sha3_224", 28, 144) \
	X("sha3_256", 32, 136) X("sha3_384", 48, 104) X("sha3_512", 64, 72) X("blake2b", 64, 128) \
	X("blake2s", 32, 64) X("ripemd160", 20, 64)
#define MAC_SHA256 0
#define MAC_TAG 64	/* bytes, at most */
#define MAC_STATE 512	/* bytes for a key that Go has prepared */

/* AES-256 over a little-endian counter of 128 bits: a kernel of package keystream other than the generic one. It never touches
 * the runtime: any process, any thread, the core dormant or not. It leaves nothing secret in registers or on the stack. */
#define AES_KEY 32	/* bytes */
#define AES_BLOCK 16
#define AES_SCHEDULE 240	/* the round keys. The first 32 bytes are the key */
#define KERNEL_NAME 16
struct keystream {
	char name[KERNEL_NAME];
	void (*expand)(unsigned char schedule[AES_SCHEDULE], const unsigned char key[AES_KEY]);	/* both may be at one address */

	/* Encrypts the counters from (lo, hi) on. lo must not wrap. */
	void (*fill)(void *dst, uint64_t blocks, const unsigned char schedule[AES_SCHEDULE], uint64_t lo, uint64_t hi);
};

struct gorandom_core {
	uint32_t abi;	/* GORANDOM_CORE_ABI of the header that the library was built with */
	const char *version;

	/* Once in a lineage of processes, at import: makes the copy that reset() puts back. Has every page
	 * of the library that Go will write to wiped at fork and left out of core dumps. nthreads is glibc's
	 * count of threads (threads.c). NULL: *why says what the system refused. */
	struct record *(*map)(unsigned int *nthreads, const char **why);

	/* The threads that Go will ask for. make: until so many are asleep; -1 if the system gives no more. They keep the
	 * caller's signal mask, which must be that of start(). wait: until no thread is still being made or on its way into
	 * Go, but two seconds at most. end: only before a start; also gives up what reserve() holds. */
	int (*threads_make)(struct record *, unsigned asleep);
	unsigned (*threads_asleep)(const struct record *);
	void (*threads_wait)(struct record *);
	void (*threads_end)(struct record *);

	/* Holds the memory that a start takes. When a mapping of Go's fails, as much is given up as that mapping needs. The
	 * rest is given up by release(). -1: there is not so much, and threads_end() must follow. */
	int (*reserve)(struct record *, size_t address_space, size_t writable);
	void (*release)(struct record *);

	/* Starts the runtime. random: 16 fresh bytes for Go, which overwrites its copy of them. The caller holds signals
	 * (front/guard/signals.h), and Go's threads keep its mask. Two of glibc's are open in it, and SIGSYS if the caller has it open. */
	void (*start)(struct record *, unsigned char random[16], int processors);

	/* In a forked child only: puts the library back to the state before start(). -1: cannot be done. */
	int (*reset)(struct record *);

	void (*prepare)(struct record *);	/* before fork: the record is at rest until ... */
	void (*parent)(struct record *);	/* ... after it, in the parent, or */
	void (*child)(struct record *);	/* in the child */
	void (*forget)(struct record *);	/* unbinds the calling thread from a runtime that is not this process's */
	void (*unbind)(struct record *);	/* gives back the Go M that a call has bound to the calling thread */
	unsigned (*threads)(const struct record *);	/* threads that this process's core has started */
	int (*take_panic)(void);	/* has the glue's last call in this thread ended in a panic? Says so once */

	/* keystream: the kernel's name; NULL: the fastest suitable one. chosen: gets its name. */
	int (*seed)(int lanes, const char *keystream, char chosen[KERNEL_NAME]);
	int (*fill)(int lane, void *dst, size_t n, size_t whole);	/* n bytes of a draw of whole bytes */
	int (*event)(int source, const void *data, size_t n);
	int (*reseed)(void);
	/* If it does not return 0, the generator is as it was. */
	int (*hand)(int operation, struct hand_generator *, const void *in, size_t n, void *out, size_t m);
	/* AES-256 of n bytes of counter blocks by a kernel of package keystream, for the self-test. The counter has 16
	 * bytes, little-endian. GORANDOM_BROKEN: no such kernel here. */
	int (*keystream)(const char *kernel, const void *key, const void *counter, void *out, size_t n);
	int (*mac_set)(int algorithm, const void *key, size_t n, void *state);	/* state: MAC_STATE bytes, plain data */
	int (*mac_sum)(const void *state, const void *message, size_t n, void *tag, size_t size);
	int (*mac_once)(int algorithm, const void *key, size_t n, const void *message, size_t m, void *tag, size_t size);

	const struct keystream *(*kernel)(const char *name);	/* one that this processor has. NULL: generic, or it failed its test */

	/* The compression by this processor's instructions for it; NULL: it has none. It is Go's assembly and never
	 * touches the runtime: no gate, any process, the core dormant or not. */
	sha256_blocks (*sha256)(void);
};

#endif
