"""RNGFile is PyCrypto's object, and a reader like those of the io module."""

import gc
import io
import pickle
import shutil
import weakref

import pytest
from _forks import PROGRAMS

import gorandom

CLOSED = "^I/O operation on closed file$"


@pytest.fixture
def rng():
    return gorandom.new()


def test_new_gives_one(rng):
    assert type(rng) is gorandom.RNGFile
    assert gorandom.new() is not gorandom.new()


def test_read(rng):
    assert rng.read(0) == b""
    assert len(rng.read(16)) == 16
    assert len(rng.read(bytes=16)) == 16
    assert len({rng.read(16) for _ in range(1000)} | {gorandom.new().read(16) for _ in range(1000)}) == 2000


def test_read_is_called_as_pycrypto_called_it(rng):
    for call in (lambda: rng.read(), lambda: rng.read(1, 2), lambda: rng.read(n=1), lambda: rng.read(1, bytes=1)):
        with pytest.raises(TypeError):
            call()


def test_closed(rng):
    assert rng.closed is False
    assert rng.flush() is None
    assert rng.close() is None
    assert rng.closed is True
    rng.close()
    rng.close()
    assert rng.closed is True
    with pytest.raises(AttributeError):
        rng.closed = False


@pytest.mark.parametrize(
    "use",
    [
        lambda rng: rng.read(1),
        lambda rng: rng.read(0),
        lambda rng: rng.read(-1),
        lambda rng: rng.read("x"),
        lambda rng: rng.flush(),
        lambda rng: rng.readinto(bytearray(1)),
        lambda rng: rng.readable(),
        lambda rng: rng.writable(),
        lambda rng: rng.seekable(),
        lambda rng: rng.isatty(),
        lambda rng: rng.__enter__(),
    ],
    ids=["read", "read 0", "read -1", "read x", "flush", "readinto", "readable", "writable", "seekable", "isatty", "with"],
)
def test_after_close(rng, use):
    """PyCrypto checks the file before the argument."""
    rng.close()
    with pytest.raises(ValueError, match=CLOSED):
        use(rng)


def test_closing_one_leaves_the_others(rng):
    other = gorandom.new()
    rng.close()
    assert len(other.read(16)) == len(gorandom.get_random_bytes(16)) == 16


def test_with():
    with gorandom.new() as rng:
        assert len(rng.read(5)) == 5
    assert rng.closed
    with pytest.raises(ZeroDivisionError):
        with gorandom.new() as rng:
            1 / 0
    assert rng.closed


@pytest.mark.parametrize("n", [0, 1, 16, 5000, 100_000])
def test_readinto(rng, n):
    buffer = bytearray(n)
    assert rng.readinto(buffer) == n
    assert bytes(16) not in buffer
    view = memoryview(bytearray(8 * n)).cast("d")
    assert rng.readinto(view) == 8 * n


def test_readinto_of_no_buffer(rng):
    for bad in ("text", 1, None):
        with pytest.raises(TypeError):
            rng.readinto(bad)
    with pytest.raises(BufferError):
        rng.readinto(b"read-only")


def test_what_it_can(rng):
    assert rng.readable() is True
    assert rng.writable() is rng.seekable() is rng.isatty() is False
    assert isinstance(rng, io.RawIOBase) and isinstance(rng, io.IOBase)
    with pytest.raises(io.UnsupportedOperation):
        rng.fileno()
    with pytest.raises(OSError):
        rng.fileno()


def test_buffered_reader():
    with io.BufferedReader(gorandom.new()) as reader:
        drawn = [reader.read(16) for _ in range(2000)]
        assert len(set(drawn)) == 2000 and all(len(d) == 16 for d in drawn)
        assert len(reader.read(100_000)) == 100_000
        assert reader.peek(1)
        assert len(reader.read1(100)) == 100
        buffer = bytearray(20_000)
        assert reader.readinto(buffer) == 20_000 and bytes(16) not in buffer
        raw = reader.raw
    assert raw.closed


def test_buffered_reader_of_a_closed_file(rng):
    rng.close()
    with pytest.raises(ValueError):
        io.BufferedReader(rng)


def test_copyfileobj_stops_where_the_writer_does(rng):
    class Full(io.BytesIO):
        def write(self, data):
            if self.tell() > 100_000:
                raise OSError("full")
            return super().write(data)

    target = Full()
    with pytest.raises(OSError, match="full"):
        shutil.copyfileobj(rng, target)
    assert len(target.getvalue()) > 100_000


def test_is_an_ordinary_object(rng):
    assert weakref.ref(rng)() is rng
    with pytest.raises(AttributeError):
        rng.anything = 1
    reference = weakref.ref(rng)
    del rng
    gc.collect()
    assert "RNGFile" in repr(gorandom.new())
    assert reference is not None


def test_subclass():
    class Mine(gorandom.RNGFile):
        pass

    with Mine() as rng:
        assert len(rng.read(3)) == 3


def test_copies_are_readers_too(rng):
    """A copy cannot repeat: the object has no stream of its own."""
    again = pickle.loads(pickle.dumps(rng, 2))
    assert again.read(16) != rng.read(16)


def test_survives_a_fork(python, start_mode):
    """PyCrypto raised AssertionError "PID check failed" here. Now the child draws different bytes."""
    python(PROGRAMS / "rngfile_fork.py", start=start_mode)
