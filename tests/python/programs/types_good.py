"""Calls of gorandom that mypy must accept. test_types.py has it checked, and does not run it."""

import array
import datetime
import json
import uuid
from typing import assert_type

import gorandom.signing
from gorandom.compat.pycrypto import Random
from gorandom.compat.pycrypto.Hash import HMAC, SHA256

import gorandom
from gorandom import RNGFile, Status, random, secrets

assert_type(gorandom.get_random_bytes(16), bytes)
assert_type(gorandom.get_random_bytes(n=16), bytes)
assert_type(gorandom.urandom(16), bytes)
gorandom.fill(bytearray(3))
gorandom.fill(memoryview(bytearray(3))[1:])
gorandom.fill(array.array("d", [1.0]))
gorandom.reseed()
assert_type(gorandom.compare_digest(b"x", bytearray(b"x")), bool)
assert_type(gorandom.compare_digest("x", "y"), bool)
gorandom.add_event(b"x")
gorandom.add_event(data=bytearray(b"x"), source=3)
gorandom.wait_for_system_rng()
gorandom.wait_for_system_rng(timeout=0.5)
gorandom.configure(start="never")
gorandom.install_as_crypto()
gorandom.atfork()
with gorandom.new() as rng:
    assert_type(rng, RNGFile)
    assert_type(rng.read(3), bytes)
    assert_type(rng.readinto(bytearray(3)), int)
    assert_type(rng.closed, bool)
status: Status = gorandom.status()
assert_type(status.sources, tuple[str, ...])
assert_type(status.seed_file, str | None)
assert_type(status.ready, bool)
assert_type(gorandom.__version__, str)

signer = gorandom.signing.TimestampSigner(
    b"secret", "purpose", old_secrets=["old", bytearray(b"x")], compat="itsdangerous"
)
assert_type(signer.sign("value"), bytes)
assert_type(signer.unsign(b"token"), bytes)
assert_type(signer.unsign("token", 60), bytes)
assert_type(signer.unsign("token", 0.5, True), tuple[bytes, datetime.datetime])
assert_type(signer.unsign("token", return_timestamp=True), tuple[bytes, datetime.datetime])
assert_type(signer.validate(bytearray(b"token"), max_age=60), bool)
assert_type(signer.unsign("token", datetime.timedelta(hours=1), leeway=5), bytes)
salted = gorandom.signing.URLSafeTimedSerializer("secret", salt="purpose", serializer=json, compat="flask")
salted.loads(salted.dumps({}), datetime.timedelta(hours=1), leeway=datetime.timedelta(seconds=5))
plain: gorandom.signing.Signer = signer
serializer: gorandom.signing.URLSafeSerializer = gorandom.signing.URLSafeTimedSerializer("secret", "purpose")
assert_type(serializer.dumps({"a": [1]}), str)
try:
    serializer.loads("token")
except gorandom.signing.SignatureExpired as error:
    assert_type(error.date_signed, datetime.datetime | None)
    assert_type(error.payload, bytes | None)
print(str(status))
assert_type(HMAC.new(b"key", bytearray(b"message"), SHA256).update(memoryview(b"more")).copy().digest(), bytes)
HMAC.HMAC(memoryview(b"key"), None, SHA256.new()).hexverify(bytearray(b"00"))


class Index:
    def __index__(self) -> int:
        return 3


gorandom.urandom(Index())
assert_type(gorandom.uuid4(), uuid.UUID)
assert_type(gorandom.uuid7(timestamp=0), uuid.UUID)
assert_type(gorandom.uuid7_time(gorandom.uuid7()), int)
assert_type(gorandom.SystemRandom().choice("abc"), str)
assert_type(secrets.choice([1, 2]), int)
assert_type(secrets.token_urlsafe(), str)
assert_type(random.randrange(1, 10, 2), int)
assert_type(random.StrongRandom(randfunc=gorandom.get_random_bytes).sample("abc", 2), list[str])
assert_type(Random.Fortuna.FortunaGenerator.AESGenerator().key, bytes | None)
assert_type(Random.get_random_bytes(16), bytes)
