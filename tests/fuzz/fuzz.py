#!/usr/bin/env python3
"""Fuzzes every parser and every entry of the C front that takes bytes, guided by coverage.

    tests/fuzz/fuzz.py --wheel wheels/gorandom-….whl [--minutes 5] [--only WORD] [--keep]

libFuzzer gives inputs to the functions of harnesses.py, each in its own CPython. The front is compiled with Clang's
AddressSanitizer, UndefinedBehaviorSanitizer and coverage; the Go core and the Python files are the wheel's. go test
-fuzz runs Go's fuzz tests. Each function has the same share of the minutes. Ends with status 1 if one failed, and
leaves its input in build/fuzz. Inputs that earlier runs found stay in build/fuzz/corpus and are used again. With
--keep the smallest set of them with the same coverage goes to tests/fuzz/corpus, whose inputs make test runs too.

Needs Clang with libFuzzer and CPython's library and headers.
"""

import argparse
import glob
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
import zipfile

FOLDER = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(FOLDER))
WORK = os.path.join(ROOT, "build", "fuzz")
CORPUS = os.path.join(FOLDER, "corpus")
sys.path.insert(0, os.path.join(ROOT, "tests"))
import sanitize  # noqa: E402

SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"]
# Limits of the committed inputs: bytes of one, and bytes and number of those of a harness.
FILE_MOST, CORPUS_MOST, INPUTS_MOST = 512, 6144, 60
FUNCTION = re.compile(r"^func (Fuzz\w+)\(", re.M)
HARNESS = re.compile(r"^HARNESSES = \[(.*)\]", re.M)


def need(what):
    raise SystemExit("make fuzz needs " + what)


def clang():
    """Clang's path. Its libFuzzer is tried out, because Debian has it in a separate package."""
    for name in ["clang", *(f"clang-{n}" for n in range(30, 13, -1))]:
        path = shutil.which(name)
        if path:
            break
    else:
        need("Clang: apt-get install clang libclang-rt-14-dev (Debian 12) or libclang-rt-19-dev (Debian 13)")
    probe = os.path.join(WORK, "probe.c")
    with open(probe, "w") as file:
        file.write("#include <stddef.h>\nint LLVMFuzzerTestOneInput(const char *p, size_t n) { return p && n ? 0 : 0; }\n")
    done = subprocess.run([path, "-fsanitize=fuzzer,address", probe, "-o", probe[:-2]], text=True, capture_output=True)
    if done.returncode:
        version = subprocess.run([path, "-dumpversion"], text=True, stdout=subprocess.PIPE).stdout.partition(".")[0]
        need(f"libFuzzer's and AddressSanitizer's libraries for {path}: apt-get install libclang-rt-{version}-dev\n{done.stderr[-500:]}")
    return path


def run(command, **options):
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    if done.returncode:
        raise SystemExit(f"fuzz: {os.path.basename(command[0])} failed:\n{done.stdout[-3000:]}")
    return done.stdout


def python_library():
    """Flags to compile and link a program that contains this interpreter."""
    variables = sysconfig.get_config_vars()
    include, version = sysconfig.get_paths()["include"], variables["LDVERSION"]
    if not os.path.exists(os.path.join(include, "Python.h")):
        need(f"Python.h in {include}: apt-get install python3-dev")
    for folder in (variables["LIBDIR"], variables["LIBPL"]):
        if glob.glob(os.path.join(folder, f"libpython{version}.*")):
            libraries = " ".join(variables.get(name) or "" for name in ("LIBS", "SYSLIBS")).split()
            return ["-I" + include], ["-L" + folder, f"-lpython{version}", "-Wl,-rpath," + folder, *libraries]
    need(f"libpython{version}: apt-get install python3-dev")


def build(cc, wheel):
    """The program, and the environment that it runs in."""
    site = os.path.join(WORK, "site")
    shutil.rmtree(site, ignore_errors=True)
    with zipfile.ZipFile(wheel) as z:
        z.extractall(site)
    environment = {name: text for name, text in os.environ.items() if not name.startswith(("PYTHON", "GORANDOM_"))}
    flags = ["-fsanitize=fuzzer-no-link", *SANITIZERS]
    sanitize.compile_front(sys.executable, flags, os.path.join(site, "gorandom"), environment, cc=cc)
    plain, program = os.path.join(WORK, "plain.so"), os.path.join(WORK, "driver")
    common = [cc, "-O1", "-g1", "-fno-omit-frame-pointer"]
    sources = ["tests/python/noise/plain.c", *sorted(glob.glob("pyext/front/pure/*.c", root_dir=ROOT))]
    run([*common, *flags, "-shared", "-fPIC", "-Ipyext", "-Ipyext/front", *sources, "-o", plain], cwd=ROOT)
    include, link = python_library()
    run([*common, "-fsanitize=fuzzer", *SANITIZERS, *include, os.path.join(FOLDER, "driver.c"), "-Wl,--export-dynamic", *link, "-o", program])
    environment |= {
        "PYTHONPATH": os.pathsep.join([site, FOLDER]), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONMALLOC": "malloc",
        "PYTHONHASHSEED": "0", "GORANDOM_PLAIN": plain,
        "ASAN_OPTIONS": "detect_leaks=0:use_sigaltstack=0:allocator_may_return_null=1", "UBSAN_OPTIONS": "print_stacktrace=1",
    }  # fmt: skip
    return program, environment


def names():
    with open(os.path.join(FOLDER, "harnesses.py")) as file:
        return HARNESS.search(file.read())[1].split(", ")


def fuzz_python(program, environment, name, seconds):
    """None, or what a failure printed."""
    found, kept = os.path.join(WORK, "corpus", name), os.path.join(CORPUS, name)
    os.makedirs(found, exist_ok=True)
    log = os.path.join(WORK, name + ".log")
    with open(log, "w") as output:
        done = subprocess.run(
            [program, f"-max_total_time={seconds}", "-timeout=20", "-max_len=2048", "-rss_limit_mb=4096", "-malloc_limit_mb=1000000000",
             "-print_final_stats=1", f"-artifact_prefix={WORK}/{name}-", found, *[kept] * os.path.isdir(kept)],
            env=environment | {"GORANDOM_HARNESS": name}, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=WORK,
        )  # fmt: skip
    with open(log, errors="replace") as file:
        text = file.read()
    runs = re.search(r"number_of_executed_units: *(\d+)", text)
    state = re.findall(r"cov: (\d+) ft: (\d+) corp: (\d+)", text)
    print(f"{name:12} {int(runs[1]) if runs else 0:>9,} runs, {state[-1][1] if state else 0} features by {state[-1][2] if state else 0} inputs",
          "" if done.returncode == 0 else "FAILED", flush=True)  # fmt: skip
    return None if done.returncode == 0 else text[-6000:]


def go_tests():
    """Yield (package's folder, function)."""
    for path in sorted(path for top in ("gorandom", "pyext", "tests/go") for path in glob.glob(top + "/**/*_test.go", root_dir=ROOT, recursive=True)):
        with open(os.path.join(ROOT, path)) as file:
            for name in FUNCTION.findall(file.read()):
                yield os.path.dirname(path), name


def fuzz_go(package, name, seconds):
    """Like fuzz_python()."""
    failures = os.path.join(ROOT, package, "testdata", "fuzz", name)
    before = set(glob.glob(failures + "/*"))
    done = subprocess.run(
        [sys.executable, os.path.join(ROOT, "tests", "tools.py"), "go", "test", "./" + package, "-run=^$", f"-fuzz=^{name}$",
         f"-fuzztime={seconds}s", "-parallel=2"],
        text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=ROOT,
    )  # fmt: skip
    runs = re.findall(r"execs: (\d+)", done.stdout)
    print(f"{name:12} {int(runs[-1]) if runs else 0:>9,} runs", "" if done.returncode == 0 and runs else "FAILED", flush=True)
    for path in set(glob.glob(failures + "/*")) - before:
        shutil.move(path, os.path.join(WORK, f"{name}-{os.path.basename(path)}"))
    for folder in (failures, os.path.dirname(failures), os.path.dirname(os.path.dirname(failures))):
        if os.path.isdir(folder) and not os.listdir(folder):
            os.rmdir(folder)
    return None if done.returncode == 0 and runs else done.stdout[-6000:]


def keep(program, environment, name):
    """Keeps the smallest inputs that have all the coverage of those found and kept, within the size limits."""
    found, kept, least = (os.path.join(folder, name) for folder in (os.path.join(WORK, "corpus"), CORPUS, os.path.join(WORK, "least")))
    shutil.rmtree(least, ignore_errors=True)
    os.makedirs(least)
    old = [kept] * os.path.isdir(kept)
    run([program, "-merge=1", f"-max_len={FILE_MOST}", least, *old, found], env=environment | {"GORANDOM_HARNESS": name}, cwd=WORK)
    shutil.rmtree(kept, ignore_errors=True)
    os.makedirs(kept)
    total = 0
    paths = sorted(glob.glob(least + "/*"), key=os.path.getsize)
    for path in paths[:: 1 + len(paths) // INPUTS_MOST]:
        total += os.path.getsize(path)
        if total > CORPUS_MOST:
            break
        shutil.copy(path, os.path.join(kept, os.path.basename(path)[:12]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheel", required=True)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--only", default="", metavar="WORD", help="those whose names contain it")
    parser.add_argument("--keep", action="store_true", help="afterwards renew tests/fuzz/corpus")
    options = parser.parse_args()
    os.makedirs(WORK, exist_ok=True)
    ours = [name for name in names() if options.only in name]
    theirs = [(package, name) for package, name in go_tests() if options.only in name]
    if not ours + theirs:
        parser.error(f"no harness has {options.only!r} in its name")
    seconds = max(1, round(options.minutes * 60 / len(ours + theirs)))
    print(f"{len(ours)} harnesses in Python, {len(theirs)} in Go, {seconds} s each", flush=True)
    failed = {}
    if ours:
        start = time.monotonic()
        program, environment = build(clang(), options.wheel)
        print(f"compiled in {time.monotonic() - start:.0f} s", flush=True)
    for name in ours:
        failed[name] = fuzz_python(program, environment, name, seconds)
        if options.keep and not failed[name]:
            keep(program, environment, name)
    for package, name in theirs:
        failed[name] = fuzz_go(package, name, seconds)
    failed = {name: text for name, text in failed.items() if text}
    for name, text in failed.items():
        print(f"\n==== {name}\n{text}")
    if failed:
        print(f"fuzz: FAILED: {', '.join(failed)}; the inputs are build/fuzz/NAME-…")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
