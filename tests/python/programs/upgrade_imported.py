"""Imported modules are used after the package has changed on disk. Run by test_upgrade.py."""

import os

from gorandom.compat import osrandom
from gorandom.compat.pycrypto.Random.Fortuna import FortunaGenerator
from upgrade_steps import harm, site

import gorandom
from gorandom import SystemRandom, hmac, random, secrets, seedfile, signing, uuid4, uuid7

key = hmac.Key(b"key", "sha512")
rng = gorandom.new()
number = SystemRandom()


def use():
    assert len({uuid4(), uuid7(), uuid4(), uuid7()}) == 4
    assert len(secrets.token_hex()) == 64 and len(secrets.token_urlsafe()) == 43 and secrets.randbelow(1 << 100) >= 0
    assert (
        secrets.choice("a") == random.choice("a") == number.choice("a") and number.randbytes(5) and number.gauss(0, 1)
    )
    cards = list(range(52))
    random.shuffle(cards)
    assert sorted(random.sample(cards, 52)) == list(range(52))
    for digest in ("sha256", "sha3_256", "sha512", "md5"):
        assert hmac.digest(b"k", b"m" * 100000, digest) == hmac.new(b"k", b"m" * 100000, digest).digest()
    key.verify(b"m", key.digest(b"m"))
    assert hmac.Key(b"x" * 500, "sha384").digest(b"m")
    assert len(rng.read(5)) == 5 and gorandom.new().read(1) and gorandom.compare_digest("a", "a")
    signer = signing.TimestampSigner("secret", "purpose")
    assert signer.unsign(signer.sign(b"x"), max_age=10) == b"x"
    assert any(source.serves for source in osrandom.sources())
    if gorandom._front.start():
        generator = FortunaGenerator.AESGenerator()
        generator.reseed(b"Hello")
        assert generator.pseudo_random_data(1) and seedfile.save(site + "/seed") == 64


harm()
use()
pid = os.fork()
if pid == 0:
    use()
    os._exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
