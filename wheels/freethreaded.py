#!/usr/bin/env python3
"""CPython 3.13 without a GIL, built from the source of Debian's package, where the machine has none.

    wheels/freethreaded.py [--sanitizer thread|address] [--wheel FOLDER]

Prints the interpreter's path; what it did before that goes to stderr. With --wheel it builds a wheel for it, too. A
build takes about 4 minutes and is kept in build/interpreters, or in the folder that GORANDOM_INTERPRETERS names. With --sanitizer the interpreter is built with
GCC's ThreadSanitizer; or, this one with a GIL as all others, with its AddressSanitizer and
UndefinedBehaviorSanitizer. tests/sanitize.py runs tests on these.

Needs a Debian with gcc, make, and the headers of zlib, OpenSSL, libffi, SQLite, bzip2 and LZMA. apt brings the source
and verifies its signature. Debian's patches are not applied: they move site-packages.
"""

import argparse
import glob
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDER = os.environ.get("GORANDOM_INTERPRETERS") or os.path.join(ROOT, "build", "interpreters")
SUITE, PACKAGE = "trixie", "python3.13"
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
# -O1: the sanitizers' own advice. A report names functions, so they are kept.
BUILDS = {
    None: ["--disable-gil", "CFLAGS=-O2"],
    "thread": ["--disable-gil", "--with-thread-sanitizer", "CFLAGS=-O1 -g1 -fno-omit-frame-pointer"],
    "address": ["--with-address-sanitizer", "--with-undefined-behavior-sanitizer", "CFLAGS=-O1 -g1 -fno-omit-frame-pointer"],
}


def run(command, log=None, **options):
    print("freethreaded:", " ".join(command)[:150], file=sys.stderr, flush=True)
    with open(log or os.devnull, "a") as output:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output if log else subprocess.PIPE, stderr=output if log else None,
                              text=True, **options)  # fmt: skip
    if done.returncode:
        raise SystemExit(f"freethreaded: {command[0]} failed" + (f"; see {log}" if log else ""))
    return done.stdout


def mirror():
    """Where this machine has its Debian packages from."""
    for line in run(["apt-get", "indextargets", "--format", "$(ORIGIN) $(LABEL) $(REPO_URI)"]).splitlines():
        origin, label, uri = line.rsplit(" ", 2)
        if (origin, label) == ("Debian", "Debian"):
            return uri
    raise SystemExit("freethreaded: apt knows no Debian mirror: 'apt-get update' first")


def source():
    """The folder of the unpacked source. apt works in folders of its own: the machine's lists stay as they are."""
    folder = os.path.join(FOLDER, "source")
    if os.path.exists(os.path.join(folder, "configure")):
        return folder
    if not shutil.which("apt-get"):
        raise SystemExit("freethreaded: the source comes by apt-get, which this machine does not have")
    apt = os.path.join(FOLDER, "apt")
    for name in ("state/lists/partial", "cache/archives/partial", "source"):
        os.makedirs(os.path.join(apt, name), exist_ok=True)
    with open(os.path.join(apt, "sources.list"), "w") as f:
        f.write(f"deb-src [signed-by={KEYS}] {mirror()} {SUITE} main\n")
    with open(os.path.join(apt, "apt.conf"), "w") as f:
        f.write(f'Dir::Etc::sourcelist "{apt}/sources.list"; Dir::Etc::sourceparts "-"; Dir::State "{apt}/state";\n'
                f'Dir::State::status "/var/lib/dpkg/status"; Dir::Cache "{apt}/cache"; APT::Sandbox::User "";\n')  # fmt: skip
    environment = {**os.environ, "APT_CONFIG": os.path.join(apt, "apt.conf")}
    run(["apt-get", "-q", "update"], env=environment)
    run(["apt-get", "-q", "source", "--download-only", "--only-source", PACKAGE], env=environment, cwd=os.path.join(apt, "source"))
    (archive,) = glob.glob(os.path.join(apt, "source", PACKAGE + "_*.orig.tar.*z"))
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder + ".new", exist_ok=True)
    run(["tar", "-xf", archive, "--strip-components=1", "-C", folder + ".new"])
    os.rename(folder + ".new", folder)
    return folder


def interpreter(sanitizer=None):
    """The program's path."""
    prefix = os.path.join(FOLDER, sanitizer or "free")
    python = os.path.join(prefix, "bin", "python3")
    complete = os.path.join(prefix, "complete")
    if os.path.exists(complete):
        return python
    configure = os.path.join(source(), "configure")
    work = prefix + ".work"
    log = prefix + ".log"
    os.makedirs(work, exist_ok=True)
    # Leaks are not looked for: at its end CPython leaves to the system what lives as long as the process.
    environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0", "TSAN_OPTIONS": "report_bugs=0"}
    run([configure, "--prefix=" + prefix, "--disable-test-modules", "--with-ensurepip=no", *BUILDS[sanitizer]], log, cwd=work, env=environment)
    run(["make", "-j%d" % (os.cpu_count() or 1)], log, cwd=work, env=environment)
    run(["make", "install"], log, cwd=work, env=environment)
    shutil.rmtree(work)
    with open(complete, "w"):
        return python


def wheel(python, folder):
    """Builds the wheel; what was built before goes."""
    venv = os.path.join(FOLDER, "build-venv")
    for old in glob.glob(os.path.join(folder, "gorandom-*.whl")):
        os.remove(old)
    run([python, "-m", "venv", "--clear", venv])
    run([os.path.join(venv, "bin", "python"), "-m", "pip", "-q", "--disable-pip-version-check", "wheel", "--no-deps", "-w", folder, ROOT])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sanitizer", choices=[name for name in BUILDS if name])
    parser.add_argument("--wheel", metavar="FOLDER", help="where a wheel for this interpreter is to be put")
    options = parser.parse_args()
    python = interpreter(options.sanitizer)
    if options.wheel:
        wheel(python, options.wheel)
    print(python)


if __name__ == "__main__":
    main()
