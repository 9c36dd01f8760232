"""fill(): any writable contiguous buffer, and nothing beside it."""

import array
import ctypes
import mmap
import sys

import pytest

import gorandom

SENTINEL = 0x5A


def test_returns_none_and_fills():
    buffer = bytearray(64)
    assert gorandom.fill(buffer) is None
    assert bytes(16) not in buffer


@pytest.mark.parametrize("n", [1, 15, 16, 17, 1023, 1024, 1025, 4063, 4064, 4065, 8191, 8192, 8193, 100_000])
def test_writes_nothing_beside_a_slice(n):
    buffer = bytearray([SENTINEL]) * (n + 128)
    gorandom.fill(memoryview(buffer)[64 : 64 + n])
    assert buffer[:64] == buffer[-64:] == bytes([SENTINEL]) * 64
    if n >= 16:
        assert bytes([SENTINEL]) * 16 not in buffer[64:-64]


@pytest.mark.parametrize(
    "make",
    [
        lambda: array.array("d", [0.0] * 100),
        lambda: array.array("Q", [0] * 100),
        lambda: (ctypes.c_uint32 * 100)(),
        lambda: ((ctypes.c_char * 16) * 8)(),
        lambda: mmap.mmap(-1, 8192),
        lambda: memoryview(bytearray(120)).cast("B", [2, 3, 20]),
        lambda: memoryview(bytearray(96)).cast("i", [4, 6]),
    ],
    ids=["array d", "array Q", "ctypes", "ctypes 2-d", "mmap", "3-d", "2-d of int"],
)
def test_buffers(make):
    buffer = make()
    assert gorandom.fill(buffer) is None
    first = bytes(memoryview(buffer))
    assert len(first) == memoryview(buffer).nbytes
    for at in range(0, len(first) - 15, 16):
        assert first[at : at + 16] != bytes(16)
    gorandom.fill(buffer)
    assert bytes(memoryview(buffer)) != first


@pytest.mark.parametrize("empty", [bytearray(), array.array("d"), (ctypes.c_int * 0)(), memoryview(bytearray(9))[3:3]])
def test_empty(empty):
    assert gorandom.fill(empty) is None


def test_non_contiguous():
    buffer = bytearray(100)
    for view in (memoryview(buffer)[::2], memoryview(buffer)[::-1]):
        with pytest.raises(BufferError):
            gorandom.fill(view)
    assert buffer == bytes(100)


@pytest.mark.parametrize("readonly", [bytes(64), memoryview(bytes(64)), memoryview(bytearray(64)).toreadonly()])
def test_read_only(readonly):
    with pytest.raises(BufferError):
        gorandom.fill(readonly)
    assert bytes(readonly) == bytes(64)


@pytest.mark.parametrize("bad", ["text", 16, None, [0] * 16, object(), bytearray], ids=repr)
def test_no_buffer(bad):
    with pytest.raises(TypeError, match="a bytes-like object is required"):
        gorandom.fill(bad)


def test_released():
    view = memoryview(bytearray(16))
    view.release()
    with pytest.raises(ValueError):
        gorandom.fill(view)


def test_the_buffer_is_let_go():
    """A buffer still held cannot be resized; after an error as well as after success."""
    buffer = bytearray(16)
    for _ in range(100):
        gorandom.fill(buffer)
    buffer.append(0)
    with pytest.raises(BufferError):
        gorandom.fill(memoryview(buffer)[::2])
    buffer.append(0)


EXPORTER = """
import os, signal, sys, gorandom
gorandom.get_random_bytes(16)

class Exporter:
    def __init__(self, act):
        self.act, self.data = act, bytearray(int(sys.argv[2]))
    def __buffer__(self, flags):
        assert not signal.pthread_sigmask(signal.SIG_BLOCK, []), "called inside the gate"
        self.act(self)
        return memoryview(self.data)
    def __release_buffer__(self, view):
        self.released = True

def draws(self): self.inner = gorandom.get_random_bytes(len(self.data))
def raises(self): raise ZeroDivisionError("from __buffer__")
def forks(self):
    self.r, self.w = os.pipe()
    self.child = os.fork()

e = Exporter(globals()[sys.argv[1]])
if e.act is raises:
    try:
        gorandom.fill(e)
    except ZeroDivisionError:
        pass
    else:
        raise AssertionError("no exception")
    assert not any(e.data)
    e.act = draws
gorandom.fill(e)
assert e.released
assert bytes(16) not in e.data
if e.act is draws:
    assert e.inner != bytes(e.data)
else:
    if not e.child:
        os.write(e.w, bytes(e.data[:16]) + gorandom.get_random_bytes(16))
        os._exit(0)
    assert os.waitpid(e.child, 0)[1] == 0
    theirs = os.read(e.r, 64)
    assert len({theirs[:16], theirs[16:], bytes(e.data[:16]), gorandom.get_random_bytes(16)}) == 4
"""


@pytest.mark.skipif(sys.version_info < (3, 12), reason="__buffer__ in Python (PEP 688) is 3.12's")
@pytest.mark.parametrize("size", [16, 5000, 300_000])
@pytest.mark.parametrize("act", ["draws", "raises", "forks"])
def test_exporter_that(python, start_mode, act, size):
    """Guards: the buffer is fetched before the pool is touched or the gate entered. Otherwise a __buffer__ that
    forks leaves the child with the parent's pool or place in the core."""
    python(EXPORTER, act, size, start=start_mode)
