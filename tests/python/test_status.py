"""status(): what this process draws from, and why."""

import contextlib
import dataclasses
import inspect
import io

import pytest
from _forks import PROGRAMS
from conftest import PURE

import gorandom
from gorandom import seedfile

FIELDS = ["mode", "reason", "ready", "implementation", "sources", "dropped", "reseeds", "failed_reseeds", "events",
          "generation", "vm_generation", "clones", "seed_file", "keystream", "memory", "core_version"]  # fmt: skip
PROMISED = {"mode", "reason", "ready", "implementation", "sources", "reseeds", "events", "generation", "vm_generation",
            "seed_file", "keystream", "core_version"}  # fmt: skip


@pytest.fixture
def status():
    gorandom.get_random_bytes(16)
    return gorandom.status()


def test_is_a_frozen_dataclass(status):
    assert type(status) is gorandom.Status
    assert PROMISED <= {field.name for field in dataclasses.fields(status)} == set(FIELDS)
    for name in FIELDS:
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(status, name, None)
    assert hash(status) == hash(dataclasses.replace(status))


def test_help_explains_each_field():
    """help() shows a class's docstring, and none of the strings below its fields."""
    for name in FIELDS:
        assert f"\n``{name}``" in inspect.getdoc(gorandom.Status), name


def test_types(status):
    assert status.mode in (("system",) if PURE else ("core", "direct"))
    assert status.ready is True
    assert status.implementation in ("getrandom", "/dev/urandom")
    assert isinstance(status.sources, tuple) and status.sources and all(type(s) is str and s for s in status.sources)
    assert isinstance(status.dropped, tuple) and all(type(s) is str and ": " in s for s in status.dropped)
    for name in ("reseeds", "failed_reseeds", "events", "generation"):
        assert type(getattr(status, name)) is int and getattr(status, name) >= 0
    for name in ("reason", "keystream", "memory"):
        assert type(getattr(status, name)) is str
    assert status.core_version in (gorandom.__version__, None)
    assert (status.reason == "") == (status.mode == "core")


def test_str_is_readable(status):
    lines = str(status).splitlines()
    assert lines[0] == f"gorandom {gorandom.__version__}"
    assert any(line.split() == ["mode", status.mode] for line in lines)
    assert "(" not in lines[0] and "None" not in str(status)
    with contextlib.redirect_stdout(io.StringIO()) as out:
        print(status)
    assert out.getvalue() == str(status) + "\n"


@pytest.mark.native("core")
def test_before_and_after_the_first_draw(python, start_mode):
    before, after = [line.split("|") for line in python(PROGRAMS / "status_modes.py", start=start_mode).splitlines()]
    version = gorandom.__version__
    assert after[1] == "True" and after[6] == "0"
    if start_mode == "auto":
        assert before[:1] + before[2:] == ["direct", "nothing has been drawn yet", "system", "0", version, "0"]
    if start_mode == "eager":
        assert before == after
    if start_mode == "never":
        assert after == ["direct", "True", 'start is "never"', "system", "0", version, "0"]
        assert before[2:] == after[2:]
    else:
        assert after[0] == "core" and after[2] == "" and after[3] not in ("", "system") and int(after[4]) >= 1


@pytest.mark.native("direct mode")
def test_asking_starts_nothing(python):
    assert python(
        "import gorandom, os\n"
        "for _ in range(3): gorandom.status()\n"
        "print(gorandom.status().mode, len(os.listdir('/proc/self/task')))"
    ).split() == ["direct", "1"]


def test_dropped_sources(status, monkeypatch):
    """A source that fails a health test is named with the reason, and no longer listed as a source. tests/go/csprng
    (noise_test.go) checks that a core finds such a source, because no test can break a processor."""
    names = {line.partition(": ")[0] for line in status.dropped}
    assert not names & set(status.sources)
    if status.mode != "core":
        assert status.dropped == ()
        return
    from gorandom import _core

    text = "".join(line for line in _core.gopy_Status().splitlines(True) if not line.startswith("dropped"))
    more = "dropped rdseed: repetition count test\ndropped cycles: adaptive proportion test\n"
    monkeypatch.setattr(_core, "gopy_Status", lambda: text + more)
    now = gorandom.status()
    assert now.dropped == ("rdseed: repetition count test", "cycles: adaptive proportion test")
    assert "dropped          rdseed: repetition count test, cycles: adaptive proportion test" in str(now)
    monkeypatch.setattr(_core, "gopy_Status", lambda: text)
    now = gorandom.status()
    assert now.dropped == () and "dropped" not in str(now)


@pytest.mark.native("core")
def test_a_busy_core(status, monkeypatch):
    """A busy core is not asked, and the status has what is known without it."""
    from gorandom import _core

    if status.mode != "core":
        pytest.skip("no core serves here: " + status.reason)

    def busy():
        raise RuntimeError("the core has no place for this call now")

    monkeypatch.setattr(_core, "gopy_Status", busy)
    now = gorandom.status()
    assert (now.mode, now.reseeds, now.keystream) == ("direct", 0, "system") and "busy" in now.reason


@pytest.mark.native("core")
@pytest.mark.parametrize("ask", [gorandom.status, lambda: seedfile.refresh("seed")], ids=["status", "seedfile"])
def test_a_panic_in_the_core(status, monkeypatch, tmp_path, ask):
    """It is reported, and not taken for a core that cannot be entered. pyext/front/python/glue.h raises SystemError for it."""
    from gorandom import _core

    if status.mode != "core":
        pytest.skip("no core serves here: " + status.reason)

    def panic(*arguments):
        raise SystemError("internal error in the core")

    monkeypatch.chdir(tmp_path)
    seedfile.save("seed")
    for name in ("gopy_Status", "gopy_SeedLoad", "gopy_SeedRefresh", "gopy_SeedSave"):
        monkeypatch.setattr(_core, name, panic)
    with pytest.raises(SystemError, match="internal error in the core"):
        ask()


@pytest.mark.native("core")
@pytest.mark.parametrize(
    "answer, error",
    [
        ("generator:0:csprng: the system's generator repeats itself", OSError),
        ("internal:0:internal error in the core", SystemError),
        ("os:28:no space left on device", OSError),
    ],
)
def test_what_the_core_says_of_a_seed_file(status, monkeypatch, tmp_path, answer, error):
    """Its failure is raised as the kind that it is: no entropy is an OSError, as it is for a draw."""
    from gorandom import _core

    if status.mode != "core":
        pytest.skip("no core serves here: " + status.reason)
    monkeypatch.setattr(_core, "gopy_SeedSave", lambda digits: answer)
    with pytest.raises(error):
        seedfile.save(tmp_path / "seed")
    assert not (tmp_path / "seed").exists()


@pytest.mark.native("core")
def test_failed_reseeds(status, monkeypatch):
    """tests/go/csprng checks that a core counts them."""
    from gorandom import _core

    if status.mode != "core":
        pytest.skip("no core serves here: " + status.reason)
    text = _core.gopy_Status()
    assert "failed_reseeds 0\n" in text
    monkeypatch.setattr(_core, "gopy_Status", lambda: text.replace("failed_reseeds 0", "failed_reseeds 7"))
    assert gorandom.status().failed_reseeds == 7


@pytest.mark.native("core")
def test_core_fields(python):
    out = python(
        "import gorandom; gorandom.get_random_bytes(1); s = gorandom.status()\n"
        "print(s.memory, s.sources[0], s.events, sep='|')"
    )
    memory, first, events = out.strip().split("|")
    assert {"wiped at fork", "undumped"} <= set(memory.split(", "))
    assert first in ("getrandom", "/dev/urandom")
    assert int(events) >= 32, "each of the 32 pools has been given kernel bytes at the start"


@pytest.mark.native("core")
def test_children(python, start_mode):
    lines = [line.split("|") for line in python(PROGRAMS / "status_children.py", start=start_mode).splitlines()]
    later = "a forked child starts a core when it has drawn about a megabyte"
    expected = {
        "auto": [["direct", "1", later], ["core", "1", ""], ["direct", "2", later], ["core", "2", ""]],
        "eager": [["core", "1", ""]] * 2 + [["core", "2", ""]] * 2,
        "never": [["direct", "1", 'start is "never"']] * 2 + [["direct", "2", 'start is "never"']] * 2,
    }
    assert lines == expected[start_mode]


def test_reseeds_grow():
    before = gorandom.status()
    gorandom.reseed()
    after = gorandom.status()
    if after.mode == "core":
        assert after.reseeds > before.reseeds
    assert after.failed_reseeds == before.failed_reseeds
