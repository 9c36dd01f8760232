"""Measures the contestants of bench/works.py: each in a short process, in turn, in several rounds."""

import argparse
import glob
import json
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import venv

import works

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
REQUIREMENTS = os.path.join(HERE, "requirements.txt")
TOOLS = ("pyperf", "rich", "matplotlib")
GO_PACKAGES = ("gorandom", "keystream")  # below tests/go
NOISE = os.path.join(ROOT, "tests", "python", "noise")  # confine.py sets filters


def release():
    try:
        return platform.freedesktop_os_release()
    except OSError:
        return {}


def system():
    """The name of the measured system, such as debian-13-cpython-3.13. Its environment and results have the same name."""
    r = release()
    name = f"{r.get('ID', 'unknown')}-{r.get('VERSION_ID') or r.get('VERSION_CODENAME', '')}".strip("-")
    free = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
    return f"{name}-cpython-{sys.version_info.major}.{sys.version_info.minor}{free}"


COMMON = os.path.join(ROOT, "build", "bench")  # for compiled files, which serve all systems
GO = os.path.join(COMMON, "go")
FREE = os.path.join(COMMON, "free")  # an environment without a GIL
BUILD = os.path.join(COMMON, system())
VENV = os.path.join(BUILD, "venv")


sys.path.insert(0, os.path.join(ROOT, "pyext"))
sys.path.append(os.path.join(ROOT, "wheels"))
from build import toolchain  # noqa: E402


class Absent(Exception):
    """A contestant is not available here; the text says why."""


# ---- environments ----


def requirements():
    with open(REQUIREMENTS) as f:
        return [line.strip() for line in f if line.strip() and not line.startswith("#")]


def make_venv(folder, wheel, tools=True):
    """The python of an environment with the wheel and, if wanted, the tools and the peers that have wheels."""
    python = os.path.join(folder, "bin", "python3")
    if not os.path.exists(python):
        venv.create(folder, with_pip=True)
    pip = [python, "-m", "pip", "-q", "--disable-pip-version-check", "install"]
    wanted = requirements() if tools else []
    # Only wheels, because compiling numpy would take too long.
    if wanted and subprocess.run([*pip, "--only-binary", ":all:", *wanted], stderr=subprocess.DEVNULL).returncode:
        for requirement in wanted:
            failed = subprocess.run([*pip, "--only-binary", ":all:", requirement], stderr=subprocess.DEVNULL).returncode
            if failed and requirement.startswith(TOOLS):
                raise SystemExit(f"bench: {requirement} cannot be installed, and nothing works without it")
            if failed:
                print(f"bench: {requirement} has no wheel for this Python", file=sys.stderr)
    subprocess.run([*pip, "--force-reinstall", "--no-deps", wheel], check=True)
    return python


def enter_venv(wheel=None):
    """Continues in this system's environment. If a wheel is given, makes the environment or installs the wheel there."""
    if os.path.realpath(sys.prefix) == os.path.realpath(VENV):
        return
    if wheel:
        print(f"Making the environment in {os.path.relpath(VENV, ROOT)}", file=sys.stderr)
        python = make_venv(VENV, os.path.abspath(wheel))
    elif not os.path.exists(python := os.path.join(VENV, "bin", "python3")):
        raise SystemExit(f"bench: there is no {os.path.relpath(VENV, ROOT)} yet: make bench")
    os.execv(python, [python, *sys.argv])


def arguments(doc):
    """The parser of the arguments that run.py and compare.py have in common."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheel", required=True, help="of this tree")
    parser.add_argument("--quick", action="store_true", help="few rounds: figures to look at, not to publish")
    parser.add_argument("--only", metavar="PATTERN", help="the works whose name or group this expression is found in")
    return parser


TEST_TOOLS = [sys.executable, os.path.join(ROOT, "tests", "tools.py")]


def compile_floor():
    done = subprocess.run([*TEST_TOOLS, "which", "cc"], check=True, text=True, stdout=subprocess.PIPE)
    include = sysconfig.get_paths()["include"]
    command = [*shlex.split(done.stdout), *toolchain.C_FLAGS, "-shared", "-I" + include, "-idirafter", os.path.dirname(include)]
    os.makedirs(COMMON, exist_ok=True)
    output = os.path.join(COMMON, "floor.abi3.so")
    subprocess.run([*command, os.path.join(HERE, "floor.c"), "-o", output], check=True, stderr=subprocess.DEVNULL)


def make_free():
    """Makes an environment without a GIL in FREE if make free-threaded has built one; otherwise removes FREE."""
    import freethreaded

    complete = os.path.join(freethreaded.FOLDER, "free", "complete")
    wheels = glob.glob(os.path.join(ROOT, "build", "free", "gorandom-*.whl"))
    if not os.path.exists(complete) or not wheels:
        return shutil.rmtree(FREE, ignore_errors=True)
    if not os.path.exists(os.path.join(FREE, "bin", "python3")):
        subprocess.run([os.path.join(freethreaded.FOLDER, "free", "bin", "python3"), "-m", "venv", FREE], check=True)
    make_venv(FREE, wheels[0], tools=False)


def compile_go(folder=GO, root=ROOT):
    """The test binaries of GO_PACKAGES; none where no Go can build them."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for package in GO_PACKAGES:
        command = [sys.executable, os.path.join(root, "tests", "tools.py"), "go", "test", "-c", "-o",
                   os.path.join(folder, package + ".test"), f"./tests/go/{package}"]  # fmt: skip
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


# ---- one contestant ----


class Laboratory:
    """Measures contestants with one Python and one set of Go binaries."""

    def __init__(self, python, go=GO, quick=False, peers=True):
        self.python, self.go, self.peers = python, go, peers
        self.values = 5 if quick else 20
        self.sweep = ("--values", "3", "--large-values", "1", "--seconds", "3e-4") if quick else ()
        self.seconds = 1  # for OpenSSL
        self.loops, self.swept = {}, {}

    def measure(self, work, name):
        """The values of one round. Raises Absent if the contestant is not available."""
        contestant = work.contestants[name]
        return {
            works.Timed: self._timed,
            works.Sized: self._sized,
            works.Program: self._program,
            works.GoBench: self._go,
            works.OpenSSL: self._openssl,
        }[type(contestant)](contestant, work.name, name)

    def _run(self, command, start="auto"):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        environment |= {"GORANDOM_START": start, "PYTHONPATH": os.pathsep.join([COMMON, NOISE])}
        done = subprocess.run(command, text=True, capture_output=True, env=environment, timeout=300, cwd=BUILD)
        if done.returncode:
            # pyperf prints the statement after the traceback.
            lines = [line for line in done.stderr.splitlines() if re.match(r"\w*(Error|Exception)\b", line)]
            why = (lines or done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise Absent(re.sub(r" \(/.*\)$", "", why))  # the path of a module that lacks a name
        return done.stdout

    def _pyperf(self, contestant, *arguments):
        import pyperf

        with tempfile.TemporaryDirectory() as folder:
            output = os.path.join(folder, "values.json")
            command = [self.python, os.path.join(HERE, "timed.py"), *arguments, "--worker", "--quiet", "-o", output]
            self._run([*command, "--min-time", "0.002"], contestant.start)
            return pyperf.Benchmark.load(output)

    def _timed(self, contestant, *names):
        if names not in self.loops:
            found = self._pyperf(contestant, *names, "--calibrate-loops").get_metadata()
            self.loops[names] = found["calibrate_loops"]
        how = ["--loops", str(self.loops[names]), "--values", str(self.values), "--warmups", "2"]
        return list(self._pyperf(contestant, *names, *how).get_values())

    def _sized(self, contestant, *names):
        if names not in self.swept:  # the first contestant of a round measures all of them
            command = [self.python, os.path.join(HERE, "sweep.py"), *self.sweep, *([] if self.peers else ["--ours"])]
            for work, contestants in json.loads(self._run(command)).items():
                self.swept |= {(work, name): values for name, values in contestants.items()}
        values = self.swept.pop(names)
        if isinstance(values, dict):
            raise Absent(values["absent"])
        return values

    def _program(self, contestant, *names):
        python = self.python
        if contestant.free and not os.path.exists(python := os.path.join(FREE, "bin", "python3")):
            raise Absent("there is no CPython without a GIL: make free-threaded builds one")
        return list(map(float, self._run([python, "-c", contestant.source], contestant.start).split()))

    def _go(self, contestant, *names):
        binary = os.path.join(self.go, contestant.package + ".test")
        if not os.path.exists(binary):
            raise Absent("there is no Go to build it")
        pattern = "/".join(f"^{part}$" for part in contestant.name.split("/"))
        out = self._run([binary, "-test.run", "^$", "-test.bench",
                         "^Benchmark" + pattern[1:], "-test.benchtime", "50ms", "-test.count", "3"])  # fmt: skip
        values = [float(ns) * 1e-9 for ns in re.findall(r"([\d.]+) ns/op", out)]
        if not values:
            raise Absent("this processor or this version does not have it")
        return values

    def _openssl(self, contestant, *names):
        if not shutil.which("openssl"):
            raise Absent("there is no openssl on PATH")
        command = f"openssl speed -mr -evp {contestant.cipher} -bytes {contestant.size} -seconds {self.seconds}"
        lines = [line for line in self._run(shlex.split(command)).splitlines() if line.startswith("+F:")]
        return [contestant.size / float(line.split(":")[3]) for line in lines]


def rounds(chosen, laboratories, number, step):
    """{work: {label: {"rounds": [[values]]} or {"absent": why}}}

    ``laboratories(work)`` gives {label: (laboratory, contestant)}. The contestants of a work follow each other
    directly, in another order each round, so that none is always the first. All works are done once before any is done
    again. ``step(text)`` is called before each process.
    """
    found = {work.name: {label: {"rounds": []} for label in laboratories(work)} for work in chosen}
    for turn in range(number):
        for work in chosen:
            entries = list(laboratories(work).items())
            at = turn % len(entries)
            for label, (laboratory, name) in entries[at:] + entries[:at]:
                step(f"round {turn + 1} of {number}: {work.name}, {label}")
                one(laboratory, work, name, found[work.name], label)
    return found


def one(laboratory, work, name, entries, label):
    """One round of a contestant, stored in entries[label]. A contestant that was absent once is not tried again."""
    if "absent" in entries[label]:
        return
    try:
        entries[label]["rounds"].append(laboratory.measure(work, name))
    except Absent as why:
        entries[label] = {"absent": str(why)}
