"""PyInstaller, cx_Freeze and Nuitka find a program's imports by reading code, without options. `make freeze-test` packs and
runs a program with each. These tests check what they rely on."""

import ast
import pathlib
import re
import shutil
import zipfile

import pytest
from _forks import linux
from gorandom.compat.pycrypto import _install

import gorandom

PACKAGE = pathlib.Path(gorandom.__file__).parent


def parts(path):
    """Return the dotted name of a module's package, in parts."""
    return ["gorandom", *path.relative_to(PACKAGE).parent.parts]


def imported(path, tree):
    """Return our modules that a file's import statements may load. Statements for type checkers only don't count."""
    found = set()
    skipped = {id(part) for node in ast.walk(tree) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
               and not isinstance(node.test, ast.UnaryOp) for statement in node.body for part in ast.walk(statement)}  # fmt: skip
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = parts(path)[: len(parts(path)) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            found |= {module} | {f"{module}.{name.name}" for name in node.names}
    return found


def sources():
    """Return {dotted name: (path, tree)} of each Python module that ``import gorandom`` may reach."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        names = path.relative_to(PACKAGE).with_suffix("").parts
        if "_shim" not in names and "_cli" not in names and names != ("__main__",):
            name = ".".join(["gorandom", *names]).removesuffix(".__init__")
            found[name] = (path, ast.parse(path.read_text()))
    return found


def test_statements_lead_to_all_that_the_package_imports():
    """Guards the import statements inside functions. No tool sees a name in a table, as __import__ takes it."""
    # Modules that programs import and the package itself doesn't.
    names = ("hmac", "openssl", "random", "secrets", "seedfile", "signing", "compat.flask", "compat.m2crypto", "compat.osrandom")
    modules, seen, todo = sources(), {"gorandom.compat"}, ["gorandom", *("gorandom." + name for name in names)]
    while todo:
        name = todo.pop()
        if name in modules and name not in seen:
            seen.add(name)
            todo += imported(*modules[name])
    assert not modules.keys() - seen
    assert {"gorandom._uuid", "gorandom._status", "gorandom._systemrandom", "gorandom.numpy",
            "gorandom.compat.pycrypto.Random.Fortuna.SHAd256"} <= seen  # fmt: skip


def test_all_that_the_finder_gives_is_imported_by_statements():
    path, tree = sources()["gorandom.compat.pycrypto._install"]
    names = {_install._our_name(name) for name in _install._OURS | _install._MISSING}
    assert names <= imported(path, tree), names - imported(path, tree)


@pytest.mark.native("library, which a zip file cannot hold")
@pytest.mark.parametrize("place", ["zip on sys.path", "zip that is run"])
def test_from_a_zip_file(python, tmp_path, place):
    """The message says what is wrong. Python's own would mention a circular import."""
    (tmp_path / "folder").mkdir()
    shutil.copytree(PACKAGE, tmp_path / "folder" / "gorandom", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "folder" / "__main__.py").write_text("import gorandom\n")
    archive = shutil.make_archive(str(tmp_path / "packed"), "zip", tmp_path / "folder")
    assert "gorandom/__init__.py" in zipfile.ZipFile(archive).namelist()
    if place == "zip on sys.path":
        done = python("import gorandom", flags=["-S"], env={"PYTHONPATH": archive}, ends=None)
    else:
        done = python(pathlib.Path(archive), flags=["-S"], ends=None)
    line = done.stderr.splitlines()[-1]
    assert done.returncode == 1
    assert re.match(re.escape(f"ImportError: gorandom is in the zip file {archive!r}, and extension modules cannot be loaded"), line), line


@pytest.mark.native("library, which a zip file cannot hold")
def test_a_broken_installation_is_not_called_a_zip_file(python, site):
    (front,) = (site / "gorandom").glob("_front.*.so")
    front.unlink()
    done = python("import gorandom", env={"PYTHONPATH": str(site)}, ends=None)
    assert done.returncode == 1 and "zip" not in done.stderr and "_front" in done.stderr.splitlines()[-1]


@linux
def test_the_core_in_the_folder_above(python, site):
    """Nuitka moves it there."""
    if gorandom._front.state()["core_version"] is None:
        pytest.skip("this wheel has no core, or it cannot be loaded here")
    shutil.move(site / "gorandom" / "libgorandom.core.so", site)
    program = "import gorandom; gorandom.get_random_bytes(1); print(gorandom.__file__, gorandom.status().mode)"
    assert python(program, env={"PYTHONPATH": str(site)}).split() == [str(site / "gorandom" / "__init__.py"), "core"]


def test_another_finder_has_crypto(python, tmp_path):
    """Packed programs have finders of their own. An installed Crypto that one of them finds keeps its modules."""
    (tmp_path / "elsewhere" / "Crypto").mkdir(parents=True)
    (tmp_path / "elsewhere" / "Crypto" / "__init__.py").write_text("whose = 'the finder has it'\n")
    (tmp_path / "elsewhere" / "Crypto" / "Hash.py").write_text("")
    program = """
import sys
from importlib.machinery import PathFinder
class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        return PathFinder.find_spec(name, [sys.argv[1]]) if name == "Crypto" else None
sys.meta_path.insert(0, Finder)
import gorandom
for _ in range(2):
    gorandom.install_as_crypto()
    import Crypto.Random, Crypto.Hash
    assert Crypto.whose and Crypto.Random.__name__ == "gorandom.compat.pycrypto.Random" and Crypto.Hash.__name__ == "Crypto.Hash"
    for name in [name for name in sys.modules if name.startswith("gorandom.compat.pycrypto._install")]:
        del sys.modules[name]
    del gorandom.compat.pycrypto._install
"""
    python(f"import sys; sys.argv[1:] = [{str(tmp_path / 'elsewhere')!r}]\n" + program)
