"""gorandom.openssl: this process's OpenSSL draws from gorandom, proves it, and lets go again."""

import inspect
import os
import shutil
import subprocess
import sys
import venv

import pytest
from _forks import linux, run

import gorandom

sys.path.append(os.path.join(os.path.dirname(__file__), "noise"))
import confine  # noqa: E402

pytest.importorskip("ssl", reason="this interpreter has no ssl")

import gorandom.openssl  # noqa: E402

# Bundles a libcrypto of OpenSSL 1.1.1, next to an extension that is linked to it.
OPENSSL_1_1 = "psycopg2-binary==2.9.5"
# Its extension holds an OpenSSL of its own that shows none of its functions.
STATIC_OPENSSL = "cryptography==42.0.8"

HEAD = """
import os, ssl, sys
import gorandom
import gorandom.openssl as openssl
def served(): return gorandom._openssl.state()[1]
"""


def test_public_names():
    assert sorted(gorandom.openssl.__all__) == ["activate", "active", "deactivate"]
    for name in gorandom.openssl.__all__:
        assert inspect.getdoc(getattr(gorandom.openssl, name))
        with pytest.raises(TypeError):
            getattr(gorandom.openssl, name)(1)


def test_nothing_happens_before(python):
    python(HEAD + """
assert not openssl.active() and openssl.deactivate() is None
ssl.RAND_bytes(16)
assert not openssl.active() and served() == 0
""")


@pytest.mark.parametrize("start", ["auto", "eager", "never"])
def test_it_draws_from_gorandom(python, start):
    """Each byte that ssl gives is counted where gorandom made it; sizes around the pool's and OpenSSL's limits."""
    python(HEAD + """
assert openssl.activate() is None and openssl.active() is True
seen = set()
for n in (0, 1, 15, 16, 17, 1023, 1024, 1025, 4047, 4048, 4049, 4096, 8192, 8193, 1 << 20, (1 << 20) + 1, 20 << 20):
    before = served()
    drawn = ssl.RAND_bytes(n)
    assert len(drawn) == n and served() - before == n, (n, served() - before)
    for i in range(0, n - 15, max(16, n // 64 * 16)):
        seen.add(drawn[i:i + 16])
        assert any(drawn[i:i + 16])
assert gorandom.get_random_bytes(16) not in seen and ssl.RAND_bytes(16) not in seen
assert ssl.RAND_status()
assert gorandom.status().mode == ("direct" if os.environ["GORANDOM_START"] == "never" else "core")
""", start=start)  # fmt: skip


def test_the_previous_generator_comes_back(python):
    python(HEAD + """
for _ in range(3):
    openssl.activate()
    openssl.activate()
    assert openssl.active()
    openssl.deactivate()
    assert not openssl.active()
    before = served()
    assert len(ssl.RAND_bytes(16)) == 16 and served() == before
    openssl.deactivate()
""")


def test_negative_sizes_are_refused_by_ssl_as_before(python):
    python(HEAD + """
def outcome():
    try: ssl.RAND_bytes(-1)
    except ValueError as e: return str(e)
before = outcome()
openssl.activate()
assert before and outcome() == before
""")


def test_added_entropy_is_an_event(python):
    """RAND_add mixes: what is added never decides the bytes. More than an event holds is hashed, so is one event."""
    python(HEAD + """
openssl.activate()
for data in (b"x", b"y" * 32, b"z" * 33, "text", b"w" * 100_000):
    before = gorandom.status().events
    ssl.RAND_add(data, 1.5)
    assert gorandom.status().events == before + 1, len(data)
before = gorandom.status().events
ssl.RAND_add(b"", 0.0)
assert gorandom.status().events == before
assert ssl.RAND_bytes(16) != ssl.RAND_bytes(16)
""", start="eager")


@linux
@pytest.mark.parametrize("start", ["auto", "never"])
def test_long_added_entropy_is_kept_as_its_hash(start):
    """Before there is a core the newest hundred events are kept in one page. Guards the hash in ``add`` of openssl/method.c:
    without it the data themselves are written there, past the event's end and past the page's."""
    assert run("import long_events", start) == {"mode": "direct" if start == "never" else "core", "child": 0}


@linux
@pytest.mark.skipif(not confine.available(), reason="the seccomp filters are written for x86_64 and aarch64")
def test_status_while_the_system_is_not_ready():
    """OpenSSL's callers ask before they draw. Guards ``status`` of openssl/method.c."""
    status = run("""
import errno, ssl, _ssl, confine, gorandom, gorandom._openssl
confine.refuse("getrandom", errno.EAGAIN)
assert gorandom._openssl.activate(_ssl.__file__) is None  # openssl.activate() would wait
print(int(ssl.RAND_status()))
""", "never")  # fmt: skip
    assert status == 0


FORKS = HEAD + """
if sys.argv[1] == "before": openssl.activate()
ssl.RAND_bytes(16)
if sys.argv[1] == "after": openssl.activate()
size = int(sys.argv[2])
r, w = os.pipe()
children = []
for _ in range(20):
    pid = os.fork()
    if not pid:
        assert openssl.active()
        before = served()
        drawn = ssl.RAND_bytes(size)
        assert served() - before == size
        os.write(w, drawn[:16] + drawn[-16:] + gorandom.get_random_bytes(32))
        os._exit(0)
    children.append(pid)
assert not any(os.waitpid(pid, 0)[1] for pid in children)
os.close(w)
theirs = b""
while part := os.read(r, 65536): theirs += part
tokens = [theirs[i:i + 16] for i in range(0, len(theirs), 16)] + [ssl.RAND_bytes(size)[:16]]
assert len(tokens) == len(set(tokens)) == 81, len(set(tokens))
"""


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("size", [32, 3 << 20])
def test_forked_children_differ(python, start_mode, when, size):
    """Small draws come from the wiped pool, large ones make a child start a core inside OpenSSL's callback."""
    python(FORKS, when, size, start=start_mode, flags=["-W", "ignore::DeprecationWarning"])


def test_a_child_lets_go_for_itself(python):
    python(HEAD + """
openssl.activate()
child = os.fork()
if not child:
    openssl.deactivate()
    os._exit(openssl.active())
assert os.waitpid(child, 0)[1] == 0 and openssl.active()
""", flags=["-W", "ignore::DeprecationWarning"])


# ctypes gives the GIL away, so OpenSSL's callback runs without it, and on threads that Python never saw.
WITHOUT_GIL = HEAD + """
import ctypes, threading
openssl.activate()
import _ssl
crypto = ctypes.CDLL(getattr(_ssl, "__file__", None))  # loaded already; its functions, through its dependencies
rand = crypto.RAND_bytes
rand.argtypes = [ctypes.c_void_p, ctypes.c_int]
"""


def test_threads_without_the_gil(python, start_mode):
    python(WITHOUT_GIL + """
drawn, failed = [], []
def work(n):
    buffer = ctypes.create_string_buffer(n)
    for _ in range(50):
        if rand(buffer, n) != 1: failed.append(n)
        drawn.append(buffer.raw[:16])
        drawn.append(ssl.RAND_bytes(16))
before = served()
threads = [threading.Thread(target=work, args=(n,)) for n in (16, 1000, 5000, 100_000) * 3]
for t in threads: t.start()
for t in threads: t.join()
assert not failed and len(set(drawn)) == len(drawn) == 12 * 100
assert served() - before == 3 * 50 * (16 + 1000 + 5000 + 100_000) + 600 * 16
""", start=start_mode)


# OPENSSL_INIT_NO_ATEXIT, which OpenSSL takes from the first call of all.
NO_CLEANUP = """
import ctypes, importlib.util
origin = importlib.util.find_spec("_ssl").origin
crypto = ctypes.CDLL(None if origin == "built-in" else origin)
assert crypto.OPENSSL_init_crypto(ctypes.c_uint64(0x80000), None) == 1
"""


def test_while_the_interpreter_ends(python, start_mode):
    """Guards: callbacks that touch Python would crash or hang in daemon threads and in exit handlers of C.

    OpenSSL is told not to take itself down in an exit handler: it frees the locks that a thread in RAND_bytes is
    about to take, with and without gorandom, and a process then ends by a signal now and then."""
    program = NO_CLEANUP + WITHOUT_GIL + """
import atexit
def work():
    buffer = ctypes.create_string_buffer(100_000)
    ready.release()
    while True: rand(buffer, 100_000); rand(buffer, 16)
ready = threading.Semaphore(0)
for _ in range(3):
    threading.Thread(target=work, daemon=True).start()
    ready.acquire()
atexit.register(lambda: print(len(ssl.RAND_bytes(16))))
"""
    for _ in range(3):
        assert python(program, start=start_mode) == "16\n"


def test_no_bytes_are_a_failure_and_not_weak_bytes(python):
    """getrandom fails: OpenSSL gets 0 and raises, and all of the buffer is zeros, where the failing draw began in
    the pool too."""
    noise = os.path.join(os.path.dirname(__file__), "noise")
    sys.path.insert(0, noise)
    import confine

    if not confine.available():
        pytest.skip("the seccomp filter is written for x86_64 and aarch64")
    python(WITHOUT_GIL + """
import errno, confine
buffer = ctypes.create_string_buffer(b"x" * 64)
confine.refuse("getrandom", errno.EIO)
before = served()
failures = 0
for _ in range(200):
    buffer.raw = b"x" * 64
    if rand(buffer, 64) != 1:
        failures += 1
        assert buffer.raw[:64] == bytes(64), buffer.raw
assert failures and served() - before == 64 * (200 - failures)
try: ssl.RAND_bytes(16)
except ssl.SSLError: pass
else: raise AssertionError("ssl.RAND_bytes gave bytes")
try: openssl.activate()
except OSError: pass
else: raise AssertionError("activate() proved what is not so")
""", start="never", env={"PYTHONPATH": noise})


# Its own certificate, made by the openssl program.
HANDSHAKE = HEAD + """
import socket, threading
folder = sys.argv[1]
openssl.activate()

def server_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder + "/cert.pem", folder + "/key.pem")
    return context

def talk(version):
    server, client = server_context(), ssl.create_default_context(cafile=folder + "/cert.pem")
    client.minimum_version = client.maximum_version = version
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(20)
    def serve():
        accepted, _ = listener.accept()
        accepted.settimeout(20)
        with server.wrap_socket(accepted, server_side=True) as s:
            s.sendall(s.recv(100)[::-1])
    thread = threading.Thread(target=serve)
    thread.start()
    before = served()
    with client.wrap_socket(socket.create_connection(listener.getsockname(), 20), server_hostname="localhost") as c:
        c.sendall(b"hello")
        assert c.recv(100) == b"olleh" and c.version() == version.name.replace("_", "."), c.version()
    thread.join()
    listener.close()
    assert served() - before >= 64, "two handshakes' ends need two random values of 32 bytes each"

for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
    talk(version)
child = os.fork()
if not child:
    talk(ssl.TLSVersion.TLSv1_3)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
openssl.deactivate()
before = served()
try: talk(ssl.TLSVersion.TLSv1_3)
except AssertionError: pass
assert served() == before
"""


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
    """TLS 1.2 and 1.3, in a child too: client and server draw their randoms and keys from gorandom."""
    python(HANDSHAKE, certificate, start=start_mode, flags=["-W", "ignore::DeprecationWarning"])


def test_an_object_without_openssl(python):
    """As one that is linked statically: no RAND_set_rand_method is to be found through it."""
    python(HEAD + """
import _ssl
class Other: __file__ = gorandom._front.__file__
openssl._extension = Other
try: openssl.activate()
except RuntimeError as e: assert "statically" in str(e) and "ssl cannot draw" in str(e), e
else: raise AssertionError
assert not openssl.active()
Other.__file__ = "/nowhere/_ssl.so"
try: openssl.activate()
except RuntimeError as e: assert "not loaded" in str(e), e
else: raise AssertionError
assert not openssl.active() and served() == 0
openssl._extension = _ssl
openssl.activate()
""")


def test_fips_mode_is_refused(python, tmp_path):
    """By a configuration whose default properties are those of the FIPS provider, which need not be there."""
    (tmp_path / "fips.cnf").write_text(
        "openssl_conf = init\n[init]\nalg_section = algorithms\n[algorithms]\ndefault_properties = fips=yes\n"
    )
    python(HEAD + """
if ssl.OPENSSL_VERSION_INFO < (3,): sys.exit()
try: openssl.activate()
except RuntimeError as e: assert "FIPS mode" in str(e), e
else: raise AssertionError
assert not openssl.active() and served() == 0
""", env={"OPENSSL_CONF": tmp_path / "fips.cnf"})


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
    """A second OpenSSL in the process: activate() on the wrong one is undone, because ssl did not draw from it."""
    python(HEAD + """
import psycopg2._psycopg as other, _ssl
openssl._extension = other
try: openssl.activate()
except RuntimeError as e: assert "another copy of OpenSSL is in use" in str(e), e
else: raise AssertionError
assert not openssl.active() and served() == 0
openssl._extension = _ssl
openssl.activate()
assert gorandom._openssl.activate(other.__file__).startswith("another copy")
assert openssl.active() and len(ssl.RAND_bytes(16)) == 16 and served() == 32 + 16
""", env={"PYTHONPATH": another_copy})


@pytest.mark.once
def test_openssl_1_1_1(python, another_copy):
    """The same RAND_METHOD serves 1.1.1, here called through the library that a wheel brings along."""
    python("""
import ctypes, os, gorandom, gorandom._openssl
import psycopg2._psycopg as other
crypto = ctypes.CDLL(other.__file__)
crypto.OpenSSL_version.restype = ctypes.c_char_p
assert crypto.OpenSSL_version(0).startswith(b"OpenSSL 1.1.1"), crypto.OpenSSL_version(0)
def draw(n):
    buffer = ctypes.create_string_buffer(n)
    before = gorandom._openssl.state()[1]
    assert crypto.RAND_bytes(buffer, n) == crypto.RAND_priv_bytes(buffer, n) == 1 and any(buffer.raw)
    return gorandom._openssl.state()[1] - before
assert draw(16) == 0
assert gorandom._openssl.activate(other.__file__) is None
assert gorandom._openssl.state()[0] and draw(16) == 32 and draw(100_000) == 200_000 and crypto.RAND_status() == 1
crypto.RAND_add(b"x" * 100, 100, ctypes.c_double(1.0))
crypto.RAND_seed(b"x" * 10, 10)
child = os.fork()
if not child: os._exit(draw(16) != 32)
assert os.waitpid(child, 0)[1] == 0
gorandom._openssl.deactivate()
assert draw(16) == 0 and not gorandom._openssl.state()[0]
""", env={"PYTHONPATH": another_copy}, flags=["-W", "ignore::DeprecationWarning"])


@pytest.mark.once
def test_a_statically_linked_openssl_cannot_be_reached(python, tmp_path_factory):
    site = wheel(tmp_path_factory, STATIC_OPENSSL)
    python(HEAD + """
from cryptography.hazmat.bindings import _rust
openssl._extension = _rust
try: openssl.activate()
except RuntimeError as e: assert "statically" in str(e), e
else: raise AssertionError
import _ssl
openssl._extension = _ssl
openssl.activate()
before = served()
from cryptography.hazmat.primitives.asymmetric import ec
ec.generate_private_key(ec.SECP256R1())
assert served() == before, "it is reached after all: say so in the docs"
""", env={"PYTHONPATH": site})


def test_a_foreign_generator_stays(python):
    """One that sets its own RAND_METHOD after us is not thrown out by deactivate()."""
    python(WITHOUT_GIL + """
openssl.activate()
crypto.RAND_get_rand_method.restype = crypto.RAND_OpenSSL.restype = ctypes.c_void_p
crypto.RAND_set_rand_method.argtypes = [ctypes.c_void_p]
words = (ctypes.c_void_p * 6).from_address(crypto.RAND_OpenSSL())
theirs = (ctypes.c_void_p * 6)(*words)
crypto.RAND_set_rand_method(ctypes.addressof(theirs))
assert not openssl.active()
openssl.deactivate()
assert crypto.RAND_get_rand_method() == ctypes.addressof(theirs)
crypto.RAND_set_rand_method(crypto.RAND_OpenSSL())
""")
