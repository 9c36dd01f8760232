"""Packages that only some of these tests need, fetched once from PyPI into build/adversity. The programs run on the
tests' own interpreter, and so with the tested gorandom. They find the packages by PYTHONPATH."""

import fcntl
import functools
import hashlib
import pathlib
import shutil
import subprocess
import sys

import pytest

BUILD = pathlib.Path(__file__).resolve().parents[2] / "build" / "adversity"
PATIENCE = 420  # seconds for a download, and for what a package builds from it


def tools():
    """The tools that judge and print."""
    lines = pathlib.Path(__file__).with_name("requirements.txt").read_text().splitlines()
    return packages(*(line for line in lines if line and not line.startswith("#")))


@functools.cache
def packages(*requirements):
    """The folder in which the pinned requirements are installed. Skips, loudly, where pip cannot get them."""
    name = requirements[0].partition("==")[0].partition("[")[0]
    key = hashlib.sha256("\n".join([sys.version, *requirements]).encode()).hexdigest()[:12]
    folder = BUILD / f"{name}-{key}"
    BUILD.mkdir(parents=True, exist_ok=True)
    with open(BUILD / f"{name}-{key}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--target", folder]
            try:
                subprocess.run([*command, *requirements], check=True, text=True, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE)  # fmt: skip
            except subprocess.SubprocessError as e:
                said = (e.output if isinstance(e.output, str) else "").strip()[-300:]
                pytest.skip(f"NOT TESTED: pip cannot get {' '.join(requirements)}: {e} {said}")
            (folder / "complete").touch()
    return folder
