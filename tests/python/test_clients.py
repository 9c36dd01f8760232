"""Programs from PyPI that were written for the replaced APIs run with gorandom in their place, unchanged. Each is
installed, in a pinned version, into a virtual environment of its own."""

import os
import pathlib
import subprocess
import venv

import pytest

import gorandom

pytestmark = pytest.mark.once

CRYPTODOME = "pycryptodome==3.23.0"  # ciphers, in the place of PyCrypto's, which no longer builds
CLIENTS = {
    "rncryptor": ["rncryptor==3.3.0", CRYPTODOME],
    "simple-crypt": ["simple-crypt==4.1.7", CRYPTODOME],
    "simple-crypt without an HMAC": ["simple-crypt==4.1.7", CRYPTODOME],
    "pbkdf2": ["pbkdf2==1.3"],
    "django": ["Django==4.2.16", "asgiref==3.8.1", "sqlparse==0.5.1"],
}


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """client(name): the python of an environment with this client, and with the gorandom under test."""
    made = {}

    def make(name):
        if name not in made:
            folder = tmp_path_factory.mktemp(name)
            venv.create(folder, with_pip=True)
            python = folder / "bin" / "python"
            # Without their dependencies: theirs is PyCrypto, which would lie in PyCryptodome's place.
            done = subprocess.run(
                [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps", *CLIENTS[name]],
                text=True, capture_output=True,
            )  # fmt: skip
            made[name] = python, done.returncode and done.stderr.strip()[-300:]
        python, failed = made[name]
        if failed:
            pytest.skip(f"needs {', '.join(CLIENTS[name])} from the package index, which pip cannot get: {failed}")
        return python

    return make


@pytest.fixture
def path(tmp_path):
    """A folder for PYTHONPATH that holds gorandom and nothing else of this environment."""
    folder = tmp_path / "gorandom-alone"
    folder.mkdir()
    (folder / "gorandom").symlink_to(pathlib.Path(gorandom.__file__).parent)
    return {"PYTHONPATH": os.fspath(folder)}


WAYS = ["install_as_crypto", "run"]


@pytest.fixture
def run(python, client, path, tmp_path):
    """run(name, way, program): PyCrypto's names by a call in the program's first line, or by python -m gorandom run."""

    def start(name, way, program, start_mode):
        options = dict(executable=os.fspath(client(name)), env=path, start=start_mode, timeout=120,
                       flags=["-W", "ignore"])  # fmt: skip
        if way == "install_as_crypto":
            return python("import gorandom; gorandom.install_as_crypto()\n" + program, **options)
        file = tmp_path / "program.py"
        file.write_text(program)
        runner = "import sys, runpy; sys.argv = ['gorandom', 'run', sys.argv[1]]; runpy.run_module('gorandom', run_name='__main__')"
        return python(runner, file, **options)

    return start


RNCRYPTOR = """
import os, sys
import rncryptor
gorandom = sys.modules["gorandom"]
import gorandom.compat.pycrypto.Random
assert rncryptor.Random is gorandom.compat.pycrypto.Random, rncryptor.Random
assert rncryptor.decrypt(rncryptor.encrypt("text", "password"), "password") == "text"

# A record is: version, options, 8 bytes of salt, 8 of another, 16 of an initial vector, ...
def drawn(): return rncryptor.encrypt("text", "password")[2:34]
r, w = os.pipe()
for _ in range(3):
    if not os.fork():
        os.write(w, drawn())
        os._exit(0)
for _ in range(3): assert os.wait()[1] == 0
theirs = os.read(r, 1000)
records = [drawn()] + [theirs[i:i + 32] for i in range(0, 96, 32)]
parts = {(i, r[i:j]) for r in records for i, j in ((0, 8), (8, 16), (16, 32))}
assert len(records) == 4 and len(parts) == 12, "children repeat the parent's salts"
print("sound")
"""


@pytest.mark.parametrize("way", WAYS)
def test_rncryptor(run, way, start_mode):
    """from Crypto import Random, of 2015: in the parent and in forked children, without Random.atfork()."""
    assert run("rncryptor", way, RNCRYPTOR, start_mode) == "sound\n"


SIMPLECRYPT = """
import sys
import simplecrypt
import gorandom.random
assert simplecrypt.getrandbits is gorandom.random.getrandbits, simplecrypt.getrandbits
one, two = (simplecrypt.encrypt("password", "text") for _ in range(2))
assert one[4:20] != two[4:20]
assert simplecrypt.decrypt("password", one) == b"text"
print("sound")
"""


@pytest.mark.parametrize("way", WAYS)
def test_simple_crypt(run, way):
    """from Crypto.Random.random import getrandbits."""
    assert run("simple-crypt", way, SIMPLECRYPT, "auto") == "sound\n"


OUR_HMAC = """
import simplecrypt, sys
import gorandom.compat.pycrypto.Hash.HMAC
simplecrypt.EXPANSION_COUNT = (50, 50, 50)
assert (simplecrypt.HMAC is gorandom.compat.pycrypto.Hash.HMAC) is %r, simplecrypt.HMAC
"""


@pytest.mark.parametrize("way", WAYS)
def test_simple_crypt_on_our_hmac(run, client, way):
    """from Crypto.Hash import SHA256, HMAC, where PyCryptodome's HMAC is missing: what either writes the other reads."""
    for file in client("simple-crypt without an HMAC").parents[1].glob("lib/*/site-packages/Crypto/Hash/HMAC.*"):
        file.unlink()
    write = "print(simplecrypt.encrypt('password', 'text').hex())"
    read = "print(simplecrypt.decrypt('password', bytes.fromhex(%r)))"
    ends = {"simple-crypt": OUR_HMAC % False, "simple-crypt without an HMAC": OUR_HMAC % True}
    for writer, reader in ([*ends], [*ends][::-1]):
        written = run(writer, way, ends[writer] + write, "auto").strip()
        assert run(reader, way, ends[reader] + read % written, "auto") == "b'text'\n"


PBKDF2 = """
import hashlib, sys
import pbkdf2
import gorandom.compat.pycrypto.Hash.HMAC, gorandom.compat.pycrypto.Hash.SHA
assert pbkdf2.HMAC is gorandom.compat.pycrypto.Hash.HMAC and pbkdf2.SHA1 is gorandom.compat.pycrypto.Hash.SHA
# RFC 6070; and a key that is longer than a block
assert pbkdf2.PBKDF2("password", "salt", 2).hexread(20) == "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957"
assert pbkdf2.PBKDF2("X" * 65, "salt", 7).read(50) == hashlib.pbkdf2_hmac("sha1", b"X" * 65, b"salt", 7, 50)
assert pbkdf2.crypt("secret", pbkdf2.crypt("secret", "XXXXXXXX")) == pbkdf2.crypt("secret", "XXXXXXXX")
print("sound")
"""


@pytest.mark.parametrize("way", WAYS)
def test_pbkdf2(run, way):
    """from Crypto.Hash import HMAC, SHA as SHA1, with no other Crypto than gorandom's."""
    assert run("pbkdf2", way, PBKDF2, "auto") == "sound\n"


DJANGO = """
import sys
import gorandom.secrets
sys.modules["secrets"] = gorandom.secrets
from django.utils import crypto
assert crypto.secrets is gorandom.secrets
from django.core.management.utils import get_random_secret_key
from django.conf import settings
settings.configure(SECRET_KEY=get_random_secret_key(), PASSWORD_HASHERS=["django.contrib.auth.hashers.ScryptPasswordHasher"])
from django.contrib.auth.hashers import check_password, make_password
from django.core import signing
from django.middleware import csrf

letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
drawn = [crypto.get_random_string(22) for _ in range(2000)]
assert len(set(drawn)) == 2000 and set("".join(drawn)) == set(letters)
assert crypto.get_random_string(50, "ab").strip("ab") == "" and crypto.get_random_string(0) == ""
one, two = make_password("password"), make_password("password")
assert one != two and check_password("password", one) and not check_password("other", two)
assert signing.loads(signing.dumps({"a": 1})) == {"a": 1}
assert csrf._get_new_csrf_string() != csrf._get_new_csrf_string()
assert crypto.constant_time_compare("a", "a") and not crypto.constant_time_compare("a", "b")
print("sound")
"""


def test_django(python, client, path, start_mode):
    """secrets.choice and secrets.compare_digest: secret keys, salts of passwords, CSRF tokens."""
    assert python(DJANGO, executable=os.fspath(client("django")), env=path, start=start_mode, timeout=120,
                  flags=["-W", "ignore"]) == "sound\n"  # fmt: skip
