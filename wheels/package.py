#!/usr/bin/env python3
"""Checks the files of a release, and the project's own files, with the tools that others will judge them by.

    wheels/package.py [FOLDER]

FOLDER holds an sdist and wheels: wheels/dist (from make wheels) by default, or wheels (from make wheel) if that is empty.
The tools are pinned in package.txt and actionlint/go.mod, and installed in build/package. Of the checks pyroma and
check-manifest build the metadata and an sdist, so pip may fetch what that takes. The others need no network then. Ends with 0
if every check passes.
"""

import glob
import hashlib
import os
import re
import subprocess
import sys
import venv

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(ROOT, "tests")]
import tools  # noqa: E402

LOCKS = ("package.txt", "actionlint/go.sum")
VENV = os.path.join(ROOT, "build", "package")
DIST = os.path.join(ROOT, "wheels", "dist")
PYROMA = "9"  # of 10


def say(text):
    print("package: " + text, flush=True)


def programs():
    """Return the folder of the pinned tools' programs. They are installed first if they are not there."""
    stamp, folder = os.path.join(VENV, "requirements"), os.path.join(VENV, "bin")
    digest = hashlib.sha256()
    for name in LOCKS:
        with open(os.path.join(ROOT, "wheels", name), "rb") as f:
            digest.update(f.read())
    if not (os.path.exists(stamp) and open(stamp).read() == digest.hexdigest()):
        go, environment = tools.environment()
        say("the pinned tools, into build/package ...")
        venv.create(VENV, clear=True, with_pip=True)
        # reuse has no wheels; its sdist's hash is checked as the others' are.
        subprocess.run([os.path.join(folder, "python"), "-m", "pip", "--disable-pip-version-check", "install", "-q", "--no-deps",
                        "--only-binary", ":all:", "--no-binary", "reuse", "--require-hashes",
                        "-r", os.path.join(ROOT, "wheels", LOCKS[0])], check=True)  # fmt: skip
        subprocess.run([go, "build", "-o", os.path.join(folder, "actionlint"), "github.com/rhysd/actionlint/cmd/actionlint"],
                       cwd=os.path.join(ROOT, "wheels", "actionlint"), env=environment, check=True)  # fmt: skip
        with open(stamp, "w") as f:
            f.write(digest.hexdigest())
    return folder


def version():
    with open(os.path.join(ROOT, "gorandom", "version.go")) as f:
        return re.search(r'^const Version = "([^"]+)"', f.read(), re.M)[1]


# What the recipe takes from conda-forge's pinning, and gives for Linux and for another system.
RENDER = """
import sys
from rattler_build import PlatformConfig, RenderConfig, Stage0Recipe, VariantConfig
pinning = VariantConfig({"c_compiler": ["gcc"], "go_cgo_compiler": ["go-cgo"], "c_stdlib": ["sysroot"], "c_stdlib_version": ["2.17"]})
for platform in ("linux-64", "linux-aarch64", "osx-arm64", "win-64"):
    rendered = Stage0Recipe.from_file("recipe/recipe.yaml").render(pinning, RenderConfig(platform=PlatformConfig(target_platform=platform)))
    assert [r.recipe.package.version for r in rendered] == sys.argv[1:], "the recipe's version is not gorandom/version.go's"
"""


def checks(files):
    """Yield (name, command) for each check. The first word of a command is a program of the tools."""
    wheels = [file for file in files if file.endswith(".whl")]
    native = [file for file in wheels if "-abi3-" in file]
    yield "twine", ["twine", "check", "--strict", *files]
    yield "check-wheel-contents", ["check-wheel-contents", *wheels]
    if native:
        yield "abi3audit", ["abi3audit", "--strict", *native]
    yield "pyroma", ["pyroma", "--min", PYROMA, "."]
    yield "validate-pyproject", ["validate-pyproject", "pyproject.toml"]
    yield "check-manifest", ["check-manifest"]
    yield "reuse", ["reuse", "lint", "--lines"]
    yield "actionlint", ["actionlint"]
    yield "zizmor", ["zizmor", "--offline", "--no-progress", ".github"]
    yield "CITATION.cff", ["check-jsonschema", "--builtin-schema", "vendor.citation-file-format", "CITATION.cff"]
    yield "recipe", ["python", "-c", RENDER, version()]


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else DIST
    files = sorted(glob.glob(os.path.join(folder, "gorandom-*")))
    if not files and len(sys.argv) == 1:
        say("NOTE: wheels/dist is empty (make wheels fills it). The wheel of make wheel is checked, and no sdist.")
        files = glob.glob(os.path.join(ROOT, "wheels", "gorandom-*.whl"))
    if not files:
        raise SystemExit("package: there is nothing to check: make wheels, or make wheel.")
    folder, failed = programs(), []
    environment = os.environ | {"PATH": folder + os.pathsep + os.environ["PATH"], "NO_COLOR": "1"}
    for name, (program, *arguments) in checks(files):
        done = subprocess.run([os.path.join(folder, program), *arguments], cwd=ROOT, env=environment, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # fmt: skip
        say(f"{name}: {'WRONG' if done.returncode else 'good'}")
        if done.returncode:
            failed.append(name)
            print("    " + done.stdout.strip().replace("\n", "\n    "), flush=True)
    say("FAILED: " + ", ".join(failed) if failed else f"{len(files)} files and the project pass")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
