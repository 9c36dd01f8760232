#!/usr/bin/env python3
"""Installs the wheels in Linux systems made for it, and tries them there.

    wheels/roots.py [--only PATTERN] [--wheels FOLDER] [--suite]

debootstrap makes a root of each system in the table below, once; they are kept under build/roots, or where ROOTS in the
environment says (4 GB). A run lies in a layer of memory above its root and in namespaces of its own: no network, a
/proc, a /dev and a /tmp that end with it, so nothing has to be unmounted, even after SIGKILL. What is checked there
stands in inside.py. The machine's own CPythons are tried too, without their network.

Needs root, and Debian's debootstrap and debian-archive-keyring; for aarch64 on another processor qemu-user-static and
Linux 6.7, whose user namespaces have handlers of foreign programs of their own: the machine's are left as they are.
Ends with 0 if nothing failed. What cannot be run is listed as such, and is no failure.
"""

import argparse
import contextlib
import fnmatch
import hashlib
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(HERE)
ROOTS = os.path.abspath(os.environ.get("ROOTS") or os.path.join(SOURCE, "build", "roots"))
sys.path.insert(0, os.path.join(SOURCE, "tests"))

from run import interpreters  # noqa: E402

TIMEOUT = 1800  # seconds, for all checks of one Python; an emulated one takes some minutes
SUITE_TIMEOUT = 3600
EMULATED = {"arm64": "aarch64"}  # Debian's name of an architecture: qemu's


class CannotRun(Exception):
    """The machine lacks what a system needs."""


@dataclass
class Python:
    """A CPython that is built, because its system has none that is new enough. To /opt/python, in build's root."""

    sources: tuple  # source packages, as SUITE/NAME
    tools: str  # packages that the build needs
    build: str  # a shell script; the source packages' files lie in /sources, and it installs below /out


PYTHON = r"""
mkdir /tmp/python && cd /tmp/python && tar -xf /sources/python3.*.orig.tar.?z --strip-components=1
./configure -q --prefix=/opt/python --disable-test-modules
make -s -j2 && make -s install DESTDIR=/out
"""
GLIBC = Python(
    sources=("bookworm/python3.11",),
    tools="gcc make libc6-dev xz-utils zlib1g-dev libssl-dev libffi-dev libbz2-dev liblzma-dev uuid-dev",
    build=PYTHON,
)
# The kernel's headers are the same for every C library, but musl's compiler does not look where glibc's lie. It is
# Debian's gcc with other paths, and names glibc when configure asks for whom it compiles.
MUSL = Python(
    sources=("trixie/python3.13", "bookworm/zlib"),
    tools="gcc make libc6-dev xz-utils bzip2 musl-tools",
    build=r"""
        for part in linux asm-generic; do ln -s /usr/include/$part /usr/include/x86_64-linux-musl/; done
        ln -s /usr/include/x86_64-linux-gnu/asm /usr/include/x86_64-linux-musl/
        printf '%s\n' '#!/bin/sh' '[ "$1" != --print-multiarch ] || exec echo x86_64-linux-musl' 'exec musl-gcc "$@"' \
            >/usr/local/bin/musl-cc
        chmod +x /usr/local/bin/musl-cc
        export CC=musl-cc CFLAGS='-O2 -fPIC'
        mkdir /tmp/zlib && cd /tmp/zlib && tar -xf /sources/zlib_*.orig.tar.bz2 --strip-components=1
        ./configure --static --prefix=/usr/local && make -s install
        export ZLIB_CFLAGS=-I/usr/local/include ZLIB_LIBS='-L/usr/local/lib -lz'
    """
    + PYTHON,
)


@dataclass
class System:
    name: str
    suite: str
    packages: str
    pythons: tuple
    arch: str = "amd64"
    brings: "Python | None" = None
    expect: str = "core"  # the mode that has to serve, and after a colon what of its reason
    development: str = ""  # more packages for the whole test suite; where there are none it is not run

    @property
    def emulator(self):
        """None where the processor runs it by itself."""
        name = EMULATED.get(self.arch, "x86_64")
        return None if name == platform.machine() else name


# With which fewer tests are skipped. And gdb, from trixie on: before, debootstrap cannot configure what it needs.
TOOLS = "gcc,libc6-dev,git,openssl,valgrind"

SYSTEMS = [
    System("bullseye", "bullseye", "libssl1.1,libffi7,libbz2-1.0,liblzma5,libuuid1", ("/opt/python/bin/python3",),
           brings=GLIBC, development=TOOLS),
    System("bookworm", "bookworm", "python3,python3-venv", ("python3",),
           development=f"{TOOLS},libpython3.11-testsuite"),
    System("trixie", "trixie", "python3,python3-venv", ("python3",),
           development=f"{TOOLS},gdb,libpython3.13-testsuite"),
    System("forky", "forky", "python3.14,python3.14-venv,python3.15,python3.15-venv", ("python3.14", "python3.15"),
           development=f"{TOOLS},gdb,libpython3.14-testsuite,libpython3.15-testsuite"),
    System("musl", "trixie", "musl", ("/opt/python/bin/python3",), brings=MUSL, expect="direct"),
    System("aarch64", "bookworm", "python3,python3-venv", ("python3",), arch="arm64",
           expect="core" if platform.machine() == "aarch64" else "direct:MADV_WIPEONFORK"),
]  # fmt: skip


def say(text=""):
    print(text, flush=True)


# ---- a program in a root ----

# Arguments: folder for scratch, the root's layers from the top, folders to show as NAME=PATH …, --, the program.
# Everything is mounted in the namespace of this shell, which is its first process and ends with its last.
ENTER = r"""
scratch=$1 layers=$2; shift 2
root=$scratch/root
mkdir "$scratch/upper" "$scratch/work" "$root"
mount -t overlay overlay -o "lowerdir=$layers,upperdir=$scratch/upper,workdir=$scratch/work" "$root"
mount -t proc proc "$root/proc"
[ -n "$NETWORK" ] || ip link set lo up 2>/dev/null || true
mount -t tmpfs dev "$root/dev"
for device in null zero full random urandom tty; do
    : >"$root/dev/$device"; mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/shm" "$root/dev/pts"
mount -t tmpfs shm "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"; ln -s /proc/self/fd "$root/dev/fd"
if [ -n "$HANDLER" ]; then
    mkdir "$scratch/handlers"
    mount -t binfmt_misc handlers "$scratch/handlers"
    printf %s "$HANDLER" >"$scratch/handlers/register"
fi
while [ "$1" != -- ]; do
    if [ -d "${1#*=}" ]; then mkdir -p "$root${1%%=*}"; else : >>"$root${1%%=*}"; fi
    mount --bind "${1#*=}" "$root${1%%=*}"; shift
done
shift
[ -z "$NETWORK" ] || { : >>"$root/etc/resolv.conf"; mount --bind /etc/resolv.conf "$root/etc/resolv.conf"; }
env -i PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1 DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"
exit $?
"""


def handler(emulator, root=""):
    """What the kernel is told about an architecture's programs, as Debian's package in that root words it."""
    path = f"{root}/usr/lib/binfmt.d/qemu-{emulator}.conf"
    try:
        with open(path) as f:
            return f.read().strip().replace(":/usr/", f":{root}/usr/")
    except OSError:
        raise CannotRun(f"needs {path}: Debian's qemu-user-static") from None


@contextlib.contextmanager
def scratch():
    """A folder for the mounts of one run, which only that run sees."""
    os.makedirs(ROOTS, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOTS, prefix="run-") as folder:
        yield folder


def run(command, timeout, log=None, environment=None):
    """(status, output), in which a log's output is no part. Nothing of the command is left when this returns. A log
    is a path, or a descriptor that stays open."""
    output = open(log, "ab", closefd=isinstance(log, str)) if log else subprocess.PIPE
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                               env=environment, errors=None if log else "replace")  # fmt: skip
    try:
        text = process.communicate(timeout=timeout)[0]
        return process.returncode, text or ""
    except subprocess.TimeoutExpired:
        process.kill()
        return 1, (process.communicate()[0] or "") + f"\nnot through after {timeout} s"
    finally:
        process.kill()  # unshare's death is its first process's (--kill-child), and so the namespace's
        process.wait()
        if log:
            output.close()


def enter(layers, shows, program, *, emulator=None, emulators="", network=False, disk=None, timeout=TIMEOUT, log=None):
    """Runs a program in a root. emulators: the root that has the emulator. disk: a folder in which its layer stays, instead
    of memory."""
    with scratch() as folder:
        script = ENTER
        if disk is None:
            script = 'mount -t tmpfs scratch "$1"\n' + script
        else:
            folder = disk
        command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", *([] if network else ["--net"]),
                   *(["--user", "--map-root-user"] if emulator else []), "sh", "-euc", script, "sh", folder,
                   ":".join(layers), *(f"{name}={path}" for name, path in shows.items()), "--", *program]  # fmt: skip
        options = {"HANDLER": handler(emulator, emulators) if emulator else "", "NETWORK": "yes" if network else ""}
        return run(command, timeout, log, os.environ | options)


# ---- what is made once and kept ----


def kept(name, make):
    """Path of a folder below ROOTS. make(path, log) fills it; what it has half made is not kept."""
    path = os.path.join(ROOTS, name)
    if not os.path.isdir(path):
        say(f"Making {name} ...")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        log = path + ".log"
        part = path + ".part"
        shutil.rmtree(part, ignore_errors=True)
        with open(log, "wb"):
            pass
        os.mkdir(part)
        if make(part, log):
            with open(log, errors="replace") as f:
                end = "".join(f.readlines()[-5:]).strip()
            raise CannotRun(f"{name} could not be made ({os.path.relpath(log)}): {end}")
        os.rename(part, path)
    return path


def scripts():
    """debootstrap's folder, with the suites younger than it: they are made as unstable is."""
    standard = "/usr/share/debootstrap"
    if not os.path.isdir(standard):
        raise CannotRun("needs debootstrap")

    def make(path, log):
        shutil.copytree(standard, path, symlinks=True, dirs_exist_ok=True)
        for system in SYSTEMS:
            script = os.path.join(path, "scripts", system.suite)
            if not os.path.lexists(script):
                os.symlink("sid", script)

    return kept("debootstrap", make)


def base(suite, arch, packages):
    """A root of a suite's smallest system and some packages."""
    foreign = arch != "amd64" and EMULATED.get(arch) != platform.machine()

    def make(path, log):
        command = ["unshare", "--mount", "debootstrap", "--variant=minbase", f"--arch={arch}", f"--include={packages}"]
        code, _ = run([*command, *(["--foreign"] if foreign else []), suite, path], TIMEOUT, log,
                      os.environ | {"DEBOOTSTRAP_DIR": scripts()})  # fmt: skip
        # No package's script runs on a foreign processor: unpacked is enough for a Python.
        return code or (foreign and run(["sh", "-euc", UNPACK, "sh", path], TIMEOUT, log)[0])

    return kept(f"base/{suite}-{arch}-{packages.replace(',', '+')}", make)


UNPACK = r"""
for package in "$1"/var/cache/apt/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar -C "$1" -xf - --keep-directory-symlink
done
"""


def layer(below, name, packages):
    """Layers: more packages above a root."""

    def make(path, log):
        # A mirror may keep a suite's list for longer than it promises to be new; debootstrap does not ask for that either.
        install = f"apt-get -q -o Acquire::Check-Valid-Until=false update; apt-get -qy install --no-install-recommends {packages}"
        return enter([below], {}, ["sh", "-euc", install], network=True, disk=path, log=log)[0]

    return [os.path.join(kept(f"layer/{name}-{'+'.join(packages.split())}", make), "upper"), below]


def sources(names):
    """A folder of Debian's source packages. apt, inside a suite's own root, checks who signed them."""

    def make(path, log):
        for name in names:
            suite, package = name.split("/")
            fetch = ("sed 's/^deb /deb-src /' /etc/apt/sources.list >/etc/apt/sources.list.d/sources.list; "
                     f"apt-get -q update; cd /sources; apt-get -q source --download-only {package}")  # fmt: skip
            root = base(suite, "amd64", "python3,python3-venv")
            code, _ = enter([root], {"/sources": path}, ["sh", "-euc", fetch], network=True, log=log)
            if code:
                return code
        return 0

    return kept("sources/" + "+".join(names).replace("/", "-"), make)


def brought(system, root):
    """A folder that holds opt/python."""
    python = system.brings

    def make(path, log):
        shows = {"/sources": sources(python.sources), "/out": path}
        with scratch() as disk:
            return enter(layer(root, system.name, python.tools), shows, ["sh", "-euc", python.build], disk=disk,
                         timeout=3600, log=log)[0]  # fmt: skip

    return kept(f"python/{system.name}", make)


def requirements(version):
    """A folder with what tests/requirements.txt names, as far as there are wheels for that Python, and in wanted.txt the
    lines of those: its tests run without network, too, and skip what is missing. pip reads the markers there."""
    tag = "".join(version.split(".")[:2])
    with open(os.path.join(SOURCE, "tests", "requirements.txt")) as f:
        text = f.read()

    def make(path, log):
        platforms = [f"--platform=manylinux_2_{minor}_x86_64" for minor in (17, 28)] + ["--platform=manylinux2014_x86_64"]
        download = [sys.executable, "-m", "pip", "download", "-q", "-d", path, "--no-deps", "--require-hashes",
                    "--only-binary=:all:", *platforms, "--python-version", tag, "--abi", "cp" + tag, "--abi", "abi3",
                    "--abi", "none"]  # fmt: skip
        with open(os.path.join(path, "wanted.txt"), "w") as wanted:
            for requirement in re.findall(r"^[\w.-]+==.*(?:\n +.*)*\n", text, re.MULTILINE):
                one = os.path.join(path, "one.txt")
                with open(one, "w") as f:
                    f.write(re.sub(" ;.*?(?= \\\\\n)", "", requirement))
                code, _ = run([*download, "-r", one], TIMEOUT, log)
                os.remove(one)
                if code:
                    say(f"    there is no wheel of {requirement.split()[0]} for Python {version}")
                else:
                    wanted.write(requirement)
        return 0

    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return kept(f"requirements/{tag}-{digest}", make)


# ---- the table ----

COLUMNS = {
    "system": "system", "libc": "C library", "python": "Python", "mode": "mode", "keystream": "keystream",
    "network": "no network", "vectors": "HMAC", "forks": "200 forks", "end": "end", "demo": "demo", "selftest": "selftest",
    "ready": "ready in", "ratio": "16 bytes", "seconds": "in all", "result": "result",
}  # fmt: skip


class Row(dict):
    """What one Python gave: its cells, and what failed at length."""

    def __init__(self, system, python):
        super().__init__(system=system, python=python)
        self.failures = []


def fill(row, status, output):
    """Reads what inside.py has printed."""
    lines = output.splitlines()
    try:
        told = json.loads(lines[-1])
    except (IndexError, ValueError):
        told = {"failures": [f"ended with status {status}: " + "\n".join(lines[-15:])]}
    row.failures += told.pop("failures")
    row.update(told)
    if status and not row.failures:
        row.failures.append(f"ended with status {status}")
    row["result"] = "FAILED" if row.failures else "passed"


def table(rows):
    titles = list(COLUMNS.values())
    cells = [[str(row.get(name, "-")) for name in COLUMNS] for row in rows]
    widths = [max(map(len, column)) for column in zip(titles, *cells, strict=True)]
    for line in (titles, ["-" * width for width in widths], *cells):
        say("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def tried(row, work):
    """Runs work(row); what the machine lacks for it becomes its result."""
    try:
        work(row)
    except CannotRun as why:
        row["result"] = f"NOT RUN: {why}"
    say(f"{row['system']} {row['python']}: {row['result']}" + (f"; tests/python: {row['suite']}" if "suite" in row else ""))
    for failure in row.failures:
        say("    " + failure.replace("\n", "\n    "))
    return row


SUITE = r"""
python=$1
export PIP_RETRIES=0
"$python" -m venv /venv
/venv/bin/python -m pip -q install --no-index --no-deps --require-hashes --find-links /requirements -r /requirements/wanted.txt
/venv/bin/python -m pip -q install --no-index --no-deps --find-links /wheels gorandom
vectors=/source/build/vectors/hmac.json
[ ! -f $vectors ] || export GORANDOM_VECTORS=$vectors
mkdir /empty && cd /empty
exec /venv/bin/python -m pytest -q -c /source/pyproject.toml --rootdir /source -p no:cacheprovider /source/tests/python
"""


def run_suite(row, system, shows, python):
    log = os.path.join(ROOTS, f"suite-{system.name}-{row['python']}.log")
    with open(log, "wb"):
        pass
    root = base(system.suite, system.arch, f"{system.packages},{system.development}")
    code, _ = enter([root], shows | {"/requirements": requirements(row["python"])}, ["sh", "-euc", SUITE, "sh", python],
                    timeout=SUITE_TIMEOUT, log=log)  # fmt: skip
    with open(log, errors="replace") as f:
        last = f.read().strip().splitlines()[-1:]
    row["suite"] = last[0].strip("= ") if last else ""
    if code:
        row.failures.append(f"tests/python: {row['suite']} ({os.path.relpath(log)})")
        row["result"] = "FAILED"


def check(system, python, wheels, suite):
    def work(row):
        root = base(system.suite, system.arch, system.packages)
        shows = {"/wheels": wheels, "/source": SOURCE}
        if system.brings:
            shows["/opt"] = os.path.join(brought(system, root), "opt")
        program = [python, "/source/wheels/inside.py", "/wheels", system.expect]
        fill(row, *enter([root], shows, program, emulator=system.emulator))
        if suite and system.development and not row.failures:
            run_suite(row, system, shows, python)

    return tried(Row(system.name, os.path.basename(python)), work)


def check_here(version, executable, wheels):
    """The machine's own interpreter: in its own root, but without network."""

    def work(row):
        command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--net", executable,
                   os.path.join(HERE, "inside.py"), wheels, "core"]  # fmt: skip
        fill(row, *run(command, TIMEOUT, environment=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}))

    return tried(Row("this machine", version), work)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="PATTERN", default="*", help="only systems whose name matches; here: this machine")
    parser.add_argument("--wheels", metavar="FOLDER", default=HERE, help="where the wheels lie (default: where this file does)")
    parser.add_argument("--suite", action="store_true", help="tests/python too, where the table has what a compiler needs")
    options = parser.parse_args()
    if os.geteuid() != 0:
        parser.error("needs root: it makes roots, and namespaces with mounts of their own")
    if not any(name.endswith(".whl") for name in os.listdir(options.wheels)):
        parser.error(f"there is no wheel in {options.wheels}: make wheel")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was begun is ended
    wheels = os.path.abspath(options.wheels)
    rows = []
    for system in SYSTEMS:
        if fnmatch.fnmatch(system.name, options.only):
            rows += [check(system, python, wheels, options.suite) for python in system.pythons]
    if fnmatch.fnmatch("here", options.only):
        rows += [check_here(version, executable, wheels) for version, executable in interpreters(None).items()]
    say()
    table(rows)
    return 1 if not rows or any(row["result"].startswith("FAILED") for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
