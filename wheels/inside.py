"""What roots.py runs in each system, with that system's Python: installs gorandom from a wheel, and tries it.

    PYTHON inside.py FOLDER-OF-WHEELS core|direct[:PART-OF-THE-REASON]

Prints one line of JSON: cells of the table, and what failed. Each check is also shown something that it must refuse:
a generator that a fork repeats, a wrong tag, another mode. One that does not see it is blind, and has failed.
"""

import glob
import json
import os
import platform
import re
import select
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import timeit
from collections import Counter

HERE = os.path.dirname(os.path.abspath(__file__))
DEMO = os.path.join(os.path.dirname(HERE), "examples", "demo.py")
FORKS = 200
SECONDS = 300  # for one step, or one child; an emulator is some 20 times slower than the machine

# RFC 4231, section 4: key, data, HMAC-SHA-256, HMAC-SHA-512; case 5's tags are truncated there.
RFC_4231 = [
    (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
     "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
     "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854"),
    (b"Jefe", b"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
     "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
     "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"),
    (b"\xaa" * 20, b"\xdd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
     "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39"
     "bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb"),
    (bytes(range(1, 26)), b"\xcd" * 50, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
     "b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3db"
     "a91ca5c11aa25eb4d679275cc5788063a5f19741120c4f2de2adebeb10a298dd"),
    (b"\x0c" * 20, b"Test With Truncation", "a3b6167473100ee06e0c796c2955552b", "415fad6271580a531d4179bc891d87a6"),
    (b"\xaa" * 131, b"Test Using Larger Than Block-Size Key - Hash Key First",
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
     "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
     "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598"),
    (b"\xaa" * 131, b"This is a test using a larger than block-size key and a larger than block-size data. The key nee"
     b"ds to be hashed before being used by the HMAC algorithm.",
     "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
     "e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944"
     "b6022cac3c4982b10d5eeb55c3e4de15134676fb6de0446065c97440fa8c6a58"),
]  # fmt: skip


class Failed(Exception):
    """What a check has seen; its text is for the report."""


class Naive:
    """A generator in user space with ready bytes, as gorandom is one, but that knows nothing of forks."""

    def __init__(self):
        self.ready = b""

    def __call__(self, n):
        if len(self.ready) < n:
            self.ready = os.urandom(1 << 20)
        given, self.ready = self.ready[:n], self.ready[n:]
        return given


# ---- forks ----


def read_all(descriptor, deadline):
    data = b""
    while select.select([descriptor], [], [], max(0, deadline - time.monotonic()))[0]:
        part = os.read(descriptor, 1 << 16)
        if not part:
            return data
        data += part
    raise Failed(f"a child was not through after {SECONDS} s")


def fork_and_draw(draw):
    """(blocks of 16 bytes that the child drew, those of its parent at the same time)."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(reading)
            drawn = [draw(16), draw(16), draw(5000)[-16:], draw(300_000)[-16:]]
            os.write(writing, b"".join(drawn))
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    try:
        own = [draw(16), draw(16), draw(5000)[-16:]]
        data = read_all(reading, time.monotonic() + SECONDS)
    except Failed:
        os.kill(child, signal.SIGKILL)
        raise
    finally:
        os.close(reading)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status or len(data) != 64:
        raise Failed(f"a child ended with status {status} after {len(data)} of 64 bytes")
    return [data[i : i + 16] for i in range(0, 64, 16)], own


def repeats(draw, forks):
    """How many of the blocks that all processes drew are not the first of their kind."""
    blocks = [draw(16)]  # so that there are ready bytes to inherit
    for _ in range(forks):
        for drawn in fork_and_draw(draw):
            blocks += drawn
    assert len(blocks) == 1 + 7 * forks
    return sum(count - 1 for count in Counter(blocks).values())


def check_forks():
    import gorandom

    if not repeats(Naive(), 5):
        raise Failed("forks: the check is blind: it sees no repeats of a generator that repeats")
    found = repeats(gorandom.get_random_bytes, FORKS)
    if found:
        raise Failed(f"forks: {found} of {1 + 7 * FORKS} blocks were drawn before")


# ---- HMAC ----


def wrong_tags(tag):
    """Cases of RFC 4231 for which a function of key, message and algorithm gives another tag."""
    wrong = []
    for case, (key, message, *tags) in enumerate(RFC_4231, 1):
        for algorithm, expected in zip(("sha256", "sha512"), tags, strict=True):
            if tag(key, message, algorithm)[: len(expected) // 2].hex() != expected:
                wrong.append(f"{case} {algorithm}")
    return wrong


def check_vectors():
    from gorandom import hmac

    ways = {
        "digest": lambda key, message, algorithm: hmac.digest(key, message, algorithm),
        "new": lambda key, message, algorithm: hmac.new(key, message, algorithm).digest(),
        "Key": lambda key, message, algorithm: hmac.Key(key, algorithm).digest(message),
    }
    for name, way in ways.items():
        wrong = wrong_tags(way)
        if wrong:
            raise Failed(f"hmac.{name} is wrong in RFC 4231's cases {', '.join(wrong)}")
        blind = wrong_tags(lambda *given, way=way: bytes([way(*given)[0] ^ 1]) + way(*given)[1:])
        if len(blind) != 2 * len(RFC_4231):
            raise Failed(f"hmac.{name}: the check is blind to a wrong bit")
    key, message, expected, _ = RFC_4231[0]
    made, tag = hmac.Key(key, "sha256"), bytes.fromhex(expected)
    made.verify(message, tag)
    try:
        made.verify(message, tag[:-1] + bytes([tag[-1] ^ 1]))
    except ValueError:
        return
    raise Failed("hmac.Key.verify accepts a wrong tag")


# ---- the mode ----


def wrong_mode(state, expected):
    mode, _, reason = expected.partition(":")
    return None if state.mode == mode and reason in state.reason else f"{state.mode} ({state.reason})"


def check_mode(expected):
    import gorandom

    gorandom.get_random_bytes(16)
    state = gorandom.status()
    seen = wrong_mode(state, expected)
    if seen:
        raise Failed(f"mode: {seen}, but {expected} was expected")
    if not wrong_mode(state, "direct" if state.mode == "core" else "core"):
        raise Failed("mode: the check is blind")
    return {"mode": state.mode, "keystream": state.keystream}


# ---- the end ----

# The core's threads never end, and the C library must not wait for them (pyext/core/threads.c).
LEADER = """
import ctypes
import gorandom
gorandom.fill(bytearray(1_000_000))
ctypes.CDLL(None).pthread_exit(None)
"""


def check_end():
    try:
        import ctypes  # noqa: F401
    except ImportError:
        return {"end": "-"}
    for start in ("auto", "never"):
        step([sys.executable, "-c", LEADER], start)


# ---- the cost ----


def check_ratio():
    """A draw of 16 bytes beside the system's; the median of nine turns."""
    import gorandom

    number = 20_000 if platform.machine() in ("x86_64", "aarch64") else 2000
    ratios = []
    for _ in range(9):
        theirs, ours = (timeit.timeit("draw(16)", globals={"draw": draw}, number=number)
                        for draw in (os.urandom, gorandom.get_random_bytes))  # fmt: skip
        ratios.append(theirs / ours)
    return {"ratio": f"{statistics.median(ratios):.1f} x"}


CHECKS = {"mode": check_mode, "vectors": check_vectors, "forks": check_forks, "end": check_end, "ratio": check_ratio}


# ---- the steps ----


def step(command, start=None):
    """What a program printed; Failed if it did not end well."""
    environment = os.environ | ({"GORANDOM_START": start} if start else {})
    try:
        done = subprocess.run(command, env=environment, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=SECONDS, errors="replace")  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Failed(f"{' '.join(command)}: not through after {SECONDS} s") from None
    if done.returncode:
        raise Failed(f"{' '.join(command)}: status {done.returncode}\n{done.stdout[-3000:]}")
    return done.stdout


def own(python, check, *arguments, start=None):
    """A check of this file, in a process of its own; the cells that it gives."""
    return json.loads(step([python, os.path.abspath(__file__), "--check", check, *arguments], start).splitlines()[-1])


def no_network():
    """Raises Failed if anything but this machine can be reached (192.0.2.1 is a documentation's address)."""
    names = [name for _, name in socket.if_nameindex()]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            s.connect(("192.0.2.1", 9))
        except OSError:
            reached = False
        else:
            reached = True
    if names != ["lo"] or reached:
        raise Failed(f"there is a network: {', '.join(names)}")


def libc():
    name, version = platform.libc_ver()
    for loader in glob.glob("/lib/ld-musl-*") if name != "glibc" else ():  # it says its version, and ends with 1
        said = subprocess.run([loader], text=True, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE).stderr
        name, version = "musl", "".join(re.findall(r"^Version (\S+)", said, re.MULTILINE))
    return f"{name} {version}".strip() or "unknown"


def try_all(wheels, expected, folder, cells, failures):
    """Fills cells; what fails is noted in failures, and the rest is tried all the same."""

    def attempt(cell, work):
        try:
            answer = work()
        except Failed as what:
            failures.append(str(what))
            cells[cell] = "FAILED"
            return False
        cells[cell] = "ok"
        cells.update(answer if isinstance(answer, dict) else {})
        return True

    attempt("network", no_network)
    python = os.path.join(folder, "bin", "python")

    def ready():
        started = time.monotonic()
        step([sys.executable, "-m", "venv", folder])
        step([python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-index", "--find-links", wheels, "gorandom"])
        step([python, "-c", "import gorandom; assert len(gorandom.get_random_bytes(16)) == 16"])
        return {"ready": f"{time.monotonic() - started:.1f} s"}

    if not attempt("ready", ready):
        return
    attempt("mode", lambda: own(python, "mode", expected))
    attempt("vectors", lambda: [own(python, "vectors", start=start) for start in ("auto", "never")])
    attempt("forks", lambda: [own(python, "forks", start=start) for start in ("auto", "eager", "never")])
    attempt("end", lambda: own(python, "end"))
    attempt("demo", lambda: step([python, DEMO]))
    if " selftest " in step([python, "-m", "gorandom", "--help"]):
        attempt("selftest", lambda: step([python, "-m", "gorandom", "selftest"]))
    attempt("ratio", lambda: own(python, "ratio"))


def main():
    if sys.argv[1] == "--check":
        print(json.dumps(CHECKS[sys.argv[2]](*sys.argv[3:]) or {}))
        return 0
    started = time.monotonic()
    cells, failures = {"python": platform.python_version(), "libc": libc()}, []
    with tempfile.TemporaryDirectory(prefix="gorandom-") as folder:
        try_all(*sys.argv[1:3], folder, cells, failures)
    cells["seconds"] = f"{time.monotonic() - started:.0f}"
    print(json.dumps(cells | {"failures": failures}))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
