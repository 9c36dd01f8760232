"""``python -m gorandom run``: run a program as ``python`` would, with gorandom in place of Crypto.Random."""

import builtins
import importlib.util
import io
import os
import pkgutil
import sys
import types
from importlib.machinery import BuiltinImporter, SourceFileLoader, SourcelessFileLoader

import gorandom
from gorandom.compat.pycrypto._install import SHIM


def _install():
    """Install gorandom's Crypto.Random in this process, and in the interpreters that it starts in any way.

    Only PYTHONPATH reaches those. It gets a folder whose package Crypto calls gorandom.
    """
    gorandom.install_as_crypto()
    paths = os.environ.get("PYTHONPATH", "")
    if paths.partition(os.pathsep)[0] != SHIM:
        os.environ["PYTHONPATH"] = SHIM + os.pathsep + paths if paths else SHIM


def _fail(text, status):
    print(f"{sys.executable}: {text}", file=sys.stderr)
    return status


def _execute(code, file, spec=None, loader=None, package=None, cached=None):
    """Run code as the module __main__. The module stays, because threads and exit handlers may outlive the code."""
    main = types.ModuleType("__main__")
    main.__dict__.update(__builtins__=builtins, __file__=file, __spec__=spec, __loader__=loader, __package__=package)
    if sys.version_info < (3, 15):  # later versions have it only in the spec
        main.__dict__["__cached__"] = cached
    sys.modules["__main__"] = main
    _install()
    exec(code, main.__dict__)
    return 0


def _first_on_path(folder):
    if not sys.flags.safe_path:  # otherwise python has put no folder there
        sys.path[0] = folder


def _of_spec(spec):
    code = spec.loader.get_code(spec.name)
    if code is None:
        return _fail(f"No code object available for {spec.name}", 1)
    sys.argv[0] = spec.origin
    return _execute(code, spec.origin, spec, spec.loader, spec.parent, spec.cached)


def _compiled(source, path):
    """Return the code of a compiled file or of a source, given its bytes. A source may raise SyntaxError."""
    code = pkgutil.read_code(io.BytesIO(source))
    if code is not None:
        return code, SourcelessFileLoader
    before, nul, _ = source.partition(b"\0")
    if nul:  # compile() would not say where it is
        lines = before.decode(errors="replace").split("\n")
        raise SyntaxError("source code cannot contain null bytes", (path, len(lines), None, lines[-1]))
    return compile(source, path, "exec", dont_inherit=True), SourceFileLoader


def _run_stdin():
    source = sys.stdin.buffer.read() if sys.stdin is not None else b""
    code, _ = _compiled(source, "<stdin>")
    _first_on_path("")
    return _execute(code, "<stdin>", loader=BuiltinImporter)


def run_file(program, *arguments):
    """Do what ``python program arguments`` does, for a source or compiled file, or a folder or archive with __main__.py.

    The file may be a pipe, which can be read only once; "-" is standard input.
    """
    sys.argv = [program, *arguments]
    if program == "-":
        return _run_stdin()
    path = os.path.abspath(program)
    importer = pkgutil.get_importer(path)
    if importer is not None:  # a folder or an archive
        spec = importer.find_spec("__main__")
        if spec is None:
            return _fail(f"can't find '__main__' module in {program!r}", 1)
        sys.path[0:0 if sys.flags.safe_path else 1] = [path]
        code = spec.loader.get_code("__main__")
        return _execute(code, spec.origin, spec, spec.loader, "", spec.cached)
    try:
        with io.open_code(path) as file:
            source = file.read()
    except OSError as error:
        return _fail(f"can't open file {path!r}: [Errno {error.errno}] {error.strerror}", 2)
    code, loader = _compiled(source, path)
    _first_on_path(os.path.dirname(os.path.realpath(program)))
    return _execute(code, path, loader=loader("__main__", path))


def run_module(name, *arguments):
    """Do what ``python -m name arguments`` does."""
    sys.argv = ["-m", *arguments]
    if name.startswith("."):
        return _fail("Relative module names not supported", 1)
    _install()  # before the search, because finding a module imports its parents
    try:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.submodule_search_locations is not None:
            spec = importlib.util.find_spec(name + ".__main__")
            if spec is None:
                return _fail(f"No module named {name}.__main__; {name!r} is a package and cannot be directly executed", 1)
    except ModuleNotFoundError as error:
        if error.name is None or not (name + ".").startswith(error.name + "."):
            raise
        return _fail(f"Error while finding module specification for {name!r} ({type(error).__name__}: {error})", 1)
    if spec is None or spec.loader is None:
        return _fail(f"No module named {name}", 1)
    return _of_spec(spec)
