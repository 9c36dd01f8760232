"""Run test programs: fresh interpreters with their own GORANDOM_START that end in bounded time.

A fork in pytest's own process would copy whatever other tests have left in it, so nothing here forks there.
"""

import atexit
import ctypes
import functools
import json
import os
import platform
import re
import select
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest

PROGRAMS = Path(__file__).parent / "programs"  # what the tests run: run(PROGRAMS / "name.py", ...)
NOISE = Path(__file__).parent / "noise"  # modules that programs import, and C
SOURCE = NOISE.parents[2]
STARTS = ["auto", "eager", "never"]
STRESS = max(1, int(os.environ.get("GORANDOM_STRESS") or 1))  # multiplies the forks: make stress

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at Linux's forks and /proc")
starts = pytest.mark.parametrize("start", STARTS)
# (2, 36); other C libraries count as newer than all.
GLIBC = tuple(map(int, platform.libc_ver()[1].split("."))) if platform.libc_ver()[0] == "glibc" else (99,)


@functools.cache
def folder():
    path = Path(tempfile.mkdtemp(prefix="gorandom-tests-"))
    path.chmod(0o755)  # some programs drop their privileges
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


@functools.cache
def asked(name):
    command = [sys.executable, "-B", SOURCE / "tests" / "tools.py", "which", name]
    return subprocess.run(command, text=True, capture_output=True)


def build_tool(name):
    """Return the words of "go" or "cc": the machine's, or what tests/tools.py fetches."""
    done = asked(name)
    if done.returncode:
        pytest.skip(f"NOT TESTED: needs {name}, and it cannot be had: {done.stderr.strip()[-300:]}")
    return shlex.split(done.stdout)


def compiler():
    return build_tool("cc")


def compile_c(name, *sources, flags=()):
    output = folder() / name
    command = [*compiler(), "-O1", "-g", "-pthread", *flags, "-o", str(output)]
    done = subprocess.run([*command, *(str(NOISE / s) for s in sources), "-ldl"], capture_output=True, text=True)
    if done.returncode:
        pytest.fail(f"the test's helper does not compile:\n{done.stderr}")
    return output


REPORT = 99  # valgrind's status when it has something to report


def valgrind(*command, **options):
    command = ["valgrind", "--quiet", "--error-limit=no", f"--error-exitcode={REPORT}", *map(str, command)]
    return subprocess.run(command, capture_output=True, text=True, timeout=900, stdin=subprocess.DEVNULL, **options)


def reports(text):
    """Return the frames of each of valgrind's reports, the innermost first."""
    found = []
    for word, frame in re.findall(r"^==\d+== +(at|by) 0x[0-9A-F]+: (.*)", text, re.M):
        found.append([frame]) if word == "at" else found[-1].append(frame)
    return found


@functools.cache
def helper():
    return compile_c("helper.so", "noise.c", "storm.c", "host.c", "callbacks.c", flags=("-shared", "-fPIC"))


@functools.cache
def tls_library():
    return compile_c("tls.so", "tls.c", flags=("-shared", "-fPIC"))


@functools.cache
def control():
    return compile_c("control", "control.c", "noise.c")


@functools.cache
def plain():
    """Return the front's algorithms (pyext/front/pure) by ctypes, without Python and without the generator. tests/sanitize.py
    has them compiled with a sanitizer."""
    front = SOURCE / "pyext" / "front"
    flags = ("-shared", "-fPIC", f"-I{front}", f"-I{front.parent}", *shlex.split(os.environ.get("GORANDOM_SANITIZER", "")))
    return ctypes.CDLL(str(compile_c("plain.so", "plain.c", *sorted((front / "pure").glob("*.c")), flags=flags)))


@functools.cache
def scripted():
    """Return a library to preload: the program decides about the kernel's bytes and the clock (noise/script.py)."""
    return compile_c("scripted.so", "scripted.c", flags=("-shared", "-fPIC"))


@functools.cache
def device():
    """Return a library to preload: reads of /dev/urandom and polls fail as the program decides (noise/device.py)."""
    return compile_c("device.so", "device.c", flags=("-shared", "-fPIC"))


class Ended:
    """How a test program ended: its status, its output, and the JSON of its last line."""

    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    def result(self):
        if self.err:
            sys.stderr.write(self.err[-6000:])  # pytest shows it with a failure
        if self.status != 0:
            pytest.fail(f"the program ended with status {self.status}\n{self.out}\n{self.err[-6000:]}")
        try:
            return json.loads(self.out.splitlines()[-1])
        except (IndexError, ValueError):
            pytest.fail(f"the program printed no result\n{self.out}\n{self.err[-6000:]}")


def session(leader):
    """Return the processes of a session."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(stat.read_text().rsplit(")", 1)[1].split()[3]) == leader:
                found.append(int(stat.parent.name))
        except (OSError, IndexError, ValueError):
            continue
    return found


def kill_session(session):
    """End all processes of a session, and report each of them and where its threads waited."""
    killed = []
    for _ in range(20):  # a process may have forked while others were looked at
        living = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rsplit(")", 1)[1].split()
                if int(fields[3]) != session:
                    continue
                threads = list((stat.parent / "task").iterdir())
                if fields[0] in "ZX" and len(threads) < 2:  # a leader that has ended may have living threads
                    continue
                living += 1
                tasks = [(t / "comm").read_text().strip() + " " + (t / "wchan").read_text() for t in threads]
                os.kill(int(stat.parent.name), signal.SIGKILL)
                killed.append(f"  {stat.parent.name} {fields[0]}: " + "; ".join(tasks))
            except (OSError, IndexError, ValueError):
                continue
        if not living:
            break
    return killed


def execute(program, start="auto", *args, timeout=60, helped=False, env=None, python=()):
    """Run a program and return how it ended. The program is the Path of a file, or text if it is short.

    A program that does not end within timeout seconds, or leaves a process behind, fails the test."""
    path = program
    if not isinstance(program, Path):
        number = len(list(folder().glob("program*.py")))
        path = folder() / f"program{number}.py"
        path.write_text(textwrap.dedent(program))
        path.chmod(0o644)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GORANDOM_") or k == "GORANDOM_TEST_PATIENCE"}
    environment |= {"GORANDOM_START": start, "PYTHONPATH": str(NOISE), "PYTHONDONTWRITEBYTECODE": "1"}
    if helped:
        environment |= {"GORANDOM_TEST_HELPER": str(helper()), "GORANDOM_TEST_TLS": str(tls_library())}
    process = subprocess.Popen(
        [sys.executable, *python, str(path), *map(str, args)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, errors="replace", cwd=folder(), env=environment | (env or {}),
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=timeout)
    except BaseException as e:
        members = kill_session(process.pid)
        out, err = process.communicate()
        if not isinstance(e, subprocess.TimeoutExpired):
            raise
        pytest.fail(f"hangs: not over after {timeout} s\n" + "\n".join(members) + f"\n{out}\n{err[-6000:]}")
    for pid in session(process.pid):  # multiprocessing's resource tracker ends by itself, a little later
        try:
            poll, fd = select.poll(), os.pidfd_open(pid)
            poll.register(fd, select.POLLIN)
            poll.poll(5000)
            os.close(fd)
        except ProcessLookupError:
            pass
    left = kill_session(process.pid)
    if left:
        pytest.fail("the program left processes behind:\n" + "\n".join(left) + f"\n{err[-6000:]}")
    return Ended(process.returncode, out, err)


def run(program, start="auto", *args, **options):
    """Return the JSON result of a program that ends with status 0."""
    return execute(program, start, *args, **options).result()


def assert_sound(result, forks):
    """Check that all children ended by themselves with status 0, and that no two gave the same bytes."""
    assert not result["hangs"], "hung children:\n" + "\n".join(result["hangs"])
    assert result["ends"] == {"0": forks}, f"{forks} children, and their exit statuses: {result['ends']}"
    assert result["repeats"] == 0, f"{result['repeats']} of {result['tokens']} tokens came twice"
    assert result["zeros"] == 0, f"{result['zeros']} tokens with zeros for bytes"
