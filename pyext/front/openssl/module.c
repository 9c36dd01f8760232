/* The module _openssl lets OpenSSL draw from here, by RAND_set_rand_method of the libcrypto that this process has loaded
 * already. Nothing is loaded or linked: another copy would be another OpenSSL.
 *
 * The callbacks know no Python: OpenSSL calls them in any thread, with the GIL or without, in forked children
 * and while the process ends. If there are no bytes they return 0, and OpenSSL's caller fails. */
#define _GNU_SOURCE
#define PY_SSIZE_T_CLEAN
#include "python/base.h"

#include <dlfcn.h>

#include "pure/erase.h"

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

typedef int set_method(const struct method *);
typedef const struct method *get_method(void);

static const struct base *base;

/* What is used of a libcrypto, and what our method has replaced. There is no lock that a fork could leave held. Threads
 * without a common GIL may be here at once, but they name one libcrypto, that of the module ssl, and write the same. */
static set_method *set;
static get_method *get;	/* written last */
static const struct method *before;

static uint64_t served;	/* bytes that OpenSSL has had from here, in this process and its ancestors */

static int bytes(unsigned char *dst, int n)
{
	if (n < 0 || (n && base->draw_bytes(dst, (size_t)n)))
		return 0;
	__atomic_add_fetch(&served, (uint64_t)n, __ATOMIC_RELAXED);
	return 1;
}

/* What a program adds is an event, which takes effect by Fortuna's rules. Our bytes never wait for it. */
static int add(const void *data, int n, double entropy)
{
	unsigned char hash[SHA256_BYTES];

	(void)entropy;	/* a program's estimate is not trusted */
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

static int is_active(void)
{
	get_method *current = __atomic_load_n(&get, __ATOMIC_ACQUIRE);
	return current && current() == &ours;
}

/* In FIPS mode keys come from a generator inside the validated module, which does not use a RAND_METHOD. */
static int is_fips(void *library)
{
	int (*by_default)(void *) = dlsym(library, "EVP_default_properties_is_fips_enabled");	/* 3.0 */
	int (*mode)(void) = dlsym(library, "FIPS_mode");	/* before */
	return by_default ? by_default(NULL) : mode ? mode() : 0;
}

/* NULL, or why this libcrypto does not draw from here. */
static const char *replace_method(void *library)
{
	set_method *new_set = dlsym(library, "RAND_set_rand_method");
	get_method *new_get = dlsym(library, "RAND_get_rand_method");

	/* OpenSSL_version_num came with 1.1.0; before, the callbacks had other types. */
	if (!new_set || !new_get || !dlsym(library, "OpenSSL_version_num"))
		return "it shows no RAND_set_rand_method: linked statically, built without deprecated functions, or older than 1.1.0";
	if (is_fips(library))
		return "it is in FIPS mode, where keys come from inside the FIPS module";
	const struct method *current = new_get();
	if (current == &ours)
		return NULL;
	if (is_active() && get != new_get)
		return "another copy of OpenSSL draws from gorandom already";
	__atomic_store_n(&before, current, __ATOMIC_RELAXED);
	__atomic_store_n(&set, new_set, __ATOMIC_RELAXED);
	__atomic_store_n(&get, new_get, __ATOMIC_RELEASE);
	return new_set(&ours) ? NULL : "it refuses a RAND_METHOD";
}

/* Makes the OpenSSL that the loaded library at this path depends on (None: the program itself) draw from here. Returns
 * None, or why it does not. May be called more than once. */
static PyObject *activate(PyObject *module, PyObject *arg)
{
	(void)module;
	PyObject *bytes = NULL;
	if (arg != Py_None && !PyUnicode_FSConverter(arg, &bytes))
		return NULL;
	const char *path = bytes ? PyBytes_AsString(bytes) : NULL, *why = "it is not loaded";
	/* NODELETE: the functions found must stay, though the handle is closed. */
	void *library = dlopen(path, RTLD_LAZY | RTLD_LOCAL | RTLD_NOLOAD | (path ? RTLD_NODELETE : 0));
	if (library) {
		why = replace_method(library);
		dlclose(library);
	}
	Py_XDECREF(bytes);
	return Py_BuildValue("z", why);
}

/* Gives OpenSSL back the method that it had before, unless another has replaced ours since. */
static PyObject *deactivate(PyObject *module, PyObject *unused)
{
	(void)module, (void)unused;
	if (is_active())
		__atomic_load_n(&set, __ATOMIC_RELAXED)(__atomic_load_n(&before, __ATOMIC_RELAXED));
	Py_RETURN_NONE;
}

/* (active, bytes served) */
static PyObject *state(PyObject *module, PyObject *unused)
{
	(void)module, (void)unused;
	unsigned long long n = __atomic_load_n(&served, __ATOMIC_RELAXED);
	return Py_BuildValue("(NK)", PyBool_FromLong(is_active()), n);
}

static PyMethodDef methods[] = {
	{"activate", activate, METH_O, NULL},
	{"deactivate", deactivate, METH_NOARGS, NULL},
	{"state", state, METH_NOARGS, NULL},
	{NULL, NULL, 0, NULL},
};

static int exec(PyObject *module)
{
	(void)module;
	const struct base *found = base_import();
	if (found)
		__atomic_store_n(&base, found, __ATOMIC_RELAXED);	/* the same in every interpreter */
	return found ? 0 : -1;
}

MODULE(_openssl, exec, METHODS(methods))
