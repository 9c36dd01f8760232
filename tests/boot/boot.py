#!/usr/bin/env python3
"""A machine whose kernel's generator has not been seeded: what gorandom does there.

    PYTHON tests/boot/boot.py [--kernel VMLINUZ]        PYTHON has gorandom installed

Starts QEMU (software emulation, x86-64: no KVM is needed), once for each part of init.py. Its initramfs is made here
from PYTHON, its standard library and the installed gorandom. The emulated processor has no RDRAND, there is no
virtio-rng, and neither processor nor boot loader is trusted. So Linux can seed its generator only from interrupts, of
which it needs thousands. Without --kernel Debian's cloud kernel is fetched with apt-get and unpacked, not installed.
Ends with status 0 when all parts passed, and with 77 when QEMU or a kernel is not available.
"""

import argparse
import glob
import gzip
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time

import gorandom

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(os.path.dirname(os.path.dirname(HERE)), "build", "boot")
META_PACKAGE = "linux-image-cloud-amd64"  # its dependency is the kernel: small, with a built-in serial console
PARTS = ("fed", "alone", "timed", "recipe")
TIMEOUT = 120  # seconds for a boot; about 10 are usual
# Modules of the standard library that no part uses. They would only give the kernel more to unpack.
LEFT_OUT = {"test", "tests", "idlelib", "tkinter", "ensurepip", "lib2to3", "turtledemo", "site-packages", "dist-packages",
            "__pycache__", "pydoc_data", "distutils", "venv", "sqlite3", "asyncio", "xml", "unittest"}  # fmt: skip
EXTENSIONS = ("fcntl", "_struct", "math", "_random", "_bisect", "_sha2", "_sha512", "binascii", "_hashlib", "_uuid",
              "_posixsubprocess", "select", "_locale", "_opcode", "_datetime", "_blake2", "_md5", "_sha1", "_sha3", "_sha256")  # fmt: skip


class CannotRun(Exception):
    """The machine lacks what the test needs."""


def say(text):
    print(text, flush=True)


class Archive:
    """A cpio archive in the format "newc", as for the kernel's initramfs. Making its device files needs no root here."""

    def __init__(self):
        self._parts, self._names = [], set()

    def _add(self, name, mode, data=b"", device=(0, 0)):
        name = name.lstrip("/")
        if name in self._names:
            return
        if os.path.dirname(name):
            self._add(os.path.dirname(name), 0o40755)
        self._names.add(name)
        path = name.encode() + b"\0"
        fields = (len(self._names), mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(path), 0)
        header = b"070701" + b"".join(b"%08x" % field for field in fields)
        for part in (header + path, data):
            self._parts += [part, bytes(-len(part) % 4)]

    def text(self, name, text, executable=False):
        self._add(name, 0o100755 if executable else 0o100644, text.encode())

    def file(self, source, name=None):
        """Adds a file. The target of a symbolic link is stored under the link's name."""
        with open(source, "rb") as f:
            self._add(name or source, 0o100755 if os.access(source, os.X_OK) else 0o100644, f.read())

    def folder(self, source, name=None, leave_out=()):
        for folder, folders, files in os.walk(source):
            folders[:] = [f for f in folders if f not in leave_out]
            for file in files:
                path = os.path.join(folder, file)
                self.file(path, os.path.join(name, os.path.relpath(path, source)) if name else None)

    def device(self, name, major, minor):
        self._add(name, 0o20600, device=(major, minor))

    def bytes(self):
        self._add("TRAILER!!!", 0)
        return gzip.compress(b"".join(self._parts), 1)


def libraries(files):
    """The shared libraries that the files need, including the loader."""
    listed = subprocess.run(["ldd", *files], text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    return sorted(set(re.findall(r"(?:=> |^\s+)(/\S+) \(0x", listed, re.MULTILINE)))


def initramfs(init="init.py", extensions=EXTENSIONS, files=()):
    """Bytes of the archive, and the folders of its libraries. files: further pairs of (path here, name there)."""
    archive = Archive()
    for file, name in files:
        archive.file(file, name)
    python = os.path.realpath(sys._base_executable)
    standard = sysconfig.get_path("stdlib")
    package = os.path.dirname(gorandom.__file__)
    dynload = os.path.join(standard, "lib-dynload")
    extensions = [f for e in extensions for f in glob.glob(os.path.join(dynload, e + ".*so"))]
    needed = libraries([python, *extensions, *glob.glob(os.path.join(package, "*.so"))])
    for file in (python, *extensions, *needed):
        archive.file(file)
    archive.folder(standard, leave_out=LEFT_OUT | {"lib-dynload"} | {f for f in os.listdir(standard) if f.startswith("config-")})
    archive.folder(package, "/site/gorandom", leave_out={"__pycache__"})
    with open(os.path.join(HERE, init)) as f:
        archive.text("/init", f"#!{python} -SB\n" + f.read(), executable=True)
    archive.device("/dev/console", 5, 1)
    archive.device("/dev/null", 1, 3)
    archive.device("/dev/random", 1, 8)
    # There is no /dev/urandom. CPython reads it when it imports `random` and getrandom(2) is not ready. Since Linux
    # 5.18 that makes the kernel seed itself, before the test could see anything.
    return archive.bytes(), sorted({os.path.dirname(file) for file in needed})


def kernel():
    """Path of a Debian kernel, fetched once."""
    found = sorted(glob.glob(os.path.join(BUILD, "kernel", "boot", "vmlinuz-*")))
    if found:
        return found[-1]
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        raise CannotRun("no apt-get to fetch a kernel with: give one with --kernel")
    depends = subprocess.run(["apt-cache", "depends", META_PACKAGE], text=True, capture_output=True).stdout
    names = re.findall(r"Depends: (linux-image-\S+)", depends)
    if not names:
        raise CannotRun(f"apt-cache knows no {META_PACKAGE}: run apt-get update, or give a kernel with --kernel")
    os.makedirs(BUILD, exist_ok=True)
    say(f"Fetching {names[0]}")
    with tempfile.TemporaryDirectory(dir=BUILD) as folder:
        done = subprocess.run(["apt-get", "download", "-q", names[0]], cwd=folder, text=True, capture_output=True)
        packages = glob.glob(os.path.join(folder, "*.deb"))
        if not packages:
            raise CannotRun(f"apt-get download {names[0]} failed: {done.stderr.strip()[-300:]}")
        unpacked = os.path.join(folder, "unpacked")
        subprocess.run(["dpkg", "-x", packages[0], unpacked], check=True)
        for modules in ("lib", os.path.join("usr", "lib")):  # 100 MB of modules, none of which is loaded here
            shutil.rmtree(os.path.join(unpacked, modules), ignore_errors=True)
        shutil.rmtree(os.path.join(BUILD, "kernel"), ignore_errors=True)
        os.rename(unpacked, os.path.join(BUILD, "kernel"))
    return kernel()


def boot(qemu, image, archive, folders, part):
    """What the machine printed, and whether it switched itself off in time."""
    line = ("console=ttyS0 quiet panic=-1 random.trust_cpu=off random.trust_bootloader=off "
            f"BOOT_PART={part} PYTHONHASHSEED=0 LD_LIBRARY_PATH={':'.join(folders)}")  # fmt: skip
    command = [qemu, "-accel", "tcg", "-cpu", "qemu64,-rdrand,-rdseed", "-m", "768", "-nodefaults", "-no-user-config",
               "-display", "none", "-serial", "stdio", "-no-reboot", "-kernel", image, "-initrd", archive,
               "-append", line]  # fmt: skip
    machine = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        return machine.communicate(timeout=TIMEOUT)[0].decode(errors="replace"), True
    except subprocess.TimeoutExpired:
        machine.kill()
        return machine.communicate()[0].decode(errors="replace"), False
    finally:
        machine.kill()  # for Ctrl-C; does nothing if it has ended


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kernel", help="a bootable x86-64 Linux, 5.6 or later, with a serial console")
    options = parser.parse_args()
    failed = 0
    try:
        if platform.machine() != "x86_64":
            raise CannotRun("the machine is made of this one's programs, and only x86-64 is written down")
        qemu = shutil.which("qemu-system-x86_64")
        if not qemu:
            raise CannotRun("needs qemu-system-x86_64: Debian's package qemu-system-x86")
        image = options.kernel or kernel()
        content, folders = initramfs()
        say(f"{os.path.basename(image)}, CPython {platform.python_version()}, gorandom {gorandom.__version__}, "
            f"initramfs of {len(content) >> 20} MiB")  # fmt: skip
        with tempfile.NamedTemporaryFile(suffix=".cpio.gz") as archive:
            archive.write(content)
            archive.flush()
            for part in PARTS:
                start = time.monotonic()
                printed, ended = boot(qemu, image, archive.name, folders, part)
                lines = re.findall(r"^BOOT (.*?)\r*$", printed, re.MULTILINE)
                for text in lines:
                    say("  " + text)
                passed = ended and lines[-1:] == ["passed"]
                say(f"part {part}: {'passed' if passed else 'FAILED'} in {time.monotonic() - start:.0f} s")
                if not passed:
                    failed += 1
                    say(("" if ended else f"It was not through after {TIMEOUT} s. ") + "The console's end:\n" + printed[-3000:])
    except CannotRun as why:
        say(f"boot-test NOT RUN: {why}")
        return 77
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
