"""The target of a build: a processor and a C library, or any machine in pure Python.

GORANDOM_TARGET in the environment is the platform tag of a wheel for publication, one of RELEASED. Such a wheel is made
only with the pinned compilers, on any machine, so that the same source gives the same bytes. Without the variable a build
is for this machine, with this machine's compilers.

GORANDOM_BUILD=pure builds the wheel in pure Python (pyext/front/front.py). GORANDOM_BUILD=native builds the one with
extension modules or fails; this is possible on Linux for CPython and PyPy. Without the variable a build is native on
Linux's CPython and pure elsewhere. A native build that fails is an error. GORANDOM_BUILD=abi3t builds the native one
for CPython 3.15 and later, with and without a GIL; its headers have to be 3.15's.
"""

import dataclasses
import os
import platform
import sys
import sysconfig

VARIABLE, BUILD = "GORANDOM_TARGET", "GORANDOM_BUILD"
PURE = "any"
RELEASED = ("manylinux_2_17_x86_64", "manylinux_2_17_aarch64", "musllinux_1_2_x86_64", "musllinux_1_2_aarch64", PURE)
GLIBC = "2.17"  # what zig links for, on any machine that has glibc
GOARCH = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclasses.dataclass(frozen=True)
class Target:
    system: str  # as in platform.system()
    machine: str  # as in platform.machine()
    libc: str  # "glibc", "musl", or "" where the system is not Linux
    tag: str | None = None  # one of RELEASED
    pure: bool = False  # only Python

    @property
    def why_no_core(self):
        """Return None where there is a core; else why only the front is built, and draws from the system."""
        if self.pure:
            return "there is no core for pure Python"
        if self.system != "Linux" or self.machine not in GOARCH:
            return f"there is no core for {self.system} on {self.machine}"
        if self.libc == "musl":
            # musl's loader refuses libraries whose thread-local variables have a fixed place, as the Go runtime's do.
            return "there is no core for musl"
        return None

    @property
    def has_core(self):
        return self.why_no_core is None

    @property
    def goarch(self):
        return GOARCH[self.machine]

    @property
    def zig(self):
        """Return zig's name for the target; None where zig is not used."""
        return {"glibc": f"{self.machine}-linux-gnu.{GLIBC}", "musl": f"{self.machine}-linux-musl"}.get(self.libc)


def here():
    system, libc = platform.system(), ""
    if system == "Linux":
        triplets = [sysconfig.get_config_var(name) or "" for name in ("SOABI", "HOST_GNU_TYPE", "MULTIARCH")]
        libc = "musl" if any("musl" in triplet for triplet in triplets) else "glibc"
    return Target(system, platform.machine(), libc)


NATIVE = ("cpython",)  # implementations whose builds are native by default
ON_REQUEST = ("pypy",)  # and those that can have a native one


def why_not_native(asked=False):
    """Return None where extension modules are built, or can be built on request; else the reason why not."""
    if platform.system() != "Linux":
        return f"there is no native build for {platform.system()}"
    if sys.implementation.name in NATIVE + ON_REQUEST * asked:
        return None
    if sys.implementation.name in ON_REQUEST:
        return f"for {platform.python_implementation()} a native build is made by {BUILD}=native alone"
    return f"there is no native build for {platform.python_implementation()}"


def wants_abi3t():
    return os.environ.get(BUILD) == "abi3t"


def wanted():
    """Return the target of this build."""
    tag, build = os.environ.get(VARIABLE), os.environ.get(BUILD)
    if build not in (None, "", "pure", "native", "abi3t"):
        raise SystemExit(f"gorandom: {BUILD}={build} is neither pure nor native, nor abi3t.")
    if build == "abi3t" and (sys.implementation.name, sys.version_info >= (3, 15)) != ("cpython", True):
        raise SystemExit(f"gorandom: {BUILD}=abi3t needs CPython 3.15 or later, and this is {platform.python_version()}.")
    if not tag:
        asked = build in ("native", "abi3t")
        why = why_not_native(asked)
        if why and asked:
            raise SystemExit(f"gorandom: {BUILD}={build}: {why}.")
        return dataclasses.replace(here(), pure=bool(why) or build == "pure")
    if tag not in RELEASED:
        raise SystemExit(f"gorandom: {VARIABLE}={tag} is none of {', '.join(RELEASED)}.")
    if build:
        raise SystemExit(f"gorandom: {VARIABLE} says what is built: unset {BUILD}.")
    if tag == PURE:
        return Target("", "", "", tag, True)
    libc, machine = tag.split("linux_")[0], tag.split("_", 3)[3]
    return Target("Linux", machine, {"many": "glibc", "musl": "musl"}[libc], tag)
