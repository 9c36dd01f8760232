"""uuid4 and uuid7: real uuid.UUID objects of RFC 9562, different across forks; version 7 in order."""

import ctypes
import pickle
import sys
import threading
import uuid

import pytest
from _forks import PROGRAMS, linux, plain, run, scripted

import gorandom

NOW = 1_700_000_000_123  # ms
AHEAD = 10_000  # ms: UUID7_AHEAD


class State(ctypes.Structure):
    """The state that version 7 continues from: struct uuid7 of uuid7.h."""

    _fields_ = [("time", ctypes.c_int64), ("rand_a", ctypes.c_uint64), ("rand_b", ctypes.c_uint64)]


def following(state, now=NOW, drawn=None):
    """Return the next UUID, by the front's own algorithm, from given bytes, and advance state."""
    made = ctypes.create_string_buffer(16)
    plain().plain_uuid7(ctypes.byref(state), ctypes.c_int64(now), gorandom.urandom(18) if drawn is None else drawn, made)
    return uuid.UUID(bytes=made.raw)


def fresh():
    return State(-1, 0, 0)


def milliseconds(value):
    return value.int >> 80


def bits(value):
    """Return the 74 bits that are neither time nor version nor variant."""
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


@pytest.mark.parametrize("make, version", [(gorandom.uuid4, 4), (gorandom.uuid7, 7)])
def test_as_if_the_constructor_had_made_it(make, version):
    """The object is made without the constructor, but lacks nothing that the constructor sets, and works in the same way."""
    value = make()
    made = uuid.UUID(int=value.int)
    assert value == made and hash(value) == hash(made) and str(value) == str(made) and repr(value) == repr(made)
    assert value.is_safe is made.is_safe is uuid.SafeUUID.unknown and type(value.int) is int
    assert (value.bytes, value.fields, value.urn) == (made.bytes, made.fields, made.urn)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.dumps(value, protocol) == pickle.dumps(made, protocol)
        assert pickle.loads(pickle.dumps(value, protocol)) == value
    with pytest.raises(TypeError, match="immutable"):
        value.int = 1
    assert make().version == version


@pytest.mark.parametrize("name", ["uuid4", "uuid7"])
@pytest.mark.parametrize("args, kwargs, message", [((1,), {}, "takes 0 positional arguments but 1 was given"),
                                                   ((1, 2), {}, "takes 0 positional arguments but 2 were given"),
                                                   ((), {"x": 1}, "got an unexpected keyword argument 'x'"),
                                                   ((1,), {"x": 1}, "got an unexpected keyword argument 'x'")])  # fmt: skip
def test_takes_no_arguments(name, args, kwargs, message):
    with pytest.raises(TypeError) as caught:
        getattr(gorandom, name)(*args, **kwargs)
    assert str(caught.value) == f"{name}() {message}"
    assert isinstance(getattr(gorandom, name)(**{}), uuid.UUID)


def test_every_draw_of_uuid7_varies():
    """In a new millisecond 73 bits are fresh. The 74th leaves room for later UUIDs."""
    ones = zeros = 0
    for _ in range(300):
        value = bits(following(fresh()))
        ones, zeros = ones | value, zeros | ~value
    assert ones & zeros & (1 << 74) - 1 == (1 << 73) - 1 and ones >> 73 == 0


def test_the_layout():
    """RFC 9562, 5.7, by the fields of its figure."""
    value = following(fresh(), drawn=bytes(range(0xF1, 0xF1 + 10)) + bytes(8))
    unix_ts_ms, ver, rand_a = value.int >> 80, value.int >> 76 & 0xF, value.int >> 64 & 0xFFF
    var, rand_b = value.int >> 62 & 0b11, value.int & (1 << 62) - 1
    assert (unix_ts_ms, ver, var) == (NOW, 0b0111, 0b10)
    assert (rand_a, rand_b) == (0xF1F2 & 0x7FF, 0xF3F4F5F6F7F8F9FA & (1 << 62) - 1)


@pytest.mark.parametrize("rand_a, rand_b", [(0, 0), (0, (1 << 62) - 1), (5, (1 << 62) - 2), (4094, (1 << 62) - 1), (4095, 0)])
@pytest.mark.parametrize("step", [0, 1, 1 << 61, (1 << 62) - 1, (1 << 64) - 1])
def test_the_step(rand_a, rand_b, step):
    """The step is the low 62 bits of the last eight bytes, plus one, and is added to the 74 bits as one number."""
    state = State(NOW, rand_a, rand_b)
    value = following(state, drawn=bytes(10) + step.to_bytes(8, "big"))
    wanted = (rand_a << 62 | rand_b) + 1 + (step & (1 << 62) - 1)
    if wanted >> 74:
        assert (milliseconds(value), bits(value)) == (NOW + 1, 0)
    else:
        assert (milliseconds(value), bits(value)) == (NOW, wanted)


def test_in_order_within_a_millisecond():
    state = fresh()
    drawn = [following(state) for _ in range(1000)]
    assert drawn == sorted(drawn) and len(set(drawn)) == 1000
    assert [str(value) for value in drawn] == sorted(str(value) for value in drawn)
    assert {milliseconds(value) for value in drawn} == {NOW}


def test_the_steps_are_random():
    """Two processes that continue from the same UUID must differ. With a counter they would not."""
    state = fresh()
    first = following(state)
    steps = {bits(following(State(state.time, state.rand_a, state.rand_b))) - bits(first) for _ in range(200)}
    assert len(steps) == 200 and 0 < min(steps) and 1 << 60 < max(steps) <= 1 << 62


def test_new_millisecond():
    state = fresh()
    assert [milliseconds(following(state, now)) for now in (NOW, NOW + 1, NOW + 5)] == [NOW, NOW + 1, NOW + 5]


def test_a_new_millisecond_has_room():
    """The highest of the 74 bits is 0 then, so that 2**73 remain for steps of up to 2**62."""
    assert bits(following(fresh(), drawn=b"\xff" * 18)) == (1 << 73) - 1


@pytest.mark.parametrize("back", [1, 5000, AHEAD - 1])
def test_the_clock_goes_back(back):
    state = fresh()
    first, second = following(state), following(state, NOW - back)
    assert first < second and milliseconds(second) == NOW


@pytest.mark.parametrize("back", [AHEAD, AHEAD + 1, 86_400_000, NOW])
def test_the_clock_was_wrong(back):
    """RFC 9562, 6.2: a clock that was ahead for a moment does not affect all later UUIDs."""
    state = fresh()
    first, second, third = (following(state, now) for now in (NOW, NOW - back, NOW - back + 1))
    assert [milliseconds(value) for value in (first, second, third)] == [NOW, NOW - back, NOW - back + 1]
    assert second < third < first


@pytest.mark.parametrize("back", [0, 1, 5000, AHEAD - 1])
def test_never_further_ahead_than_the_bound(back):
    """However many are made while the clock stands: a process makes fewer than 20,000 in a millisecond. Guards STEP_AHEAD:
    with the steps used within the current millisecond, 4,096 would reach the bound."""
    state = fresh()
    following(state)
    drawn = [following(state, NOW - back) for _ in range(40_000)]
    assert drawn == sorted(drawn) and len(set(drawn)) == 40_000
    assert milliseconds(drawn[-1]) - (NOW - back) <= min(back + 1, AHEAD)


@pytest.mark.parametrize("top", [(1 << 74) - 1, (1 << 74) - (1 << 50)], ids=hex)
def test_bits_used_up_at_the_bound(top):
    now = NOW - AHEAD + 1
    state = State(NOW, top >> 62, top & (1 << 62) - 1)
    drawn = [following(state, now, b"\xff" * 18) for _ in range(3)]
    assert milliseconds(drawn[0]) == NOW + 1 == now + AHEAD and [milliseconds(value) for value in drawn[1:]] == [now, now]


@pytest.mark.parametrize("rand_a, rand_b", [(0, 0), (5, (1 << 62) - 2)])
@pytest.mark.parametrize("step", [0, 1, (1 << 56) - 1, (1 << 64) - 1])
def test_the_step_ahead_of_the_clock(rand_a, rand_b, step):
    value = following(State(NOW, rand_a, rand_b), NOW - 1, bytes(10) + step.to_bytes(8, "big"))
    assert (milliseconds(value), bits(value)) == (NOW, (rand_a << 62 | rand_b) + 1 + (step & (1 << 56) - 1))


TIMES = [0, 1, NOW, (1 << 48) - 1]


@pytest.mark.parametrize("time", TIMES)
def test_a_given_time(time):
    drawn = [gorandom.uuid7(timestamp=time) for _ in range(300)]
    assert {milliseconds(value) for value in drawn} == {time} and len(set(drawn)) == 300
    assert {(type(value), value.version, value.variant) for value in drawn} == {(uuid.UUID, 7, uuid.RFC_4122)}
    assert gorandom.uuid7_time(drawn[0]) == time
    ones = zeros = 0
    for value in map(bits, drawn):
        ones, zeros = ones | value, zeros | ~value
    assert ones & zeros & (1 << 74) - 1 == (1 << 74) - 1


def test_a_given_time_has_the_layout(monkeypatch):
    monkeypatch.setattr("gorandom._uuid.get_random_bytes", lambda n: bytes(range(0xF1, 0xF1 + n)))
    value = gorandom.uuid7(timestamp=NOW)
    assert (milliseconds(value), value.version, value.variant) == (NOW, 7, uuid.RFC_4122)
    assert bits(value) == (0xF1F2 & 0xFFF) << 62 | 0xF3F4F5F6F7F8F9FA & (1 << 62) - 1


def test_a_given_time_leaves_the_others_alone():
    """A time in the year 10889 does not move the others there, and one in 1970 does not set them back."""
    before = gorandom.uuid7()
    for time in TIMES:
        gorandom.uuid7(timestamp=time)
    after = gorandom.uuid7()
    assert before < after and milliseconds(after) < TIMES[-1]


@pytest.mark.parametrize("timestamp, error", [(-1, ValueError), (1 << 48, ValueError), (1 << 64, ValueError), (-(1 << 64), ValueError),
                                              (1.0, TypeError), ("1", TypeError), (b"1", TypeError)])  # fmt: skip
def test_a_wrong_time(timestamp, error):
    with pytest.raises(error) as caught:
        gorandom.uuid7(timestamp=timestamp)
    if error is ValueError:
        assert str(caught.value) == "timestamp must be in milliseconds since 1970, 0 <= timestamp < 2**48"


def test_no_time_is_now():
    class Index:
        def __index__(self):
            return NOW

    assert gorandom.uuid7() < gorandom.uuid7(timestamp=None) < gorandom.uuid7()
    assert milliseconds(gorandom.uuid7(timestamp=Index())) == NOW
    for arguments in ({"timestamp": NOW, "x": 1}, {"x": 1, "timestamp": NOW}):
        with pytest.raises(TypeError, match=r"uuid7\(\) got an unexpected keyword argument 'x'"):
            gorandom.uuid7(**arguments)
    with pytest.raises(TypeError, match="takes 0 positional arguments but 1 was given"):
        gorandom.uuid7(NOW)


def test_the_time_read_back():
    """RFC 9562, appendix A.6, and what Python itself gives from 3.14 on."""
    value = uuid.UUID("017F22E2-79B0-7CC3-98C4-DC0C0C07398F")
    assert gorandom.uuid7_time(value) == 1645557742000
    value = gorandom.uuid7()
    assert gorandom.uuid7_time(value) == milliseconds(value) and type(gorandom.uuid7_time(value)) is int
    if sys.version_info >= (3, 14):
        assert gorandom.uuid7_time(value) == value.time


@pytest.mark.parametrize("value", [uuid.uuid1(), uuid.uuid4(), uuid.UUID(int=0), uuid.UUID(int=(1 << 128) - 1),
                                   uuid.UUID(int=7 << 76)], ids=["1", "4", "nil", "max", "another variant"])  # fmt: skip
def test_no_time_of_other_versions(value):
    with pytest.raises(ValueError, match="^this UUID is not of version 7$"):
        gorandom.uuid7_time(value)


@pytest.mark.parametrize("value", [None, 7 << 76, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f", b"x" * 16], ids=repr)
def test_no_time_of_what_is_no_uuid(value):
    with pytest.raises(TypeError, match=f"^a uuid.UUID is required, not {type(value).__name__}$"):
        gorandom.uuid7_time(value)


@pytest.mark.parametrize("last", [(1 << 74) - 1, (1 << 74) - 2, (1 << 74) - (1 << 20)], ids=hex)
def test_bits_used_up(last):
    state = State(NOW, last >> 62, last & (1 << 62) - 1)
    value = following(state, drawn=b"\xff" * 18)
    assert (milliseconds(value), value.version, value.variant) == (NOW + 1, 7, uuid.RFC_4122)
    assert bits(value) == (1 << 73) - 1 and bits(following(state)) > bits(value)


@linux
def test_the_time_is_the_clocks():
    """The installed library runs under a clock that the test sets, in all the ways that a clock may change."""
    found = run(
        """
        import json, script, gorandom
        times = []
        made = []
        for now in (1000, 1000, 2000, 1500, 2000, 2001, 13001, 2001):
            script.clock(now)
            made.append(gorandom.uuid7())
        print(json.dumps([[value.int >> 80 for value in made], made[:-1] == sorted(made[:-1]), len(set(made))]))
        """,
        "never",
        env={"LD_PRELOAD": str(scripted())},
    )
    assert found == [[1000, 1000, 2000, 2000, 2000, 2001, 13001, 2001], True, 8]


def test_in_order_in_threads():
    """Each thread sees its own UUIDs in order, and no two are the same."""
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


@linux
def test_forks(python, start_mode, monkeypatch):
    """Other threads make UUIDs meanwhile. No child waits for one of them, and none repeats its parent's."""
    monkeypatch.setenv("LD_PRELOAD", str(scripted()))
    assert python(PROGRAMS / "uuid_forks.py", start=start_mode, flags=["-W", "ignore"]).split() == ["880", "880"]


@linux
def test_a_signal_in_the_middle(python):
    """A handler may make a UUID, whatever it interrupted."""
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
