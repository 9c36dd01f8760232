#!/usr/bin/env python3
"""Run tests of the C front under GCC's sanitizers, with an interpreter that was built for them.

    tests/sanitize.py quick --wheel wheels/gorandom-….whl [--python PROGRAM] [arguments of pytest …]
    tests/sanitize.py address --wheel wheels/gorandom-….whl [--python PROGRAM] [arguments of pytest …]
    tests/sanitize.py thread --wheel build/free/gorandom-….whl [--python PROGRAM] [arguments of pytest …]

The front is compiled again, with the sanitizer. The Go core and gopy's glue are the wheel's. Without --python,
wheels/freethreaded.py makes the interpreter. Ends with 0 if all tests passed and no sanitizer has reported anything.

quick is address with few tests and the first of this machine's own interpreters, into which the sanitizer's library is
preloaded. It takes less than a minute, and does not see mistakes in CPython's own code. Without gcc it says so and ends with 0.
"""

import argparse
import glob
import os
import re
import shutil
import subprocess
import sys
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(ROOT, "wheels"), os.path.join(ROOT, "pyext"), os.path.join(ROOT, "tests")]
import freethreaded  # noqa: E402
import run  # noqa: E402

from build import toolchain  # noqa: E402

# Reports go into files with this name and a PID, because tests check stderr. Leaks are CPython's, at its end. Tests ask for
# more memory than there is, and preload their own libraries.
REPORT = "report"
ADDRESS = {
    "ASAN_OPTIONS": "detect_leaks=0:use_sigaltstack=0:allocator_may_return_null=1:verify_asan_link_order=0:log_path=REPORT",
    "UBSAN_OPTIONS": "print_stacktrace=1",
}
# AddressSanitizer holds its own locks when a core starts in a forked child, has an address space that no test can read from
# end to end, and makes objects larger.
NOT_ADDRESS = "not test_forks and not where_a_key_lies and not test_many"
# CPython reads an item of a list or a dict without its lock, and checks again: by then it may be another object's memory.
SUPPRESSED = "race:list_get_item_ref\nrace:_Py_TryXGetRef\n"
THREAD = {"TSAN_OPTIONS": "exitcode=66:handle_segv=0:history_size=7:suppressions=SUPPRESSIONS:log_path=REPORT", "GORANDOM_SLOW": "50"}

KINDS = {  # compiler's flags, environment, tests, and which of them
    "address": (
        ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"],
        ADDRESS,
        "api_arguments api_bytes api_events api_fill compare hmac numbers numpy secrets systemrandom threads uuid",
        NOT_ADDRESS,
    ),
    "thread": (["-fsanitize=thread"], THREAD, "threads", ""),
}
# Then each Python object is a block of malloc()'s, so a write past the end of a bytes object is noticed.
KINDS["quick"] = (KINDS["address"][0], ADDRESS | {"PYTHONMALLOC": "malloc"}, "api_bytes api_fill compare fuzz secrets uuid", NOT_ADDRESS)
REQUIREMENTS = os.path.join(ROOT, "tests", "requirements-free-threaded.txt")


def ask(python, expression, environment):
    program = f"import sys, sysconfig; print({expression})"
    return subprocess.run([python, "-c", program], check=True, text=True, stdout=subprocess.PIPE, env=environment).stdout.strip()


def compile_front(python, flags, folder, environment, cc="gcc"):
    """Compile the front's modules and replace the wheel's, under their names."""
    with open(os.path.join(ROOT, "gorandom", "version.go")) as f:
        version = re.search(r'^const Version = "([^"]+)"', f.read(), re.M)[1]
    include = ask(python, "sysconfig.get_paths()['include']", environment)
    for module, rooms in toolchain.MODULES.items():
        (library,) = glob.glob(os.path.join(folder, module + ".*so"))
        limited = ["-DPy_LIMITED_API=0x030b0000"] if library.endswith(".abi3.so") else ["-Wno-deprecated-declarations"]
        sources = sorted(source for room in rooms for source in glob.glob(f"pyext/front/{room}/*.c", root_dir=ROOT))
        os.remove(library)
        subprocess.run(
            [cc, *toolchain.C_FLAGS, "-O1", "-g1", "-fno-omit-frame-pointer", *flags, *limited, "-I" + include,
             f'-DGORANDOM_VERSION="{version}"', *sources, "-shared", "-Wl,-z,nodelete", "-o", library],
            check=True, cwd=ROOT,
        )  # fmt: skip


def install(python, wheel, folder, environment, tested=None):
    """Make an environment with the tests' requirements and the wheel, and return its program. tested is the program of another
    environment that has the requirements."""
    program, complete = os.path.join(folder, "bin", "python"), os.path.join(folder, "complete")
    if not os.path.exists(complete) or tested:
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([python, "-m", "venv", "--without-pip", folder], check=True, env=environment)
    site = ask(program, "sysconfig.get_paths()['purelib']", environment)
    if tested:
        with open(os.path.join(site, "tested.pth"), "w") as f:
            f.write(ask(tested, "sysconfig.get_paths()['purelib']", environment) + "\n")
    elif not os.path.exists(complete):
        version = ask(program, "'%d.%d' % sys.version_info[:2]", environment)
        abi = ask(program, "sysconfig.get_config_var('SOABI').split('-')[1]", environment)
        # This interpreter's pip installs it: under a sanitizer pip would take minutes.
        own = os.path.join(ROOT, "build", "venv", "bin", "python")
        subprocess.run([own, "-m", "pip", "-q", "--disable-pip-version-check", "install", "--target", site, "--python-version", version,
                        "--abi", "cp" + abi, "--abi", "none", "--only-binary", ":all:", "-r", REQUIREMENTS], check=True)  # fmt: skip
        open(complete, "w").close()
    shutil.rmtree(os.path.join(site, "gorandom"), ignore_errors=True)
    with zipfile.ZipFile(wheel) as z:
        z.extractall(site)
    return program, os.path.join(site, "gorandom")


def own_interpreter(pattern, wheel):
    """Return the first interpreter that tests/run.py tests, its program in the environment with the tests' requirements, and
    the library to preload."""
    library = subprocess.run(["gcc", "-print-file-name=libasan.so"], check=True, text=True, stdout=subprocess.PIPE).stdout.strip()
    if not os.path.isabs(library):
        raise SystemExit("sanitize: gcc has no AddressSanitizer here: install libasan, on Debian libgcc-12-dev or libgcc-14-dev")
    found = run.interpreters(pattern, wheel)
    if not found:
        raise SystemExit("sanitize: no CPython that the wheel is for was found")
    version, executable = next(iter(found.items()))
    tested, why = run.prepare(version, executable, wheel)
    if why:
        raise SystemExit(f"sanitize: CPython {version}: {why}")
    return executable, tested, library


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--wheel", required=True)
    parser.add_argument("--python", help="an interpreter that is built with the sanitizer")
    options, arguments = parser.parse_known_args()
    if options.kind == "quick" and not shutil.which("gcc"):
        print("*" * 60 + "\nNOT RUN UNDER ADDRESSSANITIZER: there is no gcc, and a compiler\nthat was fetched has no such library.\n" + "*" * 60)
        return 0
    flags, settings, tests, which = KINDS[options.kind]
    folder = os.path.join(ROOT, "build", "sanitize", options.kind)
    os.makedirs(folder, exist_ok=True)
    places = {"SUPPRESSIONS": os.path.join(folder, "suppressions"), "REPORT": os.path.join(folder, REPORT)}
    for old in glob.glob(places["REPORT"] + ".*"):
        os.remove(old)
    with open(places["SUPPRESSIONS"], "w") as f:
        f.write(SUPPRESSED)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    for name, value in settings.items():
        for place, path in places.items():
            value = value.replace(place, path)
        environment[name] = value
    tested = None
    if options.kind == "quick":
        python, tested, library = own_interpreter(options.python, os.path.abspath(options.wheel))
    else:
        python = os.path.abspath(options.python) if options.python else freethreaded.interpreter(options.kind)
    program, package = install(python, options.wheel, os.path.join(folder, "venv"), environment, tested)
    compile_front(python, flags, package, environment)
    if tested:
        environment |= {"LD_PRELOAD": library, "GORANDOM_SANITIZER": " ".join(flags)}
    files = [] if any(".py" in a for a in arguments) else [os.path.join(ROOT, "tests", "python", f"test_{name}.py") for name in tests.split()]
    arguments = [os.path.abspath(a) if ".py" in a else a for a in arguments]
    code = subprocess.run([program, "-m", "pytest", "-c", os.path.join(ROOT, "pyproject.toml"), "--rootdir", ROOT, "-p", "no:cacheprovider",
                           "-k", which, *files, *arguments], cwd=folder, env=environment).returncode  # fmt: skip
    reported = []
    for path in sorted(glob.glob(places["REPORT"] + ".*")):
        with open(path, errors="replace") as f:
            text = f.read()
        if "ERROR: " in text or "runtime error" in text or "ThreadSanitizer" in text:  # other reports are about memory that could not be allocated
            reported.append(text)
    for text in reported[:5]:
        print("\n".join(text.splitlines()[:60]))
    print(f"sanitize: {len(reported)} programs with reports")
    return code or bool(reported)


if __name__ == "__main__":
    sys.exit(main())
