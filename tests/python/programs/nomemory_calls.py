"""Each call, with each of the interpreter's allocations failing in turn: test_nomemory.py runs this."""

import _testcapi
import importlib
import importlib.util
import json
import sys
import uuid

from gorandom.compat.pycrypto.Random.Fortuna import FortunaGenerator, SHAd256

import gorandom
from gorandom import hmac, random, secrets, signing

gorandom.get_random_bytes(16)  # from now on it is decided whether there is a core
MOST = 150  # allocations of one call that fail; Python code may have more

key = hmac.Key(b"k" * 32, "sha256")
other = hmac.Key(b"k" * 200, "sha512")
tag = hmac.digest(b"k" * 32, b"message", "sha256")
generator = FortunaGenerator.AESGenerator()
generator.reseed(b"seed")
ours = gorandom.SystemRandom()
population = list(range(20))
buffer = bytearray(100)
signer = signing.Signer(b"secret" * 5, "purpose")
_front = importlib.import_module("gorandom._front")


def module_again(name):
    """Import the extension module again, as another interpreter would."""
    spec = importlib.import_module("gorandom." + name).__spec__

    def make():
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)

    return make



CALLS = {
    "get_random_bytes": lambda: gorandom.get_random_bytes(16),
    "get_random_bytes, large": lambda: gorandom.get_random_bytes(100_000),
    "urandom": lambda: gorandom.urandom(300),
    "fill": lambda: gorandom.fill(buffer),
    "reseed": gorandom.reseed,
    "add_event": lambda: gorandom.add_event(b"an event"),
    "state": _front.state,
    "token_bytes": lambda: secrets.token_bytes(24),
    "token_hex": lambda: secrets.token_hex(600),
    "token_urlsafe": lambda: secrets.token_urlsafe(600),
    "randbelow": lambda: secrets.randbelow(10**40),
    "randbelow, small": lambda: secrets.randbelow(10),
    "randbits": lambda: secrets.randbits(3000),
    "choice": lambda: secrets.choice(population),
    "randrange": lambda: random.randrange(-(2**70), 2**70, 3),
    "randint": lambda: random.randint(1, 6),
    "random": ours.random,
    "getrandbits": lambda: ours.getrandbits(65),
    "randbytes": lambda: ours.randbytes(50),
    "shuffle": lambda: ours.shuffle(list(population)),
    "sample": lambda: ours.sample(population, 5),
    "sample, most": lambda: ours.sample(population, 19),
    "sample of a range": lambda: ours.sample(range(10**9), 50),
    "uuid4": gorandom.uuid4,
    "uuid7": gorandom.uuid7,
    "uuid7 of a time": lambda: gorandom.uuid7(timestamp=5),
    "compare_digest": lambda: gorandom.compare_digest(b"a" * 32, b"a" * 32),
    "compare_digest of texts": lambda: gorandom.compare_digest("a" * 32, "a" * 32),
    "hmac.digest": lambda: hmac.digest(b"k", b"message", "sha256"),
    "hmac.digest, sha512": lambda: hmac.digest(b"k", b"message", "sha512"),
    "hmac.Key": lambda: hmac.Key(b"k", "sha256"),
    "hmac.Key, sha3": lambda: hmac.Key(b"k" * 500, "sha3_256"),
    "digest": lambda: key.digest(b"message"),
    "digest, sha512": lambda: other.digest(b"message"),
    "digests": lambda: key.digests([b"one", b"two", b"three"]),
    "digests of a generator": lambda: other.digests(message for message in (b"one", b"two")),
    "verify": lambda: key.verify(b"message", tag),
    "sign": lambda: signer.sign(b"user 5"),
    "unsign": lambda: signer.unsign(signer.sign(b"user 5")),
    "import of _front": module_again("_front"),
    "import of _openssl": module_again("_openssl"),
    "secrets' functions": lambda: _front.numbers("secrets", {"__name__": "gorandom.secrets"}, {}),
    "UUIDs' functions": lambda: _front.uuids(uuid.UUID, uuid.SafeUUID.unknown, "gorandom", {}),
    "Fortuna": lambda: generator.pseudo_random_data(100),
    "SHAd256": lambda: SHAd256.new(b"data").digest(),
}


def attempt(name, call, first, last):
    """Return MemoryError if the call raised it, else None. Afterwards the call must work."""
    failed = None
    _testcapi.set_nomemory(first, last)
    try:
        call()
    except BaseException as e:
        failed = e
    finally:
        _testcapi.remove_mem_hooks()
    # CPython's PyType_FromModuleAndSpec sets no exception if there is no memory for a type's name, and its
    # PyCapsule_Import sets another one.
    if failed is not None and not isinstance(failed, (MemoryError, SystemError, ImportError) if name.startswith("import") else MemoryError):
        sys.exit(f"{name}, allocation {first} to {last}: {failed!r}")
    kind = type(failed)
    del failed
    call()
    return kind


found = {}
for name, call in CALLS.items():
    call()
    for first in range(MOST):
        attempt(name, call, first, first + 1)  # this one alone
        if attempt(name, call, first, 0) is not MemoryError:  # and all that follow
            break
    found[name] = first
print(json.dumps(found))
