/* The module _front: arguments in, exceptions out. The Python package documents the functions. */
#define _GNU_SOURCE
#define PY_SSIZE_T_CLEAN
#include "python/front.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "draw/draw.h"
#include "guard/fork.h"
#include "guard/process.h"
#include "guard/secret.h"
#include "pure/sha256.h"
#include "python/base.h"
#include "python/bytes.h"
#include "runtime/runtime.h"
#include "runtime/thread.h"
#include "source/kernel.h"

static PyObject *add_event(PyObject *module, PyObject *args)
{
	(void)module;
	int source, r;
	Py_buffer data;	/* a "y#" built with one CPython's headers works only on some others */
	if (!PyArg_ParseTuple(args, "iy*:add_event", &source, &data))
		return NULL;
	if (source < 0 || source > 255 || data.len < 1 || data.len > EVENT_BYTES) {
		PyBuffer_Release(&data);
		return PyErr_Format(PyExc_ValueError, "an event has a source from 0 to 255 and 1 to 32 bytes");
	}
	Py_BEGIN_ALLOW_THREADS
	r = events_add(source, data.buf, (size_t)data.len);
	Py_END_ALLOW_THREADS
	PyBuffer_Release(&data);
	if (r) {
		errno = r;
		return PyErr_SetFromErrno(PyExc_OSError);
	}
	Py_RETURN_NONE;
}

static const char *const mode_names[] = {[START_AUTO] = "auto", [START_EAGER] = "eager", [START_NEVER] = "never"};

static PyObject *configure(PyObject *module, PyObject *arg)
{
	(void)module;
	int mode = 0;
	if (!(PyType_GetFlags(Py_TYPE(arg)) & Py_TPFLAGS_UNICODE_SUBCLASS))
		return PyErr_Format(PyExc_TypeError, "start must be a str");
	while (mode < START_MODES && PyUnicode_CompareWithASCIIString(arg, mode_names[mode]))
		mode++;
	if (mode == START_MODES)
		return PyErr_Format(PyExc_ValueError, "start must be \"auto\", \"eager\" or \"never\"");
	int late;
	Py_BEGIN_ALLOW_THREADS
	fork_check();
	late = start_set_mode((enum start_mode)mode);
	Py_END_ALLOW_THREADS
	if (late)
		return PyErr_Format(PyExc_RuntimeError, "too late for start=\"never\": this process has a core already");
	Py_RETURN_NONE;
}

/* Starts a core now, if this process may have one. */
static PyObject *start(PyObject *module, PyObject *unused)
{
	(void)module, (void)unused;
	int alive = start_has_core();
	if (!alive) {
		Py_BEGIN_ALLOW_THREADS
		alive = draw_start_core();
		Py_END_ALLOW_THREADS
	}
	return PyBool_FromLong(alive);
}

static PyObject *state(PyObject *module, PyObject *unused)
{
	(void)module, (void)unused;
	int alive = start_has_core();
	const char *reason = start_reason();
	uint64_t generation = 0;
	int tells = restore_generation(&generation);
	return Py_BuildValue("{s:s,s:z,s:i,s:s,s:I,s:s,s:N,s:z,s:z,s:K,s:I,s:i}",
		"mode", alive ? "core" : "direct",
		"reason", reason ? reason : "",
		"ready", kernel_ready(),
		"implementation", kernel_name(),
		"generation", fork_generation,
		"clones", restore_name(),
		"vm_generation", tells ? PyLong_FromUnsignedLongLong(generation) : Py_BuildValue(""),
		"core_version", core ? core->version : NULL,
		"generator", core_alive() && core_keystream() ? core_keystream()->name : NULL,
		"direct_bytes", (unsigned long long)draw_direct_bytes(),
		"core_threads", core_alive() ? core->threads(core_record) : 0,
		"wipes", pages_wiped_at_fork);
}

static unsigned count_own_threads(void) { return (core_alive() ? core->threads(core_record) : 0) + kernel_threads(); }

static PyObject *own_threads(PyObject *module, PyObject *unused)
{
	(void)module, (void)unused;
	return PyLong_FromUnsignedLong(count_own_threads());
}

/* Is this the text of CPython's warning that a process with threads has forked, and are all threads but the caller ours? It is
 * in C because CPython asks in the parent just after a fork, where each object that Python code touches is a page fault. */
static PyObject *warns_in_vain(PyObject *module, PyObject *text)
{
	char wanted[80];
	int n = snprintf(wanted, sizeof wanted, "This process (pid=%d) is multi-threaded, use of ", (int)getpid());
	const char *found = PyUnicode_AsUTF8AndSize(text, NULL);
	(void)module;
	if (!found)
		PyErr_Clear();	/* a lone surrogate */
	return PyBool_FromLong(found && !strncmp(found, wanted, (size_t)n) && nthreads_of_kernel() == 1 + count_own_threads());
}

/* ---- the base, for other extension modules ---- */

static int base_draw_bytes(unsigned char *dst, size_t n) { return draw_bytes(dst, n, NULL, NULL); }

static int base_leave(struct visit *v)
{
	int panicked = core->take_panic();
	gate_leave(v);
	return panicked;
}

static uint64_t base_process_stamp(void) { return process_stamp(); }
static struct stamp base_stamp_now(void) { return stamp_now(); }
static int base_stamp_holds(const struct stamp *s) { return stamp_holds(s); }
static uint64_t base_restore_now(void) { return restore_now(); }

static struct base base = {
	.version = GORANDOM_VERSION,
	.draw = bytes_draw,
	.draw_bytes = base_draw_bytes,
	.enter = gate_enter_aside,
	.leave = base_leave,
	.pages_new = pages_new,
	.pages_lock = pages_lock,
	.fork_register = fork_register,
	.fork_check = fork_check,
	.stamp_epoch = &stamp_epoch,
	.process_stamp = base_process_stamp,
	.stamp_now = base_stamp_now,
	.stamp_holds = base_stamp_holds,
	.restore_now = base_restore_now,
	.events_add = events_add,
	.kernel_ready = kernel_ready,
	.kernel_nap = kernel_nap,
	.sha256 = sha256_once,
};

static int add_base(PyObject *module)
{
	base.pages_wiped_at_fork = pages_wiped_at_fork;
	base.watches_restores = restore_kind != RESTORE_CLOCK;
	return module_add(module, "_base", PyCapsule_New(&base, BASE_CAPSULE, NULL));
}

static PyMethodDef methods[] = {
	ROW("get_random_bytes", bytes_get, FAST, "($module, n)",
	    "Return n random bytes, fit for keys.\n\n"
	    "n is an int; TypeError for anything else and ValueError if it is negative, like PyCrypto's function\n"
	    "of this name. Waits while the system's generator has not been seeded (a signal's exception, such as\n"
	    "KeyboardInterrupt, ends the wait); OSError if the system has no generator. Any thread, any process."),
	ROW("urandom", bytes_urandom, METH_O, "($module, n, /)",
	    "Return n random bytes, fit for keys; BlockingIOError at once while the system's generator has not been seeded.\n\n"
	    "Otherwise like os.urandom. After the first success in this process, or in one that it was forked\n"
	    "from, there is no more BlockingIOError. See PEP 522."),
	ROW("fill", bytes_fill, METH_O, "($module, buffer, /)",
	    "Fill a writable contiguous buffer with random bytes, fit for keys.\n\n"
	    "A large draw is not copied, and other threads run during it (above 64 KiB; above 8 KiB without AES kernel or core).\n"
	    "BufferError if read-only or not contiguous. Waits and fails like get_random_bytes, and then zeroes the buffer."),
	ROW("compare_digest", compare_digest, METH_FASTCALL, "($module, a, b, /)",
	    "Return whether a equals b, in a time that depends on their lengths and types, never on their contents.\n\n"
	    "Like hmac.compare_digest, it takes two str of ASCII characters or two bytes-like objects; TypeError for anything\n"
	    "else. BufferError for a buffer that is not contiguous. False for unequal lengths, after the time that b takes. Only\n"
	    "the bytes are compared: a subclass's __eq__ is not called. Any thread, any process; needs no core."),
	{"wait", bytes_wait, METH_O, NULL},
	ROW("reseed", bytes_reseed, METH_NOARGS, "($module)",
	    "Mix 32 fresh bytes from the kernel, and the contents of the pools that are due, into the generator's key.\n\n"
	    "Takes effect before the next byte in any thread. OSError if the kernel refuses; the stream goes on.\n"
	    "Programs need not call it: the generator reseeds itself. Cryptography Engineering 9.5."),
	{"add_event", add_event, METH_VARARGS, NULL},
	{"configure", configure, METH_O, NULL},
	{"hmac", (PyCFunction)(void (*)(void))mac_once, METH_FASTCALL, NULL},
	{"keystream", hand_keystream, METH_VARARGS, NULL},
	{"start", start, METH_NOARGS, NULL},
	{"state", state, METH_NOARGS, NULL},
	{"own_threads", own_threads, METH_NOARGS, NULL},
	{"warns_in_vain", warns_in_vain, METH_O, NULL},
	{"forklock_enter", forklock_enter, METH_NOARGS, NULL},
	{"forklock_exit", forklock_exit, METH_VARARGS, NULL},
	{"forklock_before_fork", forklock_before_fork, METH_NOARGS, NULL},
	{"forklock_after_fork", forklock_after_fork, METH_NOARGS, NULL},
	{"numbers", numbers, METH_VARARGS, NULL},
	{"uuids", uuids, METH_VARARGS, NULL},
	{NULL, NULL, 0, NULL},
};

/* What a process has once, however many interpreters it has and however many imports fail half-way. Each step is done at most
 * once, in this order. The fork handlers come last, when everything that they look at is there. */
static const char *init_steps(const char *core_path, char *why, size_t n)
{
	static int (*const steps[])(void) = {
		process_init, clock_init, restore_init, kernel_init, library_init, thread_init, events_init, secret_init,
		forklock_init, uuid_init, start_init, fork_init,
	};
	static size_t done;
	for (; done < sizeof steps / sizeof *steps; done++) {
		int error = steps[done]();
		if (error) {
			snprintf(why, n, "gorandom is refused what it needs (by a limit, or by seccomp): %s", strerror(error));
			return why;
		}
	}
	return start_load(core_path);
}

/* NULL if it is unset or empty. Not getenv: the user who runs a program that gains privileges at exec must not configure it. */
static const char *variable(const char *name)
{
	const char *text = secure_getenv(name);
	return text && *text ? text : NULL;
}

/* NULL, or why it is refused, in the n bytes at why. */
static const char *parse_environment(char *why, size_t n)
{
	const char *text = variable("GORANDOM_START");
	int mode = 0;
	while (text && mode < START_MODES && strcmp(text, mode_names[mode]))
		mode++;
	if (mode == START_MODES) {
		snprintf(why, n, "GORANDOM_START must be \"auto\", \"eager\" or \"never\", not \"%s\"", text);
		return why;
	}
	start_set_mode((enum start_mode)mode);
	text = variable("GORANDOM_KEYSTREAM");
	const char *names = hand_choose_kernel(text);
	if (!names)
		return NULL;
	snprintf(why, n, "GORANDOM_KEYSTREAM must be one of %s, not \"%s\"", names, text);
	return why;
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
	snprintf(path, sizeof path, "%.*s/libgorandom.core.so", (int)(strrchr(here.dli_fname, '/') - here.dli_fname), here.dli_fname);
	pthread_mutex_lock(&lock);
	if (!complete) {	/* else another interpreter may have configured it since */
		broken = parse_environment(why, sizeof why);
		if (!broken)
			broken = init_steps(path, why, sizeof why);
		__atomic_store_n(&complete, !broken, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&lock);
	if (broken) {
		PyErr_Format(PyExc_ImportError, "%s", broken);
		return -1;
	}
	if (start_get_mode() == START_EAGER) {
		Py_BEGIN_ALLOW_THREADS
		draw_start_core();
		Py_END_ALLOW_THREADS
	}
	return 0;
}

static const char *const names[NAMES] = {
	[NAME_GETRANDBITS] = "getrandbits", [NAME_RANDBELOW] = "_randbelow", [NAME_RANDRANGE] = "randrange",
	[NAME_DEFAULT_ENTROPY] = "DEFAULT_ENTROPY", [NAME_INT] = "int", [NAME_IS_SAFE] = "is_safe",
};

static int exec(PyObject *module)
{
	struct state *state = PyModule_GetState(module);
	state->last.time = -1;
	for (int i = 0; i < NAMES; i++) {
		state->names[i] = PyUnicode_InternFromString(names[i]);
		if (!state->names[i])
			return -1;
	}
	if (init_process() || PyModule_AddStringConstant(module, "version", GORANDOM_VERSION))
		return -1;
	return digest_init(state) || add_base(module) || hand_add(module) || mac_add(module) || numbers_add(module) ? -1 : 0;
}

static int traverse(PyObject *module, visitproc visit, void *arg)
{
	struct state *state = PyModule_GetState(module);
	for (int i = 0; state && i < HELDS; i++)
		Py_VISIT(state->held[i]);
	return 0;
}

static int clear(PyObject *module)
{
	struct state *state = PyModule_GetState(module);
	for (int i = 0; state && i < HELDS; i++)
		Py_CLEAR(state->held[i]);
	return 0;
}

/* The names stay to the end, because our functions may be called after clear(), by the __del__ of an object that it freed. */
static void release(void *module)
{
	struct state *state = PyModule_GetState(module);
	clear(module);
	for (int i = 0; state && i < NAMES; i++)
		Py_CLEAR(state->names[i]);
	if (state) {
		Py_CLEAR(state->from_bytes);
		Py_CLEAR(state->compare);
	}
}

MODULE(_front, exec, METHODS(methods) STATE(sizeof(struct state), traverse, clear, release))
