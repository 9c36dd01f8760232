"""``python -m gorandom hmac``: sha256sum with a key.

Lines, messages and the behaviour after an error are those of GNU coreutils. --check is stricter in one way: a badly
formatted line is a failure.
"""

import os
import re
import stat
import sys
import time

from .common import closed, complain, guarded, stdout

_CHUNK = 1 << 20  # bytes read at a time: files can be larger than memory
_KEY = 1 << 20  # bytes that a key file may have, so that /dev/zero is refused
_LINE = 1 << 16  # bytes that a list's line may have: a tag, and a path of 4096 bytes, twice as long when escaped
_LARGE = 64 << 20  # bytes: a file of this size or more has a progress bar
_BAR = 0.1  # seconds between two changes of the bar

_ESCAPES = {b"\\": b"\\\\", b"\n": b"\\n", b"\r": b"\\r"}
_ESCAPED = {escape: character for character, escape in _ESCAPES.items()}


class _Unreadable(Exception):
    """A file cannot be read, or is not a key. Not an OSError, because standard output raises those."""

    def __init__(self, name, why):
        super().__init__(f"{_visible(name)}: {why}")


def _visible(name):
    # Names in lists and folders must not move a terminal's cursor, or look like a line of ours.
    name = "standard input" if name == b"-" else os.fsdecode(name)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)


def _open(name, **options):
    if name != b"-":
        return open(name, "rb", **options)
    if sys.stdin is None:  # its descriptor may now belong to another file
        raise closed()
    return open(0, "rb", closefd=False, **options)


class _Progress:
    """A progress bar for one large file on standard error, if that is a terminal. The end of ``with`` erases it."""

    def __init__(self, name, file):
        status = os.fstat(file.fileno())
        self._total = status.st_size if stat.S_ISREG(status.st_mode) else 0  # a pipe's size is unknown
        self._name = _visible(name)
        self._shown = sys.stderr is not None
        self._again = self._drawn = 0.0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._drawn:
            self._print("")

    def _print(self, text):
        try:
            width = os.get_terminal_size(sys.stderr.fileno()).columns or 80
            print("\r\033[K" + text[: width - 1], end="", file=sys.stderr, flush=True)
        except OSError:  # it is not a terminal, or is gone
            self._shown = False

    def show(self, done):
        if not self._shown or max(done, self._total) < _LARGE or time.monotonic() < self._again:
            return
        self._drawn = True
        self._again = time.monotonic() + _BAR
        text = f"{done >> 20} MiB"
        if self._total:
            part = min(1.0, done / self._total)
            text = f"[{'#' * int(20 * part):20}] {part:4.0%}  {done >> 20} of {self._total >> 20} MiB"
        self._print(f"{text}  {self._name}")


def _tag(mac, name):
    """Return the tag of a file, computed with a copy of mac."""
    mac = mac.copy()
    buffer = memoryview(bytearray(_CHUNK))
    try:
        with _open(name, buffering=0) as file, _Progress(name, file) as progress:
            done = 0
            while n := file.readinto(buffer):
                mac.update(buffer[:n])
                done += n
                progress.show(done)
    except OSError as error:
        raise _Unreadable(name, error.strerror or error) from None
    return mac.digest()


def _write(line):
    # Write each line at once, as sha256sum does, because the next file may take hours.
    output = stdout().buffer
    output.write(line + b"\n")
    output.flush()


def _escape(name):
    """Return the prefix of a line (a backslash if the name has to be escaped) and the name as the line shows it."""
    text = re.sub(rb"[\\\n\r]", lambda found: _ESCAPES[found[0]], name)
    return b"\\" if text != name else b"", text


def _print_tags(mac, names, options):
    code = 0
    for name in names:
        try:
            tag = _tag(mac, name)
        except _Unreadable as error:
            complain(error)
            code = 1
        else:
            backslash, text = _escape(name)
            _write(backslash + tag.hex().encode() + (b" *" if options.binary else b"  ") + text)
    return code


def _lines(name):
    """Yield a list's lines without their ends. A line that is too long is replaced with a badly formatted one."""
    try:
        with _open(name) as file:
            while line := file.readline(_LINE):
                if len(line) < _LINE or line.endswith(b"\n"):
                    yield line.removesuffix(b"\n").removesuffix(b"\r")
                    continue
                while line and not line.endswith(b"\n"):
                    line = file.readline(_LINE)
                yield b"?"
    except OSError as error:
        raise _Unreadable(name, error.strerror or error) from None


def _parse(line, size):
    """Return (tag, name) of a list's line, or None if it is badly formatted. A tag has exactly ``size`` bytes."""
    found = re.fullmatch(rb"[ \t]*(\\?)([0-9A-Fa-f]{%d})[ \t][ *]([^\0]+)" % (2 * size), line)
    if found is None:
        return None
    backslash, digits, name = found.groups()
    if backslash:
        if re.fullmatch(rb"(?:[^\\]|\\[\\nr])+", name) is None:
            return None
        name = re.sub(rb"\\.", lambda escape: _ESCAPED[escape[0]], name)
    return bytes.fromhex(digits.decode()), name


def _check_list(mac, list_name, options):
    """Return whether each line named a file that has the line's tag."""
    from ..hmac import compare_digest

    good = bad = unread = wrong = 0
    for line in _lines(list_name):
        if not line or line.startswith(b"#"):
            continue
        parsed = _parse(line, mac.digest_size)
        if parsed is None or parsed[1] == list_name == b"-":  # standard input is being read already
            bad += 1
            continue
        good += 1
        tag, name = parsed
        result = b"OK"
        try:
            if not compare_digest(_tag(mac, name), tag):
                wrong += 1
                result = b"FAILED"
        except _Unreadable as error:
            complain(error)
            unread += 1
            result = b"FAILED open or read"
        if result != b"OK" or not options.quiet:
            _write(b"".join(_escape(name)) + b": " + result)
    if not good:
        raise _Unreadable(list_name, "no properly formatted lines found")
    for count, one, many in (
        (bad, "line is improperly formatted", "lines are improperly formatted"),
        (unread, "listed file could not be read", "listed files could not be read"),
        (wrong, "computed tag did NOT match", "computed tags did NOT match"),
    ):
        if count:
            complain(f"WARNING: {count} {one if count == 1 else many}")
    return not (bad or unread or wrong)


def _check(mac, names, options):
    code = 0
    for name in names:
        try:
            code |= not _check_list(mac, name, options)
        except _Unreadable as error:
            complain(error)
            code = 1
    return code


def _keyed(path, digest):
    """Return an HMAC object whose key is the file's bytes."""
    from ..hmac import new

    key = bytearray(_KEY + 1)
    try:
        with open(path, "rb", buffering=0) as file:
            status = os.fstat(file.fileno())
            mode = stat.S_IMODE(status.st_mode)
            # ssh's rule: files of other users are not ours to protect, and a pipe has no other readers.
            if stat.S_ISREG(status.st_mode) and hasattr(os, "geteuid") and status.st_uid == os.geteuid() and mode & 0o077:
                raise _Unreadable(path, f"others may use this key file (mode {mode:04o}): chmod 600 it")
            length, n = 0, 1
            with memoryview(key) as whole:  # ends at once on any Python, because key is shortened below
                while n:
                    with whole[length:] as rest:
                        n = file.readinto(rest)
                    length += n
        if not 0 < length <= _KEY:
            raise _Unreadable(path, "the key file is empty" if not length else f"a key has {_KEY} bytes at most")
        del key[length:]
        return new(key, None, digest)
    except OSError as error:
        raise _Unreadable(path, error.strerror or error) from None
    finally:
        key[:] = bytes(len(key))


def _hmac(options):
    from ..hmac import new

    try:
        new(b"key", b"", options.digest).digest()
    except (TypeError, ValueError):  # an unknown digest, or one without a fixed length
        options.parser.error(f"there is no HMAC with {options.digest!r}")
    if options.check and options.binary:
        options.parser.error("--binary is meaningless with --check")
    if options.quiet and not options.check:
        options.parser.error("--quiet is meaningful with --check only")
    names = [os.fsencode(name) for name in options.names] or [b"-"]
    try:
        mac = _keyed(os.fsencode(options.key_file), options.digest)
    except _Unreadable as error:
        complain(error)
        return 1
    return (_check if options.check else _print_tags)(mac, names, options)


def add_commands(subparsers):
    """Add ``hmac``, like ``draw.add_commands``. Status 1 if a file could not be read, or failed."""
    command = subparsers.add_parser(
        "hmac",
        help="print or check HMACs of files, in the format of sha256sum",
        description="Prints a line with its HMAC for each FILE, or with --check reads such lines from each FILE and "
        "checks them, in the format of sha256sum. Without FILE, or if it is -, reads standard input. Status 1: a file "
        "could not be read, a tag does not match, or (other than with sha256sum) a line is badly formatted.",
        epilog="The key is all bytes of its file, including a newline at the end if there is one. Make one with: "
        "(umask 077; python -m gorandom bytes 32 >KEY). As with ssh, a file of yours that your group or others may "
        "read or write is refused. A pipe is accepted: --key-file <(...).",
    )
    command.set_defaults(function=guarded(_hmac), command="hmac", parser=command)
    command.add_argument("--key-file", metavar="KEY", required=True, help="the file that holds the key, 1 byte to 1 MiB")
    command.add_argument("--digest", metavar="NAME", default="sha256", help="hashlib's name of the hash (sha256)")
    command.add_argument("-c", "--check", action="store_true", help="read tags from each FILE and check them")
    command.add_argument("-b", "--binary", action="store_true", help="mark names with *, which changes nothing else")
    command.add_argument("--quiet", action="store_true", help="with --check, print no line for what is OK")
    command.add_argument("names", metavar="FILE", nargs="*", help="what to read")
