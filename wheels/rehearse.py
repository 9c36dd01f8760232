#!/usr/bin/env python3
"""Rehearses a release of the last commit: the steps of RELEASING.md, but nothing leaves this machine.

    wheels/rehearse.py VERSION [TARGET …]

It works in a clone below build/. The clone gets the version, and the sdist and the wheels are made and checked: those for
this processor's glibc and in pure Python, unless TARGETs are named. A temporary key signs the tag, and the publishing
workflow's own commands compare the files with it. The files are uploaded to an index on 127.0.0.1. From there they are
installed by --require-hashes and tried in a fresh Debian 13, or in a fresh virtual environment without root or debootstrap.
There the version before is installed too, upgraded and brought back. It is the last tag's; before the first release, it is
this commit under another number. At the end the working tree is as it was. Ends with 0 if all is well.
"""

import contextlib
import datetime
import glob
import hashlib
import os
import platform
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import textwrap
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(ROOT, "build")
NONE_BEFORE = "0.0.1"  # the version before, until there has been one
SUITE, ARCHITECTURE = "trixie", {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine())


def say(text):
    print("rehearsal: " + text, flush=True)


def run(*command, **options):
    """Run a command and return what it prints on stdout, if that is captured. SystemExit if it fails."""
    done = subprocess.run(command, text=True, **options)
    if done.returncode:
        print(done.stdout or "", end="")
        raise SystemExit(f"rehearsal: FAILED with status {done.returncode}: {' '.join(command)[:200]}")
    return (done.stdout or "").strip()


def git(*arguments, cwd):
    identity = ("-c", "user.name=rehearsal", "-c", "user.email=rehearsal@localhost", "-c", "commit.gpgsign=false")
    return run("git", *identity, *arguments, cwd=cwd, stdout=subprocess.PIPE)


def sha256(path):
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


# ---- what is released ----


def edit(path, pattern, replacement):
    with open(path, encoding="utf-8") as f:
        text, count = re.subn(pattern, replacement, f.read(), count=1, flags=re.M)
    if count != 1:
        raise SystemExit(f"rehearsal: {os.path.basename(path)} has nothing like {pattern}")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def bump(clone, version):
    """The edits of a release."""
    edit(os.path.join(clone, "gorandom", "version.go"), r'^(const Version = ")[^"]+', rf"\g<1>{version}")
    edit(os.path.join(clone, "CHANGELOG.md"), r"^## \[Unreleased\]$", f"## [Unreleased]\n\n## [{version}] - {datetime.date.today()}")
    edit(os.path.join(clone, "recipe", "recipe.yaml"), r'^(  version: ")[^"]+', rf"\g<1>{version}")
    git("commit", "-qam", f"Version {version}", cwd=clone)


def make(clone, targets):
    """Make the files, with the tools that are installed in this tree's build folder."""
    os.makedirs(os.path.join(clone, "build"), exist_ok=True)
    for name in ("release", "package"):
        os.makedirs(os.path.join(BUILD, name), exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.symlink(os.path.join(BUILD, name), os.path.join(clone, "build", name))
    run("make", "wheels", "TARGETS=" + " ".join(targets), cwd=clone)
    return sorted(glob.glob(os.path.join(clone, "wheels", "dist", "gorandom-*")))


def clone_of(folder, name, version, revision="HEAD"):
    clone = os.path.join(folder, name)
    git("clone", "-q", "--no-hardlinks", ROOT, clone, cwd=ROOT)
    git("checkout", "-q", "-B", "rehearsal", revision if revision != "HEAD" else git("rev-parse", "HEAD", cwd=ROOT), cwd=clone)
    if version:
        bump(clone, version)
    return clone


def tag(folder, clone, version, targets):
    """Sign a tag with the hashes of the files, and check both as a reader and as the workflow would."""
    sys.path.insert(0, os.path.join(ROOT, "wheels"))
    from tag import message

    text = message(os.path.join(clone, "wheels", "dist"), git("rev-parse", "HEAD", cwd=clone), targets)
    print(textwrap.indent(text, "    "), end="")
    path, key, allowed = (os.path.join(folder, name) for name in ("message", "key", "allowed"))
    with open(path, "w") as f:
        f.write(text)
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "rehearsal", "-f", key)
    with open(key + ".pub") as public, open(allowed, "w") as f:
        f.write("rehearsal@localhost " + public.read())
    ssh = ("-c", "gpg.format=ssh", "-c", f"user.signingkey={key}", "-c", f"gpg.ssh.allowedSignersFile={allowed}")
    git(*ssh, "tag", "-s", "v" + version, "-F", path, cwd=clone)
    git(*ssh, "tag", "-v", "v" + version, cwd=clone)
    compare(clone, "v" + version)


def compare(clone, name):
    """Run the step of publish.yml that compares the files with the tag: it has to pass, and to fail for a wrong file."""
    with open(os.path.join(clone, ".github", "workflows", "publish.yml")) as f:
        step = re.search(r"name: The files are those of the tag\n.*?run: \|\n((?: {10}[^\n]*\n)+)", f.read(), re.S)[1]
    for change in (False, True):
        shutil.copytree(os.path.join(clone, "wheels", "dist"), os.path.join(clone, "dist"))
        if change:
            with open(glob.glob(os.path.join(clone, "dist", "*.whl"))[0], "ab") as f:
                f.write(b"\0")
        done = subprocess.run(["bash", "-eo", "pipefail", "-c", step], cwd=clone, env=os.environ | {"TAG": name}, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # fmt: skip
        shutil.rmtree(os.path.join(clone, "dist"))
        os.remove(os.path.join(clone, "hashes"))
        if bool(done.returncode) != change:
            raise SystemExit(f"rehearsal: the workflow's comparison with the tag is wrong:\n{done.stdout}")


# ---- the index, and what it is for ----


@contextlib.contextmanager
def index(programs, folder):
    """A package index on this machine. Yields its address."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    os.makedirs(folder)
    with open(folder + ".log", "wb") as log:
        process = subprocess.Popen([os.path.join(programs, "pypi-server"), "run", "-i", "127.0.0.1", "-p", str(port), "-P", ".", "-a", ".",
                                    "--disable-fallback", folder], stdout=log, stderr=log)  # fmt: skip
        try:
            for _ in range(300):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                time.sleep(0.1)
            if process.poll() is not None:
                raise SystemExit("rehearsal: the index has ended")
            yield f"http://127.0.0.1:{port}/"
        finally:
            process.kill()
            process.wait()


def upload(programs, address, files):
    run(os.path.join(programs, "twine"), "upload", "--non-interactive", "--disable-progress-bar", "--config-file", os.devnull,
        "--repository-url", address, "-u", "rehearsal", "-p", "rehearsal", *files)  # fmt: skip


def requirements(folder, version, files):
    """What a user's --require-hashes file has. And one whose hashes are wrong."""
    for name, change in ((version, lambda digest: digest), (version + "-wrong", lambda digest: digest[::-1])):
        with open(os.path.join(folder, name + ".txt"), "w") as f:
            f.write(" \\\n    ".join([f"gorandom=={version}", *(f"--hash=sha256:{change(sha256(path))}" for path in files)]) + "\n")


def try_it(kit, address, version, before):
    """Run this file with --inside in a fresh system, as far as there can be one here."""
    arguments = ["--inside", address, version, before]
    if os.geteuid() == 0 and ARCHITECTURE and shutil.which("debootstrap"):
        sys.path.insert(0, os.path.join(ROOT, "wheels"))
        import roots

        say("a fresh root of Debian 13")
        base = roots.base(SUITE, ARCHITECTURE, "python3,python3-venv")
        code, _ = roots.enter([base], {"/rehearsal": kit}, ["python3", "/rehearsal/rehearse.py", *arguments], network=True, log=1)
        if code:
            raise SystemExit(f"rehearsal: FAILED with status {code} in the fresh root")
    else:
        say("NOTE: a fresh virtual environment. There is no fresh root: that needs root, and Debian's debootstrap.")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON"))}
        run(sys.executable, os.path.join(kit, "rehearse.py"), *arguments, env=environment | {"PIP_CONFIG_FILE": os.devnull})


# ---- inside the fresh system ----

HERE = os.path.dirname(os.path.abspath(__file__))
CHECK = """
import importlib.metadata, sys, gorandom
gorandom.get_random_bytes(16)
state, wanted = gorandom.status(), sys.argv[1]
seen = {gorandom.__version__, importlib.metadata.version("gorandom"), state.core_version or wanted}
assert seen == {wanted}, seen
print(f"    {wanted}: {state.mode}")
"""


def install(python, address, name, **options):
    return subprocess.run([python, "-m", "pip", "--disable-pip-version-check", "install", "-q", "--no-cache-dir", "--index-url", address + "simple/",
                           "--require-hashes", "--only-binary", ":all:", "-r", os.path.join(HERE, name + ".txt")], **options).returncode  # fmt: skip


def inside(address, version, before):
    with tempfile.TemporaryDirectory() as folder:
        python = os.path.join(folder, "bin", "python")
        run(sys.executable, "-m", "venv", folder)
        if not install(python, address, version + "-wrong", stderr=subprocess.DEVNULL):
            raise SystemExit("rehearsal: pip installed a file whose hash is wrong")
        for name in (version, before, version, before):
            if install(python, address, name):
                raise SystemExit(f"rehearsal: FAILED: pip could not install {name}")
            run(python, "-I", "-c", CHECK, name)
            run(python, "-m", "pip", "check", stdout=subprocess.PIPE)
            said = run(python, "-I", "-m", "gorandom", "selftest", stdout=subprocess.PIPE)
            print("    selftest: " + said.splitlines()[-1], flush=True)
            if name == version:
                run(python, "-I", os.path.join(HERE, "examples", "demo.py"), stdout=subprocess.PIPE)
                print("    demo: good", flush=True)
    return 0


def state():
    """What a rehearsal must not change."""
    ignored = git("status", "--porcelain", "--ignored", cwd=ROOT).splitlines()
    return (git("rev-parse", "HEAD", cwd=ROOT), git("for-each-ref", "refs/tags", cwd=ROOT), [line for line in ignored if line != "!! build/"])


def main(version, targets):
    import package

    targets = targets or [f"manylinux_2_17_{platform.machine()}", "any"]
    before_all, start = state(), time.monotonic()
    os.makedirs(BUILD, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILD, prefix="rehearsal-") as folder:
        say(f"{version}, for {', '.join(targets)}; as RELEASING.md numbers the steps")
        say("1. the version, in a clone")
        clone = clone_of(folder, "clone", version)
        say("2. the files")
        files = make(clone, targets)
        (sdist,) = (file for file in files if file.endswith(".tar.gz"))
        edit(os.path.join(clone, "recipe", "recipe.yaml"), r'^(  sha256: ")[^"]+', rf"\g<1>{sha256(sdist)}")
        say("3. their checks")
        run("make", "check-package", cwd=clone)
        git("checkout", "-q", "recipe", cwd=clone)
        say("4. the tag")
        tag(folder, clone, version, targets)

        last = subprocess.run(["git", "describe", "--tags", "--abbrev=0", "--match", "v*"], cwd=ROOT, text=True, capture_output=True)
        before = last.stdout.strip().removeprefix("v") if last.returncode == 0 else NONE_BEFORE
        say(f"the version before: {before}" + " (nothing has been released yet: this commit under that number)" * bool(last.returncode))
        other = clone_of(folder, "before", None if last.returncode == 0 else before, "v" + before if last.returncode == 0 else "HEAD")
        older = make(other, targets)

        programs, kit = package.programs(), os.path.join(folder, "kit")
        shutil.copytree(os.path.join(clone, "examples"), os.path.join(kit, "examples"))
        shutil.copy(__file__, kit)
        requirements(kit, version, files)
        requirements(kit, before, older)
        with index(programs, os.path.join(folder, "index")) as address:
            say(f"5. the upload, to {address}")
            upload(programs, address, [*files, *older])
            say("6. the installation, by --require-hashes; upgrade and downgrade")
            try_it(kit, address, version, before)
    if (after_all := state()) != before_all:
        raise SystemExit(f"rehearsal: FAILED: the working tree is not as it was:\n{before_all}\n{after_all}")
    say(f"all is well, and the working tree is as it was; {time.monotonic() - start:.0f} s")
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        sys.exit(inside(*sys.argv[2:]))
    if len(sys.argv) < 2 or not re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", sys.argv[1]):
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2:]))
