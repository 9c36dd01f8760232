/* OpenSSL's random numbers, from here: RAND_set_rand_method of the libcrypto that this process has loaded
 * already. Nothing is loaded or linked: another copy would be another OpenSSL.
 *
 * The callbacks know no Python: OpenSSL calls them in any thread, with the GIL or without, in forked children
 * and while the process ends. Where there are no bytes they answer 0, and OpenSSL's caller fails. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>

#include "guard/lock.h"
#include "openssl/method.h"
#include "pure/erase.h"
#include "python/base.h"

#define EVENT_SOURCE 0	/* as gorandom.add_event's default */

/* RAND_METHOD of OpenSSL 1.1.0 and later: RAND_meth(3). */
struct method {
	int (*seed)(const void *, int);
	int (*bytes)(unsigned char *, int);
	void (*cleanup)(void);
	int (*add)(const void *, int, double);
	int (*pseudorand)(unsigned char *, int);
	int (*status)(void);
};

/* All that is used of a libcrypto. */
static struct {
	int (*set)(const struct method *);
	const struct method *(*get)(void);
} crypto;

static const struct method *before;	/* what our method has replaced */
static int lock;	/* of the two. In a raw clone it may be held for ever, but there is one thread */
static uint64_t served;

static int bytes(unsigned char *dst, int n)
{
	if (n < 0 || (n && base->draw_bytes(dst, (size_t)n)))
		return 0;
	__atomic_add_fetch(&served, (uint64_t)n, __ATOMIC_RELAXED);
	return 1;
}

/* What a program adds is an event, which acts by Fortuna's rule. Our bytes never wait for it. */
static int add(const void *data, int n, double entropy)
{
	unsigned char hash[SHA256_BYTES];

	(void)entropy;	/* nothing is believed of a program's estimate */
	if (n < 0)
		return 0;
	if (n > EVENT_BYTES) {
		base->sha256(data, (size_t)n, hash);
		data = hash;
		n = SHA256_BYTES;
	}
	int r = n ? base->events_add(EVENT_SOURCE, data, (size_t)n) : 0;
	erase(hash, sizeof hash);
	return r == 0;
}

static int seed(const void *data, int n) { return add(data, n, n); }
static int status(void) { return base->kernel_ready(); }

static const struct method ours = {seed, bytes, NULL, add, bytes, status};

static int is_ours(void) { return crypto.get && crypto.get() == &ours; }

/* In FIPS mode keys come from a generator inside the validated module, which asks no RAND_METHOD. */
static int is_fips(void *library)
{
	int (*by_default)(void *) = dlsym(library, "EVP_default_properties_is_fips_enabled");	/* 3.0 */
	int (*mode)(void) = dlsym(library, "FIPS_mode");	/* before */
	return by_default ? by_default(NULL) : mode ? mode() : 0;
}

static const char *bind(void *library)
{
	void *set = dlsym(library, "RAND_set_rand_method"), *get = dlsym(library, "RAND_get_rand_method");
	/* OpenSSL_version_num came with 1.1.0; before, the callbacks had other types. */
	if (!set || !get || !dlsym(library, "OpenSSL_version_num"))
		return "it shows no RAND_set_rand_method: linked statically, built without deprecated functions, or older than 1.1.0";
	if (is_fips(library))
		return "it is in FIPS mode, where keys come from inside the FIPS module";
	if (crypto.set && crypto.set != set && is_ours())
		return "another copy of OpenSSL draws from gorandom already";
	if (crypto.set != set) {
		crypto.set = set;
		crypto.get = get;
	}
	return NULL;
}

static const char *activate(const char *path)
{
	/* NODELETE: the functions found must stay, though the handle is given back. */
	void *library = dlopen(path, RTLD_LAZY | RTLD_LOCAL | RTLD_NOLOAD | (path ? RTLD_NODELETE : 0));
	if (!library)
		return "it is not loaded";
	const char *why = bind(library);
	dlclose(library);
	if (why || is_ours())
		return why;
	before = crypto.get();
	return crypto.set(&ours) ? NULL : "it refuses a RAND_METHOD";
}

const char *openssl_activate(const char *path)
{
	base->lock_take(&lock);
	const char *why = activate(path);
	lock_leave(&lock);
	return why;
}

void openssl_deactivate(void)
{
	base->lock_take(&lock);
	if (is_ours())
		crypto.set(before);
	lock_leave(&lock);
}

int openssl_active(void)
{
	base->lock_take(&lock);
	int active = is_ours();
	lock_leave(&lock);
	return active;
}

static void wipe(uint64_t stamp)
{
	(void)stamp;
	lock_leave(&lock);
}

void openssl_init(void)
{
	static struct fork_hook hook = {.place = FORK_MODULES, .wipe = wipe};
	base->fork_register(&hook);
}

uint64_t openssl_served(void) { return __atomic_load_n(&served, __ATOMIC_RELAXED); }
