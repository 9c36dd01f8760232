"""python -m gorandom hmac has the lines, messages and exit status of sha256sum, with a key."""

import hashlib
import hmac
import os
import re
import shutil
import signal
import subprocess
import sys

import pytest
from _forks import PROGRAMS, linux

MAIN = """
import runpy, sys
sys.argv[0] = "gorandom"
runpy.run_module("gorandom", run_name="__main__", alter_sys=True)
"""
KEY = bytes(range(256)) + b"\n"


def coreutils():
    """Return sha256sum's major version. From 9 on it writes a carriage return in a name as \\r, and reads CRLF as a line's
    end."""
    said = subprocess.run(["sha256sum", "--version"], text=True, capture_output=True).stdout
    return int(re.search(r"coreutils\) (\d+)|$", said)[1] or 0)


@pytest.fixture
def key(tmp_path):
    path = tmp_path / "key"
    path.write_bytes(KEY)
    path.chmod(0o600)
    return path


@pytest.fixture
def run(tmp_path, key):
    """run("a", "b") is ``gorandom hmac --key-file KEY a b``. It returns the CompletedProcess, with bytes."""

    def run(*arguments, key=key, program=MAIN, **options):
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "GORANDOM"))}
        if "input" not in options:
            options.setdefault("stdin", subprocess.DEVNULL)
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": tmp_path, **options}
        words = ["-c", program] if isinstance(program, str) else [program]
        command = [sys.executable, "-W", "error", *words, "hmac", "--key-file", key, *arguments]
        return subprocess.run(command, env=environment, timeout=60, **options)

    return run


def printed(done):
    assert (done.returncode, done.stderr) == (0, b""), done.stderr
    return done.stdout


def tag(data, digest="sha256", key=KEY):
    return hmac.digest(key, data, digest).hex().encode()


# Printing.


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, (3 << 20) + 5])
def test_a_file(run, tmp_path, size):
    data = os.urandom(size)
    (tmp_path / "file").write_bytes(data)
    assert printed(run("file")) == tag(data) + b"  file\n"


@pytest.mark.parametrize("digest", ["sha256", "sha1", "sha224", "sha384", "sha512", "md5", "sha3_256", "sha512_256", "blake2b"])
def test_digests(run, tmp_path, digest):
    if digest not in hashlib.algorithms_available:
        pytest.skip(f"this Python's hashlib has no {digest}")
    (tmp_path / "file").write_bytes(b"data")
    out = printed(run("--digest", digest, "file"))
    assert out == tag(b"data", digest) + b"  file\n"
    (tmp_path / "list").write_bytes(out)
    assert printed(run("--digest", digest, "--check", "list")) == b"file: OK\n"
    if digest != "sha256":
        done = run("--check", "list")
        assert done.returncode == 1 and b"OK" not in done.stdout


@pytest.mark.parametrize("digest", ["sha256", "sha512"])
def test_against_openssl(run, tmp_path, digest):
    if not shutil.which("openssl"):
        pytest.skip("needs the program openssl: apt-get install openssl")
    data = os.urandom(100_000)
    (tmp_path / "file").write_bytes(data)
    theirs = subprocess.run(["openssl", "dgst", "-" + digest, "-mac", "HMAC", "-macopt", "hexkey:" + KEY.hex(), "file"],
                            cwd=tmp_path, text=True, capture_output=True, check=True).stdout  # fmt: skip
    assert printed(run("--digest", digest, "file")).split()[0].decode() == theirs.split("= ")[1].strip()


def test_several_and_binary(run, tmp_path):
    for name in "ab":
        (tmp_path / name).write_bytes(name.encode())
    assert printed(run("a", "b", "a")) == b"".join(tag(n) + b"  " + n + b"\n" for n in (b"a", b"b", b"a"))
    assert printed(run("-b", "a", "b")) == b"".join(tag(n) + b" *" + n + b"\n" for n in (b"a", b"b"))


@pytest.mark.parametrize("arguments", [[], ["-"]], ids=["none", "-"])
def test_standard_input(run, arguments):
    assert printed(run(*arguments, input=b"data")) == tag(b"data") + b"  -\n"
    assert printed(run(*arguments)) == tag(b"") + b"  -\n"


def test_pipes_and_devices(run, tmp_path):
    """They have no size, and arrive in pieces."""
    pieces = "import sys, os, threading\nos.mkfifo('pipe')\n" + """
def write():
    with open("pipe", "wb", buffering=0) as f:
        for i in range(100): f.write(b"%d," % i)
threading.Thread(target=write).start()
"""
    done = run("pipe", "/dev/null", program=pieces + MAIN)
    assert printed(done) == tag(b"".join(b"%d," % i for i in range(100))) + b"  pipe\n" + tag(b"") + b"  /dev/null\n"


AWKWARD = [b" lead", b"trail ", b"two  spaces", b"*star", b"back\\slash", b"new\nline", b"carriage\rreturn", b"\\n", b"\\", b"end\\", b"\n",
           b"\\\n\r\\", b"tab\t", b"\xff\xfe not UTF-8", "ü".encode(), b"#comment", b": OK", b"esc\x1b[31m", b"--quiet", b"x" * 255]  # fmt: skip


def test_names_as_sha256sum(run, tmp_path):
    """Each name is written as sha256sum writes it, and --check finds it again."""
    folder = tmp_path / "names"
    folder.mkdir()
    for name in AWKWARD:
        with open(os.fsencode(folder) + b"/" + name, "wb") as f:
            f.write(name)
    for mode in ([], ["-b"]):
        out = printed(run(*mode, "--", *AWKWARD, cwd=folder))
        (tmp_path / "list").write_bytes(out)
        assert printed(run("--check", tmp_path / "list", cwd=folder)).count(b": OK\n") == len(AWKWARD)
        if shutil.which("sha256sum") and coreutils() >= 9:
            theirs = subprocess.run(["sha256sum", *mode, "--", *AWKWARD], cwd=folder, capture_output=True, check=True).stdout
            for name in AWKWARD:
                theirs = theirs.replace(hashlib.sha256(name).hexdigest().encode(), tag(name))
            assert out == theirs
        else:
            pytest.skip("NOT COMPARED: needs the program sha256sum, of GNU coreutils 9 or later, for the second half")


def test_what_cannot_be_read(run, tmp_path):
    """Each has a line on stderr, the other files are done all the same, and the status is 1. /proc/self/mem fails in the
    middle."""
    (tmp_path / "a").write_bytes(b"a")
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    unreadable = ["missing", "folder", "loop", "a/b"] + ["/proc/self/mem"] * sys.platform.startswith("linux")
    done = run(*unreadable, "a", "new\nline\x1b[2J")
    assert (done.returncode, done.stdout) == (1, tag(b"a") + b"  a\n")
    assert done.stderr.decode().splitlines() == [
        "gorandom: missing: No such file or directory",
        "gorandom: folder: Is a directory",
        "gorandom: loop: Too many levels of symbolic links",
        "gorandom: a/b: Not a directory",
        *["gorandom: /proc/self/mem: Input/output error"] * (len(unreadable) - 4),
        "gorandom: new\\nline\\x1b[2J: No such file or directory",
    ]


@linux
@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can become somebody who may not read a file")
def test_without_permission(run, tmp_path, key):
    """The file, and the key, belong to another user."""
    (tmp_path / "a").write_bytes(b"a")
    (tmp_path / "a").chmod(0)
    (tmp_path / "mine").write_bytes(b"mine")
    (tmp_path / "mine").chmod(0o600)
    os.chown(tmp_path / "mine", 65534, 65534)
    tmp_path.chmod(0o755)
    drop = """
import os
from gorandom.__main__ import main
main(["hmac", "--key-file", "key", "mine"])  # what is imported late may not be found by nobody
os.setuid(65534)
print(main(["hmac", "--key-file", "mine", "a"]), main(["hmac", "--key-file", "key", "a"]))
"""
    done = run(program=drop)
    assert (done.stdout, done.stderr) == (tag(b"mine") + b"  mine\n1 1\n", b"gorandom: a: Permission denied\ngorandom: key: Permission denied\n")


CLOSED = """
import os, sys
os.close(%d)
sys.%s = None  # as Python begins without it
"""


def test_no_standard_input(run, tmp_path):
    """Closed standard input is neither a file nor a list, and no other file's descriptor takes its place."""
    closed = CLOSED % (0, "stdin") + MAIN
    bad = b"gorandom: standard input: Bad file descriptor\n"
    for arguments in ([], ["-"], ["--check"], ["--check", "-"]):
        done = run(*arguments, program=closed)
        assert (done.returncode, done.stdout, done.stderr) == (1, b"", bad)
    (tmp_path / "list").write_bytes(tag(b"") + b"  -\n")
    done = run("--check", "list", program=closed)
    assert (done.returncode, done.stdout) == (1, b"-: FAILED open or read\n") and done.stderr.startswith(bad)


def test_no_standard_error(run, tmp_path):
    """A complaint does not get among the tags, and the bar is lost."""
    expected = sparse(tmp_path / "large", LARGE)
    done = run("missing", "large", program=CLOSED % (2, "stderr") + MAIN)
    assert (done.returncode, done.stdout) == (1, expected + b"  large\n")


def test_no_standard_output(run):
    done = run(input=b"data", program=CLOSED % (1, "stdout") + MAIN)
    assert (done.returncode, done.stderr) == (1, b"gorandom: [Errno 9] Bad file descriptor\n")


# Checking.


@pytest.fixture
def check(run, tmp_path):
    """check(list) checks a list of the files a and b, which contain their own names."""
    for name in "ab":
        (tmp_path / name).write_bytes(name.encode())

    def check(lines, *arguments, **options):
        (tmp_path / "list").write_bytes(lines)
        return run("--check", *arguments, "list", **options)

    return check


A, B = tag(b"a"), tag(b"b")


def test_all_is_well(check):
    assert printed(check(A + b"  a\n" + B + b" *b\n")) == b"a: OK\nb: OK\n"
    assert printed(check(A + b"  a\n" + B + b" *b\n", "--quiet")) == b""


@pytest.mark.parametrize("quiet", [[], ["--quiet"]], ids=["", "quiet"])
def test_what_does_not_match(check, quiet):
    done = check(B + b"  a\n" + A + b"  missing\n" + B + b"  b\n" + A + b"  .\n", *quiet)
    ok = b"" if quiet else b"b: OK\n"
    assert (done.returncode, done.stdout) == (1, b"a: FAILED\nmissing: FAILED open or read\n" + ok + b".: FAILED open or read\n")
    assert done.stderr.decode().splitlines() == [
        "gorandom: missing: No such file or directory",
        "gorandom: .: Is a directory",
        "gorandom: WARNING: 2 listed files could not be read",
        "gorandom: WARNING: 1 computed tag did NOT match",
    ]
    assert A not in done.stdout + done.stderr, "the right tag would let the file be forged"


def test_each_bit_counts(check):
    lines = b""
    for bit in range(256):
        forged = bytearray.fromhex(A.decode())
        forged[bit // 8] ^= 1 << bit % 8
        lines += forged.hex().encode() + b"  a\n"
    done = check(lines)
    assert done.returncode == 1 and done.stdout == b"a: FAILED\n" * 256
    assert done.stderr == b"gorandom: WARNING: 256 computed tags did NOT match\n"


def test_another_key(check, tmp_path):
    (tmp_path / "other").write_bytes(KEY[:-1])
    (tmp_path / "other").chmod(0o400)
    done = check(A + b"  a\n", key="other")
    assert (done.returncode, done.stdout) == (1, b"a: FAILED\n")


SHA_A = hashlib.sha256(b"a").hexdigest().encode()
LINES = {
    "spaces before": b"  \t%s  a\n",
    "tab": b"%s\t a\n",
    "no newline at the end": b"%s  a",
    "CRLF": b"%s  a\r\n",
    "comment": b"# of whom\n%s  a\n",
    "empty lines": b"\n\r\n%s  a\n\n",
    "needless backslash": b"\\%s  a\n",
    "a twice": b"%s  a\n%s *a\n",
}


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_lines_that_are_read(check, tmp_path, line):
    """These lines are read as sha256sum reads them."""
    expected = printed(check(line.replace(b"%s", A)))
    assert expected == b"a: OK\n" * line.count(b"%s")
    assert printed(check(line.replace(b"%s", A.upper()))) == expected
    if not shutil.which("sha256sum"):
        pytest.skip("NOT COMPARED: needs the program sha256sum (GNU coreutils)")
    if b"\r" in line and coreutils() < 9:
        pytest.skip("NOT COMPARED: to sha256sum a carriage return is part of a line before coreutils 9")
    (tmp_path / "sums").write_bytes(line.replace(b"%s", SHA_A))
    theirs = subprocess.run(["sha256sum", "--check", "sums"], cwd=tmp_path, capture_output=True)
    assert (theirs.returncode, theirs.stdout, theirs.stderr) == (0, expected, b"")


BAD = {
    "truncated tag": A[:-2] + b"  a",
    "half a byte less": A[:-1] + b"  a",
    "longer tag": A + b"00  a",
    "no hexadecimal": b"g" + A[1:] + b"  a",
    "spaces for digits": b"  " + A[2:].replace(A[10:12], b"  ") + b"  a",
    "no name": A + b"  ",
    "no space": A + b"a",
    "one space": A + b" a",
    "another mark": A + b" ?a",
    "only a tag": A,
    "words": b"all is well",
    "an unknown escape": b"\\" + A + b"  a\\t",
    "an escape without end": b"\\" + A + b"  a\\",
    "NUL in the name": A + b"  a\0b",
    "a NUL": b"\0",
    "BSD's format": b"SHA256 (a) = " + A,
    "OpenSSL's format": b"HMAC-SHA2-256(a)= " + A,
    "two backslashes": b"\\\\" + A + b"  a",
    "too long": A + b"  " + b"a" * (1 << 17),
    "of the longest length": A + b"  " + b"/" * ((1 << 16) - 67) + b"\0",
    "not ASCII": "٣".encode() * 32 + b"  a",
}


@pytest.mark.parametrize("line", BAD.values(), ids=BAD)
def test_badly_formatted(check, line):
    """Such lines are counted, the rest is checked all the same, and the status is 1: sha256sum's --strict."""
    for lines in (A + b"  a\n" + line + b"\n" + B + b"  b\n", A + b"  a\n" + B + b"  b\n" + line):
        done = check(lines)
        assert done.stderr == b"gorandom: WARNING: 1 line is improperly formatted\n"
        assert (done.returncode, done.stdout) == (1, b"a: OK\nb: OK\n")
    done = check((line + b"\n") * 3 + A + b"  a\n")
    assert (done.returncode, done.stdout, done.stderr) == (1, b"a: OK\n", b"gorandom: WARNING: 3 lines are improperly formatted\n")
    done = check(line + b"\n")
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"gorandom: list: no properly formatted lines found\n")


@pytest.mark.parametrize("lines", [b"", b"\n\n", b"# a comment\n"], ids=["empty", "empty lines", "comments"])
def test_a_list_of_nothing(check, lines):
    """An empty list is no success."""
    done = check(lines)
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"gorandom: list: no properly formatted lines found\n")


def test_lists(run, check, tmp_path):
    """Several lists, of which one is missing and one is a folder; and one on standard input that names itself."""
    (tmp_path / "second").write_bytes(B + b"  b\n")
    done = check(A + b"  a\n", "missing", ".", "second")
    assert (done.returncode, done.stdout) == (1, b"b: OK\na: OK\n")
    assert done.stderr == b"gorandom: missing: No such file or directory\ngorandom: .: Is a directory\n"
    for arguments in ([], ["-"]):
        assert printed(run("--check", *arguments, input=A + b"  a\n")) == b"a: OK\n"
        done = run("--check", *arguments, input=A + b"  a\n" + A + b"  -\n")
        assert (done.returncode, done.stdout, done.stderr) == (1, b"a: OK\n", b"gorandom: WARNING: 1 line is improperly formatted\n")
    assert printed(check(A + b"  -\n", input=b"a")) == b"-: OK\n"


def test_names_in_results(check):
    """Names are escaped as in a list, so that none can pass for another line."""
    done = check(b"\\" + A + b"  x\\na: OK\n")
    assert (done.returncode, done.stdout) == (1, b"\\x\\na: OK: FAILED open or read\n")
    assert done.stderr.splitlines()[0] == b"gorandom: x\\na: OK: No such file or directory"


def test_constant_time(check):
    """Every tag is compared by compare_digest."""
    count = """
import gorandom.hmac
real, seen = gorandom.hmac.compare_digest, []
def counted(a, b):
    seen.append((len(a), len(b)))
    return real(a, b)
gorandom.hmac.compare_digest = counted
import atexit
atexit.register(lambda: print(seen))
"""
    done = check(A + b"  a\n" + B + b"  a\n", program=count + MAIN)
    assert done.stdout == b"a: OK\na: FAILED\n[(32, 32), (32, 32)]\n"


# The key.


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o644, 0o666, 0o777])
def test_a_key_of_others(run, key, mode):
    """A key file that others may use is refused, as by ssh."""
    key.chmod(mode)
    done = run(input=b"data")
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode() == f"gorandom: {key}: others may use this key file (mode {mode:04o}): chmod 600 it\n"


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_a_key_of_ours(run, key, mode):
    key.chmod(mode)
    assert printed(run(input=b"data")) == tag(b"data") + b"  -\n"


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can give a file away")
def test_a_key_of_somebody_else(run, key):
    """As in ssh, the mode matters only for our own files: we cannot protect others'."""
    key.chmod(0o644)
    os.chown(key, 65534, 65534)
    assert printed(run(input=b"data")) == tag(b"data") + b"  -\n"


@pytest.mark.parametrize("content, says", [(b"", "the key file is empty"), (bytes((1 << 20) + 1), "a key has 1048576 bytes at most")],
                         ids=["empty", "large"])  # fmt: skip
def test_no_key(run, key, content, says):
    key.write_bytes(content)
    done = run(input=b"data")
    assert (done.returncode, done.stdout, done.stderr.decode()) == (1, b"", f"gorandom: {key}: {says}\n")


@pytest.mark.parametrize("content", [b"k", b"\n", b"\0", b"word\n", bytes(1 << 20)], ids=["byte", "newline", "NUL", "line", "largest"])
def test_all_bytes_are_the_key(run, key, content):
    key.write_bytes(content)
    assert printed(run(input=b"data")) == tag(b"data", key=content) + b"  -\n"


def test_a_key_that_cannot_be_read(run):
    for path, says in [("missing", "No such file or directory"), (".", "Is a directory"), ("/dev/null", "the key file is empty"),
                       ("/dev/zero", "a key has 1048576 bytes at most")]:  # fmt: skip
        done = run(key=path, input=b"data")
        assert (done.returncode, done.stdout, done.stderr.decode()) == (1, b"", f"gorandom: {path}: {says}\n")


@linux
def test_a_key_from_a_pipe(run):
    """As from bash's <(...), in pieces."""
    give = f"""
import os, sys, threading
r, w = os.pipe()
sys.argv[3] = f"/dev/fd/{{r}}"
def write():
    for i in range({len(KEY)}): os.write(w, {KEY!r}[i:i + 1])
    os.close(w)
threading.Thread(target=write).start()
"""
    assert printed(run(program=give + MAIN, input=b"data")) == tag(b"data") + b"  -\n"


def test_the_key_is_not_shown(run, key):
    key.write_bytes(b"a secret word")
    for arguments in (["missing"], ["--check", "missing"], ["--digest", "none"], ["--digest", "shake_128"]):
        done = run(*arguments)
        assert done.returncode and b"secret" not in done.stdout + done.stderr and b"Traceback" not in done.stderr


def test_the_key_is_erased(key, monkeypatch):
    """Everything read from the file is erased, whether it is a key or not."""
    from gorandom._cli import hmac as cli

    from gorandom import hmac

    kept = []
    monkeypatch.setattr(hmac, "new", lambda key, *rest: kept.append(key) or before(key, *rest))
    before = hmac.HMAC
    key.write_bytes(b"a secret word")
    cli._keyed(os.fsencode(key), "sha256")
    assert kept == [bytes(13)]
    with pytest.raises(ValueError):
        cli._keyed(os.fsencode(key), "none")
    assert kept == [bytes(13)] * 2


# The bar.


LARGE = 64 << 20


def on_terminal(run, *arguments, **options):
    """Return the CompletedProcess, and what appeared on stderr, a terminal of 60 columns."""
    import fcntl
    import struct
    import termios

    primary, secondary = os.openpty()
    fcntl.ioctl(secondary, termios.TIOCSWINSZ, struct.pack("4H", 24, 60, 0, 0))
    done = run(*arguments, stderr=secondary, **options)
    os.close(secondary)
    shown = b""
    try:
        while piece := os.read(primary, 1 << 16):
            shown += piece
    except OSError:  # Linux's end of file here
        pass
    os.close(primary)
    return done, shown


def sparse(path, size):
    with open(path, "wb") as f:
        f.truncate(size)
    mac = hmac.new(KEY, digestmod="sha256")
    for _ in range(size >> 20):
        mac.update(bytes(1 << 20))
    return mac.hexdigest().encode()


@linux
def test_progress(run, tmp_path):
    """A large file has a bar on stderr if that is a terminal, and the bar is gone at the end. A pipe never gets any of it."""
    expected = sparse(tmp_path / "large", LARGE)
    done, shown = on_terminal(run, "large")
    assert (done.returncode, done.stdout) == (0, expected + b"  large\n")
    looks = shown.split(b"\r\x1b[K")
    assert len(looks) >= 3 and looks[0] == looks[-1] == b"", shown
    for look in looks[1:-1]:
        assert re.fullmatch(rb"\[#* *\] +\d+%  \d+ of 64 MiB  large", look) and len(look) < 60, look
    (tmp_path / "list").write_bytes(expected + b"  large\n")
    done, shown = on_terminal(run, "--check", "list")
    assert done.stdout == b"large: OK\n" and b"of 64 MiB  large" in shown and shown.endswith(b"\r\x1b[K")
    assert printed(run("large")) == expected + b"  large\n"


@linux
def test_progress_of_a_pipe(run, tmp_path):
    """A pipe has no known size. A name may contain codes that move the cursor, and may be too long."""
    expected = sparse(tmp_path / "large", LARGE)
    with open(tmp_path / "large", "rb") as f, subprocess.Popen(["cat"], stdin=f, stdout=subprocess.PIPE) as cat:
        done, shown = on_terminal(run, stdin=cat.stdout)
    assert done.stdout == expected + b"  -\n" and re.search(rb"\r\x1b\[K\d+ MiB  standard input\r\x1b\[K", shown), shown
    name = "\x1b[2J" + "long" * 30
    os.rename(tmp_path / "large", tmp_path / name)
    done, shown = on_terminal(run, name)
    assert done.stdout == expected + b"  " + name.encode() + b"\n" and b"\x1b[2J" not in shown and b"\\x1b[2Jlong" in shown
    assert all(len(look) < 60 for look in shown.split(b"\r\x1b[K")), shown


@linux
def test_no_progress_of_what_is_small(run, tmp_path):
    sparse(tmp_path / "small", LARGE - 1)
    done, shown = on_terminal(run, "small", input=b"data")
    assert done.returncode == 0 and shown == b""


# The process.

@linux
def test_memory(run, tmp_path):
    """A file of 128 MiB and a list's line of 64 MiB raise the process's peak by less than 4 MiB."""
    (tmp_path / "small").write_bytes(bytes(2 << 20))
    expected = sparse(tmp_path / "large", 2 * LARGE)
    lines = printed(run("large", program=PROGRAMS / "cli_hmac_peak.py")).splitlines()
    assert lines[1] == expected + b"  large" and int(lines[-1]) < 4096, lines
    sparse(tmp_path / "list", LARGE)
    done = run("--check", "list", program=PROGRAMS / "cli_hmac_peak.py")
    assert done.returncode == 1 and b"no properly formatted" in done.stderr and int(done.stdout.splitlines()[-1]) < 4096, done


@linux
def test_disk_full(run, check):
    for arguments in (["a"], ["--check", "list"]):
        check(A + b"  a\n")
        with open("/dev/full", "wb") as full:
            done = run(*arguments, stdout=full)
        assert done.returncode == 1 and done.stderr == b"gorandom: [Errno 28] No space left on device\n"


def test_reader_goes_away(run, check):
    check(A + b"  a\n")
    for arguments in (["a", "a"], ["--check", "list"]):
        r, w = os.pipe()
        os.close(r)
        done = run(*arguments, stdout=w)
        os.close(w)
        assert (done.returncode, done.stderr) == (141, b"")


def test_lines_are_written_at_once(run, tmp_path):
    """Finished lines can be read while the command waits for the next file."""
    (tmp_path / "a").write_bytes(b"a")
    os.mkfifo(tmp_path / "pipe")
    r, w = os.pipe()
    watch = f"""
import os, threading
def watch():
    line = os.read({r}, 1000)  # comes before the pipe's writer does
    with open("pipe", "wb") as f: f.write(line)
threading.Thread(target=watch).start()
"""
    done = run("a", "pipe", program=watch + MAIN, pass_fds=[r], stdout=w)
    os.close(w)
    rest = os.read(r, 1000)
    os.close(r)
    assert done.returncode == 0 and rest == tag(A + b"  a\n") + b"  pipe\n"


def test_ctrl_c(run, tmp_path):
    """Ctrl-C gives a shell's status for SIGINT, and prints nothing, not even half a line."""
    press = """
import os, signal, threading
os.mkfifo("pipe")
def press():
    with open("pipe", "wb", buffering=0) as f:  # opened: it reads
        f.write(b"x")
        while not threading.Event().wait(0.05): os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=press, daemon=True).start()
from gorandom.__main__ import main
import sys
os._exit(main(sys.argv[1:]))
"""
    done = run("pipe", program=press)
    assert (done.returncode, done.stdout, done.stderr) == (128 + signal.SIGINT, b"", b"")


@pytest.mark.parametrize(
    "arguments, says",
    [(["--digest", "nothing", "a"], "there is no HMAC with 'nothing'"), (["--digest", "shake_128", "a"], "there is no HMAC with 'shake_128'"),
     (["--digest", "", "a"], "there is no HMAC with ''"), (["--check", "--binary", "a"], "--binary is meaningless with --check"),
     (["--quiet", "a"], "--quiet is meaningful with --check only"), (["--tag"], "unrecognized arguments")],
)  # fmt: skip
def test_wrong_arguments(run, arguments, says):
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, b"") and says in done.stderr.decode() and b"Traceback" not in done.stderr


def test_a_key_is_required(tmp_path):
    done = subprocess.run([sys.executable, "-m", "gorandom", "hmac", "a"], cwd=tmp_path, capture_output=True)
    assert (done.returncode, done.stdout) == (2, b"") and b"required: --key-file" in done.stderr


def test_help(run):
    """The help says what is refused, and lists the exit statuses."""
    text = " ".join(printed(run("--help")).decode().split())
    for words in ("--key-file KEY", "--check", "as with ssh", "Status 1", "1 MiB", "badly formatted"):
        assert words.lower() in text.lower(), words
