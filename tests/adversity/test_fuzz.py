"""Every parser that reads what others wrote, with inputs that nobody thought of: a seed file's content (Go and Python), tokens of
signers, arguments. Bounded: GORANDOM_FUZZ seconds for each of Go's fuzz tests (10), hypothesis' own number of examples else."""

import os
import subprocess
import sys

import pytest
from conftest import SOURCE
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import gorandom
from gorandom import compare_digest, m2rand, seedfile, signing

SECONDS = int(os.environ.get("GORANDOM_FUZZ", "10"))
EXAMPLES = 60 * SECONDS
bounded = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)


@pytest.mark.parametrize("package, name", [("seedfile", "FuzzDecode"), ("keystream", "FuzzKernels")])
def test_go(package, name):
    """go test -fuzz: an input that fails is printed and kept in the package's testdata/fuzz."""
    command = [sys.executable, SOURCE / "tests" / "tools.py", "go", "test", f"./tests/go/{package}", "-run=^$", f"-fuzz=^{name}$",
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
)


@pytest.fixture(scope="module")
def folder_of_seeds(tmp_path_factory):
    return tmp_path_factory.mktemp("seeds")


@bounded
@given(contents)
def test_seed_file(folder_of_seeds, content):
    """Whatever a file holds that nobody signed by a digest: SeedFileError, and the file is as it was."""
    path = folder_of_seeds / "seed"
    path.unlink(missing_ok=True)
    path.touch(0o600)
    path.write_bytes(content)
    for call in (seedfile.load, seedfile.refresh):
        with pytest.raises(seedfile.SeedFileError):
            call(path, timeout=0)
        assert path.read_bytes() == content


@bounded
@given(st.data())
def test_damaged_seed_file(folder_of_seeds, data):
    """A good file with bytes changed, cut off or added."""
    path = folder_of_seeds / "good"
    seedfile.save(path)
    good = path.read_bytes()
    bad = bytearray(good)
    for at, value in data.draw(st.lists(st.tuples(st.integers(0, 111), st.integers(0, 255)), max_size=4)):
        bad[at] = value
    bad = bytes(bad[: data.draw(st.integers(100, 112))]) + data.draw(st.binary(max_size=3))
    path.write_bytes(bad)
    if bad == good:
        assert seedfile.load(path) == 64
    else:
        with pytest.raises(seedfile.SeedFileError):
            seedfile.load(path)
        assert path.read_bytes() == bad


@bounded
@given(st.one_of(st.text(), st.binary(), st.integers(), st.none(), st.lists(st.integers(0, 255))), st.one_of(st.floats(), st.integers(), st.none(), st.text()))
def test_arguments_of_seed_files(path, timeout):
    """Wrong ones raise, and nothing else than what is documented. Names that are right lie where nobody can make a file."""
    if isinstance(path, str):
        path = "/proc/self/a" + path.replace(".", "")
    elif isinstance(path, bytes):
        path = b"/proc/self/a" + path.replace(b".", b"")
    for call in (seedfile.load, seedfile.save, seedfile.refresh):
        with pytest.raises((OSError, ValueError, TypeError, OverflowError)):
            call(path, timeout=timeout)


SECRET = b"0123456789abcdef0123456789abcdef"
SIGNERS = [cls(SECRET, "purpose", compat=compat) for compat in (None, "itsdangerous")
           for cls in (signing.Signer, signing.TimestampSigner)]  # fmt: skip
READERS = [(s.unsign, s.sign(b"a value.with dots")) for s in SIGNERS] + [
    (s.loads, s.dumps({"a": [1, "x" * 700]}))
    for compat in (None, "itsdangerous")
    for s in (signing.URLSafeSerializer(SECRET, "purpose", compat=compat), signing.URLSafeTimedSerializer(SECRET, "purpose", compat=compat))
]
ALPHABET = "".join(map(chr, range(33, 127)))


@bounded
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200), st.text(ALPHABET, max_size=200), st.none(), st.integers()))
@example(b".")
@example("..")
@example(b"." * 100_000)
@example("é.é")
def test_any_token(token):
    for read, _ in READERS:
        with pytest.raises((signing.BadSignature, TypeError)):
            read(token)


@bounded
@given(st.sampled_from(READERS), st.data())
def test_tokens_that_are_nearly_right(reader, data):
    """One to three edits of a good token: each a BadSignature, or the token itself again."""
    read, good = reader
    good = good if isinstance(good, str) else good.decode()
    bad = good
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(bad)))
        cut = data.draw(st.integers(0, 2))
        bad = bad[:at] + data.draw(st.text(ALPHABET, max_size=2)) + bad[at + cut :]
    if bad == good:
        read(bad)
    else:
        with pytest.raises(signing.BadSignature):
            read(bad)


anything = st.one_of(
    st.none(), st.booleans(), st.integers(), st.integers(-10, 5000), st.floats(), st.text(max_size=20), st.binary(max_size=200),
    st.binary(max_size=50).map(bytearray), st.binary(max_size=50).map(memoryview), st.builds(lambda: memoryview(bytearray(60))[::3]), st.lists(st.integers(0, 300), max_size=5),
    st.tuples(st.integers()), st.complex_numbers(), st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
    st.sampled_from([object(), int, "auto", "never", range(10), 1 << 64, -1 << 64]),
)  # fmt: skip
CALLS = {
    name: getattr(gorandom, name)
    for name in ("get_random_bytes", "urandom", "fill", "add_event", "compare_digest", "new", "atfork", "reseed", "uuid4", "uuid7")
} | {"rand_bytes": m2rand.rand_bytes, "rand_seed": m2rand.rand_seed, "SystemRandom": gorandom.SystemRandom, "compare": compare_digest}
SMALL = 1 << 20  # bytes; what asks for more is not called: it may be right


@bounded
@given(st.sampled_from(sorted(CALLS)), st.lists(anything, max_size=3), st.dictionaries(st.sampled_from(["n", "data", "source", "buffer"]), anything, max_size=2))
def test_arguments(name, arguments, keywords):
    """Any call: a value or TypeError, ValueError, OverflowError, BufferError, MemoryError; never a SystemError, and the stream goes on."""
    if any(isinstance(a, int) and a > SMALL for a in [*arguments, *keywords.values()]) and name in ("get_random_bytes", "urandom", "rand_bytes"):
        arguments = [a for a in arguments if not (isinstance(a, int) and a > SMALL)]
        keywords = {}
    try:
        value = CALLS[name](*arguments, **keywords)
    except (TypeError, ValueError, OverflowError, BufferError, MemoryError):
        pass
    else:
        if isinstance(value, bytes) and arguments and isinstance(arguments[0], int):
            assert len(value) == arguments[0]
    assert len({gorandom.get_random_bytes(16), gorandom.get_random_bytes(16), bytes(16)}) == 3
