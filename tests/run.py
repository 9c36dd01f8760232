#!/usr/bin/env python3
"""Run tests/python against an installed wheel, on every CPython that the machine has and that the wheel is for. A wheel in
pure Python is tested only on the first of them (or on what --python names, such as a PyPy's path), by the tests that PURE
lists.

    tests/run.py --wheel dist/gorandom-….whl [--python PATTERN] [--jobs N] [--adversity] [arguments of pytest …]

PATTERN may also be the path of an interpreter. Each interpreter gets its own virtual environment under build/venvs (or
GORANDOM_VENVS: two runs at a time need two) and runs in an empty folder, so the source tree cannot be imported by accident.
Of each minor version the first release found is tested. The oldest and the newest get all tests, in two parts. Those between
get only the tests of bytes, forks and side effects. As many parts as there are processors run at a time; each part's output
follows when it is done. The first interpreter also runs the tests of tests/adversity that are marked fast. With --adversity
it runs all of these and nothing else. Ends with 0 if all tests passed on at least one interpreter and failed on none.
"""

import argparse
import concurrent.futures
import fnmatch
import glob
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TESTS = os.path.join(ROOT, "tests", "python")
ADVERSITY = os.path.join(ROOT, "tests", "adversity")
VENVS = os.environ.get("GORANDOM_VENVS") or os.path.join(ROOT, "build", "venvs")
VECTORS = os.path.join(ROOT, "build", "vectors", "hmac.json")  # written by tests/tools.py
REQUIREMENTS = os.path.join(ROOT, "tests", "requirements%s.txt")
OLDEST = (3, 11)
NEWEST = (3, 19)

BRIEF = ["test_api_bytes.py", "test_forks.py", "test_forkwarning.py", "test_leader.py", "test_side_effects.py", "test_status.py"]
# Quick tests that tell something about a wheel in pure Python: test_pure.py, and what programs call most.
PURE = ["test_pure.py", "test_api_arguments.py", "test_api_bytes.py", "test_api_events.py", "test_api_fill.py", "test_compare.py",
        "test_fortuna.py", "test_forklock.py", "test_front_arguments.py", "test_secrets.py", "test_selftest.py", "test_status.py", "test_systemrandom.py",
        "test_uuid.py"]  # fmt: skip

PROBE = """
import platform, sys, sysconfig
print(sys.implementation.name, platform.python_version(), sysconfig.get_config_var("Py_GIL_DISABLED") or 0,
      sys._base_executable or sys.executable, sep="\\n")
"""


def say(text=""):
    print(text, flush=True)


def title(text):
    if sys.stdout.isatty():
        text = f"\033[1m{text}\033[0m"
    say(f"\n==== {text} ====")


def candidates(pattern):
    """Return programs that may be a CPython: the named one, those on PATH, then pyenv's."""
    if pattern and os.path.isfile(pattern):
        yield os.path.abspath(pattern)
    names = ["python3.%d" % minor for minor in range(OLDEST[1], NEWEST[1] + 1)] + ["python3"]
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        for name in names:
            yield os.path.join(folder, name)
    versions = os.path.join(os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv"), "versions")
    for folder in sorted(glob.glob(os.path.join(versions, "*", "bin"))):
        yield os.path.join(folder, "python")


def is_pure(wheel):
    return wheel is not None and wheel.endswith("-none-any.whl")


def is_for(wheel, version, free):
    """Return whether the wheel is for this version of CPython. Those without a GIL have no stable ABI, so no wheel in
    common."""
    if is_pure(wheel):
        return True
    if wheel is None:
        return not free
    python, abi = os.path.basename(wheel).split("-")[-3:-1]
    return abi == "cp%d%dt" % version == python + "t" if free else abi == "abi3"


def probe(program, wheel):
    """Return (version, executable) of a CPython that the wheel is for, else None. pyenv's shims start other executables."""
    if not os.access(program, os.X_OK) or os.path.isdir(program):
        return None
    try:
        answer = subprocess.run(
            [program, "-I", "-c", PROBE], text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, timeout=60, check=True, cwd=os.sep,
        ).stdout.splitlines()  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    if len(answer) != 4 or (answer[0] != "cpython" and not is_pure(wheel)):
        return None
    free = answer[2] != "0"
    version = tuple(int("".join(c for c in part if c.isdigit()) or 0) for part in answer[1].split(".")[:2])
    fits = version >= OLDEST and is_for(wheel, version, free)
    return (answer[1] + "t" * free, os.path.realpath(answer[3])) if fits else None


def interpreters(pattern, wheel=None):
    """Return {version: executable}: the first of each version, in the order of versions. Without a wheel, only those with a
    GIL."""
    found = {}
    seen = set()
    for program in candidates(pattern):
        real = os.path.realpath(program)
        if real in seen:
            continue
        seen.add(real)
        answer = probe(program, wheel)
        names = [*answer, program] if answer else []
        if answer and (not pattern or any(fnmatch.fnmatch(name, pattern) for name in names) or os.path.abspath(pattern) == program):
            found.setdefault(*answer)
    return dict(sorted(found.items(), key=lambda item: [int(x) if x.isdigit() else 0 for x in item[0].split(".")]))


def quietly(command, what):
    """Run a command. Return None, or what it printed when it failed."""
    done = subprocess.run(command, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return f"{what} failed:\n{done.stdout}" if done.returncode else None


def prepare(version, executable, wheel):
    """Return (path of the environment's python, None), or (None, why not)."""
    folder = os.path.join(VENVS, version + "-pure" * is_pure(wheel))
    python = os.path.join(folder, "bin", "python")
    stamp = os.path.join(folder, "requirements")
    requirements = REQUIREMENTS % ("-free-threaded" if version.endswith("t") else "")
    with open(requirements, "rb") as f:
        wanted = executable + "\n" + hashlib.sha256(f.read()).hexdigest()
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    if not (os.path.exists(python) and os.path.exists(stamp) and open(stamp).read() == wanted):
        shutil.rmtree(folder, ignore_errors=True)
        say(f"CPython {version}: making an environment ...")
        failed = quietly([executable, "-m", "venv", folder], "python -m venv") or quietly(
            [*pip, "-r", requirements], f"pip install -r {requirements}"
        )
        if failed:
            return None, failed
        with open(stamp, "w") as f:
            f.write(wanted)
    failed = quietly([*pip, "--force-reinstall", "--no-deps", wheel], "pip install of the wheel")
    return (None, failed) if failed else (python, None)


def names_tests(arguments):
    return any(os.path.exists(a.split("::")[0]) for a in arguments)


def test(python, arguments, output):
    """Return pytest's exit code. Options come from pyproject.toml. An argument that names a test file is resolved here."""
    arguments = [os.path.abspath(a) if os.path.exists(a.split("::")[0]) else a for a in arguments]
    with tempfile.TemporaryDirectory(prefix="gorandom-tests-") as cwd:
        command = [python, "-m", "pytest", "-c", os.path.join(ROOT, "pyproject.toml"), "--rootdir", ROOT, "-p",
                   "no:cacheprovider", "--durations=12", *arguments]  # fmt: skip
        environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
        environment |= {"PYTHONDONTWRITEBYTECODE": "1"}
        if os.path.exists(VECTORS):
            environment["GORANDOM_VECTORS"] = VECTORS
        return subprocess.run(
            command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        ).returncode


class Run:
    """One call of pytest on an interpreter, in a thread. Its output goes into a file until it is done."""

    def __init__(self, name, executable):
        self.name, self.executable = name, executable
        self.log = os.path.join(VENVS, name.replace(" ", "-") + ".log")
        self.code, self.text = None, ""
        if os.path.exists(self.log):
            os.remove(self.log)

    def __call__(self, python, arguments):
        start = time.monotonic()
        with open(self.log, "wb") as output:
            self.code = test(python, arguments, output)
        self.text = "passed" if self.code == 0 else f"FAILED (pytest's code {self.code})"
        self.text += f" in {time.monotonic() - start:.0f} s"
        return self

    def progress(self):
        with open(self.log, errors="replace") as f:
            percent = re.findall(r"\[ *(\d+)%\]", f.read())
        return f"{self.name} {percent[-1] if percent else 0} %"


def minor(version):
    return int(version.split(".")[1])


def follow(futures, runs):
    """Yield the runs as they end. Meanwhile a line on a terminal shows the progress of the others."""
    while futures:
        done, futures = concurrent.futures.wait(futures, 2, concurrent.futures.FIRST_COMPLETED)
        if sys.stdout.isatty():
            going = [run.progress() for run in runs if run.code is None and os.path.exists(run.log)]
            print("\r\033[K" + "   ".join(going), end="", flush=True)
        for future in done:
            yield future.result()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheel", required=True, help="the wheel file to test")
    parser.add_argument("--python", metavar="PATTERN", help="only versions or paths that match, as 3.12*")
    parser.add_argument("--adversity", action="store_true", help="all of tests/adversity, on the first interpreter")
    parser.add_argument("--jobs", metavar="N", type=int, default=os.cpu_count() or 1, help="so many at a time")
    options, arguments = parser.parse_known_args()
    wheel = os.path.abspath(options.wheel)
    if not os.path.isfile(wheel):
        parser.error(f"there is no wheel {options.wheel}")

    found = interpreters(options.python, wheel)
    if not found:
        say("No CPython that the wheel is for was found" + (f" that matches {options.python!r}." if options.python else "."))
        return 1
    say("Interpreters: " + ", ".join(found))
    found = {minor(version): (version, executable) for version, executable in reversed(found.items())}
    runs, futures, short, untested = [], [], [], []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for number, (version, executable) in sorted(found.items()):
            if runs and (options.adversity or is_pure(wheel)):
                break
            python, why = prepare(version, executable, wheel)
            if python is None:
                say(f"CPython {version} is NOT TESTED, because {why}")
                untested.append((version, why.splitlines()[0].rstrip(":")))
                continue
            first = not runs
            if options.adversity:
                parts = {"adversity": [ADVERSITY, *arguments]}
            elif arguments:
                parts = {"": arguments if names_tests(arguments) else [TESTS, *arguments]}
            elif is_pure(wheel):
                parts = {"pure": [os.path.join(TESTS, name) for name in PURE]}
            elif number not in (min(found), max(found)):
                parts = {"": [os.path.join(TESTS, name) for name in BRIEF]}
            else:
                files = sorted(glob.glob(os.path.join(TESTS, "test_*.py")))
                parts = {"a": files[0::2], "b": files[1::2]} | ({"adversity": [ADVERSITY, "-m", "fast"]} if first else {})
            for part, words in parts.items():
                run = Run(f"{version} {part}".rstrip(), executable)
                runs.append(run)
                job = run, python, words + ["--skip-once"] * (not first)
                # The short ones come last, so that no processor is idle at the end.
                if part in ("a", "b"):
                    futures.append(pool.submit(*job))
                else:
                    short.append(job)
        futures += [pool.submit(*job) for job in short]
        for run in follow(futures, runs):
            title(f"CPython {run.name}: {run.executable}")
            with open(run.log, errors="replace") as f:
                shutil.copyfileobj(f, sys.stdout)

    title("Result")
    for run in runs:
        say(f"CPython {run.name:16} {run.text}")
    for version, why in untested:
        say(f"CPython {version:16} NOT TESTED: {why}")
    return 0 if runs and not any(run.code for run in runs) else 1


if __name__ == "__main__":
    sys.exit(main())
