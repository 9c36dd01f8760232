"""The subcommands that draw, wait and report: gorandom._cli.draw."""

import os
import re
import signal
import subprocess
import sys
import uuid

import pytest
from _forks import NOISE, PROGRAMS, linux

sys.path.append(os.fspath(NOISE))
import confine  # noqa: E402

# The parser that __main__ makes, without the commands of other modules.
MAIN = """
import argparse, sys
from gorandom._cli import draw
parser = argparse.ArgumentParser(prog="gorandom")
draw.add_commands(parser.add_subparsers(required=True))
options = parser.parse_args()
sys.exit(options.function(options))
"""

not_ready = pytest.mark.skipif(not confine.available(), reason="the seccomp filters are written for x86_64 and aarch64")
CONFINED = "import errno, confine; confine.refuse('getrandom', errno.%s)\n"


@pytest.fixture
def command(tmp_path):
    """command("hex", "16") returns the CompletedProcess, with bytes."""

    def run(*arguments, program=MAIN, **options):
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "GORANDOM"))}
        environment["PYTHONPATH"] = os.fspath(NOISE)
        words = ["-c", program] if isinstance(program, str) else [program]
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, **options}
        return subprocess.run([sys.executable, "-W", "error", *words, *arguments], cwd=tmp_path, env=environment,
                              timeout=60, **options)  # fmt: skip

    return run


def printed(done):
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout


@pytest.mark.parametrize("n", [0, 1, 16, 4097, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, (3 << 20) + 5])
def test_bytes(command, n):
    out = printed(command("bytes", str(n)))
    assert len(out) == n and (n < 16 or out[-16:] != bytes(16))


@pytest.mark.parametrize("n", [0, 1, 16, (1 << 20) + 1])
def test_hex(command, n):
    out = printed(command("hex", str(n)))
    assert re.fullmatch(rb"[0-9a-f]*\n", out) and len(out) == 2 * n + 1


def test_token(command):
    first, second = printed(command("token")), printed(command("token"))
    assert re.fullmatch(rb"[A-Za-z0-9_-]{43}\n", first) and first != second


@pytest.mark.parametrize("arguments, version, n", [([], 4, 1), (["-n", "5"], 4, 5), (["--v7"], 7, 1), (["-n", "300", "--v7"], 7, 300),
                                                   (["-n", "0"], 4, 0)])  # fmt: skip
def test_uuid(command, arguments, version, n):
    lines = printed(command("uuid", *arguments)).decode().splitlines()
    assert len(lines) == len(set(lines)) == n
    assert all(str(uuid.UUID(line)) == line and uuid.UUID(line).version == version for line in lines)
    assert version == 4 or lines == sorted(lines)


@pytest.mark.parametrize("arguments", [[], ["--timeout", "0"], ["--timeout", "2.5"], ["--timeout", "inf"]])
def test_wait_when_ready(command, arguments):
    assert printed(command("wait", *arguments)) == b""


def test_status(command):
    out = printed(command("status")).decode()
    assert out.startswith("gorandom ") and "mode" in out and "implementation" in out
    assert "nothing has been drawn yet" not in out


@linux
@not_ready
def test_status_without_bytes(command):
    """The error is reported, and the status is printed all the same."""
    done = command("status", program=CONFINED % "EAGAIN" + MAIN)
    assert done.returncode == 1 and done.stderr.startswith(b"gorandom: system random number generator is not ready")
    assert done.stdout.startswith(b"gorandom ")


@pytest.mark.parametrize(
    "arguments, says",
    [(["bytes"], "required: N"), (["bytes", "-1"], "N"), (["hex", "x"], "invalid count value: 'x'"),
     (["hex", "1.5"], "invalid count value: '1.5'"), (["uuid", "-n", "-1"], "invalid count value: '-1'"),
     (["wait", "--timeout", "nan"], "invalid time value: 'nan'"), (["wait", "--timeout", "-1"], "--timeout"),
     (["wait", "--timeout", "soon"], "invalid time value: 'soon'"), (["token", "5"], "unrecognized arguments"),
     (["status", "x"], "unrecognized arguments"), (["nothing"], "invalid choice"), ([], "required")],
)  # fmt: skip
def test_wrong_arguments(command, arguments, says):
    done = command(*arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert says in done.stderr.decode() and b"Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["bytes", "hex", "token", "uuid", "wait", "status"])
def test_help(command, name):
    assert b"usage: gorandom " + name.encode() in printed(command(name, "--help"))
    assert name in printed(command("--help")).decode()


@pytest.mark.parametrize("arguments", [["bytes", "100000000"], ["hex", "100000000"], ["uuid", "-n", "1000000"]])
def test_reader_goes_away(command, arguments):
    """As with `| head -c 10`: it ends quietly, with a shell's status for SIGPIPE and no traceback at exit."""
    r, w = os.pipe()
    os.close(r)
    done = command(*arguments, stdout=w)
    os.close(w)
    assert (done.returncode, done.stderr) == (141, b"")


@linux
@pytest.mark.parametrize("arguments", [["bytes", "10"], ["hex", "10"], ["token"], ["uuid"], ["status"]])
def test_disk_full(command, arguments):
    """Also if all of it fits into a buffer that is written last."""
    with open("/dev/full", "wb") as full:
        done = command(*arguments, stdout=full)
    assert done.returncode == 1
    assert done.stderr.startswith(b"gorandom: ") and done.stderr.count(b"\n") == 1 and b"No space left" in done.stderr


NAMED = [["bytes", "10"], ["bytes", "0"], ["hex", "10"], ["token"], ["uuid"], ["status"]]


@pytest.mark.parametrize("arguments", NAMED)
def test_stdout_is_closed(command, arguments):
    """As with `>&-`: output that can't be written is an error, and not dropped."""
    done = command(*arguments, stdout=None, preexec_fn=lambda: os.close(1))
    assert (done.returncode, done.stderr) == (1, b"gorandom: [Errno 9] Bad file descriptor\n")




@linux
@not_ready
@pytest.mark.parametrize("timeout", ["0", "0.1"])
def test_wait_ends_with_1(command, timeout):
    done = command("wait", "--timeout", timeout, program=CONFINED % "EAGAIN" + MAIN)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode().strip() == "gorandom: system random number generator is not ready yet"


@linux
@not_ready
@pytest.mark.parametrize("arguments, refusal", [(["wait", "--timeout", "0"], "EAGAIN"), (["bytes", "10"], "EIO"), (["uuid"], "EIO")])
def test_stderr_is_closed(command, arguments, refusal):
    """As with `2>&-`: the complaint is lost and does not get among the bytes."""
    done = command(*arguments, program=CONFINED % refusal + MAIN)
    assert done.returncode == 1 and done.stderr.startswith(b"gorandom: ")
    done = command(*arguments, program=CONFINED % refusal + MAIN, stderr=None, preexec_fn=lambda: os.close(2))
    assert (done.returncode, done.stdout) == (1, b"")


@linux
@not_ready
@pytest.mark.parametrize("arguments", [["wait"], ["bytes", "1"], ["token"], ["uuid", "--v7"]])
def test_the_wait_can_be_interrupted(command, arguments):
    """Ctrl-C gives a shell's status for SIGINT, and prints nothing."""
    done = command(*arguments, program=PROGRAMS / "cli_interrupted.py")
    assert (done.returncode, done.stdout, done.stderr) == (128 + signal.SIGINT, b"", b"")


def test_the_program(command):
    """Run it as users do: python -m gorandom."""
    import_main = "import runpy, sys; sys.argv[0] = 'gorandom'; runpy.run_module('gorandom', run_name='__main__', alter_sys=True)"
    assert re.fullmatch(rb"[0-9a-f]{32}\n", printed(command("hex", "16", program=import_main)))
    done = command("hex", "x", program=import_main)
    assert done.returncode == 2 and b"usage: python -m gorandom hex" in done.stderr


def test_no_stdout(command):
    """`wait` in a unit that closes stdout."""
    assert printed(command("wait", program="import os, sys; os.close(1); sys.stdout = None\n" + MAIN)) == b""
