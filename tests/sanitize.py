#!/usr/bin/env python3
"""Runs tests of the C front under GCC's sanitizers, with an interpreter that was built for them.

    tests/sanitize.py address --wheel wheels/gorandom-….whl [--python PROGRAM] [arguments of pytest …]
    tests/sanitize.py thread --wheel build/free/gorandom-….whl [--python PROGRAM] [arguments of pytest …]

The front is compiled anew, with the sanitizer; the Go core and gopy's glue are the wheel's. Without --python the
interpreter is made by wheels/freethreaded.py. Ends with 0 if all tests passed and no sanitizer has reported anything.
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
sys.path[:0] = [os.path.join(ROOT, "wheels"), os.path.join(ROOT, "pyext")]
import freethreaded  # noqa: E402

from build import toolchain  # noqa: E402

# Reports go into files of this name and a PID's, because tests look at what stands on stderr. Leaks are CPython's, at
# its end. Tests ask for more memory than there is, and preload libraries of theirs.
REPORT = "report"
ADDRESS = {
    "ASAN_OPTIONS": "detect_leaks=0:use_sigaltstack=0:allocator_may_return_null=1:verify_asan_link_order=0:log_path=REPORT",
    "UBSAN_OPTIONS": "print_stacktrace=1",
}
# AddressSanitizer holds locks of its own where a core starts in a forked child, has an address space that no test reads from
# end to end, and makes objects larger.
NOT_ADDRESS = "not test_forks and not where_a_key_lies and not test_many"
# CPython reads an item of a list or a dict without its lock, and looks again: by then it may be another object's memory.
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
REQUIREMENTS = os.path.join(ROOT, "tests", "requirements-free-threaded.txt")


def ask(python, expression, environment):
    program = f"import sys, sysconfig; print({expression})"
    return subprocess.run([python, "-c", program], check=True, text=True, stdout=subprocess.PIPE, env=environment).stdout.strip()


def compile_front(python, flags, folder, environment):
    """In the place of the wheel's modules, under their names."""
    with open(os.path.join(ROOT, "gorandom", "version.go")) as f:
        version = re.search(r'^const Version = "([^"]+)"', f.read(), re.M)[1]
    include = ask(python, "sysconfig.get_paths()['include']", environment)
    for module, rooms in toolchain.MODULES.items():
        (library,) = glob.glob(os.path.join(folder, module + ".*so"))
        limited = ["-DPy_LIMITED_API=0x030b0000"] if library.endswith(".abi3.so") else ["-Wno-deprecated-declarations"]
        sources = sorted(source for room in rooms for source in glob.glob(f"pyext/front/{room}/*.c", root_dir=ROOT))
        os.remove(library)
        subprocess.run(
            ["gcc", *toolchain.C_FLAGS, "-O1", "-g1", "-fno-omit-frame-pointer", *flags, *limited, "-I" + include,
             f'-DGORANDOM_VERSION="{version}"', *sources, "-shared", "-Wl,-z,nodelete", "-o", library],
            check=True, cwd=ROOT,
        )  # fmt: skip


def install(python, wheel, folder, environment):
    """An environment with the tests' requirements and the wheel; its program."""
    program = os.path.join(folder, "bin", "python")
    if not os.path.exists(os.path.join(folder, "complete")):
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([python, "-m", "venv", "--without-pip", folder], check=True, env=environment)
        site = ask(program, "sysconfig.get_paths()['purelib']", environment)
        version = ask(program, "'%d.%d' % sys.version_info[:2]", environment)
        abi = ask(program, "sysconfig.get_config_var('SOABI').split('-')[1]", environment)
        # By this interpreter's pip: it would take minutes under a sanitizer.
        own = os.path.join(ROOT, "build", "venv", "bin", "python")
        subprocess.run([own, "-m", "pip", "-q", "--disable-pip-version-check", "install", "--target", site, "--python-version", version,
                        "--abi", "cp" + abi, "--abi", "none", "--only-binary", ":all:", "-r", REQUIREMENTS], check=True)  # fmt: skip
        open(os.path.join(folder, "complete"), "w").close()
    site = ask(program, "sysconfig.get_paths()['purelib']", environment)
    shutil.rmtree(os.path.join(site, "gorandom"), ignore_errors=True)
    with zipfile.ZipFile(wheel) as z:
        z.extractall(site)
    return program, os.path.join(site, "gorandom")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--wheel", required=True)
    parser.add_argument("--python", help="an interpreter that is built with the sanitizer")
    options, arguments = parser.parse_known_args()
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
    python = os.path.abspath(options.python) if options.python else freethreaded.interpreter(options.kind)
    program, package = install(python, options.wheel, os.path.join(folder, "venv"), environment)
    compile_front(python, flags, package, environment)
    files = [] if any(".py" in a for a in arguments) else [os.path.join(ROOT, "tests", "python", f"test_{name}.py") for name in tests.split()]
    arguments = [os.path.abspath(a) if ".py" in a else a for a in arguments]
    code = subprocess.run([program, "-m", "pytest", "-c", os.path.join(ROOT, "pyproject.toml"), "--rootdir", ROOT, "-p", "no:cacheprovider",
                           "-k", which, *files, *arguments], cwd=folder, env=environment).returncode  # fmt: skip
    reported = []
    for path in sorted(glob.glob(places["REPORT"] + ".*")):
        with open(path, errors="replace") as f:
            text = f.read()
        if "ERROR: " in text or "runtime error" in text or "ThreadSanitizer" in text:  # else memory that was not to be had
            reported.append(text)
    for text in reported[:5]:
        print("\n".join(text.splitlines()[:60]))
    print(f"sanitize: {len(reported)} programs with reports")
    return code or bool(reported)


if __name__ == "__main__":
    sys.exit(main())
