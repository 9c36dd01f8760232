"""The front in Python where something is missing or refused. Run by test_pure.py; the argument names the case."""

import errno
import os
import sys
import threading
import warnings

WHAT = sys.argv[1]


def answer(*results):
    """A function that returns or raises these, one per call, and the last one for ever."""
    left = list(results)

    def call(*args):
        result = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(result, BaseException):
            raise result
        return bytes(args[0]) if result is None else result

    return call


def raised(function, *args):
    try:
        function(*args)
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


BLOCKING = BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
real = os.urandom

if WHAT == "missing modules":
    for name in ("_ssl", "ssl", "_hashlib", "ctypes", "_ctypes", "threading", "fcntl", "_posixsubprocess", "multiprocessing"):
        sys.modules[name] = None
    for name in ("fork", "register_at_fork", "getrandom", "GRND_NONBLOCK", "pidfd_open"):
        if hasattr(os, name):
            delattr(os, name)

if WHAT == "no fork":
    import select
    import signal

    for module, names in ((os, ("fork", "register_at_fork", "getrandom", "uname", "confstr")), (select, ["poll"]), (signal, ["SIGKILL"])):
        for name in names:
            vars(module).pop(name, None)  # PyPy has no getrandom
    sys.modules["multiprocessing"] = sys.modules["ctypes"] = None

if WHAT == "not ready":
    os.getrandom = answer(BLOCKING, BLOCKING, BLOCKING, BLOCKING, b"x")
if WHAT == "refused":
    os.getrandom = answer(PermissionError(errno.EPERM, "Operation not permitted"))
if WHAT == "filtered early":
    import select

    os.getrandom = answer(PermissionError(errno.EPERM, "Operation not permitted"))
    ready = select.select
    select.select = lambda *unused: ([], [], [])
if WHAT == "no getrandom" and hasattr(os, "getrandom"):
    del os.getrandom
if WHAT == "no source":
    if hasattr(os, "getrandom"):
        del os.getrandom
    os.urandom = answer(NotImplementedError("/dev/urandom (or equivalent) not found"), OSError(errno.ENOENT, "No such file"),
                        OSError(errno.EAGAIN, "again"), None, None, OSError(errno.EIO, "gone"))  # fmt: skip

import gorandom  # noqa: E402
from gorandom import secrets  # noqa: E402

print(gorandom.status().mode)


def draw_all():
    drawn = [gorandom.get_random_bytes(16), gorandom.urandom(16), gorandom.new().read(16), secrets.token_bytes(16)]
    buffer = bytearray(16)
    gorandom.fill(buffer)
    drawn += [bytes(buffer), gorandom.uuid4().bytes, gorandom.uuid7().bytes]
    assert len(set(drawn)) == len(drawn) and bytes(16) not in drawn
    assert 0 <= gorandom.SystemRandom().random() < 1 and secrets.randbelow(5) in range(5)


if WHAT == "missing modules":
    draw_all()
    import gorandom.hmac
    import gorandom.signing

    tag = gorandom.hmac.digest(b"key", b"message", "sha256")
    assert gorandom.hmac.Key(b"key", "sha256").digest(b"message") == tag
    token = gorandom.signing.Signer(b"k" * 32, "purpose").sign(b"x")
    assert gorandom.signing.Signer(b"k" * 32, "purpose").unsign(token) == b"x"
    gorandom.add_event(bytes(100))
    gorandom.reseed()
    del sys.modules["threading"]  # the interpreter looks for it at its end
elif WHAT == "no fork":
    import contextlib
    import io

    from gorandom.__main__ import main

    with contextlib.redirect_stdout(io.StringIO()) as table:
        status = main(["selftest"])
    assert status == 0 and "this system has no fork()" in table.getvalue(), table.getvalue()
elif WHAT == "not ready":
    error = raised(gorandom.urandom, 1)
    assert type(error) is BlockingIOError and "wait_for_system_rng() returns when it is" in str(error), error
    assert gorandom.urandom(0) == b"" and not gorandom.status().ready
    assert type(raised(gorandom.SystemRandom().random)) is BlockingIOError
    assert type(raised(gorandom.wait_for_system_rng, 0)) is TimeoutError
    gorandom.wait_for_system_rng(60)
    assert gorandom.status().ready
    draw_all()
    os.getrandom = answer(BLOCKING)
    draw_all()  # it was ready once
elif WHAT == "filtered early":
    assert type(raised(gorandom.urandom, 1)) is BlockingIOError and not gorandom.status().ready
    assert type(raised(gorandom.wait_for_system_rng, 0)) is TimeoutError
    select.select = ready
    draw_all()
    assert gorandom.status().implementation == "/dev/urandom"
elif WHAT == "refused":
    draw_all()
    assert gorandom.status().implementation == "/dev/urandom"
elif WHAT == "no getrandom":
    assert not gorandom.status().ready
    draw_all()
    gorandom.wait_for_system_rng(0)
    assert gorandom.status().ready
elif WHAT == "no source":
    buffer = bytearray(b"old")
    error = raised(gorandom.fill, buffer)
    assert type(error) is OSError and error.errno == errno.EIO and buffer == bytes(3), error
    error = raised(gorandom.get_random_bytes, 16)
    assert type(error) is FileNotFoundError and "gives no bytes" in str(error), error
    assert type(raised(gorandom.urandom, 16)) is OSError
    assert gorandom.urandom(3) == bytes(3) and gorandom.status().ready, "the fourth and the fifth answer"
    for draw in (gorandom.get_random_bytes, gorandom.urandom, secrets.token_bytes):
        error = raised(draw, 16)
        assert type(error) is OSError and error.errno == errno.EIO, error
    buffer = bytearray(b"old")
    assert type(raised(gorandom.fill, buffer)) is OSError and buffer == bytes(3)
elif WHAT == "forks":
    from gorandom._forklock import no_forks

    def child():
        pid = os.fork()
        if pid == 0:
            with no_forks:
                status = gorandom.status()
                os._exit(0 if status.generation == 1 and gorandom.uuid7() > first else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0

    first = gorandom.uuid7()
    child()
    with no_forks:
        child()
    # A thread holds the lock, and the fork waits for it.
    warnings.filterwarnings("ignore", message=".*multi-threaded, use of fork", category=DeprecationWarning)
    order, held = [], threading.Event()

    def hold():
        with no_forks:
            held.set()
            threading.Event().wait(0.2)
            order.append("held")

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    child()
    order.append("forked")
    thread.join()
    assert order == ["held", "forked"]
    with no_forks, no_forks:
        pass
    assert not gorandom._front._no_forks._is_owned()
elif WHAT == "threads":
    from gorandom.compat.pycrypto.Random.Fortuna import FortunaGenerator

    generator = FortunaGenerator.AESGenerator()
    generator.reseed(b"seed")
    drawn, refused = [], []

    def draw():
        for _ in range(20):
            try:
                drawn.append(generator.pseudo_random_data(64))
            except RuntimeError as error:
                refused.append(str(error))

    sys.setswitchinterval(1e-5)
    threads = [threading.Thread(target=draw) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(drawn)) == len(drawn) and set(refused) <= {"another thread is using this object"}
    assert len(drawn) + len(refused) == 80
elif WHAT == "uuid7":
    import time

    clock = 1_700_000_000_000
    time.time_ns = lambda: clock * 1_000_000
    from gorandom import uuid7_time

    (_, uuid7) = gorandom._front.uuids(__import__("uuid").UUID, None, "here", {})
    made = [uuid7() for _ in range(3)]
    clock -= 5_000
    made += [uuid7() for _ in range(1000)]
    assert made == sorted(set(made)) and uuid7_time(made[-1]) - 1_700_000_000_000 < 10
    clock -= 60_000
    assert uuid7_time(uuid7()) == clock
elif WHAT == "uuid7 in a child":
    import signal
    import time

    # Another thread is making a UUID at the fork.
    warnings.filterwarnings("ignore", message=".*multi-threaded, use of fork", category=DeprecationWarning)
    main, entered, leave = threading.get_ident(), threading.Event(), threading.Event()

    def clock():
        if threading.get_ident() != main:
            entered.set()
            leave.wait()
        return 1_700_000_000_000_000_000

    time.time_ns = clock
    (_, uuid7) = gorandom._front.uuids(__import__("uuid").UUID, None, "here", {})
    thread = threading.Thread(target=uuid7)
    thread.start()
    entered.wait()
    pid = os.fork()
    if pid == 0:
        signal.alarm(20)
        uuid7()
        os._exit(0)
    leave.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
print("done")
