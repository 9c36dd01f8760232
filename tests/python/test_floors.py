"""The C files respect their floors. Tests the check itself, and that it can fail."""

import re
import sys

import pytest
from conftest import SOURCE

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(not (SOURCE / "pyext" / "front").exists(), reason="the C sources are not beside these tests"),
]


@pytest.fixture
def floors(monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path, str(SOURCE / "tests")])
    return __import__("floors")


def test_all_keep_to_them(floors):
    assert floors.check() == 0


@pytest.mark.parametrize(
    "name, text, says",
    [
        ("guard/fork.c", '#include "runtime/runtime.h"', "guard/fork.c includes runtime/runtime.h"),
        ("pure/text.c", '#include "core/core.h"', "pure/text.c includes core/core.h"),
        ("draw/draw.c", '#include "numpy/module.c"', "draw/draw.c includes numpy/module.c"),
        ("numpy/module.c", '#include "openssl/module.c"', "numpy/module.c includes openssl/module.c"),
        ("numpy/module.c", '#include "python/bytes.h"', "numpy/module.c includes python/bytes.h"),
        ("source/kernel.c", "int f(void) { return draw_reseed(); }", "source/kernel.c names what draw/draw.c defines"),
        ("runtime/limits.c", "int f(void) { return gate_enter_aside(0); }", "a circle: runtime/gate.c -> runtime/limits.c"),
    ],
)
def test_a_violation_is_seen(floors, monkeypatch, capsys, name, text, says):
    files = floors.sources()
    monkeypatch.setattr(floors, "sources", lambda: {**files, name: files.get(name, "") + text + "\n"})
    assert floors.check() == 1
    assert says in capsys.readouterr().out


@pytest.mark.parametrize(
    "old, new, says",
    [
        (r"(?m)^(\| 1 .*?\| )\d+( \|)", r"\g<1>1\g<2>", "1 Fortuna has "),
        ("`gorandom/process/[*].go`", "`gorandom/processes/*.go`", "there is no gorandom/processes/*.go"),
        ("`pyext/front/front.py`", "`setup.py`", "pyext/front/front.py has no stop"),
        ("`test_leader.py`", "`test_reader.py`", "no stop has test_leader.py, which SECURITY.md names"),
        ("`test_leader.py`", "`test_reader.py`", "there is no test_reader.py"),
    ],
)
def test_an_old_audit_map_is_seen(floors, monkeypatch, tmp_path, old, new, says):
    text = (SOURCE / "docs" / "audit.md").read_text()
    changed, n = re.subn(old, new, text)
    assert n
    page = tmp_path / "audit.md"
    page.write_text(changed)
    monkeypatch.setattr(floors, "AUDIT", page)
    assert [line for line in floors.audit_map() if line.startswith(says)]


def test_the_audit_map_counts_itself(floors, monkeypatch, tmp_path):
    text = (SOURCE / "docs" / "audit.md").read_text()
    page = tmp_path / "audit.md"
    page.write_text(re.sub(r"(?m)^(\| \d+ .*?\| )[\d,]+( \|)", r"\g<1>1\g<2>", text))
    monkeypatch.setattr(floors, "AUDIT", page)
    assert len(list(floors.audit_map())) > 20
    floors.count_audit_map()
    assert list(floors.audit_map()) == []
