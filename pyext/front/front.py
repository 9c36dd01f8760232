"""The front in Python: the interface of the extension module _front, over os.urandom alone.

The build installs this file as gorandom/_front.py where it builds nothing native (GORANDOM_BUILD=pure). No native wheel
contains it, so a library that does not load remains an ImportError. _front.pyi describes the interface, and the Python
package documents it. Results, exceptions and messages are those of the extension module; tests/python/test_pure.py
compares them.

Every draw comes from the system, and nothing is kept ready. So no fork, thread or restored machine can make bytes
repeat, and there is no generator whose state could leak. But Python cannot erase the bytes that passed through its
memory.
"""

import _operator
import _thread
import errno
import io
import os
import sys

from ._version import __version__

version = __version__
# Bound now, because a program may replace these with gorandom's functions.
_system, _compare, _index = os.urandom, _operator._compare_digest, _operator.index
_getrandom, _NONBLOCK = getattr(os, "getrandom", None), getattr(os, "GRND_NONBLOCK", 0)
_STARTS = "auto", "eager", "never"
_start = os.environ.get("GORANDOM_START") or "auto"
if _start not in _STARTS:
    raise ImportError(f'GORANDOM_START must be "auto", "eager" or "never", not "{_start}"')

_REASON = "this installation is in pure Python, and has no core"

# ---- bytes ----

_ready = False
"""The system's generator has given bytes to this process or to one that it was forked from."""
_name = {"linux": "getrandom", "win32": "CryptGenRandom"}.get(sys.platform, "getentropy")


def _refusal(error):
    """Return the exception for an error of os.urandom or os.getrandom. EAGAIN and EINTR would give it another class."""
    number = getattr(error, "errno", None)
    number = errno.EIO if number in (None, 0, errno.EAGAIN, errno.EINTR) else number
    return OSError(number, "the system's random number generator gives no bytes")


def _device_is_ready():
    """Return whether /dev/random is readable, which it is once the kernel's generator has been seeded."""
    from select import select

    device = os.open("/dev/random", os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY)
    try:
        return bool(select([device], [], [], 0)[0])
    finally:
        os.close(device)


def _check():
    """Return if the system's generator is known to be ready; otherwise raise BlockingIOError (PEP 522) or OSError.

    Only os.getrandom can tell that it is not ready. Without that function there is no BlockingIOError.
    """
    global _ready, _name
    ready = True
    try:
        _system(1) if _getrandom is None else _getrandom(1, _NONBLOCK)
    except (OSError, NotImplementedError) as error:
        number = getattr(error, "errno", None)
        if _getrandom is None or number not in (errno.EAGAIN, errno.ENOSYS, errno.EPERM):
            raise _refusal(error) from None
        ready = False
        if number != errno.EAGAIN:  # a filter or an old kernel: os.urandom then reads /dev/urandom, even too early
            try:
                ready, _name = _device_is_ready(), "/dev/urandom"
            except (OSError, ValueError, ImportError) as other:  # ImportError: no descriptor is left to import select
                raise _refusal(other) from None
    if not ready:
        raise BlockingIOError("system random number generator is not ready; wait_for_system_rng() returns when it is")
    _ready = True


def _wait(left):
    """Wait this many seconds, or without limit for None. Naps are counted, and no clock is read."""
    while not _ready:
        try:
            return _check()
        except BlockingIOError:
            if left is not None and left <= 0:
                raise TimeoutError("system random number generator is not ready yet") from None
        try:
            waited = left is None and _name == "getrandom" and _getrandom(1)  # blocks, so that the kernel gathers entropy
        except OSError:  # from a filter
            waited = False
        if not waited:
            from select import select

            nap = 0.05 if left is None else min(0.05, left)
            select((), (), (), nap)
            left = None if left is None else left - nap


def wait(timeout, /):
    if timeout is not None:
        from math import ldexp

        timeout = ldexp(timeout, 0)  # a float from any real number, and the right error for anything else
        if not timeout >= 0:
            raise ValueError("timeout must be non-negative")
    _wait(timeout)


def get_random_bytes(n):
    """Return n random bytes, fit for keys.

    n is an int; TypeError for anything else and ValueError if it is negative, like PyCrypto's function of this name.
    Waits while the system's generator has not been seeded (a signal's exception, such as KeyboardInterrupt, ends the
    wait); OSError if the system has no generator. Any thread, any process.
    """
    if not isinstance(n, int):
        raise TypeError("an integer is required")
    if n < 0:
        raise ValueError("cannot read to end of infinite stream")
    if not _ready and n:
        _wait(None)
    try:
        return _system(n)
    except (OSError, NotImplementedError) as error:
        raise _refusal(error) from None


def urandom(n, /):
    """Return n random bytes, fit for keys; BlockingIOError at once while the system's generator has not been seeded.

    Otherwise like os.urandom. After the first success in this process, or in one that it was forked from, there is no
    more BlockingIOError. See PEP 522. Where Python has no os.getrandom, there is never a BlockingIOError.
    """
    n = _index(n)  # only once; also for PyPy's function, which does not call __index__
    if not _ready and n > 0:
        _check()
    try:
        return _system(n)
    except (OSError, NotImplementedError) as error:
        raise _refusal(error) from None


def _view(o):
    """Return a memoryview, with the errors that C functions raise."""
    try:
        return memoryview(o)
    except TypeError as error:
        raise TypeError(str(error).removeprefix("memoryview: ")) from None


def fill(buffer, /):
    """Fill a writable contiguous buffer with random bytes, fit for keys.

    BufferError for a buffer that is read-only or not contiguous. Waits and fails like get_random_bytes; on failure the
    buffer is zeroed. In pure Python the bytes are copied, and the copy is not erased; an array in Fortran order raises
    BufferError.
    """
    with _view(buffer) as view:
        if view.readonly:
            is_view = type(buffer) is memoryview
            raise BufferError("memoryview: underlying buffer is not writable" if is_view else "Object is not writable.")
        if not view.c_contiguous:
            raise BufferError("memoryview: underlying buffer is not contiguous")
        try:
            drawn = get_random_bytes(view.nbytes)
        except BaseException:
            io.BytesIO(bytes(view.nbytes)).readinto(buffer)
            raise
        io.BytesIO(drawn).readinto(buffer)  # accepts buffers of any format, unlike memoryview.cast()


def reseed():
    """Draw 32 bytes from the system, because there is no generator to reseed.

    Waits and fails like get_random_bytes.
    """
    get_random_bytes(32)


def add_event(source, data, /):
    """Check the arguments. There are no pools, and no later core that would use an event."""
    source = _index(source)
    with _view(data) as view:
        if not (0 <= source <= 255 and 1 <= view.nbytes <= 32):
            raise ValueError("an event has a source from 0 to 255 and 1 to 32 bytes")


def compare_digest(a, b, /):
    """Return whether a equals b, in a time that depends on their lengths and types, never on their contents.

    It is the interpreter's own function. It takes two str of ASCII characters or two bytes-like objects; TypeError for
    anything else. BufferError for a buffer that is not contiguous. False for unequal lengths. Any thread, any process.
    """
    return _compare(a, b)


# ---- no core ----


def configure(start, /):
    if not isinstance(start, str):
        raise TypeError("start must be a str")
    if start not in _STARTS:
        raise ValueError('start must be "auto", "eager" or "never"')


def _no(*unused):
    return False


start = own_threads = warns_in_vain = _no


def state():
    found = {"mode": "system", "reason": _REASON, "ready": int(_ready), "implementation": _name, "generation": _generation}
    found |= {"vm_generation": None, "clones": "nothing kept", "core_version": None, "generator": None}
    return found | dict.fromkeys(("direct_bytes", "core_threads", "wipes"), 0)


# ---- locks ----

# These are the lock's own methods, in C, because a signal handler may raise between the steps of a Python function. A
# fork() called from C goes unnoticed: its child finds the lock taken if another thread had it.
_no_forks = _thread.RLock()
forklock_enter, forklock_exit = _no_forks.__enter__, _no_forks.__exit__
_taken = 0  # how many times the holder took it for a fork
_generation = 0  # forks between this process and the one that imported gorandom


def forklock_before_fork():
    global _taken
    _no_forks.acquire()
    _taken += 1


def forklock_after_fork():
    """Release the lock, unless this fork did not take it, because it began before the hook was registered."""
    global _taken
    if _taken and _no_forks._is_owned():
        _taken -= 1
        _no_forks.release()


def _after_fork_in_child():
    """Free the lock: its holder may be a thread that does not exist here, and the child is in none of the forks."""
    global _generation, _taken
    _generation += 1
    if not _no_forks._is_owned():
        _taken = 0
        _no_forks._at_fork_reinit()
    while _taken:
        forklock_after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)

# ---- HMAC: hmac.py uses hashlib for what is missing here ----

MACS = (
    ("sha256", 32, 64), ("sha1", 20, 64), ("md5", 16, 64), ("sha224", 28, 64), ("sha384", 48, 128), ("sha512", 64, 128),
    ("sha512_224", 28, 128), ("sha512_256", 32, 128), ("sha3_224", 28, 144), ("sha3_256", 32, 136), ("sha3_384", 48, 104),
    ("sha3_512", 64, 72), ("blake2b", 64, 128), ("blake2s", 32, 64), ("ripemd160", 20, 64),
)  # fmt: skip
hmac256 = 0


def hmac(algorithm, key, message, /):
    if not 0 <= algorithm < len(MACS):
        raise ValueError(f"no such algorithm: {algorithm}")


def _contiguous(o):
    """Return the bytes of an argument, as bytes or as a view of one dimension."""
    if type(o) is bytes:
        return o
    view = _view(o)
    if not view.c_contiguous:
        raise BufferError("memoryview: underlying buffer is not C-contiguous")
    return view if view.ndim == 1 else view.tobytes()


class Key:
    """A key for HMACs, which the caller's function computes. The kept copy is overwritten when the object ends."""

    __slots__ = ("_block_size", "_digest_size", "_fallback", "_key", "_name")

    def __new__(cls, algorithm, digest_size, block_size, name, fallback, key, /):
        if not -1 <= algorithm < len(MACS) or digest_size < 1 or (algorithm >= 0 and digest_size != MACS[algorithm][1]):
            raise ValueError("no such algorithm")
        self = super().__new__(cls)
        self._key = bytearray(_contiguous(key))
        self._block_size, self._digest_size, self._name, self._fallback = block_size, digest_size, name, fallback
        return self

    def __del__(self):
        key = getattr(self, "_key", b"")
        if key:
            key[:] = bytes(len(key))

    name = property(lambda self: self._name, doc='"hmac-" and the name of the digest.')
    digest_size = property(lambda self: self._digest_size, doc="Bytes of a tag.")
    block_size = property(lambda self: self._block_size, doc="Bytes of the digest's block.")

    def digest(self, message, /):
        """Return the message's tag: digest_size bytes. Any thread, any process."""
        tag = self._fallback(self._key, _contiguous(message))
        if not isinstance(tag, bytes) or len(tag) != self._digest_size:
            raise ValueError("the digest has changed its size")
        return tag

    def verify(self, message, tag, /):
        """Return None if tag is the message's whole tag; else ValueError. The time does not depend on where they differ."""
        tag = _contiguous(tag)
        if not _compare(self.digest(message), tag):
            raise ValueError("MAC check failed")

    def digests(self, messages, /):
        """Return a list of the tags of all messages. An exception from a signal handler ends the call."""
        return [self.digest(message) for message in [_contiguous(message) for message in messages]]


# ---- Fortuna driven by hand ----

HAND_HASH, HAND_GENERATOR = 0, 1
GENERATOR_RESEED, GENERATOR_DATA, GENERATOR_REQUEST, GENERATOR_KEY, GENERATOR_COUNTER, GENERATOR_STEP = range(6)
HASH_UPDATE, HASH_DIGEST = 6, 7
_LEFT_HALF_CHANGED = "another thread was using this object at the fork(), which has left it half changed here: make a new one"


def _sha256(data):
    from hashlib import sha256  # not at the top, to keep the import fast

    return sha256(data)


class State:
    """A hash (SHA-256 applied twice) or a Fortuna generator. The caller's function makes a generator's output."""

    __slots__ = ("_counter", "_hash", "_key", "_kind", "_lock", "_user")

    def __new__(cls, kind, /):
        if kind not in (HAND_HASH, HAND_GENERATOR):
            raise ValueError(f"no such kind of state: {kind}")
        self = super().__new__(cls)
        self._kind, self._key, self._counter, self._lock, self._user = kind, None, bytes(16), _thread.allocate_lock(), 0
        self._hash = _sha256(b"") if kind == HAND_HASH else None
        return self

    def __enter__(self):
        """Refuse a second thread: a generator would give the same bytes to both."""
        if not self._lock.acquire(False):
            here = self._user == os.getpid()
            raise RuntimeError("another thread is using this object" if here else _LEFT_HALF_CHANGED)
        self._user = os.getpid()

    def __exit__(self, *exception):
        self._lock.release()

    def copy(self):
        with self:
            copy = State(self._kind)
            copy._key, copy._counter = self._key, self._counter
            copy._hash = self._hash.copy() if self._hash else None
            return copy

    def call(self, operation, data=b"", size=0, python=None, /):
        is_hash = self._kind == HAND_HASH
        known = 0 <= operation <= HASH_DIGEST and (operation >= HASH_UPDATE) == is_hash
        if not known or size < 0 or (operation < GENERATOR_KEY and python is None) or (operation == GENERATOR_RESEED and size):
            raise ValueError("no such operation on this state")
        data, size = _contiguous(data), _index(size)
        with self:
            return self._use(operation, data, size, python)

    def _use(self, operation, data, size, python):
        if operation == HASH_UPDATE:
            self._hash.update(data)
            return b""
        if operation == HASH_DIGEST:
            return _sha256(self._hash.digest()).digest()
        if operation == GENERATOR_COUNTER:
            return self._counter
        if operation == GENERATOR_STEP:
            counter = self._counter
            self._counter = ((int.from_bytes(counter, "little") + 1) % (1 << 128)).to_bytes(16, "little")
            return counter
        if operation != GENERATOR_RESEED and self._key is None:
            raise AssertionError("generator must be seeded before use")
        if operation == GENERATOR_KEY:
            return self._key
        key, counter, out = map(bytes, python(operation, self._key, self._counter, bytes(data), size))
        if len(key) != 32 or len(counter) != 16:
            raise ValueError("a key has 32 bytes and a counter 16")
        self._key, self._counter = key, counter
        return out


KERNELS = ("generic",)


def keystream(kernel, key, counter, n, /):
    raise RuntimeError(f"this needs the core: {_REASON}")


# ---- numbers: the functions for the extension module's odd cases serve all cases here ----


class Numbers:
    """The methods of SystemRandom that are passed to numbers(). A mixin for random.Random, without state."""

    __slots__ = ()


def _function(python, name, module):
    """Return a function that belongs to that module, so that it is found and pickled by its name there."""

    def call(*args, **keywords):
        return python(*args, **keywords)

    call.__name__ = call.__qualname__ = name
    call.__module__, call.__doc__, call.__wrapped__ = module, python.__doc__, python
    return call


def numbers(family, namespace, python, /):
    for name, function in python.items():
        if family == "SystemRandom":
            setattr(Numbers, name, function)
        else:
            namespace[name] = _function(function, name, namespace["__name__"])


# ---- UUIDs (RFC 9562) ----

_UUID7_AHEAD = 10_000  # ms that the time in a UUID may be ahead of the clock
_RAND_B = (1 << 62) - 1  # mask of the RFC's rand_b; with the 12 bits of rand_a it makes one number of 74 bits


def _next_uuid7(last, now, drawn):
    """Return (time in ms, number) from the last such pair and 144 random bits, by section 6.2, method 2. It is greater
    than the last, unless the clock was set back by _UUID7_AHEAD or more. A new millisecond begins with the top bit clear,
    to leave room for more."""
    time, number = last
    fresh = (drawn >> 128 & (1 << 11) - 1) << 62 | drawn >> 64 & _RAND_B
    if now > time or time - now >= _UUID7_AHEAD:
        return now, fresh
    number += 1 + (drawn & (_RAND_B if now >= time else (1 << 56) - 1))  # ahead of the clock, steps are smaller
    return (time, number) if number < 1 << 74 else (time + 1, fresh)


def uuids(kind, unknown, module, python, /):
    from time import time_ns

    lock, process, last = _thread.RLock(), os.getpid(), (-1, 0)

    def uuid4():
        """Return a random uuid.UUID: 122 random bits (RFC 9562, 5.4). Waits until the system's generator is ready."""
        return kind(bytes=get_random_bytes(16), version=4)

    def uuid7(*, timestamp=None):
        """Return a uuid.UUID with the time in milliseconds and 74 other bits (RFC 9562, 5.7).

        In one process each UUID is greater than the one before, in all threads (of one interpreter), by a random step, so
        a forked child and its parent differ. The time in it is at most ten seconds ahead of the clock. If the clock is set
        back by more, the time is the clock's at once. timestamp is the time to use instead, in milliseconds since 1970
        (UTC), 0 <= timestamp < 2**48; ValueError otherwise. All 74 bits are then random, in no order. Waits like uuid4.
        """
        nonlocal last, lock, process
        if timestamp is not None:
            return python["uuid7"](timestamp=timestamp)
        drawn = int.from_bytes(get_random_bytes(18), "big")
        if process != os.getpid():  # the lock may be held by a thread that does not exist here
            lock, process = _thread.RLock(), os.getpid()
        with lock:
            time, number = last = _next_uuid7(last, max(0, time_ns() // 1_000_000), drawn)
        return kind(int=time << 80 | 7 << 76 | number >> 62 << 64 | 2 << 62 | number & _RAND_B)

    for function in (uuid4, uuid7):
        function.__qualname__, function.__module__ = function.__name__, module
    return uuid4, uuid7
