"""fill(): any writable contiguous buffer, and nothing beside it."""

import array
import ctypes
import mmap
import os
import sys

import pytest
from _forks import PROGRAMS

import gorandom

SENTINEL = 0x5A


def test_returns_none_and_fills():
    buffer = bytearray(64)
    assert gorandom.fill(buffer) is None
    assert bytes(16) not in buffer


@pytest.mark.parametrize("n", [1, 15, 16, 17, 1023, 1024, 1025, 3775, 3776, 3777, 8191, 8192, 8193, 100_000])
def test_writes_nothing_beside_a_slice(n):
    buffer = bytearray([SENTINEL]) * (n + 128)
    gorandom.fill(memoryview(buffer)[64 : 64 + n])
    assert buffer[:64] == buffer[-64:] == bytes([SENTINEL]) * 64
    if n >= 16:
        assert bytes([SENTINEL]) * 16 not in buffer[64:-64]


@pytest.mark.parametrize("offset", [0, 5, 16])
@pytest.mark.parametrize("n", [(32 << 20) - 1, 32 << 20, (48 << 20) + 12_345])
def test_what_the_caches_do_not_hold(n, offset):
    """From 32 MiB on, bytes are written past the caches: all of them, once, and nothing beside them. Fails if entries of
    16 MiB, requests of 1 MiB or runs of a kernel leave a gap or overlap."""
    buffer = mmap.mmap(-1, n + 64)
    buffer[:offset] = bytes([SENTINEL]) * offset
    buffer[offset + n :] = bytes([SENTINEL]) * (64 - offset)
    with memoryview(buffer)[offset : offset + n] as part:
        gorandom.fill(part)
    assert buffer[:offset] == bytes([SENTINEL]) * offset and buffer[offset + n :] == bytes([SENTINEL]) * (64 - offset)
    with memoryview(buffer)[offset : offset + n // 8 * 8].cast("Q") as words:
        assert len(set(words[i] for i in range(0, len(words), 64))) == -(-len(words) // 64)
        assert all(words[i] for i in range(0, len(words), 8))


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
    with pytest.raises((BufferError, ValueError) if sys.implementation.name == "pypy" else BufferError):  # for bytes
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


@pytest.mark.cpython("a buffer is let go when its garbage collector comes by")
def test_the_buffer_is_let_go():
    """A buffer that is still held cannot be resized. It is released after an error as well as after success."""
    buffer = bytearray(16)
    for _ in range(100):
        gorandom.fill(buffer)
    buffer.append(0)
    with pytest.raises(BufferError):
        gorandom.fill(memoryview(buffer)[::2])
    buffer.append(0)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="__buffer__ in Python (PEP 688) is 3.12's")
@pytest.mark.parametrize("size", [16, 5000, 300_000])
@pytest.mark.parametrize("act", ["draws", "raises", "forks"])
def test_exporter_that(python, start_mode, act, size):
    """Guards: the buffer is fetched before the pool is touched or the gate entered. Otherwise a __buffer__ that forks would
    leave the child with its parent's pool or place in the core."""
    python(PROGRAMS / "fill_exporter.py", act, size, start=start_mode)


@pytest.mark.native("fill() in place")
@pytest.mark.skipif(not os.access("/proc/self/clear_refs", os.W_OK), reason="NOT RUN: no /proc/self/clear_refs here")
def test_allocates_nothing_of_its_size(python, start_mode):
    """Guards: the bytes are made in the caller's buffer. Even a short-lived copy would show in the peak."""
    assert int(python(PROGRAMS / "fill_in_place.py", start=start_mode)) <= 256  # KiB, of 65,536


def test_other_threads_run_meanwhile(python, start_mode):
    """Guards: a large fill releases the GIL. Nothing else in that loop releases it."""
    assert python(PROGRAMS / "fill_other_thread.py", start=start_mode).strip() == "1"
