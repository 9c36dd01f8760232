"""Annotations and stubs agree with the runtime, and a program that uses all of the API passes mypy --strict."""

import ast
import importlib.util
import os
import pathlib
import subprocess
import sys

import pytest
from _forks import PROGRAMS

import gorandom

pytest.importorskip("mypy", reason="mypy is in tests/requirements.txt")
pytest.importorskip("sqlite3", reason="NOT TESTED: mypy needs sqlite3, and this Python came without")

PACKAGE = pathlib.Path(gorandom.__file__).parent

# What stubtest may report, with the reason why it is not a fault.
ALLOWLIST = """
gorandom\\._systemrandom\\.SystemRandom\\._bytes  # staticmethod() of a function made in C
gorandom\\.secrets\\._PatientRandom\\._bytes
gorandom\\._forklock\\._ForkLock\\.__enter__  # a function made in C, which is no method
"""
WITHOUT = {  # modules that cannot be imported without the package that they need
    "numpy": "gorandom\\.numpy\ngorandom\\.BitGenerator\n",
    "flask": "gorandom\\.compat\\.flask\n",
}


@pytest.fixture
def mypy(tmp_path):
    def run(module, *arguments):
        environment = {**os.environ, "MYPY_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": ""}
        return subprocess.run([sys.executable, "-m", module, *map(str, arguments)], cwd=tmp_path, text=True,
                              capture_output=True, timeout=300, env=environment)  # fmt: skip

    return run


def test_py_typed():
    assert (PACKAGE / "py.typed").read_text() == ""


def test_stubs_agree_with_the_runtime(mypy, tmp_path):
    allowed, config = tmp_path / "allowlist", tmp_path / "mypy.ini"
    missing = [name for name in WITHOUT if not importlib.util.find_spec(name)]  # whose own tests say NOT TESTED
    allowed.write_text(ALLOWLIST + "".join(WITHOUT[name] for name in missing))
    config.write_text("[mypy]\n" + "".join(f"[mypy-{name}.*]\nignore_missing_imports = True\n" for name in missing))
    done = mypy("mypy.stubtest", "gorandom", "--allowlist", allowed, "--ignore-unused-allowlist", "--mypy-config-file", config)
    assert done.returncode == 0, done.stdout + done.stderr


def test_stubs_are_for_extension_modules_alone():
    """All other annotations are in the code, where they cannot drift from it."""
    stubs = {str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.pyi")}
    assert stubs == {"_core.pyi", "_front.pyi", "_numpy.pyi", "_openssl.pyi"}


def test_state_has_the_keys_of_its_stub():
    """stubtest does not look into a TypedDict."""
    tree = ast.parse((PACKAGE / "_front.pyi").read_text())
    (state,) = (node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "_State")
    assert {field.target.id for field in state.body} == set(gorandom._front.state())


STRICT = """
[mypy]
strict = True
warn_return_any = False
[mypy-gorandom._cli.*,gorandom.__main__]
ignore_errors = True
"""


@pytest.mark.once
def test_the_code_agrees_with_its_annotations(mypy, tmp_path):
    for name in WITHOUT:
        pytest.importorskip(name, reason=f"NOT TESTED: {name} is not installed")
    (tmp_path / "mypy.ini").write_text(STRICT)
    done = mypy("mypy", "--config-file", "mypy.ini", "-p", "gorandom")
    assert done.returncode == 0, done.stdout + done.stderr


BAD = [
    "gorandom.get_random_bytes('x')",
    "gorandom.get_random_bytes()",
    "gorandom.get_random_bytes(1.0)",
    "gorandom.urandom(n=1)",
    "gorandom.urandom(1.0)",
    "gorandom.fill('text')",
    "gorandom.compare_digest('x', b'x')",
    "gorandom.compare_digest(1, 1)",
    "gorandom.compare_digest(a=b'x', b=b'x')",
    "gorandom.new(1)",
    "gorandom.new(name=1)",
    "gorandom.configure('never')",
    "gorandom.configure(start='sometimes')",
    "gorandom.add_event('text')",
    "gorandom.status().mode = 'core'",
    "gorandom.nothing",
    "gorandom.new().closed = True",
    "x: int = gorandom.status().reason",
    "gorandom.wait_for_system_rng('1')",
    "from gorandom.compat.pycrypto.Hash import HMAC; HMAC.new('text')",
    "from gorandom.compat.pycrypto.Hash import HMAC; HMAC.new(b'key', digestmod='sha256')",
    "from gorandom.compat.pycrypto.Hash import SHA256; SHA256.new('text')",
    "from gorandom.random import StrongRandom; StrongRandom(gorandom.new(), gorandom.get_random_bytes)",
    "from gorandom.random import randrange; randrange(1, 2, 3, 4)",
    "from gorandom.random import choice; choice({1, 2})",
    "from gorandom import secrets; secrets.token_hex('16')",
    "gorandom.uuid7(1)",
    "y: int = gorandom.uuid4()",
    "gorandom.signing.Signer(b'secret')",
    "gorandom.signing.Signer(b'secret', 'purpose', ['old'])",
    "gorandom.signing.Signer(b'secret', 'purpose', old_secrets=b'old')",
    "gorandom.signing.Signer(b'secret', 'purpose', compat='django')",
    "gorandom.signing.Signer(b'secret', 'purpose').unsign(b'token', 60)",
    "gorandom.signing.TimestampSigner(b'secret', 'purpose').unsign(b'token', '60')",
    "gorandom.signing.TimestampSigner(b'secret', 'purpose').unsign(b'token', 60, True).strip()",
    "gorandom.signing.URLSafeSerializer(b'secret', 'purpose').loads(None)",
    "gorandom.signing.URLSafeSerializer(b'secret', 'purpose', salt='salt')",
    "gorandom.signing.URLSafeSerializer(b'secret', 'purpose', serializer=5)",
    "gorandom.signing.TimestampSigner(b'secret', 'purpose').unsign(b'token', 60, leeway='5')",
]


@pytest.mark.once
@pytest.mark.parametrize("target", ["3.11", "3.12", "3.14"])
def test_a_strict_program(mypy, tmp_path, target):
    done = mypy("mypy", "--strict", "--python-version", target, PROGRAMS / "types_good.py")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.once
def test_faults_are_found(mypy, tmp_path):
    """Each line has one fault: an annotation that says Any would find none."""
    (tmp_path / "bad.py").write_text("import gorandom, gorandom.signing\n" + "\n".join(BAD) + "\n")
    done = mypy("mypy", "--strict", "bad.py")
    found = {int(line.split(":")[1]) for line in done.stdout.splitlines() if ": error:" in line}
    missed = [text for number, text in enumerate(BAD, 2) if number not in found]
    assert not missed, done.stdout
