"""What platforms.py runs on each platform, with that platform's Python: installs gorandom, and tries it there.

    PYTHON elsewhere.py FOLDER pure|native|abi3t|sdist|wheel MODE [FILE-OF-TESTS …]

FOLDER holds gorandom's wheels and sdist, pip, unpacked, and the wheels that the tests need; there is no network. pip takes the wheel
that fits (pure, wheel), or builds from the sdist as it likes (sdist) or with GORANDOM_BUILD=native or abi3t. MODE must serve
then: system, direct or core. Prints one line of JSON: cells of the table, and what failed. Runs on any system.
"""

import glob
import json
import multiprocessing
import os
import platform
import re
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(HERE)
sys.path.append(HERE)
from inside import Failed, check_vectors, repeats, wrong_mode  # noqa: E402

SECONDS = 900  # for one program; an emulator may be 50 times slower than the machine
TESTS_SECONDS = 3600
EXAMPLES = ("drop_in", "fill_buffer", "signing", "pool")  # those that need nothing of Linux


def program(*words, ends=0, env=None, timeout=SECONDS, cwd=None):
    """What it printed, as bytes; Failed if it ended with another status."""
    command = [sys.executable, *words]
    name = " ".join(words)[-200:]
    try:
        done = subprocess.run(command, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=timeout, cwd=cwd)  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Failed(f"{name}: not through after {timeout} s") from None
    if done.returncode != ends:
        raise Failed(f"{name}: status {done.returncode}\n{done.stdout.decode(errors='replace')[-3000:]}")
    return done.stdout


def text(*words, **options):
    return program(*words, **options).decode()


def gorandom(*words, **options):
    return program("-m", "gorandom", *words, **options)


# ---- the steps: each returns what its cell says ----


def install(folder, kind):
    common = [os.path.join(folder, "unpacked", "pip"), "install", "--no-index", "--find-links", folder, "--no-cache-dir", "--no-compile"]
    if sys.platform == "linux":
        common += ["--break-system-packages", "--root-user-action=ignore"]
    which = ["--only-binary", ":all:"] if kind in ("pure", "wheel") else ["--no-binary", "gorandom"]
    started = time.monotonic()
    said = text(*common, *which, "-v", "gorandom", env={"GORANDOM_BUILD": kind} if kind in ("native", "abi3t") else None, timeout=TESTS_SECONDS)
    taken = re.findall(r"gorandom-[\w.]+-([\w.]+-[\w.]+-[\w.]+)\.whl", said)
    if kind == "sdist" and "gorandom: the front is in pure Python: " not in said:
        raise Failed("the build does not say that it is in pure Python")
    if glob.glob(os.path.join(folder, "pytest-*.whl")):
        names = ["pytest", "hypothesis", "itsdangerous", "setuptools", *["colorama"] * (os.name == "nt")]
        text(*common, "-q", "--only-binary", ":all:", *names)
    return f"{taken[-1]}, {time.monotonic() - started:.0f} s"


def check_mode(expected):
    import gorandom

    gorandom.get_random_bytes(16)
    seen = wrong_mode(gorandom.status(), expected)
    if seen:
        raise Failed(f"mode: {seen}, but {expected} was expected")
    if not wrong_mode(gorandom.status(), "none"):
        raise Failed("mode: the check is blind")
    return gorandom.status().mode


def check_forks():
    import gorandom

    if not hasattr(os, "fork"):
        return "no fork here"
    if repeats(gorandom.get_random_bytes, 20):
        raise Failed("forks: bytes came twice")
    return "20"


def selftest():
    """Only what ends with 0 is well; the table has a row for each check."""
    rows = re.findall(r" (ok|not here|FAILED)\b", gorandom("selftest").decode())
    if rows.count("ok") < 10:
        raise Failed(f"selftest: {rows.count('ok')} checks only")
    return f"{rows.count('ok')} ok, {rows.count('not here')} not here"


def draw(_):
    import gorandom

    return gorandom.get_random_bytes(16)


def check_spawn():
    """Workers that are interpreters of their own."""
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        drawn = pool.map(draw, range(40), chunksize=1) + [draw(0)]
    if len(set(drawn)) != 41 or {len(one) for one in drawn} != {16}:
        raise Failed("spawn: bytes came twice")
    return "ok"


def command_line(folder):
    """Bytes and lists of tags are the same on every system. Other text ends its lines as the system does."""

    def expect(pattern, said):
        if not re.fullmatch(pattern, said, re.DOTALL):
            raise Failed(f"the command line printed {said[:200]!r}, not {pattern!r}")

    expect(rb".{40000}", gorandom("bytes", "40000"))  # some 150 of them are line feeds
    expect(rb"[0-9a-f]{32}\r?\n", gorandom("hex", "16"))
    expect(rb"[\w-]{43}\r?\n", gorandom("token"))
    expect(rb"([0-9a-f-]{36}\r?\n){3}", gorandom("uuid", "-n", "3", "--v7"))
    expect(rb".*mode +\w+\s.*", gorandom("status"))
    expect(rb"", gorandom("wait", "--timeout", "60"))
    names = {"key": b"k" * 32, "a": b"Hi\r\nThere\n", "ü ☃": bytes(range(256))}
    for name, content in names.items():
        with open(os.path.join(folder, name), "wb") as f:
            f.write(content)
    os.chmod(os.path.join(folder, "key"), 0o600)
    files = sorted(set(names) - {"key"})
    listed = gorandom("hmac", "--key-file", "key", *files, cwd=folder)
    expect(rb"([0-9a-f]{64}  [^\r\n]+\n){2}", listed)
    for name, content in (("list", listed), ("list of Windows", listed.replace(b"\n", b"\r\n"))):
        with open(os.path.join(folder, name), "wb") as f:
            f.write(content)
        expect(rb"([^\r\n]+: OK\n){2}", gorandom("hmac", "--key-file", "key", "--check", name, cwd=folder))
    with open(os.path.join(folder, "a"), "ab") as f:
        f.write(b"!")
    expect(rb".*a: FAILED\n.*", gorandom("hmac", "--key-file", "key", "--check", "list", cwd=folder, ends=1))
    with open(os.path.join(folder, "program.py"), "w") as f:
        f.write("import sys, Crypto.Random; print(len(Crypto.Random.get_random_bytes(5)), *sys.argv[1:])\n")
    expect(rb"5 a\r?\n", gorandom("run", "program.py", "a", cwd=folder))
    return "ok"


def examples():
    for name in EXAMPLES:
        text(os.path.join(SOURCE, "examples", name + ".py"))
    return str(len(EXAMPLES))


def tests(files):
    """What pytest's last line says."""
    words = ["-m", "pytest", "-q", "-c", os.path.join(SOURCE, "pyproject.toml"), "--rootdir", SOURCE, "-p", "no:cacheprovider"]
    files = [os.path.join(SOURCE, "tests", "python", name) for name in files]
    done = subprocess.run([sys.executable, *words, *files], env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TESTS_SECONDS)  # fmt: skip
    said = done.stdout.decode(errors="replace")
    print(said, file=sys.stderr, flush=True)
    if done.returncode:
        failed = re.findall(r"^(?:FAILED|ERROR) (.*)", said, re.MULTILINE)
        raise Failed("\n".join([said.strip().splitlines()[-1], *failed]))
    counts = re.findall(r"(\d+) (passed|skipped)", said.strip().splitlines()[-1])
    return ", ".join(f"{number} {word}" for number, word in counts)


CHECKS = {"mode": check_mode, "forks": check_forks, "vectors": lambda: check_vectors() or "ok", "spawn": check_spawn}


def own(check, *arguments):
    """A check of this file in a process of its own, after the installation."""
    return json.loads(text(os.path.abspath(__file__), "--check", check, *arguments).splitlines()[-1])


def attempt(cells, failures, cell, work):
    try:
        cells[cell] = work()
    except Failed as what:
        failures.append(f"{cell}: {what}")
        cells[cell] = "FAILED"
    print(f"    {cell}: {cells[cell]}", file=sys.stderr, flush=True)
    return cells[cell] != "FAILED"


def main():
    if sys.argv[1] == "--check":
        try:
            print(json.dumps(CHECKS[sys.argv[2]](*sys.argv[3:])))
        except Failed as what:
            print(what)
            return 1
        return 0
    folder, kind, mode, *files = sys.argv[1:]
    started, failures = time.monotonic(), []
    implementation = "".join(re.findall(r"(?:PyPy|GraalVM) \S+", sys.version))
    cells = {"python": f"{platform.python_implementation()} {platform.python_version()}" + f" ({implementation})" * bool(implementation),
             "machine": f"{platform.machine()}, {sys.byteorder}-endian, {8 * struct.calcsize('P')} bits"}  # fmt: skip
    if attempt(cells, failures, "installed", lambda: install(folder, kind)):
        with tempfile.TemporaryDirectory(prefix="gorandom-") as scratch:
            attempt(cells, failures, "mode", lambda: own("mode", mode))
            attempt(cells, failures, "selftest", selftest)
            attempt(cells, failures, "vectors", lambda: own("vectors"))
            attempt(cells, failures, "forks", lambda: own("forks"))
            attempt(cells, failures, "spawn", lambda: own("spawn"))
            attempt(cells, failures, "command line", lambda: command_line(scratch))
            attempt(cells, failures, "examples", examples)
            if files:
                attempt(cells, failures, "tests", lambda: tests(files))
    cells["seconds"] = f"{time.monotonic() - started:.0f}"
    print(json.dumps({**cells, "failures": failures}), flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
