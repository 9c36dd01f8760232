"""Measures gorandom from Python on this machine, and prints the tables of the README.

    python3 bench/python.py --wheel wheels/gorandom-….whl

It makes a virtual environment in build/bench-venv, with pyperf and the wheel, and works there. Every figure
has its spread, because a figure without one says nothing.
"""

import argparse
import json
import os
import platform
import re
import shlex
import shutil
import statistics
import subprocess
import sys
import venv

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
BUILD = os.path.join(ROOT, "build", "bench")
VENV = os.path.join(ROOT, "build", "bench-venv")
PYTHON = os.path.join(VENV, "bin", "python3")
# Many short values: most of them end before another process gets the processor, so the median is the call's own.
FAST = ["--processes", "8", "--values", "40", "--warmups", "3", "--min-time", "0.002", "--quiet"]

sys.path.insert(0, os.path.join(ROOT, "pyext"))
from steps import toolchain  # noqa: E402


def pip(*arguments):
    command = [PYTHON, "-m", "pip", "-q", "--disable-pip-version-check", "install", *arguments]
    subprocess.run(command, check=True)


def enter_venv(wheel):
    if not os.path.exists(PYTHON):
        venv.create(VENV, with_pip=True)
    compiler = [] if toolchain.machine_cc() else [toolchain.ZIG_PACKAGE]
    pip("-r", os.path.join(HERE, "requirements.txt"), *compiler)
    pip("--force-reinstall", "--no-deps", wheel)
    os.execv(PYTHON, [PYTHON, *sys.argv])


def compile_zeros():
    import sysconfig

    include = sysconfig.get_paths()["include"]
    command = [*toolchain.find_cc(), "-O2", "-fPIC", "-shared", "-I" + include, "-idirafter", os.path.dirname(include)]
    output = os.path.join(BUILD, "zeros.abi3.so")
    subprocess.run([*command, os.path.join(HERE, "zeros.c"), "-o", output], check=True, stderr=subprocess.DEVNULL)


def pyperf_run(script, start, *arguments):
    """{name of a call: [seconds]}"""
    output = os.path.join(BUILD, f"{script}-{start}.json")
    if os.path.exists(output):
        os.unlink(output)
    environment = {**os.environ, "GORANDOM_START": start, "PYTHONPATH": BUILD}
    command = [PYTHON, os.path.join(HERE, script + ".py"), "-o", output, *FAST, *arguments]
    command += ["--inherit-environ", "GORANDOM_START,PYTHONPATH"]
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
    import pyperf

    suite = pyperf.BenchmarkSuite.load(output)
    return {b.get_name(): b.get_values() for b in suite.get_benchmarks()}


def openssl_speed():
    """Bytes a second of OpenSSL's AES-256 in counter mode, 1 MiB at a time, three times; [] without openssl."""
    if not shutil.which("openssl"):
        return []
    command = "openssl speed -mr -evp aes-256-ctr -bytes 1048576 -seconds 3"
    speeds = []
    for _ in range(3):
        out = subprocess.run(shlex.split(command), text=True, capture_output=True).stdout
        speeds += [float(line.split(":")[3]) for line in out.splitlines() if line.startswith("+F:")]
    return speeds


def middle(values):
    return statistics.median(values)


def spread(values, scale=1.0, digits=0):
    """Where the middle half of the values lies."""
    low, _, high = statistics.quantiles(values, n=4)
    return f"{low * scale:.{digits}f} to {high * scale:.{digits}f}"


def row(*cells):
    print("  " + " ".join(f"{cell:<{width}}" for cell, width in zip(cells, (46, 13, 24, 30))).rstrip())


def machine():
    processor = platform.machine()
    try:
        with open("/proc/cpuinfo") as f:
            processor = next(line.split(":", 1)[1].strip() for line in f if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    import ssl

    import gorandom

    go = "unknown"
    library = os.path.join(os.path.dirname(gorandom.__file__), "libgorandom_core.so")
    if os.path.exists(library):
        with open(library, "rb") as f:
            found = re.search(rb"go1\.\d+(\.\d+)?", f.read())
            go = found[0].decode() if found else go
    gorandom.get_random_bytes(1)
    status = gorandom.status()
    print(f"{processor}, {len(os.sched_getaffinity(0))} processors, {platform.system()} {platform.release()}")
    print(f"CPython {platform.python_version()}, gorandom {gorandom.__version__} built by {go}, {ssl.OPENSSL_VERSION}")
    kernel = "by the processor's instructions" if gorandom._front.hmac256 else "through the core"
    print(f"mode {status.mode}, keystream {status.keystream}, HMAC-SHA-256 {kernel}; load at the start {os.getloadavg()[0]:.2f}")
    print("Medians, and the span of the middle half of all runs.\n")


def draws():
    core = pyperf_run("draws", "auto")
    direct = pyperf_run("draws", "never", "--direct")
    print("A call from Python")
    row("", "ns", "middle half", "beside get_random_bytes")
    for size in ("16 B", "1 KiB", "4 KiB", "1 MiB"):
        base = middle(core["get_random_bytes " + size])
        for name, values in core.items():
            if name.endswith(" " + size):
                row(name, f"{middle(values) * 1e9:,.1f}", spread(values, 1e9, 1), f"{middle(values) / base:.2f} x")
    print()
    above = (middle(core["get_random_bytes 16 B"]) - middle(core["zeros 16 B"])) * 1e9
    print(f"  16 bytes cost {above:.1f} ns more than a function that returns 16 zeros.\n")

    print("The same without a core (GORANDOM_START=never)")
    row("", "ns", "middle half", "beside os.urandom")
    for name, values in direct.items():
        if name.startswith("get_random_bytes"):
            base = middle(direct[name.replace("get_random_bytes", "os.urandom")])
            row(name, f"{middle(values) * 1e9:,.1f}", spread(values, 1e9, 1), f"{middle(values) / base:.2f}")
    print()

    speeds = openssl_speed()
    print("1 MiB at a time, one thread")
    for name in ("fill 1 MiB", "get_random_bytes 1 MiB"):
        row(name, f"{2**20 / middle(core[name]) / 1e9:.2f} GB/s", spread([2**20 / v / 1e9 for v in core[name]], 1, 2))
    if speeds:
        row("openssl speed -evp aes-256-ctr", f"{middle(speeds) / 1e9:.2f} GB/s", spread(speeds, 1e-9, 2))
        print(f"\n  fill makes {2**20 / middle(core['fill 1 MiB']) / middle(speeds):.2f} of what OpenSSL's cipher makes.")
    print()


def tags():
    found = pyperf_run("tags", "auto")
    print("HMACs of 32 bytes, and a comparison")
    row("", "ns", "middle half", "the standard library's")
    for name, values in found.items():
        theirs = found.get(name.removeprefix("gorandom."), None)
        if not name.startswith("gorandom."):
            continue
        times = [b / a for a, b in zip(sorted(values), sorted(theirs))]
        row(name.removeprefix("gorandom."), f"{middle(values) * 1e9:,.1f}", spread(values, 1e9, 1),
            f"{middle(theirs) / middle(values):.2f} x ({spread(times, 1, 2)})")  # fmt: skip
    print()


def moments():
    out = subprocess.run([PYTHON, os.path.join(HERE, "moments.py")], check=True, text=True, stdout=subprocess.PIPE).stdout
    found = json.loads(out)
    print("Once in a process")
    row("", "median", "middle half")
    added = middle(found["import"]) - middle(found["pass"])
    row("python -c pass", f"{middle(found['pass']) / 1e6:.2f} ms", spread(found["pass"], 1e-6, 2))
    row("python -c 'import gorandom'", f"{middle(found['import']) / 1e6:.2f} ms", spread(found["import"], 1e-6, 2))
    row("  so the import adds", f"{added / 1e6:.2f} ms")
    row("  timed from within", f"{middle(found['import alone']) / 1e6:.2f} ms", spread(found["import alone"], 1e-6, 2))
    row("first draw (starts the core)", f"{middle(found['first draw']) / 1e6:.2f} ms", spread(found["first draw"], 1e-6, 2))
    for name, what in (("first draw in a child", "from the kernel"), ("first draw in a child, eager", "starts a core")):
        row(f"{name} ({what})", f"{middle(found[name]) / 1e3:,.0f} us", spread(found[name], 1e-3))
    name = "slowest draw when a child's core takes over"
    row(name, f"{middle(found[name]) / 1e6:.2f} ms", spread(found[name], 1e-6, 2))
    row("resident memory that a core adds", f"{middle(found['memory']) / 1e6:.1f} MB", spread(found["memory"], 1e-6, 1))
    print()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheel", required=True)
    wheel = os.path.abspath(parser.parse_args().wheel)
    if os.path.realpath(sys.prefix) != os.path.realpath(VENV):
        enter_venv(wheel)
    os.makedirs(BUILD, exist_ok=True)
    compile_zeros()
    machine()
    sys.stdout.flush()
    draws()
    sys.stdout.flush()
    tags()
    sys.stdout.flush()
    moments()


if __name__ == "__main__":
    main()
