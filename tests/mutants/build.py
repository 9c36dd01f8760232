"""Builds those shared objects of a mutated tree that have changed. tests/mutants/run.py calls it.

    python build.py TREE PACKAGE CACHE GENERATED PART

PART is front, core (the C in the core's library), go (all of that library) or gopy (and gopy's output). The objects go
into PACKAGE, an installed package gorandom. GENERATED is pyext/_gen of an earlier build. It provides gopy's output for
go, and the archive that Go has made for core. What has been compiled once is taken from CACHE, where a file's name is
the hash of everything that it was made from.
"""

import hashlib
import os
import re
import shutil
import sys

TREE, PACKAGE, CACHE, GENERATED, PART = sys.argv[1:]
sys.path.insert(0, os.path.join(TREE, "pyext"))
from setuptools import Distribution  # noqa: E402

from build import command  # noqa: E402

INCLUDE = re.compile(rb'^#include "(.+)"', re.M)


def read(path):
    with open(path, "rb") as f:
        return f.read()


def included(path, found):
    """Adds to found the file, and all files of the tree that it includes."""
    path = os.path.normpath(path)
    if path in found or not os.path.exists(path):
        return found
    found[path] = read(path)
    for name in INCLUDE.findall(found[path]):
        for folder in (os.path.dirname(path), "pyext", "pyext/front", "pyext/_gen"):
            included(os.path.join(folder, name.decode()), found)
    return found


def digest(words, files):
    """The hash of a command and of what it reads. It does not depend on the tree's folder."""
    text = repr([word.replace(TREE, "").replace(PACKAGE, "") for word in words]).encode()
    return hashlib.sha256(b"\0".join([text, *(hashlib.sha256(data).digest() for data in files)])).hexdigest()


def kept(name, make):
    """The path of a file in the cache, which is made first if it is missing."""
    path = os.path.join(CACHE, name)
    if not os.path.exists(path):
        unfinished = "%s.%d" % (path, os.getpid())
        make(unfinished)
        os.replace(unfinished, path)
    return path


class Build(command.BuildExt):
    def compile(self, sources, output, *extra, quiet=False):
        flags = [word for word in sources if not word.endswith(".c")] + [word for word in extra if word.startswith("-D")]
        words = [*self.cc, *self.flags, *(["-w"] if quiet else self.warnings), *flags, "-c"]
        objects = []
        for source in (word for word in sources if word.endswith(".c")):
            name = digest(words, included(source, {}).values()) + ".o"
            objects.append(kept(name, lambda to, source=source: command.run([*words, source, "-o", to], cwd=TREE)))
        words = [*self.cc, *self.link, *extra]
        archives = [read(word.rpartition("=")[2]) for word in extra if word.endswith((".a", ".map"))]
        name = digest(words, [*map(read, objects), *archives]) + ".so"
        made = kept(name, lambda to: command.run([*self.cc, *objects, *self.link, *extra, "-o", to], cwd=TREE))
        to = os.path.join(self.folder, output)
        shutil.copyfile(made, to + ".new")
        shutil.copymode(to, to + ".new")
        os.replace(to + ".new", to)

    def build_front(self):
        if PART == "front":
            super().build_front()

    def build_core(self, has_sha256):
        if PART != "front":
            super().build_core(has_sha256)

    def build_archive(self):
        if PART == "front":
            return False
        if PART != "core":
            return super().build_archive()
        # The archive was edited when it was made: does it have C's name for the assembly?
        os.symlink(GENERATED, os.path.join(TREE, "pyext", "_gen"))
        return b"\0go_sha256\0" in read(os.path.join(GENERATED, "core_go.a"))


def main():
    os.chdir(TREE)
    packed, out = os.path.join(TREE, "pyext", "generated"), os.path.join(TREE, "pyext", "_gen")
    build = Build(Distribution())
    build.build_temp = os.path.join(TREE, "build", "temp")
    build.get_ext_fullpath = lambda name: os.path.join(PACKAGE, name)
    made = [out]
    try:
        if PART == "go" and not os.path.isdir(packed):  # an sdist has this folder
            made.append(packed)
            shutil.copytree(GENERATED, packed)
        build.build_extensions()
    finally:
        for left in made:
            os.remove(left) if os.path.islink(left) else shutil.rmtree(left, ignore_errors=True)


main()
