"""Run the tests that need no core against the installed package inside gVisor, whose kernel cannot wipe memory at fork.

    PYTHON tests/gvisor.py [pytest's arguments]        PYTHON has gorandom and tests/requirements.txt. As root

Builds its runsc from the Go module if build/gvisor has none: 1 to 10 minutes. Ends with 77 if runsc can't be built or
starts no sandbox.
"""

import os
import shlex
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDER = os.path.join(ROOT, "build", "gvisor")
RUNSC = os.path.join(FOLDER, "runsc")
MODULE = "gvisor.dev/gvisor/runsc@v0.0.0-20260905035102-160fafc42237"  # of its branch "go", which has no tags
# It brings its own kernel for any processor. Network and cgroups are off, as they need a configured host.
SANDBOX = [RUNSC, "--platform=systrap", "--network=none", "--ignore-cgroups", "do"]
SHOW = "import gorandom; s = gorandom.status(); print(f'gorandom {gorandom.__version__} inside gVisor: {s.mode}, {s.reason}')"
TESTS = ["api_bytes", "forks", "status", "uuid", "hmac", "numpy"]
# All modes are direct mode there, so one is enough. The last ones take minutes in the sandbox, or look at a live core, at
# VmFlags or single pages, or at where ready bytes begin in memory that fork wipes.
LEFT_OUT = (
    "auto eager cython numba stress noise another_thread imports starting callbacks handlers multiprocessing 20000 core_fields "
    "where_a_key_lies erased_and_in_order ready_numbers_stale refused_with_a_core before_and_after test_children test_many"
)
CHOSEN = " and ".join(f"not {name}" for name in LEFT_OUT.split())


def build():
    """Build a binary that needs no libraries: the sandbox's processes run it again where none of the machine's files are
    left."""
    os.makedirs(FOLDER, exist_ok=True)
    print(f"Building gVisor's runsc into {os.path.relpath(FOLDER)}: 1 to 10 minutes. Packages as they are compiled:", flush=True)
    which = [sys.executable, os.path.join(ROOT, "tests", "tools.py"), "which", "go"]
    go = shlex.split(subprocess.run(which, check=True, stdout=subprocess.PIPE, text=True).stdout)
    environment = {**os.environ, "CGO_ENABLED": "0", "GOBIN": FOLDER, "GOFLAGS": ""}
    process = subprocess.Popen(
        [*go, "install", "-v", MODULE], env=environment, stderr=subprocess.STDOUT, stdout=subprocess.PIPE, text=True
    )
    lines = []
    for line in process.stdout:
        lines.append(line)
        print(f"\r\x1b[K{len(lines)} {line.strip()[:100]}" if sys.stdout.isatty() else line, end="", flush=True)
    print()
    return process.wait() == 0


def main(arguments):
    if not os.path.exists(RUNSC) and not build():
        print("NOT TESTED: runsc cannot be built", file=sys.stderr)
        return 77
    python = [sys.executable, "-B", "-P"]
    if subprocess.run([*SANDBOX, *python, "-c", SHOW], cwd=ROOT).returncode:
        print("NOT TESTED: runsc starts no sandbox here; it needs root", file=sys.stderr)
        return 77
    tests = [f"tests/python/test_{name}.py" for name in TESTS]
    pytest = [*python, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-k", CHOSEN, *arguments, *tests]
    return subprocess.run([*SANDBOX, *pytest], cwd=ROOT).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
