"""setuptools' commands. build_ext makes the shared objects. build_py writes the version and, in a pure build, the front in
Python. bdist_wheel writes the metadata about them."""

import glob
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import time

from gopy.generate import generate
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

from . import archive, headers, origin, sbom, target, toolchain
from .toolchain import CORE

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# One wheel is for every CPython from 3.11 on. But CPythons without a GIL have no stable ABI before 3.15, and get their
# own wheel. From 3.15 on they share one with the others: GORANDOM_BUILD=abi3t (PEP 803). PyPy compiles code that keeps
# to the limited API, and loads it only under the name of its own ABI.
ABI3T = target.wants_abi3t()
STABLE = ABI3T or not sysconfig.get_config_var("Py_GIL_DISABLED")
LIMITED_API = ["-DPy_LIMITED_API=0x030f0000", "-DPy_TARGET_ABI3T=0x030f0000"] if ABI3T else ["-DPy_LIMITED_API=0x030b0000"]
SUFFIX = (".abi3t.so" if ABI3T else ".abi3.so" if STABLE and sys.implementation.name == "cpython"
          else sysconfig.get_config_var("EXT_SUFFIX"))  # fmt: skip
FRONT = os.path.join(ROOT, "pyext", "front", "front.py")  # becomes _front.py in a pure build


def version():
    """Return the version. The Go package is the only place that states it."""
    with open(os.path.join(ROOT, "gorandom", "version.go")) as f:
        return re.search(r'^const Version = "([^"]+)"', f.read(), re.M)[1]


def say(text):
    print("gorandom: " + text, flush=True)


def run(command, **options):
    start = time.monotonic()
    done = subprocess.run(command, **options)
    say("%5.1f s  %s" % (time.monotonic() - start, " ".join(map(str, command))[:160]))
    if done.returncode:
        raise SystemExit("gorandom: %s failed; its message stands above." % os.path.basename(command[0]))


class BuildPy(build_py):
    def run(self):
        super().run()
        if not self.editable_mode:
            package = os.path.join(self.build_lib, "gorandom")
        else:
            package = os.path.join(ROOT, "python", "gorandom")
        with open(os.path.join(package, "_version.py"), "w", newline="\n") as f:
            f.write('__version__ = "%s"\n' % version())
        # Remove what a build of the other kind left here: a native build must not find a front in Python.
        wanted = target.wanted()
        front = os.path.join(package, "_front.py")
        for left in glob.glob(os.path.join(package, "*.so")) * wanted.pure + glob.glob(front):
            os.remove(left)
        if wanted.pure:
            say("the front is in pure Python: " + (target.why_not_native() or "%s is set" % (target.VARIABLE if wanted.tag else target.BUILD)))
            shutil.copyfile(FRONT, front)


class BuildExt(build_ext):
    """Builds the front, the core and the glue. The compiler is chosen here and not by setuptools, which would also use
    the interpreter's own flags."""

    components = ()  # for the list in the wheel

    def get_ext_filename(self, name):
        return name.replace(".", os.sep) + SUFFIX

    def get_outputs(self):
        outputs = super().get_outputs()
        return outputs + [os.path.join(os.path.dirname(outputs[0]), CORE)] * target.wanted().has_core

    def copy_extensions_to_source(self):
        """Copies what an editable installation needs beside the sources. setuptools knows only of the modules."""
        super().copy_extensions_to_source()
        if target.wanted().has_core:
            package = os.path.join(ROOT, "python", "gorandom")
            self.copy_file(os.path.join(self.folder, CORE), package, level=self.verbose)

    def build_extensions(self):
        self.target = target.wanted()
        self.components = []
        self.folder = os.path.dirname(os.path.abspath(self.get_ext_fullpath("gorandom._front")))
        self.tools = os.path.abspath(os.path.join(self.build_temp, "_tools"))
        os.makedirs(self.folder, exist_ok=True)
        os.makedirs(self.tools, exist_ok=True)
        self.cc = toolchain.find_cc()
        toolchain.check_cc(self.cc, self.tools)
        self.flags = [*toolchain.C_FLAGS, "-ffile-prefix-map=%s=." % ROOT, '-DGORANDOM_VERSION="%s"' % version()]
        self.warnings = ["-Wall", "-Wextra", "-Wno-missing-field-initializers"]
        if self.target.tag and not STABLE:
            raise SystemExit("gorandom: a wheel for publication is built by a CPython with a GIL; its ABI is the stable one.")
        include = headers.neutral(self.tools) if self.target.tag else headers.machines_own()
        self.python = [*LIMITED_API * STABLE, "-I" + include]
        if not STABLE:
            self.warnings.append("-Wno-deprecated-declarations")  # PyPy deprecates parts of 3.11's stable ABI
        if toolchain.is_zig(self.cc) and not self.target.tag:
            self.warnings.append("-Wno-macro-redefined")  # the host's pyconfig.h and zig's features.h
            # Debian's pyconfig.h includes another one by its path from /usr/include. That folder comes after zig's own
            # headers, otherwise the host's C library would hide zig's.
            self.python += ["-idirafter", os.path.dirname(include)]
        self.link = ["-shared", "-Wl,-z,relro", "-Wl,-z,now", "-Wl,-z,nodelete", "-Wl,-z,noexecstack",
                     "-Wl,--build-id=none", "-s"]
        if self.target.has_core:
            self.build_core(self.build_archive())
        else:
            self.python.append('-DGORANDOM_NO_CORE="%s"' % self.target.why_no_core)
        self.build_front()
        self.components.append(sbom.cc_component(self.cc))

    def compile(self, sources, output, *extra, quiet=False):
        run([*self.cc, *self.flags, *(["-w"] if quiet else self.warnings), *sources, *self.link, *extra,
             "-o", os.path.join(self.folder, output)], cwd=ROOT)

    def sources(self, folder):
        return sorted(os.path.relpath(name, ROOT) for name in glob.glob(os.path.join(ROOT, "pyext", folder, "*.c")))

    def build_front(self):
        for module, folders in toolchain.MODULES.items():
            sources = [source for folder in folders for source in self.sources("front/" + folder)]
            if self.target.tag and self.target.libc == "musl":
                self.build_for_musl(module, sources)
            else:
                self.compile([*self.python, *sources], module + SUFFIX, "-lpthread", "-ldl")

    def build_for_musl(self, module, sources):
        """Links against a libc of the name that distributions and auditwheel know. zig would record libc.so as needed.
        musl's loader takes both names to mean itself."""
        name = "libc.musl-%s.so.1" % self.target.machine
        objects = os.path.join(self.tools, module)
        os.makedirs(objects)
        run([*self.cc, *self.flags, *self.warnings, *self.python, "-c",
             *(os.path.join(ROOT, source) for source in sources)], cwd=objects)
        stub = os.path.join(self.tools, "stub.c")
        open(stub, "w").close()
        run([*self.cc, "-nostdlib", "-shared", "-Wl,-soname," + name, stub, "-o", os.path.join(self.tools, name)])
        run([*self.cc, *self.link, "-nostdlib", "-Wl,--no-as-needed", *(os.path.join(objects, o) for o in sorted(os.listdir(objects))),
             "-L" + self.tools, "-l:" + name, "-o", os.path.join(self.folder, module + ".abi3.so")])

    def build_archive(self):
        """Makes pyext/_gen/core_go.a, and gopy's C beside it. Returns whether the archive has SHA-256's compression."""
        go = toolchain.find_go()
        if why := toolchain.untried(go):
            say(why)
        out = os.path.join(ROOT, "pyext", "_gen")
        env = toolchain.go_environment(go, self.cc, ["-O2", "-g0"], self.tools)
        packed = os.path.join(ROOT, "pyext", "generated")  # an sdist contains gopy's output
        shutil.rmtree(out, ignore_errors=True)
        if os.path.isdir(packed):
            shutil.copytree(packed, out)
        elif self.target.tag:
            raise SystemExit("gorandom: a wheel for publication is built from the sdist: 'make wheels'.")
        else:
            toolchain.check_modules(go, env, ROOT)
            generate(ROOT, out, go, env, self.tools, run)

        # It contains the Go modules as well.
        modules = ["-mod=vendor"] if os.path.isdir(os.path.join(ROOT, "vendor")) else []
        ldflags = "-s -w -buildid="
        if toolchain.is_zig(self.cc):
            ar = os.path.join(self.tools, "zig-ar")  # Go's linker needs a program without arguments
            with open(ar, "w") as f:
                f.write('#!/bin/sh\nexec %s ar "$@"\n' % shlex.quote(self.cc[0]))
            os.chmod(ar, 0o755)
            ldflags += " -extar=" + ar
        run([go, "build", *modules, "-buildmode=c-archive", "-ldflags=" + ldflags, "-o", "pyext/_gen/core_go.a", "./pyext/_gen"],
            cwd=ROOT, env=env)
        has_sha256 = archive.edit(os.path.join(out, "core_go.a"), self.target.goarch)

        self.components += [sbom.module(*m) for m in sbom.go_modules(ROOT, go, env, modules)]
        self.components += sbom.go_components(go)
        return has_sha256

    def build_core(self, has_sha256):
        self.compile(self.sources("core"), CORE, *["-DGORANDOM_SHA256_BLOCK"] * has_sha256, *toolchain.CORE_LINK)
        self.compile([*self.python, "-Ipyext/_gen", "pyext/_gen/c/core.c"], "_core" + SUFFIX,
                     "-Wl,-rpath,$ORIGIN", "-L" + self.folder, "-l:" + CORE, quiet=True)


class Wheel(bdist_wheel):
    """One wheel for every CPython from 3.11 on, or one in pure Python for all others. Its bytes depend only on the source
    and the compilers."""

    def finalize_options(self):
        if STABLE and not target.wanted().pure:
            self.py_limited_api = "cp315" if ABI3T else "cp311"
        self.plat_name = target.wanted().tag or self.plat_name
        super().finalize_options()

    def get_tag(self):
        python, abi, platform = super().get_tag()
        return python, "abi3.abi3t" if ABI3T else abi, platform

    def run(self):
        origin.set_epoch(ROOT)
        super().run()

    def write_wheelfile(self, wheelfile_base, *arguments, **options):
        """This file is the last that is written before the wheel is packed. An editable installation asks for it before
        anything is built. Then there is no list of components yet, and nothing is packed."""
        super().write_wheelfile(wheelfile_base, *arguments, **options)
        if not os.path.isdir(os.path.join(self.bdist_dir, "gorandom")):
            return
        components = self.get_finalized_command("build_ext").components
        sbom.write(os.path.join(wheelfile_base, "sboms", "gorandom.cdx.json"), version(), origin.origin(ROOT), components)
        for at, _, names in os.walk(self.bdist_dir):
            for name in names:  # regardless of the umask
                os.chmod(os.path.join(at, name), 0o755 if name.endswith(".so") else 0o644)
