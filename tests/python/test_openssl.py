"""gorandom.openssl: this process's OpenSSL draws from gorandom, proves it, and can be given back its own generator."""

import inspect
import os
import shutil
import subprocess
import sys
import venv

import pytest
from _forks import PROGRAMS, linux, run
from conftest import PURE

import gorandom

sys.path.append(os.path.join(os.path.dirname(__file__), "noise"))
import confine  # noqa: E402

pytest.importorskip("ssl", reason="this interpreter has no ssl")
if PURE:
    pytest.skip("in pure Python there is no callback for OpenSSL", allow_module_level=True)

import gorandom.openssl  # noqa: E402

# It bundles a libcrypto of OpenSSL 1.1.1, and an extension that is linked to it.
OPENSSL_1_1 = "psycopg2-binary==2.9.5"
# Its extension contains an OpenSSL that exports none of its functions.
STATIC_OPENSSL = "cryptography==42.0.8"


def test_public_names():
    assert sorted(gorandom.openssl.__all__) == ["activate", "active", "deactivate"]
    for name in gorandom.openssl.__all__:
        assert inspect.getdoc(getattr(gorandom.openssl, name))
        with pytest.raises(TypeError):
            getattr(gorandom.openssl, name)(1)


def test_nothing_happens_before(python):
    python(PROGRAMS / "openssl_before.py")


@pytest.mark.parametrize("start", ["auto", "eager", "never"])
def test_it_draws_from_gorandom(python, start):
    """Each byte that ssl gives is counted where gorandom made it, for sizes around the pool's and OpenSSL's limits."""
    python(PROGRAMS / "openssl_draws.py", start=start)


def test_the_previous_generator_comes_back(python):
    python(PROGRAMS / "openssl_deactivate.py")


def test_negative_sizes_are_refused_by_ssl_as_before(python):
    python(PROGRAMS / "openssl_negative.py")


def test_added_entropy_is_an_event(python):
    """RAND_add mixes: added data never determines the bytes. More than an event's size is hashed, and so is one event."""
    python(PROGRAMS / "openssl_events.py", start="eager")


@linux
@pytest.mark.parametrize("start", ["auto", "never"])
def test_long_added_entropy_is_kept_as_its_hash(start):
    """Before there is a core the newest hundred events are kept in one page. Guards the hash in ``add`` of openssl/module.c:
    without it the data itself would be written there, past the event's end and past the page's."""
    assert run("import long_events", start) == {"mode": "direct" if start == "never" else "core", "child": 0}


@linux
@pytest.mark.skipif(not confine.available(), reason="the seccomp filters are written for x86_64 and aarch64")
def test_status_while_the_system_is_not_ready():
    """Programs ask OpenSSL before they draw. Guards ``status`` of openssl/module.c."""
    status = run("""
import errno, ssl, _ssl, confine, gorandom, gorandom._openssl
confine.refuse("getrandom", errno.EAGAIN)
assert gorandom._openssl.activate(_ssl.__file__) is None  # openssl.activate() would wait
print(int(ssl.RAND_status()))
""", "never")  # fmt: skip
    assert status == 0


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("size", [32, 3 << 20])
def test_forked_children_differ(python, start_mode, when, size):
    """Small draws come from the wiped pool. Large ones make a child start a core inside OpenSSL's callback."""
    python(PROGRAMS / "openssl_forks.py", when, size, start=start_mode, flags=["-W", "ignore::DeprecationWarning"])


def test_a_child_lets_go_for_itself(python):
    python(PROGRAMS / "openssl_child_lets_go.py", flags=["-W", "ignore::DeprecationWarning"])


def test_threads_without_the_gil(python, start_mode):
    python(PROGRAMS / "openssl_threads.py", start=start_mode)


def test_while_the_interpreter_ends(python, start_mode):
    """Guards: callbacks that touch Python would crash or hang in daemon threads and in exit handlers of C.

    OpenSSL is told not to clean up in an exit handler. That frees the locks that a thread in RAND_bytes is about to take, with
    and without gorandom, and then a process sometimes ends by a signal."""
    for _ in range(3):
        assert python(PROGRAMS / "openssl_end.py", start=start_mode) == "16\n"


def test_no_bytes_are_a_failure_and_not_weak_bytes(python):
    """getrandom fails: OpenSSL gets 0 and raises. The whole buffer is zeros, even if the failing draw began in the pool."""
    noise = os.path.join(os.path.dirname(__file__), "noise")
    sys.path.insert(0, noise)
    import confine

    if not confine.available():
        pytest.skip("the seccomp filter is written for x86_64 and aarch64")
    python(PROGRAMS / "openssl_refused.py", start="never", env={"PYTHONPATH": noise})


# A certificate of its own, made by the openssl program.
@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificate")
    program = shutil.which("openssl")
    if not program:
        pytest.skip("needs the program openssl, to make a certificate")
    done = subprocess.run(
        [program, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / "key.pem", "-out",
         folder / "cert.pem", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
        text=True, capture_output=True,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"openssl req makes no certificate: {done.stderr[-300:]}")
    return folder


def test_tls_over_loopback(python, start_mode, certificate):
    """TLS 1.2 and 1.3, in a child too: client and server draw their random values and keys from gorandom."""
    python(PROGRAMS / "openssl_tls.py", certificate, start=start_mode, flags=["-W", "ignore::DeprecationWarning"])


def test_an_object_without_openssl(python):
    """It is like a statically linked object: RAND_set_rand_method can't be found through it."""
    python(PROGRAMS / "openssl_unreachable.py")


def test_fips_mode_is_refused(python, tmp_path):
    """The configuration's default properties are the FIPS provider's, which need not be installed."""
    (tmp_path / "fips.cnf").write_text(
        "openssl_conf = init\n[init]\nalg_section = algorithms\n[algorithms]\ndefault_properties = fips=yes\n"
    )
    python(PROGRAMS / "openssl_fips.py", env={"OPENSSL_CONF": tmp_path / "fips.cnf"})


def wheel(tmp_path_factory, package):
    folder = tmp_path_factory.mktemp("wheel")
    venv.create(folder / "venv", with_pip=True)
    done = subprocess.run(
        [folder / "venv" / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "install", "--quiet",
         "--only-binary", ":all:", "--target", folder / "site", package],
        text=True, capture_output=True,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"needs {package} from the package index, which pip cannot get: {done.stderr.strip()[-300:]}")
    return folder / "site"


@pytest.fixture(scope="module")
def another_copy(tmp_path_factory):
    return wheel(tmp_path_factory, OPENSSL_1_1)


@pytest.mark.once
def test_another_copy_of_openssl(python, another_copy):
    """A second OpenSSL is in the process. activate() on the wrong one is undone, because ssl did not draw from it."""
    python(PROGRAMS / "openssl_another_copy.py", env={"PYTHONPATH": another_copy})


@pytest.mark.once
def test_openssl_1_1_1(python, another_copy):
    """The same RAND_METHOD works with 1.1.1, called here through the library that a wheel brings along."""
    python(PROGRAMS / "openssl_1_1_1.py", env={"PYTHONPATH": another_copy}, flags=["-W", "ignore::DeprecationWarning"])


@pytest.mark.once
def test_a_statically_linked_openssl_cannot_be_reached(python, tmp_path_factory):
    site = wheel(tmp_path_factory, STATIC_OPENSSL)
    python(PROGRAMS / "openssl_static.py", env={"PYTHONPATH": site})


def test_a_foreign_generator_stays(python):
    """deactivate() doesn't remove a generator that sets its own RAND_METHOD after us."""
    python(PROGRAMS / "openssl_foreign.py")
