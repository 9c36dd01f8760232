"""add_event(), reseed() and configure(): what they accept, when it takes effect, what they refuse."""

import array
import hashlib
import threading

import pytest
from _forks import PROGRAMS
from hypothesis import given, settings
from hypothesis import strategies as st

import gorandom

LIMITS = "^an event has a source from 0 to 255 and 1 to 32 bytes$"


def test_event_returns_nothing():
    assert gorandom.add_event(b"x") is None
    assert gorandom.add_event(b"x", 255) is None
    assert gorandom.add_event(data=b"x", source=0) is None


@settings(deadline=None, database=None)
@given(st.binary(min_size=1, max_size=100), st.integers(0, 255), st.sampled_from([bytes, bytearray, memoryview]))
def test_event_of_any_length(data, source, kind):
    """More than 32 bytes are hashed first (Fortuna's limit). All kinds of buffers are treated alike."""
    assert gorandom.add_event(kind(data), source) is None


@pytest.mark.parametrize("n", [1, 32, 33, 1000])
def test_event_is_hashed(monkeypatch, n):
    """The event is the digest of all bytes. Short data goes in unchanged."""
    given = []
    monkeypatch.setattr(gorandom._front, "add_event", lambda *event: given.append(event))
    data = bytes(range(100)) * 10
    gorandom.add_event(data[:n], 7)
    assert given == [(7, data[:n] if n <= 32 else hashlib.sha256(data[:n]).digest())]


@pytest.mark.parametrize("n", [1, 31, 32, 33, 1000, 1 << 20])
def test_event_sizes(n):
    assert gorandom.add_event(b"e" * n) is None
    assert gorandom.add_event(array.array("B", b"e" * n)) is None


@pytest.mark.parametrize("n", [0, 33, 255, 256])
def test_event_sizes_of_the_front(n):
    """Longer events are hashed before they get here: the front keeps events of 32 bytes."""
    with pytest.raises(ValueError, match="1 to 32 bytes"):
        gorandom._front.add_event(0, bytes(n))


def test_event_of_other_buffers():
    assert gorandom.add_event(array.array("d", [0.5])) is None
    assert gorandom.add_event(memoryview(bytearray(24)).cast("i", [2, 3])) is None


@pytest.mark.parametrize("empty", [b"", bytearray(), memoryview(b"")], ids=repr)
def test_empty_event(empty):
    with pytest.raises(ValueError, match=LIMITS):
        gorandom.add_event(empty)


@settings(deadline=None, database=None)
@given(st.one_of(st.integers(max_value=-1), st.integers(min_value=256)))
def test_no_source(source):
    with pytest.raises((ValueError, OverflowError)):
        gorandom.add_event(b"x", source)


@pytest.mark.parametrize("source", [1.0, "0", None, b"\0"])
def test_source_is_no_number(source):
    with pytest.raises(TypeError):
        gorandom.add_event(b"x", source)


@pytest.mark.parametrize("data", ["text", 1, None, [1], object(), memoryview(b"abcd")[::2]], ids=repr)
def test_no_event(data):
    with pytest.raises(TypeError):
        gorandom.add_event(data)


WITHOUT = """
import gorandom
gorandom.get_random_bytes(16)
print(gorandom.status().events)
"""


@pytest.mark.native("core")
def test_events_are_counted_and_the_early_ones_kept(python):
    """In direct mode an event is kept for the core that may start later. Adding events causes no reseed by itself: they act at
    a later draw, by Fortuna's rule."""
    delivered, added, reseeds = map(int, python(PROGRAMS / "events_counted.py").split())
    assert delivered == int(python(WITHOUT)) + 3
    assert added >= 300
    assert reseeds == 0


@pytest.mark.native("direct mode")
def test_events_in_direct_mode_for_good(python):
    out = python(
        "import gorandom\n"
        "for i in range(1000): gorandom.add_event(b'e' * 32, i % 256)\n"
        "gorandom.get_random_bytes(16); gorandom.reseed()\n"
        "print(gorandom.status().mode, gorandom.status().events)",
        start="never",
    )
    assert out.split() == ["direct", "0"]


RESEED = """
import gorandom
gorandom.get_random_bytes(16)
before = gorandom.status()
for i in range(5):
    gorandom.reseed()
after = gorandom.status()
assert after.failed_reseeds == before.failed_reseeds
print(after.reseeds - before.reseeds, after.mode)
"""


@pytest.mark.native("core")
def test_reseed_counts(python, start_mode):
    count, mode = python(RESEED, start=start_mode).split()
    assert (int(count), mode) == ((0, "direct") if start_mode == "never" else (5, "core"))


@pytest.mark.native("pool")
def test_reseed_makes_the_pools_of_all_threads_stale(python):
    """Guards: reseed() takes effect before the next byte in any thread (pool_all_stale). In direct mode each refill of a pool
    is counted. Without the guarded code the threads keep their old pools, and none is refilled."""
    refills = python(PROGRAMS / "events_stale.py", start="never").split()
    assert [int(n) >= 4 for n in refills] == [True] * 5, refills


def test_reseed_while_threads_draw(start_mode, python):
    python(PROGRAMS / "events_reseed_while_drawing.py", start=start_mode)


TOO_LATE = 'RuntimeError: too late for start="never": this process has a core already'


@pytest.mark.native("core")
@pytest.mark.parametrize(
    "environment, first, draw, second, expected",
    [
        (None, "never", "", "", ["direct"]),
        (None, "never", "draw", "", ["direct"]),
        (None, "never", "draw", "auto", ["core"]),
        (None, "never", "draw", "eager", ["core"]),
        (None, "auto", "draw", "never", [TOO_LATE, "core"]),
        (None, "", "draw", "never", [TOO_LATE, "core"]),
        (None, "eager", "draw", "auto", ["core"]),
        ("eager", "never", "", "", [TOO_LATE, "core"]),
        ("never", "auto", "", "", ["core"]),
        ("never", "", "draw", "never", ["direct"]),
    ],
)
def test_configure(python, environment, first, draw, second, expected):
    assert python(PROGRAMS / "events_configure.py", first, draw, second, start=environment).splitlines() == expected


@pytest.mark.native("core")
@pytest.mark.parametrize(
    "first, second, expected",
    [
        ("auto", "", ["direct", "core"]),
        ("eager", "", ["core", "core"]),
        ("never", "", ["direct", "direct"]),
        ("auto", "never", ["direct", "direct"]),
        ("auto", "eager", ["core", "core"]),
        ("eager", "never", ["direct", "direct"]),
        ("eager", "auto", ["direct", "core"]),
        ("never", "eager", ["core", "core"]),
    ],
)
def test_configure_holds_in_children(python, first, second, expected):
    """A child starts direct, so "never" is not too late in it. Until it sets another mode, its parent's holds."""
    flags = ["-W", "ignore::DeprecationWarning"]
    assert python(PROGRAMS / "events_configure_child.py", first, second, flags=flags).split() == expected


@pytest.mark.parametrize("start", ["", "Auto", "auto ", "core", "never\0", "never\0x", "\0", "ä", "\udc80", "x" * 10_000])
def test_configure_unknown(start):
    with pytest.raises(ValueError, match='"auto", "eager" or "never"') as caught:
        gorandom.configure(start=start)
    assert caught.type is ValueError


@pytest.mark.parametrize("start", [None, 1, b"never", ["never"], True])
def test_configure_no_text(start):
    with pytest.raises(TypeError, match="str"):
        gorandom.configure(start=start)


def test_configure_is_called_by_keyword():
    for call in (lambda: gorandom.configure("auto"), lambda: gorandom.configure(), lambda: gorandom.configure(stop="x")):
        with pytest.raises(TypeError):
            call()


def test_many_threads_ask_and_add():
    """status(), add_event() and reseed() enter the core by the same gate as draws."""
    failed = []

    def work(i):
        try:
            for _ in range(30):
                gorandom.add_event(b"thread %d" % i, i)
                gorandom.status()
                assert len(gorandom.get_random_bytes(2000)) == 2000
                gorandom.reseed()
        except BaseException as e:
            failed.append(e)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(60)
        assert not t.is_alive(), "hung"
    assert not failed
