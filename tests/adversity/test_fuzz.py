"""Every parser of foreign input, with inputs that nobody thought of: a seed file's content (Go and Python), signed tokens,
arguments. The time is bounded: GORANDOM_FUZZ seconds for each Go fuzz test (10), and Hypothesis's own number of examples."""

import hashlib
import os
import subprocess
import sys

import pytest
from conftest import SOURCE
from gorandom.compat import m2crypto
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import gorandom
from gorandom import compare_digest, seedfile, signing

SECONDS = int(os.environ.get("GORANDOM_FUZZ") or 10)
EXAMPLES = 60 * SECONDS
bounded = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)


@pytest.mark.parametrize("package, name", [("gorandom/seedfile", "FuzzDecode"), ("tests/go/keystream", "FuzzKernels")])
def test_go(package, name):
    """go test -fuzz: an input that fails is printed and kept in the package's testdata/fuzz. Guards that only the output of
    encode is accepted, and guards each kernel's carries and number of blocks."""
    command = [sys.executable, SOURCE / "tests" / "tools.py", "go", "test", f"./{package}", "-run=^$", f"-fuzz=^{name}$",
               f"-fuzztime={SECONDS}s", "-parallel=2"]  # fmt: skip
    done = subprocess.run(command, cwd=SOURCE, text=True, capture_output=True, timeout=240)
    print(done.stdout[-2000:])
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    assert "fuzz: elapsed" in done.stdout


HEADING = b"gorandom seed 1\n"
contents = st.one_of(
    st.binary(max_size=300),
    st.binary(min_size=112, max_size=112),
    st.binary(min_size=96, max_size=96).map(lambda b: HEADING + b),
    # Everything is right except the heading or the size.
    st.binary(max_size=100).filter(lambda b: len(b) != 80 or not b.startswith(HEADING)).map(lambda b: b + hashlib.sha256(b).digest()),
    st.binary(min_size=64, max_size=64).map(lambda b: b"gorandom seed 2\n" + b).map(lambda b: b + hashlib.sha256(b).digest()),
)


@pytest.fixture(scope="module")
def folder_of_seeds(tmp_path_factory):
    return tmp_path_factory.mktemp("seeds")


@bounded
@given(contents)
def test_seed_file(folder_of_seeds, content):
    """Any content that save() would not write raises SeedFileError, and the file is unchanged. Guards that heading and digest
    are checked before anything is written and before the seed is used."""
    path = folder_of_seeds / "seed"
    path.unlink(missing_ok=True)
    path.touch(0o600)
    path.write_bytes(content)
    events = gorandom.status().events
    for call in (seedfile.load, seedfile.refresh):
        with pytest.raises(seedfile.SeedFileError):
            call(path, timeout=0)
        assert path.read_bytes() == content
    assert gorandom.status().events == events


@bounded
@given(st.data())
def test_damaged_seed_file(folder_of_seeds, data):
    """A good file with bytes changed, cut off or added. Guards that the whole digest and the size are checked, and that a
    good file can be used once."""
    path = folder_of_seeds / "good"
    seedfile.save(path)
    good = path.read_bytes()
    bad = bytearray(good)
    for at, value in data.draw(st.lists(st.tuples(st.integers(0, 111), st.integers(0, 255)), max_size=4)):
        bad[at] = value
    bad = bytes(bad[: 112 - data.draw(st.integers(0, 12))]) + data.draw(st.binary(max_size=3))
    path.write_bytes(bad)
    if bad == good:
        assert seedfile.load(path) == 64
        assert path.read_bytes() != good
    else:
        with pytest.raises(seedfile.SeedFileError):
            seedfile.load(path)
        assert path.read_bytes() == bad


@bounded
@given(st.one_of(st.text(), st.binary(), st.integers(), st.none(), st.lists(st.integers(0, 255))), st.one_of(st.floats(), st.integers(), st.none(), st.text()))
def test_arguments_of_seed_files(path, timeout):
    """Wrong arguments raise what is documented. Valid names are in a place where no file can be made, and raise OSError.
    Guards the checks of path and timeout, and that the system's errors keep their kind."""
    wrong = ()
    if isinstance(path, str):
        path = "/proc/self/a" + path.replace(".", "")
        wrong += (ValueError,) * ("\0" in path)
    elif isinstance(path, bytes):
        path = b"/proc/self/a" + path.replace(b".", b"")
        wrong += (ValueError,) * (b"\0" in path)
    else:
        wrong += (TypeError,)
    if isinstance(path, (str, bytes)) and os.fsencode(path).endswith(b"/"):
        wrong += (seedfile.SeedFileError,)
    if not isinstance(timeout, (int, float)):
        wrong += (TypeError,)
    elif isinstance(timeout, int) and abs(timeout) > sys.float_info.max:
        wrong += (OverflowError,)
    elif not timeout >= 0:
        wrong += (ValueError,)
    for call in (seedfile.load, seedfile.save, seedfile.refresh):
        with pytest.raises(wrong or OSError):
            call(path, timeout=timeout)


SECRET = b"0123456789abcdef0123456789abcdef"
SIGNERS = [cls(SECRET, "purpose", compat=compat) for compat in (None, "itsdangerous")
           for cls in (signing.Signer, signing.TimestampSigner)]  # fmt: skip
READERS = [(s.unsign, s.sign(b"a value.with dots")) for s in SIGNERS] + [
    (s.loads, s.dumps({"a": [1, "x" * 700]}))
    for compat in (None, "itsdangerous")
    for s in (signing.URLSafeSerializer(SECRET, "purpose", compat=compat), signing.URLSafeTimedSerializer(SECRET, "purpose", compat=compat))
]
ALPHABET = "".join(map(chr, range(128)))


@bounded
@given(st.one_of(st.binary(max_size=200), st.text(st.characters(), max_size=200), st.text(ALPHABET, max_size=200), st.none(), st.integers()))
@example(b".")
@example("..")
@example(b"." * 100_000)
@example("é.é")
@example("\ud800.")
def test_any_token(token):
    """Guards that a token that no signer made raises BadSignature, or TypeError, but never a decoder's own error."""
    for read, _ in READERS:
        with pytest.raises((signing.BadSignature, TypeError)):
            read(token)


@bounded
@given(st.sampled_from(READERS), st.data())
def test_tokens_that_are_nearly_right(reader, data):
    """A good token, or all but its end, with up to three edits, raises BadSignature unless it is the token itself again.
    Guards that a signature has one spelling, comes after the last dot, and is compared to its end."""
    read, good = reader
    good = good if isinstance(good, str) else good.decode()
    bad = good[: len(good) - data.draw(st.integers(0, 4))]
    for _ in range(data.draw(st.integers(0, 3))):
        at = data.draw(st.integers(0, len(bad)) | st.sampled_from([0, len(bad)]))
        cut = data.draw(st.integers(0, 2))
        bad = bad[:at] + data.draw(st.text(ALPHABET, max_size=2) | st.sampled_from(" \n.=")) + bad[at + cut :]
    if bad == good:
        read(bad)
    else:
        with pytest.raises(signing.BadSignature):
            read(bad)


numbers = st.integers(-10, 5000) | st.sampled_from([-1, 256, 1 << 64, -1 << 64])
buffers = st.one_of(
    st.binary(max_size=200), st.binary(max_size=50).map(bytearray), st.binary(max_size=50).map(memoryview),
    st.builds(lambda: memoryview(bytearray(60))[::3]),
)  # fmt: skip
anything = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.lists(st.integers(0, 300), max_size=5),
    st.tuples(st.integers()), st.complex_numbers(), st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
    st.sampled_from([object(), int, "auto", "never", range(10)]), numbers, buffers,
)  # fmt: skip
lists_of_arguments = st.lists(anything, max_size=3) | st.tuples(numbers) | st.tuples(buffers) | st.tuples(buffers, numbers | buffers)
CALLS = {
    name: getattr(gorandom, name)
    for name in ("get_random_bytes", "urandom", "fill", "add_event", "compare_digest", "new", "atfork", "reseed", "uuid4", "uuid7")
} | {"rand_bytes": m2crypto.rand_bytes, "rand_seed": m2crypto.rand_seed, "SystemRandom": gorandom.SystemRandom, "compare": compare_digest}
SIZED = ("get_random_bytes", "urandom", "rand_bytes")
SMALL = 1 << 20  # bytes; calls that ask for more are not made, because they may succeed
# Checks of the value and arguments of a call that raised nothing. TypeError: it should have had none of these
# arguments.
RIGHT = (
    dict.fromkeys(SIZED, lambda value, n: type(value) is bytes and len(value) == n)
    | dict.fromkeys(("compare_digest", "compare"), lambda value, a, b: value is (a == b))
    | dict.fromkeys(("atfork", "reseed", "uuid4", "uuid7"), lambda value: True)
    | dict.fromkeys(("new", "SystemRandom", "rand_seed"), lambda value, *arguments, **keywords: True)
    | {
        "fill": lambda value, buffer: value is None and not memoryview(buffer).readonly and memoryview(buffer).contiguous,
        "add_event": lambda value, data, source=0: value is None and memoryview(data).nbytes > 0 and 0 <= source <= 255,
    }
)


def is_large(n):
    return isinstance(n, int) and SMALL < n <= sys.maxsize


@bounded
@given(st.sampled_from(sorted(CALLS)), lists_of_arguments, st.dictionaries(st.sampled_from(["n", "data", "source", "buffer"]), anything, max_size=2))
@example("get_random_bytes", [-1], {})
@example("get_random_bytes", [1 << 64], {})
@example("urandom", [-1], {})
@example("urandom", [1 << 64], {})
@example("rand_bytes", [-1], {})
@example("fill", [bytes(20)], {})
@example("fill", [memoryview(bytearray(60))[::3]], {})
@example("add_event", [b""], {})
@example("add_event", [b"x", 256], {})
@example("compare_digest", [b"ab", b"a"], {})
def test_arguments(name, arguments, keywords):
    """Any call gives a value, or TypeError, ValueError, OverflowError, BufferError or MemoryError, but never a SystemError,
    and the stream goes on. Guards the checks of sizes, buffers, sources and numbers of arguments, in C and in Python."""
    if name in SIZED:
        arguments = [a for a in arguments if not is_large(a)]
        keywords = {k: a for k, a in keywords.items() if not is_large(a)}
    try:
        value = CALLS[name](*arguments, **keywords)
    except (TypeError, OverflowError, BufferError, MemoryError):
        pass
    except ValueError:
        if name in SIZED:  # m2crypto raises MemoryError instead
            assert name != "rand_bytes" and [*arguments, *keywords.values()][0] < 0
    else:
        assert RIGHT[name](value, *arguments, **keywords)
    assert len({gorandom.get_random_bytes(16), gorandom.get_random_bytes(16), bytes(16)}) == 3
