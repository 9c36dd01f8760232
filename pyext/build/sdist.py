"""The sdist: the checkout, and what a build from it would otherwise have to fetch or generate.

* pyext/generated contains gopy's output, so a build needs neither gopy nor PyBindGen.
* vendor contains the parts of the Go modules that the core needs on Linux, so a build needs no module proxy.

Its bytes depend only on the source.
"""

import gzip
import io
import json
import os
import re
import shutil
import tarfile
import tempfile

from gopy.generate import generate
from setuptools.command.sdist import sdist

from . import origin, target, toolchain
from .command import ROOT, run

LICENCES = re.compile("LICENSE|PATENTS|NOTICE|COPYING|AUTHORS")
FILES = """{{if .Module}}{{$p := .ImportPath}}{{range .GoFiles}}{{$p}}/{{.}}
{{end}}{{range .CgoFiles}}{{$p}}/{{.}}
{{end}}{{range .SFiles}}{{$p}}/{{.}}
{{end}}{{range .HFiles}}{{$p}}/{{.}}
{{end}}{{end}}"""


def vendor(folder, go, env, tools):
    """Writes folder/vendor, without the files for other systems: an eighth of what Go would write."""
    everything, kept = os.path.join(tools, "vendor"), {"modules.txt"}
    run([go, "mod", "vendor", "-o", everything], cwd=ROOT, env=env)
    for arch in sorted(set(target.GOARCH.values())):
        listed = toolchain.output([go, "list", "-deps", "-f", FILES, "./pyext/..."], cwd=ROOT, env={**env, "GOARCH": arch})
        kept.update(name for name in listed.split() if os.path.exists(os.path.join(everything, name)))
    folders = {os.path.dirname(name) for name in kept}
    for at, _, names in os.walk(everything):
        at = os.path.relpath(at, everything)
        above = at == "." or any((name + "/").startswith(at + "/") for name in folders)
        kept.update(os.path.normpath(os.path.join(at, name)) for name in names if above and LICENCES.match(name))
    for name in kept:
        to = os.path.join(folder, "vendor", name)
        os.makedirs(os.path.dirname(to), exist_ok=True)
        shutil.copyfile(os.path.join(everything, name), to)


def pack(folder, path, epoch):
    """Writes a tar.gz of the folder: sorted, without owners, and with one time for all files."""

    def plain(info):
        info.uid = info.gid = 0
        info.uname = info.gname = ""
        info.mtime = epoch
        info.mode = 0o755 if info.isdir() or info.mode & 0o100 else 0o644
        return info

    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.add(folder, os.path.basename(folder), filter=plain)  # it adds a folder's names in sorted order
    with open(path, "wb") as f, gzip.GzipFile("", "wb", 9, f, mtime=epoch) as z:
        z.write(tar.getvalue())


class Sdist(sdist):
    def make_release_tree(self, base_dir, files):
        super().make_release_tree(base_dir, files)
        if os.path.isdir(os.path.join(ROOT, "pyext", "generated")):
            return  # this is an sdist of an sdist
        if target.wanted().tag:
            raise SystemExit(f"gorandom: an sdist is for every target: unset {target.VARIABLE}.")
        if target.wanted().pure:
            why = target.why_not_native() or f"unset {target.BUILD}"
            raise SystemExit(f"gorandom: an sdist holds what a native build needs, so it is made by one: {why}.")
        with tempfile.TemporaryDirectory() as tools:
            go, cc = toolchain.find_go(), toolchain.find_cc()
            env = toolchain.go_environment(go, cc, ["-O2", "-g0"], tools)
            toolchain.check_modules(go, env, ROOT)
            generate(ROOT, os.path.abspath(os.path.join(base_dir, "pyext", "generated")), go, env, tools, run)
            vendor(os.path.abspath(base_dir), go, env, tools)
        with open(os.path.join(base_dir, origin.NAME), "w") as f:
            json.dump(origin.origin(ROOT), f)

    def make_archive(self, base_name, format, root_dir=None, base_dir=None, owner=None, group=None):
        path = base_name + ".tar.gz"
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        pack(base_dir, path, origin.set_epoch(ROOT))
        return path
