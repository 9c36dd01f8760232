#!/usr/bin/env python3
"""Runs the package on systems, processors and Pythons other than this machine's, and writes docs/platforms.md.

    wheels/platforms.py [--only PATTERN] [--whole]

The table below has a row for each platform. What one needs is brought the first time (8 GB) and kept: Debian's roots by
debootstrap, below build/roots (or where ROOTS in the environment says); Pythons for Windows and GraalPy from PyPI and Maven
Central, below build/platforms. A run lies in a layer of memory and in namespaces of its own, without a network. Its steps
stand in elsewhere.py. --whole: all of tests/python on each platform, for which the table has a shorter list.

Needs root, Debian's debootstrap and debian-archive-keyring, Linux 6.7 for other processors, Maven for GraalPy, and wheels
in wheels/dist (make wheels). Results are kept: --only replaces its own rows. Ends with 0 if nothing failed.
"""

import argparse
import contextlib
import fnmatch
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from dataclasses import dataclass

import roots
from roots import CannotRun, say

SOURCE = roots.SOURCE
sys.path[:0] = [os.path.join(SOURCE, "tests"), os.path.join(SOURCE, "pyext")]
from run import PURE  # noqa: E402

from build import toolchain  # noqa: E402

FOLDER = os.path.join(SOURCE, "build", "platforms")
RESULTS = os.path.join(FOLDER, "results.json")
DOCUMENT = os.path.join(SOURCE, "docs", "platforms.md")
BEGIN, END = "<!-- make platforms writes these lines -->", "<!-- end of the table -->"
TIMEOUT = 3 * 3600
OTHERS = ("pip==26.1", "hypothesis==6.155.7")  # the last hypothesis that is in pure Python
GRAALPY = "25.2.4"
NAMES = ("pytest", "sortedcontainers", "pluggy", "iniconfig", "packaging", "pygments", "colorama", "itsdangerous",
         "setuptools")  # fmt: skip
FORKY = "python3.14,python3.14-venv,python3.15,python3.15-venv"
COMPILER = "gcc libc6-dev"


@dataclass
class Platform:
    name: str
    system: str  # as the document calls it
    what: str  # pure, wheel, sdist, native or abi3t: elsewhere.py
    mode: str
    prepare: object  # gives what roots.enter() takes: layers, what is shown, the program before elsewhere.py's arguments
    tests: tuple = tuple(PURE)
    emulator: "str | None" = None


WHAT = {
    "pure": "the pure wheel", "wheel": "the native wheel", "native": "the sdist, `GORANDOM_BUILD=native`",
    "sdist": "the sdist, which builds the pure wheel", "abi3t": "the sdist, `GORANDOM_BUILD=abi3t`",
}  # fmt: skip


# ---- what is brought ----


def brought(name, make):
    """A folder below build/platforms."""
    path = os.path.join(FOLDER, name)
    if not os.path.isdir(path):
        say(f"Bringing {name} ...")
        part = path + ".part"
        shutil.rmtree(part, ignore_errors=True)
        os.makedirs(part)
        make(part)
        os.rename(part, path)
    return path


def command(*words, **options):
    done = subprocess.run(words, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    if done.returncode:
        raise CannotRun(f"{' '.join(words)[:60]} failed: {done.stdout.strip()[-300:]}")


def tools():
    """pip and what the tests need, in pure Python; and Go, for a native build."""
    with open(os.path.join(SOURCE, "tests", "requirements.txt")) as f:
        lines = re.findall(r"^[\w.-]+==.*(?:\n +.*)*\n", f.read(), re.MULTILINE)
    pinned = [re.sub(" ;.*?(?= \\\\\n)", "", line) for line in lines if line.split("==")[0] in NAMES]
    def make(path):
        wanted = os.path.join(path, "requirements.txt")
        with open(wanted, "w") as f:
            f.writelines(pinned)
        download = [sys.executable, "-m", "pip", "download", "-q", "-d", path, "--no-deps", "--only-binary=:all:"]
        anywhere = ["--platform=any", "--implementation=py", "--abi=none", "--python-version=3.11"]
        command(*download, *anywhere, "--require-hashes", "-r", wanted)
        command(*download, *anywhere, *OTHERS)
        command(*download, toolchain.GO_PACKAGE)
        (pip,) = glob.glob(os.path.join(path, "pip-*.whl"))
        with zipfile.ZipFile(pip) as z:
            z.extractall(os.path.join(path, "unpacked"))

    return brought("tools", make)


@contextlib.contextmanager
def wheelhouse():
    """A folder that the platforms see, for one call of this program: the tools beside the release's files."""
    made = os.path.join(SOURCE, "wheels", "dist")
    files = glob.glob(os.path.join(made, "gorandom-*"))
    if not any(name.endswith("-none-any.whl") for name in files) or not any(name.endswith(".tar.gz") for name in files):
        raise SystemExit("platforms: wheels/dist has no sdist or no pure wheel: make wheels.")
    with tempfile.TemporaryDirectory(dir=FOLDER, prefix="wheelhouse-") as folder:
        shutil.copytree(tools(), folder, copy_function=os.link, dirs_exist_ok=True)
        for name in files:
            shutil.copy(name, folder)
        os.chmod(folder, 0o755)
        yield folder


def maven(name, *artifacts, transitive=True):
    """A folder with these artifacts' jars, each given as (group, artifact, version, classifier)."""
    if not shutil.which("mvn"):
        raise CannotRun("needs Maven's mvn")

    def make(path):
        tags = ("groupId", "artifactId", "version", "classifier", "type")
        rows = ["".join(f"<{tag}>{value}</{tag}>" for tag, value in zip(tags, artifact)) for artifact in artifacts]
        with open(os.path.join(path, "pom.xml"), "w") as f:
            f.write("<project><modelVersion>4.0.0</modelVersion><groupId>x</groupId><artifactId>x</artifactId><version>1</version>"
                    f"<packaging>pom</packaging><dependencies>{''.join(f'<dependency>{row}</dependency>' for row in rows)}"
                    "</dependencies></project>\n")  # fmt: skip
        command("mvn", "-q", "-B", f"-Dmaven.repo.local={FOLDER}/maven", "dependency:copy-dependencies", f"-DoutputDirectory={path}",
                f"-DexcludeTransitive={'false' if transitive else 'true'}", cwd=path)  # fmt: skip

    return brought(name, make)


# ---- Windows, as Wine plays it ----


def bytedeco(version):
    def make(path):
        jars = maven(f"jar-{version}", ("org.bytedeco", "cpython", version, "windows-x86_64"), transitive=False)
        (jar,) = glob.glob(os.path.join(jars, "cpython-*windows*.jar"))
        with zipfile.ZipFile(jar) as z:
            z.extractall(path)

    return brought(f"windows-{version}", make)


# The prefix is made by the first program. Python's module platform would wait for ever for Wine's WMI; without _wmi it asks in
# other ways. Arguments: the folder with Python, and those of elsewhere.py. Linux' paths are on drive Z.
WINE = r"""
export WINEPREFIX=/opt/wine WINEARCH=win64 DISPLAY= WINEDEBUG=-all
cp -r "$1" /opt/python; shift
find /opt/python -name _wmi.pyd -delete
python=$(find /opt/python -name python.exe | head -n 1)
exec /usr/lib/wine/wine64 "$python" 'Z:\source\wheels\elsewhere.py' 'Z:\wheelhouse' "$@"
"""


def wine(python):
    def prepare():
        root = roots.base("trixie", "amd64", "wine,wine64")
        return [root], {"/windows": python()}, ["sh", "-euc", WINE, "sh", "/windows"]

    return prepare


# ---- Linux ----


def debian(python, *packages, name="forky"):
    def prepare():
        root = roots.base("forky", "amd64", FORKY)
        layers = roots.layer(root, name, " ".join(packages)) if packages else [root]
        return layers, {}, [python, "/source/wheels/elsewhere.py", "/wheelhouse"]

    return prepare


GRAAL = r"""
cat >/usr/local/bin/graalpy <<'END'
#!/bin/sh
exec java --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow -cp '/graalpy/*' com.oracle.graal.python.shell.GraalPythonMain "$@"
END
chmod +x /usr/local/bin/graalpy
exec graalpy --python.Executable=/usr/local/bin/graalpy /source/wheels/elsewhere.py /wheelhouse "$@"
"""


def graalpy():
    root = roots.base("forky", "amd64", FORKY)
    python = [("org.graalvm.python", name, GRAALPY) for name in ("python-language", "python-resources", "python-launcher")]
    jars = maven("graalpy-" + GRAALPY, *python, ("org.graalvm.polyglot", "polyglot", GRAALPY), ("org.graalvm.truffle", "truffle-runtime", GRAALPY))
    return roots.layer(root, "graalpy", "openjdk-25-jre-headless"), {"/graalpy": jars}, ["sh", "-euc", GRAAL, "sh"]


def foreign(arch, packages="python3,python3-venv,python3-dev,gcc,libc6-dev"):
    def prepare():
        return [roots.base("bookworm", arch, packages)], {}, ["python3", "/source/wheels/elsewhere.py", "/wheelhouse"]

    return prepare


def emulators():
    """Debian 13's qemu-user: that of Debian 12 claims to wipe memory at fork, and does not."""
    return roots.layer(roots.base("trixie", "amd64", "wine,wine64"), "emulators", "qemu-user qemu-user-binfmt")[0]


# ---- the table ----

SHORT = ("test_api_arguments.py", "test_api_bytes.py", "test_api_fill.py", "test_fortuna.py", "test_uuid.py")
WINE_TESTS = ("test_pure.py", "test_fortuna.py", "test_secrets.py", "test_uuid.py")
NATIVE = (*SHORT, "test_hmac.py", "test_numbers.py", "test_seedfile.py", "test_status.py", "test_threads.py", "test_wait.py")
PLATFORMS = [
    Platform("wine-3.13", "Windows, CPython 3.13, under Wine 10.0, x86-64", "pure", "system", wine(lambda: bytedeco("3.13.5-1.5.12")), tests=WINE_TESTS),
    Platform("wine-3.14", "Windows, CPython 3.14, under Wine 10.0, x86-64", "pure", "system",
             wine(lambda: bytedeco("3.14.3-1.5.13")), tests=WINE_TESTS),
    Platform("pypy", "Debian 14, PyPy, x86-64", "pure", "system", debian("pypy3", "pypy3", name="pypy")),
    Platform("pypy-sdist", "Debian 14, PyPy, x86-64", "sdist", "system", debian("pypy3", "pypy3", name="pypy"), tests=()),
    Platform("pypy-native", "Debian 14, PyPy, x86-64", "native", "core",
             debian("pypy3", "pypy3", "pypy3-dev", COMPILER, name="pypy-native"), tests=NATIVE),
    Platform("graalpy", "Debian 14, GraalPy, x86-64", "pure", "system", graalpy, tests=("test_fortuna.py",)),
    Platform("3.14", "Debian 14, CPython 3.14, x86-64", "wheel", "core", debian("python3.14", COMPILER, name="compiler"), tests=NATIVE),
    Platform("3.15", "Debian 14, CPython 3.15, x86-64", "wheel", "core", debian("python3.15", COMPILER, name="compiler"), tests=NATIVE),
    Platform("3.15-abi3t", "Debian 14, CPython 3.15 with its GIL, x86-64", "abi3t", "core",
             debian("python3.15", "libpython3.15-dev", COMPILER, name="abi3t"), tests=NATIVE),
    *(Platform(f"{arch}{'-native' * (what == 'native')}", f"Debian 12, CPython 3.11, {title}, emulated by QEMU 10.0", what, mode,
               foreign(arch), tests=("test_fortuna.py",), emulator=emulator)
      for arch, emulator, title in (("s390x", "s390x", "s390x"), ("armhf", "arm", "ARMv7"))
      for what, mode in (("pure", "system"), ("native", "direct"))),
]  # fmt: skip
COLUMNS = {"installed": "pip installs", "mode": "mode", "selftest": "self-test", "forks": "forks", "spawn": "spawn", "command line":
           "command line", "examples": "examples", "tests": "tests"}  # fmt: skip


def run(platform, folder, whole):
    row = {"name": platform.name, "system": platform.system, "what": platform.what, "date": time.strftime("%Y-%m-%d"), "failures": []}
    try:
        layers, shows, words = platform.prepare()
        shows = {**shows, "/wheelhouse": folder, "/source": SOURCE}
        log = os.path.join(FOLDER, platform.name + ".log")
        with open(log, "wb"):
            pass
        files = ("",) if whole else platform.tests
        foreign = {"emulator": platform.emulator, "emulators": emulators()} if platform.emulator else {}
        code, _ = roots.enter(layers, shows, [*words, platform.what, platform.mode, *files], log=log, timeout=TIMEOUT, **foreign)
        with open(log, errors="replace") as f:
            lines = f.read().strip().splitlines()
        try:
            row.update(json.loads(lines[-1]))
        except (IndexError, ValueError):
            row["failures"] = [f"ended with status {code}: " + "\n".join(lines[-15:])]
        row["result"] = "FAILED" if row["failures"] else "run"
    except CannotRun as why:
        row["result"] = f"not run: {why}"
    say(f"{platform.name}: {row['result']}, {row.get('seconds', '-')} s")
    for failure in row["failures"]:
        say("    " + failure.replace("\n", "\n    "))
    return row


def results():
    """{name: row} of this run and of those before."""
    if not os.path.exists(RESULTS):
        return {}
    with open(RESULTS) as f:
        return json.load(f)


def line(cells):
    return "| " + " | ".join(cells) + " |"


def cell(row, name):
    """What a step gave; of one that failed the first line of what it said."""
    said = str(row.get(name, "-")) or "-"
    why = [text.removeprefix(name + ": ").removeprefix("tests: ").splitlines()[0] for text in row["failures"] if text.startswith(name + ": ")]
    return f"FAILED: {why[0]}" if said == "FAILED" and why else said


def table(rows):
    yield line(["system", "Python", "installed from", *COLUMNS.values(), "result"])
    yield "|" + "---|" * (len(COLUMNS) + 4)
    for row in rows:
        yield line([row["system"], row.get("python", "-"), WHAT[row["what"]], *(cell(row, name) for name in COLUMNS),
                    f"{row['result']}, {row['date']}"])  # fmt: skip


def write(rows):
    with open(DOCUMENT, encoding="utf-8") as f:
        text = f.read()
    head, rest = text.split(BEGIN)
    tail = rest.split(END)[1]
    with open(DOCUMENT, "w", encoding="utf-8") as f:
        f.write(head + "\n".join([BEGIN, *table(rows), END]) + tail)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="PATTERN", default="*", help="only platforms whose name matches: " + ", ".join(p.name for p in PLATFORMS))
    parser.add_argument("--whole", action="store_true", help="all of tests/python on each")
    options = parser.parse_args()
    if os.geteuid() != 0:
        parser.error("needs root: it makes roots, and namespaces with mounts of their own")
    os.makedirs(FOLDER, exist_ok=True)
    chosen = [platform for platform in PLATFORMS if fnmatch.fnmatch(platform.name, options.only)]
    with wheelhouse() as folder:
        for platform in chosen:
            row = run(platform, folder, options.whole)
            kept = results() | {platform.name: row}
            with open(RESULTS, "w") as f:
                json.dump(kept, f, indent=1)
    kept = results()
    rows = [kept[platform.name] for platform in PLATFORMS if platform.name in kept]
    write(rows)
    print("\n".join(table(rows)))
    return 1 if not chosen or any(kept[platform.name]["result"] != "run" for platform in chosen) else 0


if __name__ == "__main__":
    sys.exit(main())
