/* The Python module _front: arguments in, exceptions out. The Python package documents the functions. */
#define _GNU_SOURCE
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "numpy/bitgen.h"
#include "python/digest.h"
#include "pure/erase.h"
#include "front.h"
#include "runtime/gate.h"
#include "python/hand.h"
#include "python/mac.h"
#include "python/numbers.h"
#include "openssl/openssl.h"
#include "python/slots.h"
#include "python/state.h"
#include "python/uuid.h"

#if !defined Py_LIMITED_API && !defined Py_GIL_DISABLED
#error "the front is built for the stable ABI, wherever there is one"
#endif

static int is_int(PyObject *o)
{
	return Py_TYPE(o) == &PyLong_Type || (PyType_GetFlags(Py_TYPE(o)) & Py_TPFLAGS_LONG_SUBCLASS);
}

static PyObject *random_bytes(Py_ssize_t n, int wait)
{
	PyObject *bytes = PyBytes_FromStringAndSize(NULL, n);
	if (bytes && n && draw((unsigned char *)PyBytes_AsString(bytes), (size_t)n, wait)) {
		Py_DECREF(bytes);
		return NULL;
	}
	return bytes;
}

/* PyCrypto's Crypto.Random.get_random_bytes: its types, its messages. */
static PyObject *get_random_bytes(PyObject *module, PyObject *const *args, Py_ssize_t nargs, PyObject *names)
{
	(void)module;
	if (nargs + (names ? PyTuple_Size(names) : 0) != 1)
		return PyErr_Format(PyExc_TypeError, "get_random_bytes() takes exactly one argument (%zd given)",
			nargs + (names ? PyTuple_Size(names) : 0));
	if (names && PyUnicode_CompareWithASCIIString(PyTuple_GetItem(names, 0), "n"))
		return PyErr_Format(PyExc_TypeError, "get_random_bytes() got an unexpected keyword argument '%U'", PyTuple_GetItem(names, 0));
	if (!is_int(args[0])) {
		PyErr_SetString(PyExc_TypeError, "an integer is required");
		return NULL;
	}
	Py_ssize_t n = PyLong_AsSsize_t(args[0]);
	if (n < 0) {
		int overflow = 0;
		if (n == -1 && PyErr_Occurred()) {
			PyErr_Clear();
			PyLong_AsLongLongAndOverflow(args[0], &overflow);
			PyErr_Clear();
			if (overflow > 0) {
				PyErr_SetString(PyExc_OverflowError, "Python int too large to convert to C ssize_t");
				return NULL;
			}
		}
		PyErr_SetString(PyExc_ValueError, "cannot read to end of infinite stream");
		return NULL;
	}
	return random_bytes(n, 1);
}

/* os.urandom: its types, its messages; and PEP 522's error where it would wait. */
static PyObject *urandom(PyObject *module, PyObject *arg)
{
	(void)module;
	PyObject *index = PyNumber_Index(arg);
	if (!index)
		return NULL;
	Py_ssize_t n = PyLong_AsSsize_t(index);
	Py_DECREF(index);
	if (n == -1 && PyErr_Occurred())
		return NULL;
	if (n < 0) {
		PyErr_SetString(PyExc_ValueError,
			Py_Version < 0x030f0000 ? "negative argument not allowed" : "size cannot be negative");
		return NULL;
	}
	return random_bytes(n, 0);
}

static PyObject *fill(PyObject *module, PyObject *arg)
{
	(void)module;
	Py_buffer b;
	if (PyObject_GetBuffer(arg, &b, PyBUF_WRITABLE | PyBUF_ANY_CONTIGUOUS))
		return NULL;
	int r = b.len ? draw(b.buf, (size_t)b.len, 1) : 0;
	if (r)
		memset(b.buf, 0, (size_t)b.len);
	PyBuffer_Release(&b);
	if (r)
		return NULL;
	Py_RETURN_NONE;
}

static PyObject *wait_ready(PyObject *module, PyObject *arg)
{
	(void)module;
	double seconds = -1;
	if (arg != Py_None) {
		seconds = PyFloat_AsDouble(arg);
		if (seconds == -1 && PyErr_Occurred())
			return NULL;
		if (!(seconds >= 0)) {
			PyErr_SetString(PyExc_ValueError, "timeout must be non-negative");
			return NULL;
		}
	}
	if (draw_wait(seconds))
		return NULL;
	Py_RETURN_NONE;
}

static PyObject *reseed(PyObject *module, PyObject *unused)
{
	(void)module, (void)unused;
	if (draw_reseed())
		return NULL;
	Py_RETURN_NONE;
}

static PyObject *add_event(PyObject *module, PyObject *args)
{
	(void)module;
	int source, r;
	Py_buffer data;	/* a "y#" would work with the headers of some CPythons on some others only */
	unsigned char copy[EVENT_BYTES];
	if (!PyArg_ParseTuple(args, "iy*:add_event", &source, &data))
		return NULL;
	size_t n = (size_t)data.len;
	int fits = source >= 0 && source <= 255 && n >= 1 && n <= EVENT_BYTES;
	if (fits)
		memcpy(copy, data.buf, n);
	PyBuffer_Release(&data);
	if (!fits) {
		PyErr_SetString(PyExc_ValueError, "an event has a source from 0 to 255 and 1 to 32 bytes");
		return NULL;
	}
	Py_BEGIN_ALLOW_THREADS
	r = events_add(source, copy, n);
	Py_END_ALLOW_THREADS
	erase(copy, sizeof copy);
	if (r) {
		errno = r;
		return PyErr_SetFromErrno(PyExc_OSError);
	}
	Py_RETURN_NONE;
}

static const char *const mode_names[] = {[START_AUTO] = "auto", [START_EAGER] = "eager", [START_NEVER] = "never"};
#define MODES 3

static PyObject *configure(PyObject *module, PyObject *arg)
{
	(void)module;
	int mode = 0;
	if (!(PyType_GetFlags(Py_TYPE(arg)) & Py_TPFLAGS_UNICODE_SUBCLASS)) {
		PyErr_SetString(PyExc_TypeError, "start must be a str");
		return NULL;
	}
	while (mode < MODES && PyUnicode_CompareWithASCIIString(arg, mode_names[mode]))
		mode++;
	if (mode == MODES) {
		PyErr_SetString(PyExc_ValueError, "start must be \"auto\", \"eager\" or \"never\"");
		return NULL;
	}
	int late;
	Py_BEGIN_ALLOW_THREADS
	process_check();
	late = life_set_mode((enum start_mode)mode);
	Py_END_ALLOW_THREADS
	if (late) {
		PyErr_SetString(PyExc_RuntimeError, "too late for start=\"never\": this process has a core already");
		return NULL;
	}
	Py_RETURN_NONE;
}

/* A core now, if this process may have one. */
static PyObject *start(PyObject *module, PyObject *unused)
{
	(void)module, (void)unused;
	int alive = life_alive();
	if (!alive) {
		Py_BEGIN_ALLOW_THREADS
		alive = life_start();
		Py_END_ALLOW_THREADS
	}
	return PyBool_FromLong(alive);
}

static PyObject *state(PyObject *module, PyObject *unused)
{
	(void)module, (void)unused;
	int alive = life_alive();
	const char *reason = life_reason();
	uint64_t generation = 0;
	int tells = clones_generation(&generation);
	return Py_BuildValue("{s:s,s:z,s:i,s:s,s:I,s:s,s:N,s:z,s:K,s:I,s:I,s:i}",
		"mode", alive ? "core" : "direct",
		"reason", reason ? reason : "",
		"ready", kernel_ready(),
		"implementation", kernel_name(),
		"generation", process_generation,
		"clones", clones_name(),
		"vm_generation", tells ? PyLong_FromUnsignedLongLong(generation) : Py_BuildValue(""),
		"core_version", core ? core->version : NULL,
		"direct_bytes", (unsigned long long)__atomic_load_n(&process->direct, __ATOMIC_RELAXED),
		"core_threads", process_core() ? core->threads(core_record) : 0,
		"core_mappings", core_record ? core->mappings(core_record) : 0,
		"wipes", process_wipes);
}

static PyObject *own_threads(PyObject *module, PyObject *unused)
{
	(void)module, (void)unused;
	return PyLong_FromUnsignedLong((process_core() ? core->threads(core_record) : 0) + gather_threads());
}

/* None, or why not. */
static PyObject *activate_openssl(PyObject *module, PyObject *arg)
{
	(void)module;
	PyObject *path = NULL;
	if (arg != Py_None && !PyUnicode_FSConverter(arg, &path))
		return NULL;
	const char *why = openssl_activate(path ? PyBytes_AsString(path) : NULL);
	Py_XDECREF(path);
	return Py_BuildValue("z", why);
}

static PyObject *deactivate_openssl(PyObject *module, PyObject *unused)
{
	(void)module, (void)unused;
	openssl_deactivate();
	Py_RETURN_NONE;
}

/* (active, bytes served) */
static PyObject *openssl_state(PyObject *module, PyObject *unused)
{
	(void)module, (void)unused;
	return Py_BuildValue("(NK)", PyBool_FromLong(openssl_active()), (unsigned long long)openssl_served());
}

/* For gopy's glue: a call that needs a live core and starts none. */
static int glue_enter(struct visit *v) { return gate_enter_aside(v); }

static char *glue_leave(struct visit *v)
{
	gate_leave(v);
	return v->error;
}

static const struct gate_api gate_api = {glue_enter, glue_leave};

#define DOC(name, signature, text) name signature "\n--\n\n" text

static PyMethodDef methods[] = {
	{"get_random_bytes", (PyCFunction)(void (*)(void))get_random_bytes, METH_FASTCALL | METH_KEYWORDS,
	 DOC("get_random_bytes", "($module, n)",
	     "n random bytes, fit for keys.\n\n"
	     "n is an int; TypeError for anything else and ValueError if it is negative, as PyCrypto's function\n"
	     "of this name. Waits while the system's generator has not been seeded (a signal's exception, such as\n"
	     "KeyboardInterrupt, ends the wait); OSError if the system has no generator. Any thread, any process.")},
	{"urandom", urandom, METH_O,
	 DOC("urandom", "($module, n, /)",
	     "n random bytes, fit for keys, or BlockingIOError at once while the system's generator has not been seeded.\n\n"
	     "Otherwise as os.urandom. After the first success in this process, or in one that it was forked\n"
	     "from, there is no BlockingIOError any more. After PEP 522.")},
	{"fill", fill, METH_O,
	 DOC("fill", "($module, buffer, /)",
	     "Fills a writable contiguous buffer with random bytes, fit for keys.\n\n"
	     "No copy is made and the GIL is not held meanwhile, for more than 8 KiB. BufferError for a buffer that\n"
	     "is read-only or not contiguous. Waits and fails as get_random_bytes; then the buffer is zeroed.")},
	{"compare_digest", (PyCFunction)(void (*)(void))compare_digest, METH_FASTCALL, compare_digest_doc},
	{"wait", wait_ready, METH_O, NULL},
	{"reseed", reseed, METH_NOARGS,
	 DOC("reseed", "($module)",
	     "Mixes 32 fresh bytes of the kernel, and what the pools due hold, into the generator's key.\n\n"
	     "Takes effect before the next byte in any thread. OSError if the kernel refuses; the stream goes on.\n"
	     "Programs need not call it: the generator reseeds itself. Cryptography Engineering 9.5.")},
	{"add_event", add_event, METH_VARARGS, NULL},
	{"configure", configure, METH_O, NULL},
	{"hmac", (PyCFunction)(void (*)(void))mac_once, METH_FASTCALL, NULL},
	{"keystream", hand_keystream, METH_VARARGS, NULL},
	{"start", start, METH_NOARGS, NULL},
	{"state", state, METH_NOARGS, NULL},
	{"own_threads", own_threads, METH_NOARGS, NULL},
	{"openssl_activate", activate_openssl, METH_O, NULL},
	{"openssl_deactivate", deactivate_openssl, METH_NOARGS, NULL},
	{"openssl_state", openssl_state, METH_NOARGS, NULL},
	{"numbers", numbers, METH_VARARGS, NULL},
	{"uuids", uuids, METH_VARARGS, NULL},
	{NULL, NULL, 0, NULL},
};

/* What a process has once, whatever the number of interpreters and of imports that failed half-way: each step
 * is done at most once, in this order, and the fork handlers come when all that they look at is there. */
static const char *init_steps(const char *core_path)
{
	static int (*const steps[])(void) = {process_init, clones_init, pool_init, events_init, process_watch_forks};
	static size_t done;
	static int loaded;

	for (; done < sizeof steps / sizeof *steps; done++) {
		int error = steps[done]();
		if (error)
			return strerror(error);
	}
	if (!loaded) {
		const char *broken = life_init(core_path);
		if (broken)
			return broken;
		loaded = 1;
	}
	return NULL;
}

/* NULL, or why it is refused, in the n bytes at why. */
static const char *parse_environment(char *why, size_t n)
{
	/* Not getenv: a program that gained privileges at exec is not configured by whoever ran it. */
	const char *text = secure_getenv("GORANDOM_START");
	int mode = 0;
	while (text && mode < MODES && strcmp(text, mode_names[mode]))
		mode++;
	if (mode == MODES) {
		snprintf(why, n, "GORANDOM_START must be \"auto\", \"eager\" or \"never\", not \"%s\"", text);
		return why;
	}
	life_set_mode((enum start_mode)mode);
	text = secure_getenv("GORANDOM_KEYSTREAM");
	if (keystream_choose(text)) {
		char names[128];
		keystream_names(names, sizeof names);
		snprintf(why, n, "GORANDOM_KEYSTREAM must be one of %s, which this processor has, not \"%s\"", names, text);
		return why;
	}
	return NULL;
}

static int init_process(void)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;	/* interpreters with GILs of their own */
	static int complete;
	char path[4096], why[512];
	const char *broken = NULL;
	Dl_info here;

	if (__atomic_load_n(&complete, __ATOMIC_ACQUIRE))
		return 0;
	if (!dladdr(&complete, &here) || !strrchr(here.dli_fname, '/')) {
		PyErr_SetString(PyExc_ImportError, "gorandom cannot find the folder that it was loaded from");
		return -1;
	}
	snprintf(path, sizeof path, "%.*s/libgorandom_core.so", (int)(strrchr(here.dli_fname, '/') - here.dli_fname), here.dli_fname);
	pthread_mutex_lock(&lock);
	if (!complete) {	/* else another interpreter may have configured it since */
		broken = parse_environment(why, sizeof why);
		if (!broken)
			broken = init_steps(path);
		__atomic_store_n(&complete, !broken, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&lock);
	if (broken) {
		PyErr_Format(PyExc_ImportError, "%s", broken);
		return -1;
	}
	if (life_mode() == START_EAGER) {
		Py_BEGIN_ALLOW_THREADS
		life_start();
		Py_END_ALLOW_THREADS
	}
	return 0;
}

static int exec(PyObject *module)
{
	if (init_process() || PyModule_AddStringConstant(module, "version", GORANDOM_VERSION))
		return -1;
	PyObject *capsule = PyCapsule_New((void *)&gate_api, GATE_CAPSULE, NULL);
	if (PyModule_AddObjectRef(module, "_gate", capsule)) {
		Py_XDECREF(capsule);
		return -1;
	}
	Py_DECREF(capsule);
	return hand_add_type(module) || mac_add(module) || bitgen_add_type(module) || numbers_add(module) ? -1 : 0;
}

/* f(object) for each that the module holds and that may lead back to it. */
#define FOR_EACH(state, f)	\
	do {	\
		f((state)->numbers);	\
		for (int i = 0; i < FAMILIES; i++)	\
			f((state)->python[i]);	\
		for (int i = 0; i < ROOTS; i++)	\
			f((state)->roots[i]);	\
		f((state)->secrets);	\
		f((state)->uuid);	\
		f((state)->uuid_unknown);	\
		f((state)->replaced);	\
	} while (0)

/* The others. They stay to the end, because our functions may still be called when the collector has taken the first
 * ones away: by __del__ of what the module's dict held. */
#define FOR_EACH_PLAIN(state, f)	\
	do {	\
		for (int i = 0; i < ROOTS; i++)	\
			f((state)->root_names[i]);	\
		f((state)->from_bytes);	\
		f((state)->default_entropy);	\
		f((state)->uuid_int);	\
		f((state)->uuid_is_safe);	\
	} while (0)

static int traverse(PyObject *module, visitproc visit, void *arg)
{
	struct state *state = PyModule_GetState(module);
	if (state)
		FOR_EACH(state, Py_VISIT);
	return 0;
}

static int clear(PyObject *module)
{
	struct state *state = PyModule_GetState(module);
	if (state)
		FOR_EACH(state, Py_CLEAR);
	return 0;
}

static void release(void *module)
{
	struct state *state = PyModule_GetState(module);
	clear(module);
	if (state)
		FOR_EACH_PLAIN(state, Py_CLEAR);
}

static struct PyModuleDef definition = {
	PyModuleDef_HEAD_INIT,
	.m_name = "_front",
	.m_size = sizeof(struct state),
	.m_methods = methods,
	.m_traverse = traverse,
	.m_clear = clear,
	.m_free = release,
};

PyMODINIT_FUNC PyInit__front(void)
{
	static PyModuleDef_Slot slots[] = SLOTS(exec);
	__atomic_store_n(&definition.m_slots, slots_known(slots), __ATOMIC_RELAXED);
	return PyModuleDef_Init(&definition);
}
