"""What all Python tests share. They test the installed package: nothing here touches sys.path."""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import venv

import pytest

import gorandom

START_MODES = ("auto", "eager", "never")
PURE = gorandom.status().mode == "system"  # the wheel in pure Python
SOURCE = pathlib.Path(__file__).resolve().parents[2]  # for tests of the build steps; never importable from here


def pytest_addoption(parser):
    parser.addoption(
        "--skip-once", action="store_true", help="leave out what says the same on every interpreter (tests/run.py)"
    )


def pytest_configure(config):
    config.addinivalue_line("markers", "once: the same on every interpreter")
    config.addinivalue_line("markers", "native(feature): needs what an installation in pure Python has not")
    config.addinivalue_line("markers", "cpython(reason): other Pythons differ in this by their nature")
    # A shell's background jobs ignore this signal, and programs would inherit that. Then a test could not end them by
    # Control-C.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config, items):
    if config.getoption("--skip-once"):
        for item in items:
            if "once" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="ran on the first interpreter (--skip-once)"))
    for item in items:
        for mark in item.iter_markers("native") if PURE else ():
            item.add_marker(pytest.mark.skipif(True, reason=f"in pure Python there is no {mark.args[0]}"))
        for mark in item.iter_markers("cpython") if sys.implementation.name != "cpython" else ():
            item.add_marker(pytest.mark.skipif(True, reason=f"{sys.implementation.name}: {mark.args[0]}"))
    # A test that cannot run here is reported once, and not for each of its parameters.
    said, again = set(), []
    for item in items:
        if any(mark.args[0] for mark in item.iter_markers("skipif")):
            again.append(item) if item.function in said else said.add(item.function)
    if again:
        config.hook.pytest_deselected(items=again)
        items[:] = [item for item in items if item not in again]


def pytest_report_header():
    package = pathlib.Path(gorandom.__file__).parent
    if SOURCE in package.parents and "site-packages" not in package.parts:
        raise pytest.UsageError(f"gorandom is imported from the source tree ({package}): install the wheel")
    return f"gorandom {gorandom.__version__} installed in {package}, GORANDOM_START={os.environ.get('GORANDOM_START', '')}"


@pytest.fixture(params=START_MODES)
def start_mode(request):
    return request.param


@pytest.fixture
def python(tmp_path):
    """python(program, *arguments) runs it in a fresh interpreter and returns its stdout. The program is the Path of a file, or
    text if it is short.

    A death, a hang, a non-zero exit and anything on stderr are failures: gorandom prints nothing. With ``ends=None`` the
    caller gets the CompletedProcess and judges it.
    """

    def run(program, *arguments, flags=(), start=None, env=None, timeout=60, ends=0, **options):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        for name in ("GORANDOM_START", "GORANDOM_KEYSTREAM"):
            environment.pop(name, None)
        if start:
            environment["GORANDOM_START"] = start
        environment.update(env or {})
        options.setdefault("cwd", tmp_path)
        words = [program] if isinstance(program, pathlib.Path) else ["-c", program]
        command = [options.pop("executable", sys.executable), *flags, *words, *map(str, arguments)]
        # A session of its own, so that the children of a hanging program end with it.
        child = subprocess.Popen(
            command, env=environment, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, start_new_session=True, **options,
        )  # fmt: skip
        try:
            out, err = child.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, 9)
            out, err = child.communicate()
            pytest.fail(f"hung for {timeout} s; stdout:\n{out}\nstderr:\n{err}")
        if ends is None:
            return subprocess.CompletedProcess(command, child.returncode, out, err)
        assert child.returncode == ends, f"ended with {child.returncode}, not {ends}; stdout:\n{out}\nstderr:\n{err}"
        assert err == "", f"printed to stderr:\n{err}"
        return out

    return run


@pytest.fixture(scope="session")
def package_folder():
    return pathlib.Path(gorandom.__file__).parent


@pytest.fixture
def site(package_folder, tmp_path):
    """Return a folder with a copy of this installation, for PYTHONPATH."""
    site = tmp_path / "site"
    (record,) = package_folder.parent.glob("gorandom-*.dist-info")
    shutil.copytree(package_folder, site / "gorandom", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(record, site / record.name)
    return site


PYCRYPTODOME = "pycryptodome==3.23.0"


@pytest.fixture(scope="session")
def pycryptodome(tmp_path_factory):
    """Return a folder in which PyCryptodome is installed."""
    folder = tmp_path_factory.mktemp("pycryptodome")
    environment = folder / "venv"
    venv.create(environment, with_pip=True)
    done = subprocess.run(
        [environment / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "install", "--quiet",
         "--target", folder / "site", PYCRYPTODOME],
        text=True, capture_output=True,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"needs {PYCRYPTODOME} from the package index, which pip cannot get: {done.stderr.strip()[-300:]}")
    return folder / "site"


@pytest.fixture(params=["alone", "pycryptodome"])
def path(request):
    """PYTHONPATH with and without an installed PyCryptodome."""
    if request.param == "alone":
        try:
            import Crypto  # noqa: F401
        except ImportError:
            return ""
        pytest.skip("PyCryptodome is installed beside gorandom here: without it cannot be tried")
    return os.fspath(request.getfixturevalue("pycryptodome"))
