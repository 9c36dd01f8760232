"""The checks of ``python -m gorandom selftest``: whether this installation is complete, and works on this machine.

Vectors show which algorithm a build got wrong. The rest depends on this machine: its processor, its kernel, its
limits. The self-test is no protection against an attacker, who would change this file too.
"""

import base64
import csv
import errno
import hashlib
import json
import os
import platform
import select
import signal
import sys
import tempfile
import threading
import time
from dataclasses import dataclass

import gorandom

from .. import _front, _status, hmac, random, secrets, seedfile, uuid4, uuid7
from ..compat import osrandom
from ..compat.pycrypto.Random.Fortuna import FortunaAccumulator, FortunaGenerator, SHAd256

# ---- vectors ----

# PyCrypto, SelfTest/Random/Fortuna/test_SHAd256.py. The messages are those of FIPS 180-4's examples.
SHAD256 = (
    (b"", "5df6e0e2761359d30a8275058e299fcc0381534545f55cf43e41983f5d4c9456"),
    (b"abc", "4f8b42c22dd3729b519ba6f68d2da7cc5b2d606d05daed5ad5128cc03e6c6358"),
    (b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "0cffe17f68954dac3a84fb1458bd5ec99209449749b2b308b7cb55812f9563af"),
)  # fmt: skip

# PyCrypto, SelfTest/Random/Fortuna/test_FortunaGenerator.py: seeded with b"Hello", two requests of two blocks, and the
# key between them. The longer outputs, given by their SHA-256, come from PyCrypto's generator too.
GENERATOR_SEED = b"Hello"
GENERATOR_OUTPUTS = ("7cbe2c17684ac223d08969ee8b565616717661c0d2f4758bd6ba140bf3791abd",
                     "fd6648ba3086e919cee34904ef09a7ff021f77580558b8c3e9248275f23042bf")  # fmt: skip
GENERATOR_KEY = "33a1bb21987859caf2bbfc5615bef56de6b71ff9f37112d0c193a135160862b7"
GENERATOR_LONG = (
    (2**20, "4e997da90cefd8758b09e971630fa62bf605f50b149e7eabe54dfa78b9ecd530"),
    (2**20 + 17, "4d648a7e6ff43e18ff1828aa6929e594b2c232d4cf15d4d94127f3f3ff227150"),
)

# PyCrypto, SelfTest/Random/Fortuna/test_FortunaAccumulator.py: each pool got 32 times "X", twice, from source 42.
ACCUMULATOR_POOL = "aef42a5dcbddab67e8efa118e1b47fde5d697f89beb971b99e6e8e5e89fbf064"
ACCUMULATOR_OUTPUT = "b7b86bd9a27d96d7bb4add1b6b10d1572350b1c61253db2f8da233be726dc15f"
ACCUMULATOR_KEY = "f23ad749f33066ff53d307914fbf5b21da9667c7e86ba247655c9490e9d94a7c"

# NIST SP 800-38A, F.5.5 (CTR-AES256): counter blocks and output blocks; and FIPS 197, C.3.
NIST_KEY = "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"
FIPS_KEY = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
AES_BLOCKS = (
    (NIST_KEY, "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", "0bdf7df1591716335e9a8b15c860c502"),
    (NIST_KEY, "f0f1f2f3f4f5f6f7f8f9fafbfcfdff00", "5a6e699d536119065433863c8f657b94"),
    (NIST_KEY, "f0f1f2f3f4f5f6f7f8f9fafbfcfdff01", "1bc12c9c01610d5d0d8bd6a3378eca62"),
    (NIST_KEY, "f0f1f2f3f4f5f6f7f8f9fafbfcfdff02", "2956e1c8693536b1bee99c73a31576b6"),
    (FIPS_KEY, "00112233445566778899aabbccddeeff", "8ea2b7ca516745bfeafc49904b496089"),
)
AES_BEFORE = (0, 7, 41)  # blocks before it in a row of 64, so that it has different places in wide registers
# From counter 7 * 2^64 - 300 on, under FIPS 197's key, so that the low word wraps. The value is the SHA-256 of what
# `openssl enc -aes-256-ecb -nopad` (OpenSSL 3.0.19) makes from these counter blocks.
AES_LONG = (7 * 2**64 - 300, 131191, "c0a845f2620e59a64f4dfb9095d9913a5fc7bf1bf94ff0c8b065acb79e4a026a")

# RFC 4231, test cases 1 to 4, 6 and 7.
RFC_4231_DIGESTS = ("sha224", "sha256", "sha384", "sha512")
RFC_4231 = (
    (b"\x0b" * 20, b"Hi There",
     "896fb1128abbdf196832107cd49df33f47b4b1169912ba4f53684b22",
     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
     "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6",
     "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
     "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854"),
    (b"Jefe", b"what do ya want for nothing?",
     "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44",
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
     "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
     "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
     "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"),
    (b"\xaa" * 20, b"\xdd" * 50,
     "7fb3cb3588c6c1f6ffa9694d7d6ad2649365b0c1f65d69d1ec8333ea",
     "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
     "88062608d3e6ad8a0aa2ace014c8a86f0aa635d947ac9febe83ef4e55966144b2a5ab39dc13814b94e3ab6e101a34f27",
     "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39"
     "bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb"),
    (bytes(range(1, 26)), b"\xcd" * 50,
     "6c11506874013cac6a2abc1bb382627cec6a90d86efc012de7afec5a",
     "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
     "3e8a69b7783c25851933ab6290af6ca77a9981480850009cc5577c6e1f573b4e6801dd23c4a7d679ccf8a386c674cffb",
     "b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3db"
     "a91ca5c11aa25eb4d679275cc5788063a5f19741120c4f2de2adebeb10a298dd"),
    (b"\xaa" * 131, b"Test Using Larger Than Block-Size Key - Hash Key First",
     "95e9a0db962095adaebe9b2d6f0dbce2d499f112f2d2b7273fa6870e",
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
     "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952",
     "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
     "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598"),
    (b"\xaa" * 131, b"This is a test using a larger than block-size key and a larger than block-size data. "
                    b"The key needs to be hashed before being used by the HMAC algorithm.",
     "3a854166ac5d9f023f54d517d0b39dbd946770db9c2b95c9f6f565d1",
     "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
     "6617178e941f020d351e2f254e8fd32c602420feb0b8fb9adccebb82461e99c5a678cc31e799176d3860e6110c46523e",
     "e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944"
     "b6022cac3c4982b10d5eeb55c3e4de15134676fb6de0446065c97440fa8c6a58"),
)  # fmt: skip

# The modes that docs/configuration.md promises: before and after the first 16 bytes, and in a forked child after 16
# bytes and after a mebibyte.
MODES = {
    "auto": ("direct", "core", "direct", "core"),
    "eager": ("core", "core", "core", "core"),
    "never": ("direct", "direct", "direct", "direct"),
}
WITHOUT_CORE = {"direct": "auto eager", "system": "auto eager never"}  # modes where there is no core, and their starts

# ---- results ----

PATIENCE = 60  # seconds until a child or a thread counts as hung; only an emulated processor needs more than milliseconds


class Wrong(Exception):
    """Something is wrong; the text says what, and shows no bytes that were drawn."""


class NotHere(Exception):
    """The checked feature is not available on this system, or in this process; the text says why."""


@dataclass(frozen=True)
class Result:
    name: str
    what: str
    result: str
    """``"ok"``, ``"FAILED"`` or ``"not here"``."""
    reason: str
    """Why it is not ``"ok"``."""
    seconds: float


def expect(condition, reason):
    if not condition:
        raise Wrong(reason)


def need_core():
    if not _front.start():
        raise NotHere(_front.state()["reason"])


# ---- files ----


def check_files():
    package = os.path.dirname(os.path.abspath(gorandom.__file__))
    site = os.path.dirname(package)
    found = sorted(name for name in os.listdir(site) if name.startswith("gorandom-") and name.endswith(".dist-info"))
    expect(len(found) < 2, f"remnants of another version: {', '.join(found)}")
    record = os.path.join(site, found[0], "RECORD") if found else ""
    if not os.path.isfile(record):
        raise NotHere("there is no RECORD beside the package: an editable installation, or files copied by hand")
    with open(record, newline="", encoding="utf-8") as file:
        rows = [row for row in csv.reader(file) if len(row) == 3]
    hashed = {path: value.partition("=")[::2] for path, value, _ in rows if value}
    wrong = [f"{path} is {state}" for path, value in hashed.items() if (state := _state(os.path.join(site, path), *value))]
    named = {os.path.normpath(path) for path in hashed}
    for folder, _, files in os.walk(package):
        for file in files:
            path = os.path.relpath(os.path.join(folder, file), site)
            if path.endswith((".py", ".so")) and path not in named:
                wrong.append(f"{path} is not in RECORD")
    expect(not wrong, "; ".join(wrong[:3]) + (f"; and {len(wrong) - 3} more" if len(wrong) > 3 else ""))
    return f"{len(hashed)} have the hashes of RECORD"


def _state(path, algorithm, value):
    """Return what is wrong with a file, or an empty string."""
    try:
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, algorithm).digest()
    except FileNotFoundError:
        return "missing"
    except (OSError, ValueError) as error:
        return f"unreadable ({error})"
    return "" if base64.urlsafe_b64encode(digest).decode().rstrip("=") == value else "damaged"


# ---- algorithms ----


def check_shad256():
    for message, digest in SHAD256:
        expect(SHAd256.new(message).hexdigest() == digest, f"SHAd256 of {len(message)} bytes is wrong")


def check_generator():
    generator = FortunaGenerator.AESGenerator()
    generator.reseed(GENERATOR_SEED)
    expect(generator.pseudo_random_data(32).hex() == GENERATOR_OUTPUTS[0], "the first request is wrong")
    expect(generator.key.hex() == GENERATOR_KEY, "the key after a request is wrong")
    expect(generator.pseudo_random_data(32).hex() == GENERATOR_OUTPUTS[1], "the second request is wrong")
    if not _front.start():
        return "PyCrypto's vectors of the generator, in Python"  # the long ones would take seconds there
    for n, digest in GENERATOR_LONG:
        generator = FortunaGenerator.AESGenerator()
        generator.reseed(GENERATOR_SEED)
        expect(hashlib.sha256(generator.pseudo_random_data(n)).hexdigest() == digest, f"{n} bytes are wrong")
    return None


def check_accumulator():
    accumulator = FortunaAccumulator.FortunaAccumulator()
    for pool in range(32):
        for _ in range(2):
            accumulator.add_random_event(42, pool, b"X" * 32)
    expect(all(pool.hexdigest() == ACCUMULATOR_POOL for pool in accumulator.pools), "a pool's digest is wrong")
    expect(accumulator.random_data(32).hex() == ACCUMULATOR_OUTPUT, "the bytes after the first reseed are wrong")
    expect(accumulator.generator.key.hex() == ACCUMULATOR_KEY, "the key after the first reseed is wrong")


def check_kernel(name):
    need_core()

    def stream(key, counter, n):
        return _front.keystream(name, bytes.fromhex(key), (counter % 2**128).to_bytes(16, "little"), n)

    for key, block, output in AES_BLOCKS:
        for before in AES_BEFORE:
            counter = int.from_bytes(bytes.fromhex(block), "little") - before
            for blocks in (before + 1, 64):
                made = stream(key, counter, 16 * blocks)[16 * before : 16 * before + 16]
                expect(made.hex() == output, f"block {before} of {blocks} is wrong")
    counter, n, digest = AES_LONG
    expect(hashlib.sha256(stream(FIPS_KEY, counter, n)).hexdigest() == digest, f"{n} bytes across 2^64 blocks are wrong")


def _tags(digests):
    for key, message, *tags in RFC_4231:
        for digest, tag in zip(RFC_4231_DIGESTS, tags):
            if digest in digests:
                yield key, message, digest, bytes.fromhex(tag)


def check_hmac(make, digests=RFC_4231_DIGESTS):
    for key, message, digest, tag in _tags(digests):
        expect(make(key, message, digest) == tag, f"HMAC with {digest} is wrong")


def hmac_in_the_core(key, message, digest):
    need_core()
    tag = _front.hmac(hmac._number_of(digest), key, message)
    expect(tag is not None, "the core did not take the call")
    return tag


def hmac_in_pieces(key, message, digest):
    made = hmac.new(key, None, digest)
    for i in range(0, len(message), 7):
        made.update(message[i : i + 7])
    return made.digest()


def hmac_by_key(key, message, digest):
    prepared = hmac.Key(key, digest)
    tag = prepared.digest(message)
    prepared.verify(message, tag)
    expect(prepared.digests([message, message]) == [tag, tag], "a batch differs")
    try:
        prepared.verify(message, bytes([tag[0] ^ 1]) + tag[1:])
    except ValueError:
        return tag
    raise Wrong("verify() takes a wrong tag")


def check_compare():
    data = bytes(range(256))
    same = [(data, bytearray(data)), (b"", b""), ("tag", "tag")]
    other = [(data, data[:-1]), (b"", b"x"), ("tag", "taG")]
    other += [(data, data[:i] + bytes([data[i] ^ bit]) + data[i + 1 :]) for i in (0, 100, 255) for bit in (1, 128)]
    expect(all(gorandom.compare_digest(*pair) is True for pair in same), "equal ones are told apart")
    expect(not any(gorandom.compare_digest(*pair) for pair in other), "different ones are taken for equal")


# ---- bytes ----

PIECE = 64  # bytes of a draw


def draw():
    return gorandom.get_random_bytes(PIECE)


def expect_distinct(drawn):
    """Expect that no 16 bytes occur twice in several draws; by chance that has a probability of 2^-120."""
    blocks = [drawn[i : i + 16] for i in range(0, len(drawn), 16)]
    expect(bytes(16) not in blocks, "zeros stand where random bytes should")
    expect(len(set(blocks)) == len(blocks), "bytes came twice")


def check_sources():
    serving = [source for source in osrandom.sources() if source.serves]
    expect(len(serving) == 1, f"{len(serving)} sources serve")
    return f"{serving[0].name} serves"


def check_draws():
    buffer = bytearray(PIECE)
    gorandom.fill(buffer)
    large = gorandom.get_random_bytes(1 << 18)
    expect_distinct(draw() + gorandom.urandom(PIECE) + gorandom.new().read(PIECE) + buffer + os.urandom(PIECE) + large)


def check_numbers():
    cards = list(range(52))
    random.shuffle(cards)
    expect(sorted(cards) == list(range(52)) != cards, "shuffle() loses or leaves")
    expect(sorted(random.sample(range(52), 52)) == list(range(52)), "sample() repeats")
    expect({secrets.randbelow(3) for _ in range(200)} == {0, 1, 2}, "randbelow(3) is not 0, 1 and 2")
    expect(0 <= gorandom.SystemRandom().random() < 1, "random() is out of its range")
    expect(len(bytes.fromhex(secrets.token_hex(16))) == 16, "a token has another length")
    expect((uuid4().version, uuid7().version) == (4, 7), "a UUID has another version")
    expect(uuid7() < uuid7(), "version 7 UUIDs are not in order")


def check_reseed():
    need_core()
    before = gorandom.status()
    gorandom.add_event(b"self-test")
    gorandom.reseed()
    first = draw()
    after = gorandom.status()
    expect(after.reseeds > before.reseeds, "reseed() was not counted")
    expect(after.failed_reseeds == before.failed_reseeds, "the kernel refused its bytes")
    expect(after.events > before.events, "an event was not counted")
    expect_distinct(first + draw())


def check_wipe():
    if _front.state()["mode"] == "system":
        raise NotHere("there is nothing to wipe: no bytes are kept ready")
    if not _front.state()["wipes"]:
        raise NotHere("memory is not wiped at fork (an old kernel, or an emulator): handlers and the PID tell instead")


# ---- processes and threads ----


def in_child(body, fork=None):
    """Return what body(descriptor) writes to it in a child. Neither the child nor any of its children outlives the call."""
    fork = fork or getattr(os, "fork", None)
    if fork is None:
        raise NotHere("this system has no fork()")
    read, write = os.pipe()
    try:
        pid = fork()
    except OSError as error:
        os.close(read)
        os.close(write)
        raise NotHere(f"a fork is refused: {error}") from None
    if pid == 0:
        try:
            os.setpgid(0, 0)
            os.close(read)
            body(write)
            os._exit(0)
        except BaseException as error:
            os.write(write, f"{type(error).__name__}: {error}".encode())
        finally:
            os._exit(1)
    os.close(write)
    ended = False
    try:
        written = _read(read)
        ended = written is not None
    finally:
        os.close(read)
        if not ended:
            for kill in (os.killpg, os.kill):
                try:
                    kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        status = os.waitpid(pid, 0)[1]
    expect(ended, f"a child hung: {PATIENCE} s")
    expect(not os.WIFSIGNALED(status), f"a child died of signal {status & 127}")
    expect(status == 0, "a child failed: " + (written.decode(errors="replace").strip().splitlines() or ["?"])[-1])
    return written


def _read(descriptor):
    """Return everything that is written there, or None if that takes too long."""
    poll, data = select.poll(), b""
    poll.register(descriptor, select.POLLIN)
    end = time.monotonic() + PATIENCE
    while poll.poll(max(0, int(1000 * (end - time.monotonic())))):
        piece = os.read(descriptor, 65536)
        if not piece:
            return data
        data += piece
    return None


def check_fork(fork=None):
    """Check that the child does not get the parent's pool of ready bytes."""
    gorandom.get_random_bytes(1)
    theirs = in_child(lambda pipe: os.write(pipe, draw() + draw()), fork)
    expect(len(theirs) == 2 * PIECE, "a child gave too few bytes")
    expect_distinct(theirs + draw() + draw())


def check_nested_fork():
    gorandom.get_random_bytes(1)

    def child(pipe):
        mine = draw()
        os.write(pipe, mine + in_child(lambda inner: os.write(inner, draw())) + draw())

    theirs = in_child(child)
    expect(len(theirs) == 3 * PIECE, "a child gave too few bytes")
    expect_distinct(theirs + draw() + draw())


def check_clone():
    """Check a child for which no fork handler runs, neither Python's nor the C library's."""
    numbers = {"x86_64": 56, "aarch64": 220}  # clone's, in Linux's system call tables
    if not sys.platform.startswith("linux") or platform.machine() not in numbers or sys.maxsize < 2**32:
        raise NotHere("this system's number of clone(2) is not known here")
    try:
        import ctypes
    except ImportError:
        raise NotHere("this Python has no ctypes to call it with") from None
    if not hasattr(ctypes, "PyDLL"):
        raise NotHere("this Python's ctypes makes no call with the GIL held")
    syscall = ctypes.PyDLL(None, use_errno=True).syscall  # keeps the GIL; a child without it would wait for ever
    syscall.restype = ctypes.c_long
    arguments = [ctypes.c_long(n) for n in (numbers[platform.machine()], signal.SIGCHLD, 0, 0, 0, 0)]

    def clone():
        pid = syscall(*arguments)
        if pid < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return pid

    check_fork(clone)


def check_threads():
    drawn = [draw()]
    threads = [threading.Thread(target=lambda: drawn.append(draw()), daemon=True) for _ in range(4)]
    try:
        for thread in threads:
            thread.start()
    except RuntimeError as error:
        raise NotHere(f"a thread is refused: {error}") from None
    for thread in threads:
        thread.join(PATIENCE)
    expect(len(drawn) == 5, "a thread hung, or could not draw")
    expect_distinct(b"".join(drawn) + draw())


def _worker(connection):
    try:
        connection.send(draw())
    except Exception as error:  # otherwise multiprocessing would print it
        connection.send(f"{type(error).__name__}: {error}")
    connection.close()


def check_multiprocessing():
    try:
        from multiprocessing import get_context

        context = get_context("fork")
    except (ImportError, ValueError) as error:
        raise NotHere(f"multiprocessing cannot fork: {error}") from None
    gorandom.get_random_bytes(1)
    drawn = draw()
    for _ in range(2):
        ours, theirs = context.Pipe(duplex=False)
        worker = context.Process(target=_worker, args=(theirs,), daemon=True)
        try:
            worker.start()
        except (OSError, NotImplementedError) as error:
            raise NotHere(f"a fork is refused: {error}") from None
        theirs.close()
        try:
            expect(ours.poll(PATIENCE), f"a worker hung: {PATIENCE} s")
            answer = ours.recv()
            expect(isinstance(answer, bytes), f"a worker failed: {answer}")
            drawn += answer
        except EOFError:
            raise Wrong("a worker died") from None
        finally:
            worker.join(1)
            worker.kill()
            worker.join()
            ours.close()
    expect_distinct(drawn + draw())


# A new interpreter, because the start mode is read at import. It forks itself, so that the child's generation is 1.
LIFE = """
import json, os, sys
sys.path[:] = json.loads(sys.argv[1])
import gorandom
assert gorandom.__file__ == sys.argv[2], f"another gorandom: {gorandom.__file__}"
def mode(n):
    gorandom.get_random_bytes(n)
    return gorandom.status().mode
seen = [gorandom.status().mode, mode(16)]
reason = gorandom.status().reason
read, write = os.pipe()
pid = os.fork()
if pid == 0:
    try:
        os.write(write, json.dumps([mode(16), mode(1 << 20)]).encode())
    finally:
        os._exit(0)
os.close(write)
seen += json.loads(os.read(read, 1000))
os.waitpid(pid, 0)
print(json.dumps([seen, reason]))
"""


def check_mode(mode):
    if not sys.executable:
        raise NotHere("this process does not know its Python")

    def child(pipe):
        null = os.open(os.devnull, os.O_RDONLY)
        for old, new in ((null, 0), (pipe, 1), (pipe, 2)):
            os.dup2(old, new)
        arguments = [sys.executable, "-I", "-c", LIFE, json.dumps(sys.path), gorandom.__file__]
        os.execve(sys.executable, arguments, {**os.environ, "GORANDOM_START": mode})

    seen, reason = json.loads(in_child(child).splitlines()[-1])
    if len({*seen}) == 1 and mode in WITHOUT_CORE.get(seen[0], "").split():
        expect(_front.state()["mode"] == seen[0], f"it got no core: {reason}")
        raise NotHere(reason)
    expect(tuple(seen) == MODES[mode], f"{', '.join(seen)}; it should be {', '.join(MODES[mode])}")
    return f"{seen[0]}, {seen[1]}; in its child {seen[2]}, {seen[3]}"


# ---- the seed file ----

REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.ENOLCK)


def check_seed_file():
    try:
        folder = tempfile.TemporaryDirectory(prefix="gorandom-selftest-")
    except OSError as error:
        raise NotHere(f"no folder can be made for it: {error}") from None
    with folder:
        path = os.path.join(folder.name, "seed")
        contents = []
        try:
            for use in (seedfile.save, seedfile.load, seedfile.refresh):
                expect(use(path) == seedfile.SEED_BYTES, "a seed has another size")
                # On Windows the folder's access list says who may read the file.
                expect(os.name == "nt" or os.stat(path).st_mode & 0o7777 == 0o600, "others can read it")
                with open(path, "rb") as file:
                    contents.append(file.read())
        except OSError as error:
            if error.errno in REFUSED:
                raise NotHere(f"it cannot be written: {error}") from None
            raise
    expect(len(set(contents)) == 3, "a seed was left for a second use")


# ---- all of them ----


def kernels():
    """Return the AES kernels of this processor. Without a core, which alone knows the processor, return all kernels."""
    try:
        return _status.ask_core()["kernel"]
    except (ImportError, RuntimeError):  # a wheel without a core has no _core
        return _front.KERNELS


def checks():
    """Yield (name, what, function) of each check, in the order of the table. A function may return a better ``what``."""
    yield "files", "this package's files", check_files
    yield "sources", "the system's generator", check_sources
    yield "SHAd256", "PyCrypto's vectors", check_shad256
    yield "Fortuna", "PyCrypto's vectors of the generator", check_generator
    yield "Fortuna's pools", "PyCrypto's trace of an accumulator", check_accumulator
    for name in kernels():
        yield f"AES {name}", "SP 800-38A, FIPS 197; a long run as OpenSSL's", lambda name=name: check_kernel(name)
    yield "HMAC", "RFC 4231: hmac.digest(), in one call", lambda: check_hmac(hmac.digest)
    yield "HMAC in the core", "RFC 4231: SHA-224, -384 and -512 by Go", lambda: check_hmac(
        hmac_in_the_core, ("sha224", "sha384", "sha512")
    )
    yield "HMAC in pieces", "RFC 4231: hmac.new()", lambda: check_hmac(hmac_in_pieces)
    yield "HMAC Key", "RFC 4231: hmac.Key, its batches and verify()", lambda: check_hmac(hmac_by_key)
    yield "compare_digest", "equal and unequal, by bits", check_compare
    yield "draws", "bytes by every function, 16 to 256 KiB", check_draws
    yield "numbers", "secrets, shuffles, UUIDs", check_numbers
    yield "reseed", "fresh bytes of the kernel, and an event", check_reseed
    yield "wipe", "fork wipes memory here: a child has tried it", check_wipe
    yield "fork", "a child's bytes, beside its parent's", check_fork
    yield "nested fork", "a child's child's", check_nested_fork
    yield "clone(2)", "a fork behind the back of all handlers", check_clone
    yield "threads", "the bytes of four, beside each other's", check_threads
    yield "multiprocessing", "the bytes of two workers", check_multiprocessing
    for mode in MODES:
        yield f"start {mode}", "a new interpreter and its child", lambda mode=mode: check_mode(mode)
    yield "seed file", "write, read and refresh, in a folder of its own", check_seed_file


def judge(name, what, function):
    start = time.perf_counter()
    result, reason = "ok", ""
    try:
        what = function() or what
    except NotHere as why:
        result, reason = "not here", str(why)
    except Wrong as why:
        result, reason = "FAILED", str(why)
    except Exception as error:
        result, reason = "FAILED", f"{type(error).__name__}: {error}"
    return Result(name, what, result, reason, time.perf_counter() - start)
