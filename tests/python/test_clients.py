"""Programs from PyPI that were written for the replaced APIs run unchanged with gorandom in their place. Each is installed, in
a pinned version, into a virtual environment of its own."""

import os
import pathlib
import subprocess
import venv

import pytest
from _forks import PROGRAMS

import gorandom

pytestmark = pytest.mark.once

CRYPTODOME = "pycryptodome==3.23.0"  # ciphers, instead of PyCrypto's, which no longer builds
CLIENTS = {
    "rncryptor": ["rncryptor==3.3.0", CRYPTODOME],
    "simple-crypt": ["simple-crypt==4.1.7", CRYPTODOME],
    "simple-crypt without an HMAC": ["simple-crypt==4.1.7", CRYPTODOME],
    "pbkdf2": ["pbkdf2==1.3"],
    "django": ["Django==4.2.16", "asgiref==3.8.1", "sqlparse==0.5.1"],
}


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """client(name) returns the python of an environment with this client, and with the gorandom under test."""
    made = {}

    def make(name):
        if name not in made:
            folder = tmp_path_factory.mktemp(name)
            venv.create(folder, with_pip=True)
            python = folder / "bin" / "python"
            # Without dependencies: theirs is PyCrypto, which would replace PyCryptodome.
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
    """Return a folder for PYTHONPATH that holds gorandom and nothing else of this environment."""
    folder = tmp_path / "gorandom-alone"
    folder.mkdir()
    (folder / "gorandom").symlink_to(pathlib.Path(gorandom.__file__).parent)
    return {"PYTHONPATH": os.fspath(folder)}


WAYS = ["install_as_crypto", "run"]


@pytest.fixture
def run(python, client, path):
    """run(name, way, program) gets PyCrypto's names by a call before the program, or by python -m gorandom run."""

    def start(name, way, program, start_mode, *arguments):
        runner = {
            "install_as_crypto": "import gorandom, runpy, sys; gorandom.install_as_crypto(); sys.argv = sys.argv[1:]; "
                                 "runpy.run_path(sys.argv[0], run_name='__main__')",
            "run": "import runpy, sys; sys.argv = ['gorandom', 'run', *sys.argv[1:]]; "
                   "runpy.run_module('gorandom', run_name='__main__')",
        }[way]  # fmt: skip
        return python(runner, program, *arguments, executable=os.fspath(client(name)), env=path, start=start_mode,
                      timeout=120, flags=["-W", "ignore"])  # fmt: skip

    return start


@pytest.mark.parametrize("way", WAYS)
def test_rncryptor(run, way, start_mode):
    """It uses from Crypto import Random, as in 2015: in the parent and in forked children, without Random.atfork()."""
    assert run("rncryptor", way, PROGRAMS / "clients_rncryptor.py", start_mode) == "sound\n"


@pytest.mark.parametrize("way", WAYS)
def test_simple_crypt(run, way):
    """It uses from Crypto.Random.random import getrandbits."""
    assert run("simple-crypt", way, PROGRAMS / "clients_simplecrypt.py", "auto") == "sound\n"


@pytest.mark.parametrize("way", WAYS)
def test_simple_crypt_on_our_hmac(run, client, way):
    """It uses from Crypto.Hash import SHA256, HMAC, and PyCryptodome's HMAC is missing. Each reads what the other writes."""
    for file in client("simple-crypt without an HMAC").parents[1].glob("lib/*/site-packages/Crypto/Hash/HMAC.*"):
        file.unlink()
    program = PROGRAMS / "clients_simplecrypt_hmac.py"
    ours = {"simple-crypt": "theirs", "simple-crypt without an HMAC": "ours"}
    for writer, reader in ([*ours], [*ours][::-1]):
        written = run(writer, way, program, "auto", ours[writer]).strip()
        assert run(reader, way, program, "auto", ours[reader], written) == "b'text'\n"


@pytest.mark.parametrize("way", WAYS)
def test_pbkdf2(run, way):
    """It uses from Crypto.Hash import HMAC, SHA as SHA1, and there is no Crypto but gorandom's."""
    assert run("pbkdf2", way, PROGRAMS / "clients_pbkdf2.py", "auto") == "sound\n"


def test_django(python, client, path, start_mode):
    """It uses secrets.choice and secrets.compare_digest for secret keys, password salts and CSRF tokens."""
    options = dict(executable=os.fspath(client("django")), env=path, start=start_mode, timeout=120, flags=["-W", "ignore"])
    assert python(PROGRAMS / "clients_django.py", **options) == "sound\n"
