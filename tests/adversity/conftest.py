"""Code that the adversity suite shares. Fixtures, options and helpers are those of tests/python.

Everything here must end in one of two ways: it works, or it raises a clear Python exception. A hang, a death by signal,
weaker bytes or a repeat is a failure. Tests marked fast are part of make test (60 seconds in all). The others run with
make adversity, on one interpreter."""

import importlib.util
import os
import pathlib
import platform
import shutil
import subprocess
import sys

import pytest

PROGRAMS = pathlib.Path(__file__).with_name("programs")  # what these tests run
PYTHON_TESTS = pathlib.Path(__file__).resolve().parents[1] / "python"
sys.path[:0] = [os.fspath(PYTHON_TESTS), os.fspath(PYTHON_TESTS / "noise")]

_spec = importlib.util.spec_from_file_location("python_conftest", PYTHON_TESTS / "conftest.py")
_theirs = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_theirs)
# pytest takes hooks and fixtures from this module's names.
globals().update({name: value for name, value in vars(_theirs).items() if not name.startswith("__")})


def pytest_configure(config):
    _theirs.pytest_configure(config)
    config.addinivalue_line("markers", "fast: make test runs it too")


def root():
    """For a test that needs root's rights. It is skipped loudly without them."""
    if os.geteuid() != 0:
        pytest.skip("needs root: NOT TESTED as this user")


def tool(name, package):
    path = shutil.which(name)
    if not path:
        pytest.skip(f"needs {name}, of Debian's {package}: NOT TESTED without")
    return path


def unshares(*flags):
    """The command that starts a program in its own namespaces."""
    command = [tool("unshare", "util-linux"), *flags]
    done = subprocess.run([*command, "true"], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"{' '.join(command)} is refused here: {done.stderr.strip()}: NOT TESTED")
    return command


machine = platform.machine()
