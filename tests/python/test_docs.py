"""The page "Troubleshooting" lists every reason of status(), and every error message that a user can act on.

Also checks that tests/prose.py, a part of make lint, counts words correctly.
"""

import ast
import functools
import re
import sys

import pytest
from _forks import PROGRAMS, execute
from conftest import SOURCE

import gorandom

TROUBLESHOOTING = SOURCE / "docs" / "troubleshooting.md"

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(not TROUBLESHOOTING.exists(), reason="the documentation is not beside these tests"),
]

# A call with wrong arguments, an unknown name, an abstract method: their messages explain themselves.
NOT_LISTED = {"TypeError", "AttributeError", "NotImplementedError", "BufferError", "NotHere", "Wrong"}
# Messages of functions that only this package calls, after it has checked that there is a core.
PRIVATE = {
    "no such kind of state: %d", "a key has 32 bytes and a counter 16", "no such operation on this state", "no such algorithm",
    "keystream takes a key of 32 bytes, a counter of 16 and a size", "this needs the core: %s", "no such algorithm: %ld",
    "the core has no kernel \"%s\"", "no such functions", "this process has no core",
    "gorandom's module in Python has not been imported",
}  # fmt: skip
LITERALS = re.compile(r'"(?:\\.|[^"\\\n])*"(?:\s*"(?:\\.|[^"\\\n])*")*')


def c_texts(path):
    """Yield the literals of a C file that are sentences, with adjacent ones joined."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.S)
    for literals in LITERALS.findall(text):
        joined = "".join(re.findall(r'"((?:\\.|[^"\\])*)"', literals)).replace('\\"', '"').removesuffix("\\n")
        if joined.count(" ") >= 2 and "\\" not in joined and joined[0].isalpha():
            yield joined


def c_messages(path):
    """Return the messages of the exceptions that a C file raises."""
    text = path.read_text(encoding="utf-8")
    for kind, literals in re.findall(r"PyErr_(?:SetString|Format)\(PyExc_(\w+),\s*(" + LITERALS.pattern + ")", text):
        if kind not in NOT_LISTED:
            yield "".join(re.findall(r'"((?:\\.|[^"\\])*)"', literals)).replace('\\"', '"')


def python_text(node):
    """Return the text of a constant or an f-string, with % for each inserted value, or None."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "%s" for part in node.values)
    return python_text(node.left) if isinstance(node, ast.BinOp) else None


def python_messages(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            call = node.exc
            name = getattr(call.func, "id", getattr(call.func, "attr", ""))
            if name not in NOT_LISTED:
                yield from filter(None, map(python_text, call.args))


def python_reasons():
    tree = ast.parse((SOURCE / "python/gorandom/_status.py").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and "'reason'" in ast.dump(node.targets[0]):
            yield python_text(node.value)
    yield re.search('_REASON = "(.+)"', (SOURCE / "pyext/front/front.py").read_text(encoding="utf-8"))[1]
    tree = ast.parse((SOURCE / "pyext/build/target.py").read_text(encoding="utf-8"))
    (function,) = (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == "why_no_core")
    yield from filter(None, (python_text(n.value) for n in ast.walk(function) if isinstance(n, ast.Return)))


@functools.cache
def page():
    return " ".join(TROUBLESHOOTING.read_text(encoding="utf-8").split())


def listed(text, words=None):
    """Return whether the page has the text, apart from inserted values. For messages only their first words count."""
    pieces = [piece.split() for piece in re.split(r"%(?:zd|ld|\.\d+f|[a-zA-Z])", text)]
    long = [" ".join(piece[:words]) for piece in pieces if len(piece) > 2]
    return all(piece in page() for piece in (long[:1] if words else long))


def test_reasons():
    found = {text for folder in ("front/runtime", "core") for path in (SOURCE / "pyext" / folder).glob("*.c") for text in c_texts(path)}
    found |= set(python_reasons())
    assert len(found) > 30 and 'start is "never"' in found  # else this test no longer reads the sources
    assert [text for text in sorted(found) if not listed(text)] == []


PYTHON = [path for path in sorted((SOURCE / "python" / "gorandom").rglob("*.py")) if "pycrypto" not in path.parts
          and path.name not in ("m2crypto.py", "selftest.py", "_front.py")]  # fmt: skip
C = [path for room in ("python", "numpy", "openssl") for path in sorted((SOURCE / "pyext" / "front" / room).glob("*.[ch]"))]


def test_messages():
    found = [(path.name, text) for path in PYTHON for text in python_messages(path)]
    found += [(path.name, text) for path in C for text in c_messages(path)]
    found += [(path.name, text) for path in sorted((SOURCE / "pyext" / "build").glob("*.py")) for text in python_messages(path)]
    found += [("openssl", text) for text in c_texts(SOURCE / "pyext" / "front" / "openssl" / "module.c")]
    found += [("seedfile", text) for text in re.findall('"(seedfile: .+)"', (SOURCE / "python/gorandom/_seedfile.py").read_text())]
    assert len(found) > 60
    assert [pair for pair in found if pair[1] not in PRIVATE and not listed(pair[1], 5)] == []


def test_the_reference_has_every_name():
    text = (SOURCE / "docs" / "api" / "gorandom.md").read_text(encoding="utf-8")
    assert [name for name in gorandom.__all__ if not re.search(rf":: gorandom\.{name}$", text, re.MULTILINE)] == []


@pytest.mark.parametrize("page", ["README", *(f"docs/{name}" for name in ("quickstart", "guides/hmac", "guides/tokens", "guides/uuids"))])
def test_the_code_of_the_pages_runs(page):
    ended = execute(PROGRAMS / "docs_code.py", "auto", SOURCE / f"{page}.md")
    assert ended.status == 0, ended.out + ended.err


@pytest.fixture
def prose(monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path, str(SOURCE / "tests")])
    return __import__("prose")


def test_long_sentences_are_told(prose, monkeypatch, capsys):
    monkeypatch.setattr(prose, "MOST", 5)
    assert prose.check() == 1
    assert "README.md have more than 5 words" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text, lengths",
    [
        ("One two three. Four five!\n\nSix", [3, 2, 1]),
        ("# A heading\n\nOne `a b c` two,\nthree [four](https://example.org/) ![no](a.png)", [5]),
        ("- one\n- two three\n  four\n1. five", [1, 3, 1]),
        ("| a | table |\n|---|---|\n| of | words |\n", []),
        ("```python\nnot = counted\n```\nOne, e.g. two of version 3.11.", [6]),
        ("A reason: Go is there. **Bold.** End", [2, 3, 1, 1]),
    ],
)
def test_sentences(prose, text, lengths):
    assert list(prose.sentences(text)) == lengths
