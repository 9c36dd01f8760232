"""uuid4 and uuid7: real uuid.UUID objects of RFC 9562, different across forks; version 7 in order."""

import threading
import uuid

import pytest

import gorandom
from gorandom import _uuid

NOW = 1_700_000_000_123  # ms


@pytest.fixture
def clock(monkeypatch):
    """clock(ms) sets what uuid7 takes for the time; it starts as if no UUID had been made."""
    monkeypatch.setattr(_uuid, "_last", (-1, 0))

    def set_to(milliseconds):
        monkeypatch.setattr(_uuid.time, "time_ns", lambda: milliseconds * 1_000_000 + 999_999)

    set_to(NOW)
    return set_to


def milliseconds(value):
    return value.int >> 80


def bits(value):
    """The 74 that are neither time nor version nor variant."""
    return (value.int >> 64 & 0xFFF) << 62 | value.int & (1 << 62) - 1


@pytest.mark.parametrize("make, version", [(gorandom.uuid4, 4), (gorandom.uuid7, 7)])
def test_a_uuid(make, version):
    drawn = [make() for _ in range(2000)]
    assert all(type(value) is uuid.UUID and value.version == version and value.variant == uuid.RFC_4122 for value in drawn)
    assert len(set(drawn)) == 2000
    assert uuid.UUID(str(drawn[0])) == drawn[0]
    with pytest.raises(TypeError):
        make(1)
    assert make.__doc__ and make.__name__ == f"uuid{version}"


def test_all_122_bits_vary():
    ones = zeros = 0
    for _ in range(300):
        value = gorandom.uuid4().int
        ones, zeros = ones | value, zeros | ~value & (1 << 128) - 1
    assert ones & zeros == (1 << 128) - 1 - (0xF << 76) - (0b11 << 62)


def test_every_draw_of_uuid7_varies():
    """In a new millisecond 73 bits are fresh; the 74th is room for those that follow."""
    ones = zeros = 0
    for n in range(300):
        _uuid._last = (-1, 0)
        value = bits(gorandom.uuid7())
        ones, zeros = ones | value, zeros | ~value
    assert ones & zeros & (1 << 74) - 1 == (1 << 73) - 1 and ones >> 73 == 0


def test_the_layout(clock, monkeypatch):
    """RFC 9562, 5.7, by the fields of its figure."""
    monkeypatch.setattr(_uuid, "get_random_bytes", lambda n: bytes(range(1, n + 1)))
    value = gorandom.uuid7()
    drawn = int.from_bytes(bytes(range(1, 19)), "big") & (1 << 73) - 1
    unix_ts_ms, ver, rand_a = value.int >> 80, value.int >> 76 & 0xF, value.int >> 64 & 0xFFF
    var, rand_b = value.int >> 62 & 0b11, value.int & (1 << 62) - 1
    assert (unix_ts_ms, ver, var) == (NOW, 0b0111, 0b10)
    assert (rand_a, rand_b) == (drawn >> 62, drawn & (1 << 62) - 1)


def test_in_order_within_a_millisecond(clock):
    drawn = [gorandom.uuid7() for _ in range(1000)]
    assert drawn == sorted(drawn) and len(set(drawn)) == 1000
    assert [str(value) for value in drawn] == sorted(str(value) for value in drawn)
    assert {milliseconds(value) for value in drawn} == {NOW}


def test_the_steps_are_random(clock):
    """Two processes that go on from the same one must differ: no counter would."""
    first = gorandom.uuid7()
    last, steps = _uuid._last, set()
    for _ in range(200):
        _uuid._last = last
        steps.add(bits(gorandom.uuid7()) - bits(first))
    assert len(steps) == 200 and 0 < min(steps) and 1 << 60 < max(steps) <= 1 << 62


def test_new_millisecond(clock):
    first = gorandom.uuid7()
    clock(NOW + 1)
    second = gorandom.uuid7()
    assert (milliseconds(first), milliseconds(second)) == (NOW, NOW + 1)


def test_the_clock_goes_back(clock):
    first = gorandom.uuid7()
    clock(NOW - 60_000)
    second = gorandom.uuid7()
    assert first < second and milliseconds(second) == NOW


@pytest.mark.parametrize("last", [(1 << 74) - 1, (1 << 74) - 2, (1 << 74) - (1 << 20)], ids=hex)
def test_bits_used_up(clock, monkeypatch, last):
    monkeypatch.setattr(_uuid, "_last", (NOW, last))
    monkeypatch.setattr(_uuid, "get_random_bytes", lambda n: b"\xff" * n)
    value = gorandom.uuid7()
    assert (milliseconds(value), value.version, value.variant) == (NOW + 1, 7, uuid.RFC_4122)
    assert bits(value) == (1 << 73) - 1


def test_in_order_in_threads():
    """Each thread sees its own in order, and no two are the same."""
    drawn = [[] for _ in range(4)]

    def work(mine):
        for _ in range(3000):
            mine.append(gorandom.uuid7())

    threads = [threading.Thread(target=work, args=(mine,)) for mine in drawn]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(mine == sorted(mine) for mine in drawn)
    assert len({value for mine in drawn for value in mine}) == 12_000


FORKS = """
import os, threading, time, gorandom
from gorandom import _uuid
_uuid.time.time_ns = lambda frozen=time.time_ns(): frozen  # so that all are of one millisecond
gorandom.uuid7()
running = True
def busy():
    while running: gorandom.uuid7()
threads = [threading.Thread(target=busy) for _ in range(2)]
for t in threads: t.start()
drawn = []
for _ in range(40):
    r, w = os.pipe()
    child = os.fork()
    if not child:
        os.write(w, b"".join(make().bytes for make in (gorandom.uuid4, gorandom.uuid7) for _ in range(10)))
        os._exit(0)
    drawn += [gorandom.uuid7().bytes, gorandom.uuid4().bytes]
    theirs = os.read(r, 4096)
    assert os.waitpid(child, 0)[1] == 0 and len(theirs) == 320
    drawn += [theirs[i:i + 16] for i in range(0, 320, 16)]
    os.close(r); os.close(w)
running = False
for t in threads: t.join()
print(len(drawn), len(set(drawn)))
"""


def test_forks(python, start_mode):
    """While other threads make UUIDs: no child waits for a lock of theirs, and none repeats its parent's. Guards
    the lock's being held across a fork."""
    assert python(FORKS, start=start_mode, flags=["-W", "ignore"]).split() == ["880", "880"]


def test_a_signal_in_the_middle(python):
    """Guards the lock's being reentrant: a handler may make a UUID whatever it interrupted."""
    program = """
import signal, gorandom
made, make = [], gorandom.uuid7
signal.signal(signal.SIGALRM, lambda *_: made.append(make()))
signal.setitimer(signal.ITIMER_REAL, 0.0002, 0.0002)
while len(made) < 500:
    make()
signal.setitimer(signal.ITIMER_REAL, 0)
signal.signal(signal.SIGALRM, signal.SIG_IGN)
print(len(set(made)) == len(made))
"""
    assert python(program).strip() == "True"
