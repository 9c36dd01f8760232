"""python -m gorandom run PROGRAM runs the program as python would, with gorandom as its Crypto.Random."""

import json
import os
import shutil
import subprocess
import sys
import zipfile

import pytest
from _forks import PROGRAMS

SAY = """
import json, os, sys
import Crypto.Random, gorandom
main = sys.modules["__main__"]
assert Crypto.Random is gorandom.compat.pycrypto.Random and main.__dict__ is globals()
print(json.dumps({
    "argv": sys.argv, "path": sys.path[0], "name": __name__, "file": __file__, "package": __package__,
    "spec": __spec__ and __spec__.name, "cached": globals().get("__cached__", "not there") is not None,
    "loader": __loader__.__class__.__name__, "annotations": "print_function" in globals(),
    "module": main.__class__.__name__,
}))
"""
PLAIN = SAY.replace("import Crypto.Random, gorandom", "").replace("Crypto.Random is gorandom.compat.pycrypto.Random and ", "")


@pytest.fixture
def run(tmp_path):
    """run(*arguments) runs ``python -m gorandom run arguments``; with plain=True, ``python arguments``."""

    def call(*arguments, plain=False, flags=(), env=None, command=("-m", "gorandom", "run"), start=None):
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "GORANDOM_START"))}
        environment.update(env or {})
        if start:
            environment["GORANDOM_START"] = start
        return subprocess.run(
            [sys.executable, *flags, *(() if plain else command), *map(str, arguments)],
            cwd=tmp_path, env=environment, text=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
        )  # fmt: skip

    return call


@pytest.fixture
def places(tmp_path):
    """The same program as a file, by a link, in a folder, an archive, a module and a package, with what it must import."""
    for name, text in {"gorandom": SAY, "plain": PLAIN}.items():
        base = tmp_path / name
        (base / "folder").mkdir(parents=True)
        (base / "package").mkdir()
        (base / "program.py").write_text(text)
        (base / "sub").mkdir()
        (base / "sub" / "program.py").write_text(text)
        (base / "link.py").symlink_to(base / "sub" / "program.py")
        (base / "folder" / "__main__.py").write_text(text)
        (base / "package" / "__init__.py").write_text("")
        (base / "package" / "__main__.py").write_text(text)
        (base / "package" / "module.py").write_text(text)
        with zipfile.ZipFile(base / "archive.zip", "w") as archive:
            archive.writestr("__main__.py", text)
    return tmp_path


@pytest.mark.parametrize(
    "arguments",
    [["program.py"], ["program.py", "a", "-m", "--", "-h", "--help", ""], ["sub/program.py"], ["link.py", "x"], ["folder", "-x"], ["archive.zip", "y"],
     ["-m", "program", "-m", "--", "z"], ["-mprogram", "z"], ["-m", "package", "--flag"], ["-m", "package.module"], ["--", "program.py", "-q"]],
    ids=" ".join,
)  # fmt: skip
@pytest.mark.parametrize("flags", [[], ["-P"]], ids=["", "safe path"])
def test_as_python_would(run, places, arguments, flags):
    """argv, sys.path[0], and everything a program can read of __main__, are what plain python gives."""

    def ends(name, **options):
        command = ("-m", "gorandom", "run")
        base = places / name
        environment = {"PYTHONPATH": str(base)} if flags else {}
        done = subprocess.run(
            [sys.executable, *flags, *(() if options else command), *arguments],
            cwd=base, env={**{k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}, **environment},
            text=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0 and done.stderr == "", done.stderr
        return done.stdout.replace(str(base), "BASE")

    assert ends("gorandom") == ends("plain", plain=True)


# Shell commands that pass the text of program.py to "$@", which is python or gorandom run.
WAYS = {
    "dash": 'cat program.py | "$@" - a -b',
    "dash, file": '"$@" - a -b <program.py',
    "stdin": 'cat program.py | "$@" /dev/stdin a -b',
    "stdin, file": '"$@" /dev/stdin a -b <program.py',
    "fifo": 'rm -f fifo; mkfifo fifo; cat program.py >fifo & "$@" fifo a -b </dev/null; status=$?; wait; exit $status',
    "descriptor": 'cat program.py | { exec 3<&0 </dev/null; "$@" /dev/fd/3 a -b; }',  # as a shell's <(cat program.py)
}


@pytest.fixture
def through(tmp_path):
    """through(way, text) returns how gorandom run ends with a program that arrives that way; with plain=True, python."""

    def call(way, text, plain=False):
        (tmp_path / "program.py").write_text(text)
        command = [sys.executable, *(() if plain else ("-m", "gorandom", "run"))]
        return subprocess.run(
            ["sh", "-c", WAYS[way], "sh", *command], cwd=tmp_path, text=True, capture_output=True, timeout=60,
            env={k: v for k, v in os.environ.items() if not k.startswith("PYTHON")},
        )  # fmt: skip

    return call


@pytest.mark.parametrize("way", WAYS)
def test_pipes_as_python_would(through, way):
    """Guards that the program is read once and without seeking, as a pipe requires."""

    def says(text, **options):
        done = through(way, text + "print(not sys.stdin.read())\n", **options)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        said, is_read = done.stdout.splitlines()
        said = json.loads(said)
        if said["file"].startswith("/dev/") and "file" not in way:
            del said["path"]  # a pipe is in no folder
        return said, is_read

    assert says(SAY) == says(PLAIN, plain=True)


@pytest.mark.parametrize("way", ["dash", "stdin", "descriptor"])
@pytest.mark.parametrize("text", ["import sys; sys.exit(7)", "1\n1 / 0", "1\nx = = 1", "1\nx = '\0'", ""])
def test_how_pipes_end(through, way, text):
    """Compare the status, and the place that an error names."""

    def ends(**options):
        done = through(way, text, **options)
        places = [line for line in done.stderr.splitlines() if line.startswith(('  File "<stdin>', '  File "/dev/'))]
        return done.returncode, done.stdout, places, done.stderr.splitlines()[-1:]

    if "\0" in text and sys.version_info < (3, 11, 4):  # they treat a NUL as the end of a line
        assert ends()[3] == ["SyntaxError: source code cannot contain null bytes"]
    else:
        assert ends() == ends(plain=True)


def test_closed_standard_input(through, monkeypatch):
    """It is an empty program, as for python."""
    monkeypatch.setitem(WAYS, "closed", '"$@" - <&-')
    done = through("closed", "1 / 0")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    "text, status, err",
    [("import sys; sys.exit(7)", 7, ""), ("import sys; sys.exit('text')", 1, "text\n"), ("", 0, ""), ("raise SystemExit", 0, ""),
     ("1 / 0", 1, "ZeroDivisionError: division by zero\n"), ("x = = 1", 1, "SyntaxError: invalid syntax\n"),
     ("import Crypto.Cipher", 1, "ModuleNotFoundError: No module named 'Crypto.Cipher'\n")],
)  # fmt: skip
def test_how_it_ends(run, tmp_path, text, status, err):
    if "Cipher" in text:
        try:
            import Crypto.Cipher  # noqa: F401
        except ImportError:
            pass
        else:
            pytest.skip("PyCryptodome is installed beside gorandom here")
    (tmp_path / "p.py").write_text(text)
    done = run("p.py")
    assert done.returncode == status and done.stdout == "" and done.stderr.endswith(err) and bool(done.stderr) == bool(err), done.stderr


def test_what_cannot_be_run(run, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "__init__.py").write_text("import nothing_of_the_kind")
    for arguments, status, text in [
        (["nothing.py"], 2, "can't open file"),
        (["empty"], 1, "can't find '__main__' module in"),
        (["-m", "nothing"], 1, "No module named nothing"),
        (["-m", "package"], 1, "No module named package.__main__; 'package' is a package and cannot be directly executed"),
        (["-m", "nothing.at.all"], 1, "Error while finding module specification for 'nothing.at.all'"),
        (["-m", ".relative"], 1, "Relative module names not supported"),
        (["-m", "broken"], 1, "No module named 'nothing_of_the_kind'"),
        (["-m"], 2, "a program is missing"),
        ([], 2, "a program is missing"),
        (["--unknown", "p.py"], 2, "unknown option --unknown"),
    ]:
        done = run(*arguments)
        assert (done.returncode, done.stdout) == (status, "") and text in done.stderr, (arguments, done.stderr)


def test_help(run):
    for arguments in (["run", "--help"], ["run", "-h"], ["--help"]):
        done = run(*arguments, command=("-m", "gorandom"))
        assert done.returncode == 0 and "run" in done.stdout and done.stderr == ""
    done = run(command=("-m", "gorandom"))
    assert done.returncode == 2 and "required: COMMAND" in done.stderr


def test_threads_and_exit_handlers_outlive_the_program(run, tmp_path):
    (tmp_path / "p.py").write_text(
        "import atexit, threading, time\n"
        "word = 'here'\n"
        "def late(): time.sleep(0.2); import __main__; print(word, __main__.word)\n"
        "threading.Thread(target=late).start(); atexit.register(lambda: print('end', word))\n"
    )
    done = run("p.py")
    assert (done.returncode, done.stdout, done.stderr) == (0, "here here\nend here\n", "")


@pytest.mark.parametrize("way", ["file", "module"])
@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_workers(run, tmp_path, method, way):
    shutil.copy(PROGRAMS / "run_workers.py", tmp_path / "workers.py")
    done = run(*(["workers.py"] if way == "file" else ["-m", "workers"]), method)
    assert (done.returncode, done.stdout) == (0, "60 60\n"), done.stderr
    assert done.stderr == ""


def test_a_compiled_program(run, tmp_path):
    """There is no source. Guards the loader: traceback would ask a source loader for the text, and fail."""
    import py_compile

    (tmp_path / "p.py").write_text(
        "import Crypto.Random, sys, traceback\n"
        "try: 1 / 0\n"
        "except ZeroDivisionError: print(Crypto.Random.__name__, *sys.argv[1:], traceback.format_exc().splitlines()[-1])\n"
    )
    py_compile.compile(str(tmp_path / "p.py"), str(tmp_path / "q.pyc"))
    (tmp_path / "p.py").unlink()
    done = run("q.pyc", "x")
    assert (done.returncode, done.stdout, done.stderr) == (0, "gorandom.compat.pycrypto.Random x ZeroDivisionError: division by zero\n", "")


@pytest.fixture
def children(run, tmp_path):
    shutil.copy(PROGRAMS / "run_children.py", tmp_path / "children.py")

    def call(word, **options):
        return run("children.py", word, **options)

    return call


@pytest.mark.parametrize("own", [None, "", "FOLDER", "FOLDER:elsewhere"])
@pytest.mark.parametrize("word", ["subprocess", "environment", "exec", "grandchild", "again", "spawn"])
def test_interpreters_that_the_program_starts(children, tmp_path, word, own):
    """They have gorandom's Crypto.Random too, and otherwise the environment that the program was given. Guards the folder that
    _cli/run.py puts in front of PYTHONPATH: there is no other way to reach all of them."""
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "own_module.py").write_text("")
    with open(tmp_path / "children.py", "a") as program:
        program.write("" if not own else "\nimport own_module\n")
    given = {} if own is None else {"PYTHONPATH": own.replace("FOLDER", str(folder))}
    done = children(word, env=given)
    assert (done.returncode, done.stderr) == (0, "")
    said = json.loads(done.stdout)
    assert said["module"] == "gorandom.compat.pycrypto.Random"
    environment = {name: value for name, value in said["environment"].items() if name not in ("RUN_MAIN", "PYTHONPATH", "_")}
    before = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "GORANDOM_START")) and name != "_"}
    assert environment == before
    shim, *rest = said["environment"]["PYTHONPATH"].split(os.pathsep)
    assert os.listdir(os.path.join(shim, "Crypto")) and "gorandom" in shim
    assert rest == (own or "").replace("FOLDER", str(folder)).split(os.pathsep) * bool(own)


@pytest.mark.parametrize("crypto", ["none", "one"])
def test_another_interpreter_goes_its_own_way(children, tmp_path, crypto):
    """An interpreter without gorandom inherits PYTHONPATH too. It finds the Crypto that it would find without it, or none."""
    other = tmp_path / "other" / "bin" / "python"
    done = subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "other"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    if crypto == "one":
        (site,) = (tmp_path / "other" / "lib").glob("python*/site-packages")
        (site / "Crypto").mkdir()
        (site / "Crypto" / "__init__.py").write_text("whose = 'its own'\n")
        (site / "Crypto" / "Random.py").write_text("")
    program = "import Crypto.Random, sys; print(Crypto.whose, 'gorandom' in sys.modules, any('_shim' in p for p in sys.path))"
    done = children("other", env={"OTHER": str(other), "PROGRAM": program})
    if crypto == "one":
        assert (done.returncode, done.stdout, done.stderr) == (0, "its own False False\n", "")
    else:
        assert done.returncode == 1 and done.stderr.splitlines()[-1] == "ModuleNotFoundError: No module named 'Crypto'"


def test_a_virtual_environment(run, tmp_path, site):
    """Its interpreter is started by its own path, and only it has gorandom."""
    done = subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "own"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (packages,) = (tmp_path / "own" / "lib").glob("python*/site-packages")
    shutil.copytree(site / "gorandom", packages / "gorandom")
    shutil.copy(PROGRAMS / "run_children.py", tmp_path / "children.py")
    done = subprocess.run(
        [tmp_path / "own" / "bin" / "python", "-m", "gorandom", "run", "children.py", "grandchild"], cwd=tmp_path, text=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
        stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    said = json.loads(done.stdout)
    assert said["module"] == "gorandom.compat.pycrypto.Random"
    assert said["environment"]["PYTHONPATH"].startswith(str(packages))
