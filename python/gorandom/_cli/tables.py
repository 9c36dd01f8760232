"""The tables that ``python -m gorandom selftest`` and ``bench`` print."""

import os
import platform
import shutil
import statistics
import textwrap
import time

import gorandom

from .. import __version__, get_random_bytes, status, wait_for_system_rng

_COLOURS = {"ok": "32", "FAILED": "1;31", "not here": "33"}
_WIDTH = 80  # columns at most, because rows are read across


def _coloured(output):
    """Return whether to use colours: only on a terminal, and not if NO_COLOR has a value (https://no-color.org)."""
    return output.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _c_library():
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or "no glibc"
    except (AttributeError, OSError, ValueError):  # Windows lacks the function, and musl does not know the name
        return "no glibc"


def _heading():
    """Yield lines that say what is being tried, and where."""
    wait_for_system_rng(0)  # raises at once while the kernel boots, because a check that waits checks nothing
    get_random_bytes(1)
    now, system = status(), platform.uname()
    python = f"{platform.python_implementation()} {platform.python_version()}"
    yield f"gorandom {__version__}, {python}, {_c_library()}, {system.system} {system.release} {system.machine}"
    if now.mode == "core":
        yield f"mode core, keystream {now.keystream}, memory {now.memory}"
    else:
        yield f"mode {now.mode}: {now.reason}"
    yield f"bytes from {', '.join(now.sources)}"
    yield f"package in {os.path.dirname(os.path.abspath(gorandom.__file__))}"


def _wrap(text, width, indent=""):
    return textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)


def _row(result, width, colour):
    def painted(text):
        return f"\033[{_COLOURS[result.result]}m{text}\033[0m" if colour else text

    what = width - 17 - 16
    shown = result.what if len(result.what) <= what else result.what[: what - 3] + "..."
    if result.result == "not here":
        lines = _wrap(f"not here: {result.reason}", width - 17)
        yield f"{result.name:17}{painted(lines[0])}"
        yield from (f"{'':17}{line}" for line in lines[1:])
        return
    yield f"{result.name:17}{shown:{what}} {painted(f'{result.result:>6}')}{1000 * result.seconds:>9.1f}"
    if result.reason:
        yield from _wrap(result.reason, width, " " * 17)


def selftest(output):
    """Print the table of what gorandom._cli.selftest checks, and return the exit status."""
    from . import selftest as checks

    start, colour = time.perf_counter(), _coloured(output)
    width = max(60, min(_WIDTH, shutil.get_terminal_size((_WIDTH, 24)).columns))
    for line in _heading():
        print(line, file=output)
    print(f"\n{'':{width - 2}}ms", file=output)
    count = {"ok": 0, "FAILED": 0, "not here": 0}
    for check in checks.checks():
        result = checks.judge(*check)
        count[result.result] += 1
        for line in _row(result, width, colour):
            print(line, file=output, flush=True)
    parts = [f"{count['FAILED']} FAILED"] * bool(count["FAILED"]) + [f"{count['ok']} passed"]
    parts += [f"{count['not here']} not here"] * bool(count["not here"])
    print(f"\n{', '.join(parts)}, in {time.perf_counter() - start:.2f} s", file=output)
    return 1 if count["FAILED"] else 0


def _ns(seconds):
    return f"{1e9 * seconds:,.0f}" if seconds >= 1e-7 else f"{1e9 * seconds:.1f}"


def _times(ratio):
    """Return the ratio with three digits, or with all that are before the decimal point."""
    return f"{ratio:.{0 if ratio >= 99.5 else 1 if ratio >= 9.95 else 2}f}"


def bench(output, quick=False):
    """Print the table of what gorandom._cli.bench measures, and return the exit status."""
    from . import bench as measured

    for line in _heading():
        print(line, file=output)
    print(f"\n{'ns a call':17}{'gorandom':>10}  {'':13}{'':>10}   gorandom's speed", file=output, flush=True)
    how = (measured.QUICK_ROUNDS, measured.QUICK_SLOT) if quick else (measured.ROUNDS, measured.SLOT)
    rows = measured.measure(measured.WORKS, *how)
    for row in rows:
        ratios = [_times(f(row.ratios)) for f in (statistics.median, min, max)]
        spread = f"{ratios[0]:>5} x ({ratios[1]} to {ratios[2]})"
        print(f"{row.what:17}{_ns(row.ours):>10}  {row.name:13}{_ns(row.theirs):>10}   {spread}", file=output)
    print(f"\nMedians of {how[0]} rounds, in which the two took turns; in brackets the least and the greatest.", file=output)
    if any("*" in row.name for row in rows):
        print("* The Mersenne Twister: whoever sees enough of its numbers knows the others.", file=output)
    return 0
