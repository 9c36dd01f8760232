#!/usr/bin/env python3
"""Makes the artefacts of a release, into wheels/dist: the sdist of the committed tree, and from it a wheel for each target.

    wheels/make.py [TARGET …]          the sdist and the wheels (all, or those named)
    wheels/make.py --sdist FILE [TARGET …]   the wheels of an sdist that is there
    wheels/make.py --verify WHEEL [--sdist FILE]   makes the wheel again from its sdist, and compares

One machine makes them all: CPython 3.11, and what wheels/requirements.txt pins, in build/release. Each wheel is then
checked by auditwheel (does it fit its platform tag?), by abi3audit (is it within the stable ABI?), by the schema of
CycloneDX, and by its size; a table says what came of it. The wheel in pure Python has a front in Python, and no other has
one. Ends with 0 if all is well.
"""

import argparse
import contextlib
import glob
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(ROOT, "tests"), os.path.join(ROOT, "pyext")]
import compare  # noqa: E402
from run import interpreters  # noqa: E402

from build import target  # noqa: E402

DIST = os.path.join(ROOT, "wheels", "dist")
VENV = os.path.join(ROOT, "build", "release")
REQUIREMENTS = os.path.join(ROOT, "wheels", "requirements.txt")
MOST_BYTES, MOST_BYTES_PURE = 1_500_000, 150_000
PYTHON = "3.11"  # pyext/build/headers.py


def say(text):
    print("wheels: " + text, flush=True)


def has_headers(python):
    program = "import os, sysconfig; print(os.path.exists(os.path.join(sysconfig.get_paths()['include'], 'Python.h')))"
    return subprocess.run([python, "-I", "-c", program], text=True, stdout=subprocess.PIPE).stdout.strip() == "True"


def enter(sdist):
    """Goes on in build/release, which is made if it is not there: CPython 3.11 with the tools that the sdist, or else
    this tree, pins."""
    if os.path.realpath(sys.prefix) == os.path.realpath(VENV):
        return
    requirements = REQUIREMENTS
    if sdist:
        requirements = os.path.join(ROOT, "build", "requirements-of-the-sdist")
        os.makedirs(os.path.dirname(requirements), exist_ok=True)
        with tarfile.open(sdist) as tar, open(requirements, "wb") as f:
            name = next((name for name in tar.getnames() if name.endswith("/wheels/requirements.txt")), None)
            if not name:
                raise SystemExit(f"wheels: {sdist} does not say what made it: it has no wheels/requirements.txt.")
            shutil.copyfileobj(tar.extractfile(name), f)
    python, stamp = os.path.join(VENV, "bin", "python"), os.path.join(VENV, "requirements")
    with open(requirements, "rb") as f:
        digest = hashlib.sha256(f.read()).hexdigest()
    if not (os.path.exists(stamp) and open(stamp).read() == digest):
        found = [python for python in interpreters(PYTHON + ".*").values() if has_headers(python)]
        if not found:
            raise SystemExit(f"wheels: published wheels are built with CPython {PYTHON} and its headers: none was found.")
        say("the pinned tools, into build/release: some 300 MB the first time ...")
        subprocess.run([found[0], "-m", "venv", "--clear", VENV], check=True)
        subprocess.run([python, "-m", "pip", "--disable-pip-version-check", "install", "-q", "--no-deps", "--only-binary",
                        ":all:", "--require-hashes", "-r", requirements], check=True)  # fmt: skip
        with open(stamp, "w") as f:
            f.write(digest)
    os.execv(python, [python, *sys.argv])


def pypa_build(kind, source, out, log, **environment):
    """Runs pypa/build; what the build steps say is shown while it goes, all of it is kept in the log."""
    env = {name: value for name, value in os.environ.items()
           if name not in (target.VARIABLE, target.BUILD, "SOURCE_DATE_EPOCH", "CC", "CFLAGS", "LDFLAGS", "CPATH", "C_INCLUDE_PATH", "LIBRARY_PATH",
                           "PYTHONPATH")}  # fmt: skip
    command = [sys.executable, "-P", "-m", "build", f"--{kind}", "--no-isolation", "--skip-dependency-check", "-o", out, source]
    os.makedirs(os.path.dirname(log), exist_ok=True)
    with open(log, "w") as f:
        process = subprocess.Popen(command, env=env | environment, text=True, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # fmt: skip
        for line in process.stdout:
            f.write(line)
            if line.startswith("gorandom: "):
                print("    " + line.rstrip()[:118], flush=True)
    if process.wait():
        raise SystemExit(f"wheels: the build failed; {os.path.relpath(log, ROOT)} has all that it printed.")


def git(*arguments):
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, text=True, stdout=subprocess.PIPE).stdout


def make_sdist(out):
    """The sdist of the last commit, from a clone: nothing that lies about in the tree gets into it."""
    if git("status", "--porcelain"):
        say("NOTE: this tree has changes that are not committed; they are not in what is made.")
    with tempfile.TemporaryDirectory() as folder:
        clone = os.path.join(folder, "gorandom")
        subprocess.run(["git", "clone", "-q", "--no-hardlinks", "--depth=1", "file://" + ROOT, clone], check=True)
        pypa_build("sdist", clone, folder, os.path.join(VENV, "logs", "sdist.log"))
        (made,) = glob.glob(os.path.join(folder, "*.tar.gz"))
        os.makedirs(out, exist_ok=True)
        return move(made, out)


def move(path, folder):
    return shutil.move(path, os.path.join(folder, os.path.basename(path)))


def make_wheel(sdist, tag, out):
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(sdist) as tar:
            tar.extraction_filter = getattr(tarfile, "data_filter", None)  # not in 3.11.2
            tar.extractall(folder)
        (source,) = glob.glob(os.path.join(folder, "gorandom-*"))
        made = os.path.join(folder, "made")
        pypa_build("wheel", source, made, os.path.join(VENV, "logs", tag + ".log"), **{target.VARIABLE: tag})
        (wheel,) = glob.glob(os.path.join(made, "*.whl"))
        os.makedirs(out, exist_ok=True)
        return move(wheel, out)


# ---- checks: each gives None, or what is wrong ----


def tool(name, *arguments):
    done = subprocess.run([os.path.join(VENV, "bin", name), *arguments], text=True, capture_output=True)
    return done.returncode, done.stdout, done.stderr


def is_pure(wheel):
    return wheel.endswith(f"-{target.PURE}.whl")


def check_size(wheel):
    size, most = os.path.getsize(wheel), MOST_BYTES_PURE if is_pure(wheel) else MOST_BYTES
    return f"{size} bytes, more than {most}" if size > most else None


def check_front(wheel):
    with zipfile.ZipFile(wheel) as z:
        fronts = [name for name in z.namelist() if re.search(r"/_front\.py$|\.so$", name)]
    if is_pure(wheel):
        return None if fronts == ["gorandom/_front.py"] else f"holds {', '.join(fronts)}"
    return "holds a front in Python" if "gorandom/_front.py" in fronts else None


def check_platform(wheel):
    """auditwheel: the oldest systems that it fits are those of its tag."""
    if is_pure(wheel):
        return None
    code, out, err = tool("auditwheel", "show", wheel)
    found = re.search(r'following platform tag:\s+"(\w+)"', out)
    tag = os.path.basename(wheel).rpartition("-")[2].removesuffix(".whl")
    if code or not found:
        return "auditwheel: " + (out + err).strip()[-300:]
    return None if fits(found[1], tag) else f"auditwheel says {found[1]}"


def fits(found, tag):
    """Is found the tag, or of an older C library than it promises?"""
    parse = re.compile(r"(manylinux|musllinux)_(\d+)_(\d+)_(\w+)").fullmatch
    (kind, *version, machine), (kind2, *version2, machine2) = parse(found).groups(), parse(tag).groups()
    return (kind, machine) == (kind2, machine2) and [*map(int, version)] <= [*map(int, version2)]


def check_abi3(wheel):
    if is_pure(wheel):
        return None
    code, out, err = tool("abi3audit", "--strict", "--report", "--assume-minimum-abi3", PYTHON, wheel)
    if code:
        return "abi3audit: " + (out + err).strip()[-300:]
    (spec,) = json.loads(out)["specs"].values()
    files = {library["name"] for library in spec["wheel"]}
    with zipfile.ZipFile(wheel) as z:
        modules = {os.path.basename(name) for name in z.namelist() if name.endswith(".abi3.so")}
    return None if modules <= files else f"abi3audit has seen {sorted(files)} only"


def check_sbom(wheel):
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    with zipfile.ZipFile(wheel) as z:
        names = [name for name in z.namelist() if re.search(r"\.dist-info/sboms/[^/]+\.cdx\.json$", name)]
        if len(names) != 1:
            return f"{len(names)} lists of components"
        wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(z.read(names[0]).decode())
    return f"CycloneDX: {wrong}" if wrong else None


CHECKS = (check_size, check_front, check_platform, check_abi3, check_sbom)


def sha256(path):
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def table(files):
    """Prints what was made and what the checks say; gives whether all is well."""
    good = True
    print()
    for path in files:
        wrong = [text for check in CHECKS if (text := check(path))] if path.endswith(".whl") else []
        good &= not wrong
        print(f"{os.path.basename(path)}\n    {os.path.getsize(path):>9,} bytes  sha256 {sha256(path)}  {'WRONG' if wrong else 'good'}")
        for text in wrong:
            print("    " + text)
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", metavar="TARGET", nargs="*", help="of: " + ", ".join(target.RELEASED))
    parser.add_argument("--sdist", metavar="FILE", help="instead of one of the last commit")
    parser.add_argument("--verify", metavar="WHEEL", help="make this wheel again and compare")
    parser.add_argument("--out", metavar="FOLDER", default=DIST)
    options = parser.parse_args()
    for tag in options.targets:
        if tag not in target.RELEASED:
            parser.error(f"{tag} is none of {', '.join(target.RELEASED)}")
    for path in filter(None, (options.sdist, options.verify)):
        if not os.path.isfile(path):
            parser.error(f"there is no file {path}")
    sdist = options.sdist
    if options.verify:
        sdist = sdist or sdist_of(options.verify)
    elif not sdist and not os.path.exists(os.path.join(ROOT, ".git")):
        parser.error("this is no checkout: name an sdist")
    enter(sdist)
    start = time.monotonic()
    if options.verify:
        return verify(options.verify, sdist)

    if not sdist:
        for old in glob.glob(os.path.join(options.out, "gorandom-*")):
            os.remove(old)
        say("the sdist")
        sdist = make_sdist(options.out)
    made = [sdist]
    for tag in options.targets or target.RELEASED:
        say(tag)
        made.append(make_wheel(sdist, tag, options.out))
    good = table(made)
    with open(os.path.join(options.out, "SHA256SUMS"), "w") as f:
        f.writelines(f"{sha256(path)}  {os.path.basename(path)}\n" for path in made)
    print()
    say(f"{len(made)} files in {os.path.relpath(options.out)}, and their SHA256SUMS; {time.monotonic() - start:.0f} s")
    return 0 if good else 1


def sdist_of(wheel):
    """That which lies beside it."""
    name, version = os.path.basename(wheel).split("-")[:2]
    sdist = os.path.join(os.path.dirname(wheel), f"{name}-{version}.tar.gz")
    if not os.path.isfile(sdist):
        raise SystemExit(f"wheels: there is no {sdist}: name the sdist that the wheel was made of, by SDIST=FILE.")
    return sdist


def verify(wheel, sdist):
    tag = os.path.basename(wheel).removesuffix(".whl").split("-")[-1]
    if tag not in target.RELEASED:
        raise SystemExit(f"wheels: {os.path.basename(wheel)} is for {tag}, and only {', '.join(target.RELEASED)} can be made again.")
    say(f"{os.path.basename(wheel)}, made again from {os.path.basename(sdist)} (sha256 {sha256(sdist)})")
    with tempfile.TemporaryDirectory() as folder:
        differences = compare.wheels(wheel, make_wheel(sdist, tag, folder))
    for line in differences:
        say(line)
    say("NOT THE SAME" if differences else f"the same to the byte: sha256 {sha256(wheel)}")
    return 1 if differences else 0


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(130)
