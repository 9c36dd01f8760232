"""GORANDOM_START; and the tests of bytes again, in every mode and in a forked child."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest
from _forks import PROGRAMS

import gorandom

HERE = pathlib.Path(__file__).parent
AGAIN = ["test_api_bytes.py", "test_api_arguments.py", "test_api_fill.py", "test_rngfile.py"]


@pytest.mark.native("mode but the system's")
@pytest.mark.once
@pytest.mark.parametrize(
    "start_mode, where",
    [("never", "process"), ("auto", "child"), ("eager", "child"), ("never", "child")],  # auto's process is this one
)
def test_bytes_and_arguments_again(python, start_mode, where):
    """Guards: pools, direct mode and the core give the same results for the same arguments. A child goes through direct mode,
    and under auto it changes to a core of its own while these tests draw."""
    files = [HERE / name for name in AGAIN]
    options = ["-c", os.path.join(HERE.parents[1], "pyproject.toml")]
    done = python(PROGRAMS / "modes_again.py", where, *options, *files, start=start_mode, timeout=300, ends=None,
                  flags=["-W", "ignore::DeprecationWarning"])  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout and done.stderr == ""
    assert ("mode             " + ("direct" if start_mode == "never" else "core")) in done.stdout


@pytest.mark.parametrize("value", [" ", "AUTO", "auto ", "on", "0", "never,eager", "ä"])
def test_unknown_start(python, value):
    done = python("import gorandom", env={"GORANDOM_START": value}, ends=None)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("ImportError: ")
    for name in ('"auto"', '"eager"', '"never"'):
        assert name in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("variable", ["GORANDOM_START", "GORANDOM_KEYSTREAM"])
def test_empty_counts_as_unset(python, variable):
    """Guards: variable() in module.c. Container tools pass a variable without a value as an empty one."""
    program = "import gorandom; gorandom.get_random_bytes(1); print(gorandom.status().mode, gorandom.status().keystream)"
    assert python(program, env={variable: ""}) == python(program)


@pytest.mark.native("AES kernel, and no start")
def test_a_refused_import_can_be_tried_again(python):
    """An ImportError leaves nothing half-made behind."""
    python(PROGRAMS / "modes_refused.py")


FIRST_DRAW = """
import os, gorandom
def threads(): return len(os.listdir("/proc/self/task"))
print(gorandom.status().mode, threads() == 1, end=" ")
gorandom.get_random_bytes(1)
print(gorandom.status().mode, threads() == 1)
"""


@pytest.mark.native("mode but the system's")
def test_when_the_core_starts(python, start_mode):
    expected = {"auto": "direct True core False", "eager": "core False core False", "never": "direct True direct True"}
    assert python(FIRST_DRAW, start=start_mode).strip() == expected[start_mode]


SECURE = """
import ctypes, os, sys
secure = ctypes.CDLL(None).getauxval(23)
sys.path.insert(0, sys.argv[1])
try:
    import gorandom
    gorandom.get_random_bytes(16)
    print(secure, os.getuid() != os.geteuid(), gorandom.status().mode, gorandom.status().keystream)
except ImportError as e:
    print(secure, os.getuid() != os.geteuid(), e)
"""


@pytest.mark.native("AES kernel, and no start")
@pytest.mark.parametrize("variable, value", [
    ("GORANDOM_START", "never"), ("GORANDOM_START", "nonsense"),
    ("GORANDOM_KEYSTREAM", "generic"), ("GORANDOM_KEYSTREAM", "nonsense"),
])  # fmt: skip
def test_environment_is_ignored_after_set_uid(tmp_path_factory, package_folder, python, variable, value):
    """Guards: secure_getenv in module.c. With getenv, the user who runs a set-uid program could configure it: "never" and
    "generic" would be obeyed, and nonsense would refuse the import."""
    kernel = python("import gorandom; gorandom.get_random_bytes(1); print(gorandom.status().keystream)").strip()
    if value == kernel:
        pytest.skip("this processor has no other AES kernel than generic: to ignore the variable makes no difference")
    if os.geteuid() != 0:
        pytest.skip("needs root, to make a set-uid copy of the interpreter")
    folder = tmp_path_factory.mktemp("set-uid")
    for parent in (folder, folder.parent, folder.parent.parent):
        parent.chmod(0o755)
    copy = folder / "python"
    shutil.copy(os.path.realpath(sys.executable), copy)
    copy.chmod(0o4755)
    try:
        done = subprocess.run(
            [copy, "-S", "-c", SECURE, package_folder.parent], user=65534, group=65534, extra_groups=[], cwd="/",
            env={variable: value, "PYTHONHOME": f"{sys.base_prefix}:{sys.base_exec_prefix}"},
            text=True, capture_output=True, timeout=60,
        )  # fmt: skip
    except PermissionError:
        pytest.skip(f"another user may not run programs in {folder}: no set-uid program can be tried")
    finally:
        copy.unlink()
    if done.stdout.split()[:2] != ["1", "True"]:
        pytest.skip("set-uid has no effect in the temporary folder (nosuid?): " + done.stdout + done.stderr[-300:])
    assert done.stdout.split()[2:] == ["core", kernel], done.stdout
    assert done.stderr == ""


@pytest.mark.native("mode but the system's")
def test_this_run_is_in_the_mode_it_was_asked_for():
    gorandom.get_random_bytes(1)
    expected = "direct" if os.environ.get("GORANDOM_START") == "never" else "core"
    if gorandom.status().generation == 0:
        assert gorandom.status().mode == expected, gorandom.status()
