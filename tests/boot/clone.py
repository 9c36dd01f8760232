#!/usr/bin/env python3
"""A machine saved once and restored twice: does any byte come from both copies?

    PYTHON tests/boot/clone.py [--root DEBIAN]        PYTHON has gorandom installed
    PYTHON tests/boot/clone.py [--qemu QEMU] [--kernel VMLINUZ [--module PTP_VMCLOCK]]

Starts QEMU (software emulation, x86-64: no KVM is needed) with the initramfs of boot.py and clone_init.py, which draws
for ever and prints what it draws. Meanwhile the machine's state is saved, and then it is restored twice. The emulated
processor has no RDRAND and no RDSEED.

    clock      nothing announces the restore: at most draws of the second of the save may come twice
    vmgenid    informs the kernel: the same, but the kernel's own bytes differ
    alone      vmclock informs programs, but nothing informs the kernel, which gives both copies the same bytes; no draw
               that began after the restore comes twice
    vmclock    informs programs, and vmgenid the kernel: the same

The last two need a QEMU of 10.0 or later, and a Linux of 6.13 or later with its module ptp_vmclock (.ko or .ko.xz);
they are NOT RUN without these. Debian's forky has them: for --root, which needs root, make a folder with

    debootstrap --variant=minbase --include=qemu-system-x86 testing DEBIAN

Ends with status 0 when all parts passed, and with 77 when one was not run.
"""

import argparse
import glob
import json
import lzma
import os
import platform
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from boot import EXTENSIONS, CannotRun, initramfs, kernel, say

TIMEOUT = 90  # seconds for a boot or for what a copy has to draw; about 10 are usual
PARTS = {"clock": (), "vmgenid": ("vmgenid,guid=auto",), "alone": ("vmclock",), "vmclock": ("vmgenid,guid=auto", "vmclock")}
META_PACKAGE = "linux-image-cloud-amd64"
# QEMU from another Debian: $0 is its folder. Everything that it reads or writes is in /tmp.
INSIDE = 'mount --bind /tmp "$0/tmp" && mount -t proc proc "$0/proc" && exec chroot "$0" "$@"'
BEFORE, AFTER = 40, 3  # lines before the save; seconds of the machine's clock after the restore


class Machine:
    """A running QEMU, controlled by QMP; its serial line goes to a file."""

    def __init__(self, folder, name, command, *more):
        self.lines, self.socket = os.path.join(folder, name + ".out"), os.path.join(folder, name + ".qmp")
        command = [*command, "-serial", f"file:{self.lines}", "-qmp", f"unix:{self.socket},server=on,wait=off", *more]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.stream = None

    def wait_for(self, what, condition):
        end = time.monotonic() + TIMEOUT
        while not (answer := condition()):
            if self.process.poll() is not None:
                raise AssertionError(f"QEMU ended: {self.process.stdout.read().decode(errors='replace')[-1000:]}")
            if time.monotonic() > end:
                raise AssertionError(f"{what}: not after {TIMEOUT} s. The console's end:\n{self.printed()[-2000:]}")
            time.sleep(0.02)
        return answer

    def ask(self, execute, **arguments):
        if not self.stream:
            connection = socket.socket(socket.AF_UNIX)
            self.wait_for("QMP", lambda: os.path.exists(self.socket) and connection.connect_ex(self.socket) == 0)
            self.stream = connection.makefile("rw")
            self.stream.readline()
            self.ask("qmp_capabilities")
        self.stream.write(json.dumps({"execute": execute, "arguments": arguments}) + "\n")
        self.stream.flush()
        while True:
            answer = json.loads(self.stream.readline())
            if "event" not in answer:
                assert "return" in answer, answer
                return answer["return"]

    def printed(self):
        try:
            with open(self.lines, errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def draws(self):
        """(generation, second, small, large, kernel) for each whole line."""
        found = re.findall(r"^BOOT drew (\d+) (\d+) (\w{32}) (\w{32}) (\w{32})\r*$", self.printed(), re.MULTILINE)
        if "BOOT FAILED" in self.printed():
            raise AssertionError(self.printed()[-2000:])
        return [(int(generation), int(second), *drawn) for generation, second, *drawn in found]

    def end(self):
        self.process.kill()
        self.process.wait()


def save(folder, command):
    """What was drawn before the save, and the file with the state."""
    machine, state = Machine(folder, "saved", command), os.path.join(folder, "state")
    try:
        machine.wait_for("the draws", lambda: len(machine.draws()) >= BEFORE)
        machine.ask("stop")
        machine.ask("migrate", uri=f"exec:cat > {state}")
        machine.wait_for("the save", lambda: machine.ask("query-migrate").get("status") == "completed")
        about = re.search(r"^BOOT (Linux.*?)\r*$", machine.printed(), re.MULTILINE)[1]
        return machine.draws(), state, about
    finally:
        machine.end()


def restore(folder, name, command, state):
    """What one copy has drawn."""
    machine = Machine(folder, name, command, "-S", "-incoming", f"exec:cat {state}")
    try:
        machine.wait_for("the load", lambda: machine.ask("query-status")["status"] in ("paused", "prelaunch"))
        machine.ask("cont")
        machine.wait_for("the draws", lambda: (d := machine.draws()) and d[-1][1] - d[0][1] >= AFTER)
        return machine.draws()
    finally:
        machine.end()


def common(one, two, fields):
    """The lines of one that share a value in one of the fields with two."""
    there = {line[i] for line in two for i in fields}
    return [line for line in one if any(line[i] in there for i in fields)]


def judge(part, before, one, two):
    """Yields sentences, and whether each is as it must be."""
    ours, kernels = common(one, two, (2, 3)), common(one, two, (4,))
    second = before[-1][1]
    yield f"{len(one)} and {len(two)} lines; {len(ours)} with draws of both copies, {len(kernels)} with bytes of the kernel", True
    again = len(common(one + two, before, (2, 3)))
    yield f"{again} lines with draws from before the save", again <= 2  # the line that was being printed
    late = [line for line in ours if line[1] > second + 1]
    yield f"{len(late)} common draws later than the second of the save", not late
    if part in ("vmgenid", "vmclock"):
        late = [line for line in kernels if line[1] > second + 1]
        yield f"{len(late)} common bytes of the kernel later than that second", not late
    if "vmclock" in PARTS[part]:
        one, two = ([line for line in copy if line[0] != before[-1][0]] for copy in (one, two))
        yield f"{len(one)} and {len(two)} lines begun after the restore", min(len(one), len(two)) > 10
        yield f"{len(common(one, two, (2, 3)))} of them with draws of both copies", not common(one, two, (2, 3))


def run(part, qemu, image, archive, folders):
    line = f"console=ttyS0 quiet panic=-1 PYTHONHASHSEED=0 LD_LIBRARY_PATH={':'.join(folders)}"
    command = [*qemu, "-accel", "tcg", "-cpu", "qemu64,-rdrand,-rdseed", "-m", "512", "-nodefaults", "-no-user-config",
               "-display", "none", "-kernel", image, "-initrd", archive, "-append", line]  # fmt: skip
    for device in PARTS[part]:
        command += ["-device", device]
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        before, state, about = save(folder, command)
        say("  " + about)
        if part == "vmgenid" and "vmgenid missing" in about:
            raise CannotRun("needs a Linux with its driver for vmgenid built in (--root)")
        if ("vmclock" in PARTS[part]) != ("clones vmclock" in about):
            raise AssertionError("the machine has another device than it was given")
        one, two = (restore(folder, name, command, state) for name in ("one", "two"))
    passed = True
    for text, good in judge(part, before, one, two):
        say(f"  {text}{'' if good else ': FAILED'}")
        passed &= good
    return passed


def unpacked(module, folder):
    """The module uncompressed, which is the form that the kernel takes."""
    if not module.endswith(".xz"):
        return module
    path = os.path.join(folder, "ptp_vmclock.ko")
    with lzma.open(module) as packed, open(path, "wb") as f:
        shutil.copyfileobj(packed, f)
    return path


def kernel_of(root):
    """(vmlinuz, ptp_vmclock.ko.xz) of another Debian, fetched once and unpacked there."""
    boxed = os.path.join(root, "var", "cache", "gorandom")
    pattern = os.path.join(boxed, "**", "{}")
    found = [sorted(glob.glob(pattern.format(name), recursive=True))[-1:] for name in ("vmlinuz*", "ptp_vmclock.ko*")]
    if all(found):
        return [path for path, in found]
    if os.path.exists(boxed):
        raise CannotRun(f"{META_PACKAGE} of {root} has no ptp_vmclock: it must be of 6.13 or later")

    def depends(package):
        answer = subprocess.run(["chroot", root, "apt-cache", "depends", package], text=True, capture_output=True).stdout
        return re.findall(r"Depends: (linux-(?:image|binary|modules)-[0-9]\S+)", answer)

    names = [name for image in depends(META_PACKAGE) for name in (image, *depends(image))]
    if not names:
        raise CannotRun(f"apt-cache knows no {META_PACKAGE} in {root}: run apt-get update there")
    say(f"Fetching {', '.join(names)}")
    script = "rm -rf /var/cache/gorandom.part && mkdir /var/cache/gorandom.part && cd /var/cache/gorandom.part && " \
        'apt-get download -q "$@" && for f in *.deb; do dpkg -x "$f" . || exit; done && mv $PWD /var/cache/gorandom'  # fmt: skip
    done = subprocess.run(["chroot", root, "sh", "-c", script, "sh", *names], text=True, capture_output=True)
    if done.returncode:
        raise CannotRun(f"apt-get download failed: {done.stderr.strip()[-300:]}")
    return kernel_of(root)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", help="folder of a Debian with another QEMU and Linux")
    parser.add_argument("--qemu", default=shutil.which("qemu-system-x86_64"))
    parser.add_argument("--kernel", help="a bootable x86-64 Linux with a serial console")
    parser.add_argument("--module", help="its ptp_vmclock.ko or ptp_vmclock.ko.xz")
    parser.add_argument("--part", choices=PARTS, action="append", help="only this one; may be given again")
    options = parser.parse_args()
    results = {}
    try:
        if platform.machine() != "x86_64":
            raise CannotRun("the machine is made of this one's programs, and only x86-64 is written down")
        qemu, image, module = [options.qemu], options.kernel, options.module
        if options.root:
            qemu = ["unshare", "-m", "sh", "-c", INSIDE, options.root, "qemu-system-x86_64"]
            image, module = kernel_of(options.root)
        elif not options.qemu:
            raise CannotRun("needs qemu-system-x86_64: Debian's package qemu-system-x86")
        devices = subprocess.run([*qemu, "-device", "help"], capture_output=True, text=True).stdout
        with tempfile.TemporaryDirectory(dir="/tmp") as folder:
            image = shutil.copy(image or kernel(), folder)
            files = [(unpacked(module, folder), "/ptp_vmclock.ko")] if module else []
            content, folders = initramfs("clone_init.py", (*EXTENSIONS, "_ctypes", "termios"), files)
            archive = os.path.join(folder, "initramfs")
            with open(archive, "wb") as f:
                f.write(content)
            for part in options.part or PARTS:
                start = time.monotonic()
                if "vmclock" in PARTS[part] and not ('"vmclock"' in devices and module):
                    say(f"part {part} NOT RUN: needs a QEMU of 10.0 or later, and a Linux with its module ptp_vmclock (--root)")
                    results[part] = 77
                    continue
                results[part] = 1
                try:
                    results[part] = 0 if run(part, qemu, image, archive, folders) else 1
                except AssertionError as error:
                    say(f"  {error}")
                except CannotRun as why:
                    say(f"part {part} NOT RUN: {why}")
                    results[part] = 77
                    continue
                say(f"part {part}: {'FAILED' if results[part] else 'passed'} in {time.monotonic() - start:.0f} s")
    except CannotRun as why:
        say(f"clone-test NOT RUN: {why}")
        return 77
    return 1 if 1 in results.values() else max(results.values())


if __name__ == "__main__":
    sys.exit(main())
