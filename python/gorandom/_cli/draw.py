"""Subcommands of ``python -m gorandom`` that draw bytes, wait, and print the status."""

from .. import get_random_bytes, status, urandom, wait_for_system_rng
from .common import complain, guarded, stdout

_CHUNK = 1 << 20  # bytes drawn at a time, so that a gigabyte is not held in memory


def _count(text):
    n = int(text, 10)
    if n < 0:
        raise ValueError
    return n


def _seconds(text):
    timeout = float(text)
    if not timeout >= 0:  # refuses NaN, too
        raise ValueError
    return timeout


# argparse puts these names into its messages.
_count.__name__, _seconds.__name__ = "count", "time"


def _chunks(total):
    while total:
        size = min(total, _CHUNK)
        yield get_random_bytes(size)
        total -= size


def _draw(options):
    """Write the bytes of ``bytes N`` as they are, and those of ``hex N`` as text."""
    output = stdout()
    if options.command == "hex":
        for chunk in _chunks(options.n):
            output.write(chunk.hex())
        output.write("\n")
    else:
        for chunk in _chunks(options.n):
            output.buffer.write(chunk)
    return 0


def _token(options):
    from ..secrets import token_urlsafe

    print(token_urlsafe(), file=stdout())
    return 0


def _uuid(options):
    from .._uuid import uuid4, uuid7

    make, output = uuid7 if options.v7 else uuid4, stdout()
    for _ in range(options.n):
        print(make(), file=output)
    return 0


def _wait(options):
    try:
        wait_for_system_rng(options.timeout)
    except TimeoutError as error:
        complain(error)
        return 1
    return 0


def _status(options):
    """Print the status after a draw, because the first draw decides what serves a process."""
    code = 0
    try:
        urandom(1)
    except OSError as error:
        complain(error)
        code = 1
    print(status(), file=stdout())
    return code


def add_commands(subparsers):
    """Add the commands to the result of ``ArgumentParser.add_subparsers()``.

    The parsed options have ``function``, which takes the options and returns the exit status: 0, or 1 when the time of
    ``wait`` has passed or bytes could not be drawn or written.
    """

    def add(name, function, help):
        command = subparsers.add_parser(name, help=help, description=help)
        command.set_defaults(function=guarded(function), command=name)
        return command

    add("bytes", _draw, "write N random bytes to standard output").add_argument(
        "n", metavar="N", type=_count, help="how many bytes"
    )
    add("hex", _draw, "print N random bytes as hexadecimal digits").add_argument(
        "n", metavar="N", type=_count, help="how many bytes; the digits are twice as many"
    )
    add("token", _token, "print a token of 32 random bytes, safe in a URL")
    command = add("uuid", _uuid, "print random UUIDs (RFC 9562), one per line")
    command.add_argument("-n", metavar="N", type=_count, default=1, help="how many (1)")
    command.add_argument("--v7", action="store_true", help="version 7, which begins with the time, instead of version 4")
    add("wait", _wait, "wait until the system's random number generator is ready").add_argument(
        "--timeout", metavar="SECONDS", type=_seconds, help="give up after so many seconds, with status 1"
    )
    add("status", _status, "draw a byte, and print what serves such a process, and why")
