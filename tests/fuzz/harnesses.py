"""The functions that make fuzz gives inputs to: one for each parser, and for each entry of the front's C that takes bytes.

A function takes an input's bytes, calls what it tests, and raises if an answer is wrong. It computes the right answer
in a second way, or knows what must hold. AddressSanitizer finds crashes, so memory that is passed to C ends exactly at
the last byte. tests/python/test_fuzz.py runs the functions on the inputs in corpus/.
"""

import array
import base64
import binascii
import ctypes
import hashlib
import hmac as standard_hmac
import json
import os
import random as standard_random
import secrets as standard_secrets
import shutil
import sys
import tempfile

from gorandom._cli import hmac as lists

import gorandom
from gorandom import _front, _seedfile, hmac, seedfile, signing
from gorandom import random as strong
from gorandom import secrets as strong_secrets

PLAIN = os.environ.get("GORANDOM_PLAIN")
plain = ctypes.CDLL(PLAIN) if PLAIN else None  # pyext/front/pure and tests/python/noise/plain.c; test_fuzz.py sets its own


class Input:
    """Numbers and pieces from the bytes of an input. After its end come zeros."""

    def __init__(self, data):
        self.data = data

    def piece(self, n):
        taken, self.data = self.data[:n], self.data[n:]
        return taken

    def rest(self):
        return self.piece(len(self.data))

    def number(self, size):
        return int.from_bytes(self.piece(size), "little")

    def pick(self, choices):
        return choices[self.number(1) % len(choices)]


class Memory:
    """Memory from malloc(), of exactly the right size. The end of ``with`` frees it."""

    _libc = ctypes.CDLL(None)
    _libc.malloc.restype = ctypes.c_void_p
    _libc.malloc.argtypes = [ctypes.c_size_t]
    _libc.free.argtypes = [ctypes.c_void_p]

    def __enter__(self):
        self._pieces = []
        return self

    def __exit__(self, *_):
        for piece in self._pieces:
            self._libc.free(piece)

    def room(self, n):
        self._pieces.append(self._libc.malloc(n))
        return ctypes.c_void_p(self._pieces[-1])

    def put(self, data):
        room = self.room(len(data))
        ctypes.memmove(room, data, len(data))
        return room


def size(n):
    return ctypes.c_size_t(n)


# ---- pyext/front/pure ----


def compare(data):
    """compare_equal(): like == for bytes. An input is a way to make b from a, then a."""
    given = Input(data)
    way, number = given.number(1) % 4, given.number(2)
    a = given.rest()
    if way == 0:
        b = a
    elif way == 1:
        b, a = a[: number % (len(a) + 1)], a[number % (len(a) + 1) :]
    else:
        b = bytearray(a)
        if b:
            b[number % len(b)] ^= 1 << (number >> 8) % 8
        b = bytes(b) if way == 2 else bytes(b[:-1])
    with Memory() as memory:
        answer = plain.plain_compare(memory.put(a), size(len(a)), memory.put(b), size(len(b)))
    assert answer == (a == b), (a, b, answer)


def text(data):
    """text_hex() and text_urlsafe(): like bytes.hex() and base64. An input is the data to encode."""
    data = data[:1024]
    n = len(data)
    with Memory() as memory:
        source, room = memory.put(data + bytes(8)), memory.room(2 * n + 8)
        plain.plain_hex(room, source, size(n))
        assert ctypes.string_at(room, 2 * n) == data.hex().encode(), data
        plain.plain_urlsafe(room, source, size(n))
        wanted = base64.urlsafe_b64encode(data).rstrip(b"=")
        assert ctypes.string_at(room, len(wanted)) == wanted and len(wanted) == (4 * n + 2) // 3, data


class Exhausted(Exception):
    pass


class Scripted(standard_random.Random):
    """CPython's own algorithms over given bytes. getrandbits() takes as many of them as SystemRandom's does."""

    def __new__(cls, script):
        return super().__new__(cls)

    def __init__(self, script):
        self.script = script

    def getrandbits(self, k):
        n = (k + 7) // 8
        taken, self.script = self.script[:n], self.script[n:]
        if len(taken) < n:
            raise Exhausted
        return int.from_bytes(taken, "big") >> 8 * n - k


def uniform(data):
    """uniform_bits(), uniform_below(), uniform_float(), uniform_choose(): the same results as CPython's from the same bytes,
    and as many bytes used. An input is the function, its arguments, and the bytes."""
    given = Input(data)
    which, x, y = given.number(1) % 4, given.number(8), given.number(1)
    script = given.rest()
    oracle = Scripted(script)
    with Memory() as memory:
        bytes_, word = (memory.put(script), size(len(script))), memory.room(8)
        made, wanted = None, None
        try:
            if which == 0:
                wanted = oracle.getrandbits(x % 65)
            elif which == 1:
                wanted = oracle._randbelow(max(x, 1))
            elif which == 2:
                wanted = oracle.getrandbits(53) * 2.0**-53
            else:
                n = x % (1 << 31) >> y % 32
                k = y % (n + 1)
                wanted = oracle.sample(range(n), k)
        except Exhausted:
            pass
        if which == 0:
            left = plain.plain_bits(*bytes_, ctypes.c_uint(x % 65), word)
            made = ctypes.c_uint64.from_address(word.value).value
        elif which == 1:
            left = plain.plain_below(*bytes_, ctypes.c_uint64(max(x, 1)), word)
            made = ctypes.c_uint64.from_address(word.value).value
            assert left < 0 or made < max(x, 1)
        elif which == 2:
            left = plain.plain_float(*bytes_, word)
            made = ctypes.c_double.from_address(word.value).value
            assert left < 0 or 0 <= made < 1
        else:
            numbers = plain.plain_room(size(n), size(k))
            chosen, room = memory.room(4 * k), memory.room(4 * numbers)
            left = plain.plain_choose(*bytes_, size(n), size(k), chosen, room)
            made = list((ctypes.c_uint32 * k).from_address(chosen.value)) if k else []
            assert not any(ctypes.string_at(room, 4 * numbers)), "the table is not erased"
    if wanted is None:
        assert left == -1, (which, x, y, script)
    else:
        assert (made, left) == (wanted, len(oracle.script)), (which, x, y, made, wanted)


def hmac256(data):
    """hmac256_set(), hmac256_sum(), hmac256_once(), sha256_once(): like hashlib's. An input is the key's size, the key, and
    the message."""
    given = Input(data)
    key = given.piece(given.number(1))
    message = given.rest()
    with Memory() as memory:
        room = memory.room(32)
        arguments = memory.put(key), size(len(key)), memory.put(message), size(len(message)), room
        plain.plain_hmac256(*arguments, ctypes.c_int(0))
        wanted = standard_hmac.digest(key, message, "sha256")
        assert ctypes.string_at(room, 32) == wanted, (key, message)
        plain.plain_hmac256(*arguments, ctypes.c_int(1))
        assert ctypes.string_at(room, 32) == wanted, (key, message)
        plain.plain_sha256(arguments[2], arguments[3], room)
        assert ctypes.string_at(room, 32) == hashlib.sha256(message).digest(), message


AHEAD = 10_000  # ms: UUID7_AHEAD
LAST_TIME = (1 << 48) - 1  # ms: the latest time that a UUID can hold


def uuid7(data):
    """uuid7_next(): the fields are RFC 9562's; UUIDs are in order, by steps of at most 2**62, and at most ten seconds ahead
    of the clock. An input is a clock, and for each UUID what the clock does and 18 bytes."""
    given = Input(data)
    state = (ctypes.c_uint64 * 3)(ctypes.c_uint64(-1).value, 0, 0)
    now, last = given.number(6) >> 1, None
    with Memory() as memory:
        made = memory.room(16)
        while given.data:
            way, by = given.number(1) % 5, given.number(2)
            now += {0: 0, 1: by % 4, 2: by, 3: -by, 4: -by % 10}[way]
            now = min(max(now, 0), LAST_TIME - AHEAD)
            drawn = given.piece(18).ljust(18, b"\xff")
            plain.plain_uuid7(state, ctypes.c_int64(now), memory.put(drawn), made)
            number = int.from_bytes(ctypes.string_at(made, 16), "big")
            assert number >> 76 & 15 == 7 and number >> 62 & 3 == 2, hex(number)
            time, low = number >> 80, (number >> 64 & 0xFFF) << 62 | number & (1 << 62) - 1
            assert now <= time < max(now + 1, now + AHEAD + 1), (now, time)
            if last and now > last[0] - AHEAD:
                assert (time, low) > last and (time > last[0] or low - last[1] <= 1 << 62), (last, time, low)
            last = time, low


# ---- the module _front, and what is built on it ----

WRONG = (TypeError, ValueError, OverflowError, BufferError, MemoryError)  # what wrong arguments may raise
DIGESTS = [name for name, _, _ in _front.MACS]


def outcome(function, *arguments):
    """What the function returns, or its exception's type."""
    try:
        return function(*arguments)
    except Exception as error:
        return type(error)


def macs(data):
    """hmac.digest(), new(), Key: like the standard library's. An input is the digest, sizes, the key, and messages."""
    given = Input(data)
    name = given.pick(DIGESTS)
    cut = given.number(2)
    key = given.piece(given.number(1))
    kind = given.pick([bytes, bytearray, memoryview])
    message = given.rest()
    try:
        wanted = standard_hmac.digest(key, message, name)
    except ValueError:
        return  # this OpenSSL lacks it
    given_key = key if kind is memoryview else kind(key)
    assert hmac.digest(kind(key), kind(message), name) == wanted
    made = hmac.new(given_key, kind(message), name)
    assert made.digest() == wanted and made.hexdigest() == wanted.hex() and made.digest_size == len(wanted)
    pieces = hmac.new(given_key, None, name)
    cut %= len(message) + 1
    pieces.update(kind(message[:cut]))
    pieces.copy().update(b"more")
    pieces.update(kind(message[cut:]))
    assert pieces.digest() == wanted
    one = hmac.Key(kind(key), name)
    assert one.digest(kind(message)) == wanted
    others = [message, message[:cut], b"", message[cut:]]
    assert one.digests(map(kind, others)) == [standard_hmac.digest(key, m, name) for m in others]
    assert one.verify(message, kind(wanted)) is None and made.hexverify(wanted.hex()) is None
    for bad in (wanted[:-1], wanted + b"\0", b"", bytes([wanted[0] ^ 1 << cut % 8]) + wanted[1:], message):
        if bad != wanted:
            assert outcome(one.verify, message, kind(bad)) is ValueError
            assert outcome(made.verify, bad) is ValueError
    assert outcome(made.hexverify, message) in (ValueError, binascii.Error, None)


SECRET, PURPOSE = b"0123456789abcdef0123456789abcdef", "purpose"
SIGNER, TIMED = signing.Signer(SECRET, PURPOSE), signing.TimestampSigner(SECRET, PURPOSE)
PLAIN_TEXT, TIMED_TEXT = signing.URLSafeSerializer(SECRET, PURPOSE), signing.URLSafeTimedSerializer(SECRET, PURPOSE)
OLD_TEXT = signing.URLSafeSerializer(SECRET, PURPOSE, compat="itsdangerous")


def same(a, b):
    return json.dumps(a) == json.dumps(b)  # NaN is not equal to itself


def refused(function, *arguments, error=signing.BadSignature, **options):
    """(value, False), or (None, True) if it raises that error."""
    try:
        return function(*arguments, **options), False
    except error:
        return None, True


def tokens(data):
    """Signers and serializers: an unsigned token raises BadSignature, and a signed one is read and has only one spelling.
    An input is a way, then a token, a payload that is signed here, or JSON."""
    way, data = data[:1], data[1:]
    if way == b"t":  # a token, as bytes and as text
        for signer in (SIGNER, TIMED, signing.Signer(b"another", PURPOSE, old_secrets=[SECRET])):
            value, bad = refused(signer.unsign, data)
            assert bad or SIGNER.sign(data.rpartition(b".")[0]) == data
            assert signer.validate(data) is not bad
            assert bad or data.startswith(value)
        for form in (data, data.decode("latin-1"), data.decode("utf-8", "surrogateescape")):
            for loads in (PLAIN_TEXT.loads, TIMED_TEXT.loads, OLD_TEXT.loads):
                refused(loads, form, error=signing.BadData)
    elif way == b"p":  # a payload whose signature is good
        for serializer, signer in ((PLAIN_TEXT, SIGNER), (TIMED_TEXT, TIMED)):
            value, bad = refused(serializer.loads, signer.sign(data), error=signing.BadPayload)
            assert bad or same(serializer.loads(serializer.dumps(value)), value)
    elif way == b"s":  # a timestamp whose signature is good, and a value before it
        signed = data.replace(b"|", b".", 1)
        value, dot, stamp = signed.rpartition(b".")
        token = SIGNER.sign(signed)
        read, bad = refused(TIMED.unsign, token, return_timestamp=True, error=signing.BadTimeSignature)
        assert bad or dot
        if not bad:
            then = int.from_bytes(base64.urlsafe_b64decode(stamp + b"=" * (-len(stamp) % 4)), "big")
            assert read[0] == value and int(read[1].timestamp()) == then
            again = type("Then", (signing.TimestampSigner,), {"get_timestamp": lambda self: then})(SECRET, PURPOSE)
            assert again.sign(value) == token and again.unsign(token, max_age=0) == value
        refused(TIMED.unsign, token, 60, error=signing.BadTimeSignature)
    else:  # JSON
        try:
            value = json.loads(data)
            tokens_ = [s.dumps(value) for s in (PLAIN_TEXT, TIMED_TEXT, OLD_TEXT)]
        except (ValueError, RecursionError):
            return
        for serializer, token in zip((PLAIN_TEXT, TIMED_TEXT, OLD_TEXT), tokens_, strict=True):
            assert same(serializer.loads(token), value), token
            middle = len(token) // 2
            altered = token[:middle] + chr(ord(token[middle]) ^ 1) + token[middle + 1 :]
            assert refused(serializer.loads, altered)[1], altered


_room = None


def folder():
    global _room
    if _room is None:
        _room = tempfile.mkdtemp(prefix="gorandom-fuzz-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
        import atexit

        atexit.register(shutil.rmtree, _room, ignore_errors=True)
    return _room


def seed_files(data):
    """A seed file's content: Python and the Go core read only what save() writes, and only once. They refuse other files with
    the same words, and leave them unchanged. An input is a way, then the content, or content that lacks only its digest."""
    way, content = data[:1], data[1:]
    if way == b"d":
        content += hashlib.sha256(content).digest()
    if way == b"s":
        content = _seedfile.encode(content[:64].ljust(64, b"\0"))
    if way == b"x":  # with one bit changed
        at, bit, content = content[:1], content[1:2], bytearray(_seedfile.encode(content[2:66].ljust(64, b"\0")))
        content[int.from_bytes(at, "big") % 112] ^= 1 << int.from_bytes(bit, "big") % 8
        content = bytes(content)
    try:
        seed, why = _seedfile.decode(content), None
    except _seedfile.Refused as refusal:
        seed, why = None, str(refusal)
    good = len(content) == 112 and content[:16] == b"gorandom seed 1\n" and content[80:] == hashlib.sha256(content[:80]).digest()
    assert (seed == content[16:80]) if good else (seed is None and why), content
    path = os.path.join(folder(), "seed")
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.write(fd, content)
    os.close(fd)
    for call in (seedfile.load, seedfile.refresh):
        try:
            answer = call(path, timeout=0)
        except seedfile.SeedFileError as refusal:
            answer = str(refusal)
        with open(path, "rb") as file:
            now = file.read()
        if good:
            assert answer == 64 and now != content and _seedfile.decode(now)
        else:
            assert answer == f"{why}: {path!r}" and now == content, (answer, why)


def check_lists(data):
    """Lines of a list for ``python -m gorandom hmac --check``: a name that is written can be read, and what is read is written
    the same way. An input is a way, then a line or a name."""
    way, data = data[:1], data[1:]
    tag = bytes(range(32))
    if way == b"n":
        name = data.replace(b"\0", b"") or b"x"
        backslash, shown = lists._escape(name)
        line = backslash + tag.hex().encode() + b"  " + shown
        assert b"\n" not in line and b"\r" not in line
        assert lists._parse(line, 32) == (tag, name), line
        assert lists._visible(name).isprintable()
        return
    for n in (32, 20):
        read = lists._parse(data, n)
        if read is not None:
            tag, name = read
            backslash, shown = lists._escape(name)
            assert len(tag) == n and name and b"\0" not in name
            assert lists._parse(backslash + tag.hex().encode() + b"  " + shown, n) == read
            assert tag.hex().encode() in data.lower()


class Index:
    def __init__(self, n):
        self.n = n

    def __index__(self):
        return self.n


class Bytes(bytes):
    pass


class Number(int):
    pass


class Sequence(list):
    pass


SMALL = 5000  # the limit for sizes; larger ones are too large for any memory
HUGE = [-1, 1 << 31, 1 << 48, (1 << 62) + 1, (1 << 63) - 1, 1 << 63, 1 << 64, 1 << 2000, -(1 << 31), -(1 << 63), -(1 << 63) - 1, -(1 << 64)]


def value(given, depth=0):
    """An object of some type."""
    kind = given.number(1) % 24
    if kind == 0:
        return given.pick([None, True, False, ..., int, object(), NotImplemented])
    if kind <= 4:
        return given.number(1) if kind < 3 else given.number(2) % SMALL
    if kind == 5:
        return given.pick([int, Number, Index])(given.number(2) % SMALL - 20)
    if kind == 6:
        return given.pick(HUGE)
    if kind == 7:
        return given.pick([0.0, -1.0, 0.5, 1e300, float("nan"), float("inf"), 3 + 0j])
    if kind <= 14:
        data = given.piece(given.number(1) % 80)
        view = memoryview(bytearray(data))
        make = [bytes, bytearray, memoryview, Bytes, lambda _: view[::2], lambda _: view[::-1], lambda _: view[1:]]
        return make[kind - 8](data)
    if kind == 15:
        data = given.piece(given.number(1) % 80)
        return array.array("I", data[: len(data) // 4 * 4])
    if kind == 16:
        data = bytearray(given.piece(given.number(1) % 80))
        return memoryview(data[: len(data) // 2 * 2]).cast("B", (len(data) // 2, 2)) if len(data) > 1 else memoryview(data)
    if kind <= 18:
        data = given.piece(given.number(1) % 80)
        return data.decode("utf-8" if kind == 17 else "ascii", "surrogateescape")
    if kind == 19:
        view = memoryview(b"released")
        view.release()
        return view
    if kind == 20:
        return range(given.number(2), given.number(2), given.number(1) - 128 or 1)
    made = [value(given, depth + 1) for _ in range(given.number(1) % 6)] if depth < 2 else []
    return [list, tuple, Sequence][kind - 21](made)


OURS, THEIRS = gorandom.SystemRandom(), standard_random.SystemRandom()
NUMBERS = (
    [(getattr(strong_secrets, n), getattr(standard_secrets, n)) for n in ("randbits", "randbelow", "choice", "token_bytes", "token_hex", "token_urlsafe")]
    + [(getattr(OURS, n), getattr(THEIRS, n)) for n in ("getrandbits", "randrange", "randint", "random", "choice", "shuffle", "sample", "choices", "uniform", "randbytes")]
)  # fmt: skip
PYCRYPTO = [getattr(strong, n) for n in ("getrandbits", "randrange", "randint", "choice", "shuffle", "sample")]


def is_long(x):
    """Would it take long, or more memory than there may be?"""
    n = x if isinstance(x, int) else x.n if isinstance(x, Index) else 0
    return SMALL < n < 1 << 62 or n == 1 << 2000


def numbers(data):
    """secrets, SystemRandom and random, with any arguments: the standard library's exceptions, and values of the same type,
    in range. An input is the function, and arguments."""
    given = Input(data)
    which = given.number(1) % (len(NUMBERS) + len(PYCRYPTO))
    ours, theirs = NUMBERS[which] if which < len(NUMBERS) else (PYCRYPTO[which - len(NUMBERS)], None)
    arguments = [value(given) for _ in range(given.number(1) % 4)]
    named = {given.pick(["k", "n", "x", "counts", "nbytes", "stop"]): value(given)} if given.number(1) % 4 == 3 else {}
    name = ours.__name__
    if name not in ("randrange", "randint", "randbelow", "uniform") and any(map(is_long, [*arguments, *named.values()])):
        return
    before = list(arguments[0]) if arguments and isinstance(arguments[0], list) else None
    made = outcome(lambda: ours(*arguments, **named))
    if name == "shuffle" and made is None:
        x = arguments[0] if arguments else named["x"]
        if before is not None:
            assert sorted(map(id, x)) == sorted(map(id, before))
    if theirs is not None:
        wanted = outcome(lambda: theirs(*arguments, **named))
        if isinstance(made, type) or isinstance(wanted, type):
            assert made is wanted or (made is int or wanted is int), (name, arguments, named, made, wanted)
        else:
            assert type(made) is type(wanted) or name in ("choice", "sample"), (name, arguments, named, made, wanted)
    elif isinstance(made, type) and issubclass(made, Exception):
        assert issubclass(made, (*WRONG, IndexError, NotImplementedError)), (name, arguments, made)
    if isinstance(made, type) and issubclass(made, SystemError):
        raise AssertionError((name, arguments))
    if isinstance(made, (int, str, bytes, list)) and len(arguments) == 1 and not named:
        (n,) = arguments
        if isinstance(n, int) and name in ("randbits", "getrandbits"):
            assert 0 <= made < 1 << n
        if isinstance(n, int) and name in ("randbelow", "randrange"):
            assert 0 <= made < n
        if isinstance(n, int) and name.startswith("token_"):
            assert len(made) == {"token_bytes": n, "token_hex": 2 * n, "token_urlsafe": (4 * n + 2) // 3}[name]
    if name == "randint" and isinstance(made, int) and len(arguments) == 2 and all(type(a) is int for a in arguments):
        assert arguments[0] <= made <= arguments[1]


def filled(buffer):
    """fill() returns None, and a long buffer that was all zero is not any more."""
    view = memoryview(buffer).cast("B") if isinstance(buffer, (bytearray, array.array)) else None
    if view is not None:
        view[:] = bytes(len(view))
    _front.fill(buffer)
    assert view is None or len(view) < 16 or any(view)


def compared(a, b):
    assert outcome(_front.compare_digest, a, b) == outcome(standard_hmac.compare_digest, a, b), (a, b)


def hand(*arguments):
    """A hash or a generator driven by hand gives the same result twice."""
    kind, operations = arguments[0] if arguments else 0, arguments[1:]
    one, key = _front.State(kind), bytes(32)

    def python(operation, key_, counter, data, n):
        return key, bytes(16), bytes(n)

    for operation in operations:
        words = operation if isinstance(operation, (list, tuple)) else (operation,)
        if not any(map(is_long, words)):
            two = one.copy()
            outcomes = [outcome(state.call, *words[:3], *([python] if len(words) > 2 else [])) for state in (one, two)]
            assert outcomes[0] == outcomes[1], (words, outcomes)
            assert not isinstance(outcomes[0], type) or issubclass(outcomes[0], (*WRONG, AssertionError, RuntimeError)), (words, outcomes)


CALLS = [
    _front.get_random_bytes, _front.urandom, filled, compared, _front.hmac, _front.add_event, gorandom.add_event, _front.keystream,
    _front.Key, _front.State, hand, gorandom.uuid4, gorandom.uuid7, _front.wait, _front.warns_in_vain, gorandom.new, gorandom.reseed,
]  # fmt: skip


def arguments(data):
    """Functions of _front with any arguments: a right value, or an exception that says that an argument is wrong, but never a
    SystemError. An input is the function, and arguments."""
    given = Input(data)
    function = given.pick(CALLS)
    positional = [value(given) for _ in range(given.number(1) % 7)]
    named = {given.pick(["n", "data", "source", "timestamp", "start"]): value(given)} if given.number(1) % 8 == 7 else {}
    if any(map(is_long, [*positional, *named.values()])):
        return
    try:
        made = function(*positional, **named)
    except (*WRONG, AssertionError) as error:
        if isinstance(error, AssertionError) and function in (filled, compared, hand):
            raise
        return
    if function in (_front.get_random_bytes, _front.urandom):
        n = positional[0] if positional else named["n"]
        assert type(made) is bytes and len(made) == n.__index__() and (len(made) < 16 or any(made))
    if function is gorandom.uuid7 and named.get("timestamp") is not None:
        assert made.int >> 80 == named["timestamp"].__index__()
    if function is _front.hmac and made is not None:
        name, n, _ = _front.MACS[positional[0]]
        assert len(made) == n and made == standard_hmac.digest(bytes(positional[1]), positional[2], name)
    if function is _front.Key:
        assert outcome(made.digest, b"") in (TypeError, ValueError) or len(made.digest(b"")) == positional[1].__index__()
    if function is _front.keystream:
        assert len(made) == positional[3].__index__()


HARNESSES = [compare, text, uniform, hmac256, uuid7, macs, tokens, seed_files, check_lists, numbers, arguments]
NAMES = [function.__name__ for function in HARNESSES]


def replay(path):
    """Runs the functions on the inputs, from a folder for each. Returns how many there were."""
    done = 0
    for function in HARNESSES:
        here = os.path.join(path, function.__name__)
        for name in sorted(os.listdir(here)):
            with open(os.path.join(here, name), "rb") as file:
                function(file.read())
            done += 1
    return done


if __name__ == "__main__":
    print(replay(sys.argv[1]))
