"""The system's generator is not ready, refuses, or is gone. seccomp answers in place of getrandom."""

import errno
import os
import stat
import sys

import pytest
from _forks import NOISE, PROGRAMS, device, linux, run, scripted, starts

sys.path.append(os.path.join(os.path.dirname(__file__), "noise"))
import confine  # noqa: E402

pytestmark = [
    linux,
    pytest.mark.skipif(not confine.available(), reason="the seccomp filters are written for x86_64 and aarch64"),
]


@starts
def test_not_ready(start):
    """EAGAIN before the first success: urandom raises, the others wait, and Ctrl-C ends the wait. Guards the checks for
    signals in draw_wait, and that nothing falls back to weaker bytes."""
    result = run(
        PROGRAMS / "weather_not_ready.py",
        # An eager start asks the kernel at the import. The next tests cover that with the device.
        "auto" if start == "eager" else start,
        timeout=30,
    )
    begins = "system random number generator is not ready"
    assert result.pop("urandom").startswith(begins)
    assert result.pop("large").startswith(begins)
    assert result == {
        "get_random_bytes": "interrupted", "fill": "interrupted", "wait": "interrupted", "reseed": "interrupted",
        "timeout 0": "TimeoutError", "timeout 0.05": "TimeoutError", "untouched": True, "ready": False,
    }


@pytest.mark.native("core that draws on and tests its sources")
@starts
def test_not_ready_after_a_success(start):
    """Once bytes have come, this process and its children never wait or raise BlockingIOError. A live core goes on, and a
    process without one raises another OSError. Guards kernel.c's memory of the first success."""
    result = run(PROGRAMS / "weather_no_longer_ready.py", start, timeout=30)
    refused = [["OSError", 5]] * 4 + [0]  # EIO
    assert result["child"] == refused
    if start == "never":
        assert (result["mode"], result["here"]) == ("direct", refused)
    else:
        assert (result["mode"], result["here"]) == ("core", [20_000, 20_000, 0, ["OSError", 5], 0])


@pytest.mark.native("device that the front reads by itself: os.urandom does")
def test_device_descriptors_of_generations():
    """Guards that a core's descriptor is recorded. A child that resets its parent's core closes that descriptor. Otherwise
    every generation would leave one open."""
    result = run(PROGRAMS / "weather_device_descriptors.py")
    assert result["mode"] == "core"
    assert result["last"] == result["first"] > 0


@pytest.mark.native("device that the front reads by itself: os.urandom does")
@starts
@pytest.mark.parametrize("error", ["ENOSYS", "EPERM"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_device(start, error, when):
    """Where there is no getrandom, or a sandbox forbids it, /dev/urandom is used, in the core too."""
    result = run(PROGRAMS / "weather_device.py", start, error, when, timeout=30)
    assert result["ends"] == {"0": 8}
    assert result["repeats"] == result["zeros"] == result["failed"] == 0
    assert result["mode"] == ("direct" if start == "never" else "core")
    if when == "before" and start != "eager" or start == "never":
        assert result["implementation"] == "/dev/urandom"


@pytest.mark.native("device that the front reads by itself: os.urandom does")
@starts
def test_no_device_either(start, tmp_path):
    """A draw raises OSError. A live core goes on with the seed it has, and reports that its reseeds fail."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to chroot to a folder without a device")
    result = run(PROGRAMS / "weather_no_device.py", start, tmp_path, "before" if start == "never" else "after", timeout=30)
    core = start != "never"
    assert result == {
        "here": 50_000 if core else "OSError", "child": "OSError", "reseed": "OSError",
        "mode": "core" if core else "direct", "failed": core,
    }


@pytest.mark.native("device that the front reads by itself: os.urandom does")
def test_refused_before_the_first_draw(tmp_path):
    """Without any source there is an OSError and no core. Something else is not taken for a source (a plain file named
    /dev/urandom)."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to chroot to a folder without a device")
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "urandom").write_bytes(bytes(10_000))
    (tmp_path / "dev" / "random").write_bytes(bytes(10_000))
    result = run(PROGRAMS / "weather_no_source.py", "auto", tmp_path)
    assert result == {"found": ["OSError"] * 4, "mode": "direct"}


@pytest.mark.native("device that the front reads by itself: os.urandom does")
@pytest.mark.parametrize(
    "place, mode, number, answer",
    [
        ("urandom", stat.S_IFCHR, os.makedev(1, 9), 20_000),
        ("urandom", stat.S_IFLNK, None, "ELOOP"),
        ("urandom", stat.S_IFIFO, None, "ENODEV"),
        ("urandom", stat.S_IFCHR, os.makedev(1, 5), "ENODEV"),
        ("random", stat.S_IFLNK, None, "ELOOP"),
        ("random", stat.S_IFIFO, None, "ENODEV"),
        ("random", stat.S_IFCHR, os.makedev(1, 9), "ENODEV"),
    ],
)
def test_what_stands_in_the_devices_places(place, mode, number, answer, tmp_path):
    """Only the devices themselves are used, and nothing blocks. Guards the flags and the numbers in kernel.c's
    ``open_device``. TestOpen and TestFallbackRefused in gorandom/entropy check that for the core."""
    folder = tmp_path / "dev"
    folder.mkdir()
    try:
        for name, minor in {"urandom": 9, "random": 8, "real": {"urandom": 9, "random": 8}[place]}.items():
            os.mknod(folder / name, 0o666 | stat.S_IFCHR, os.makedev(1, minor))
    except PermissionError as e:
        pytest.skip(f"needs root, to make devices and to chroot: {e}")
    (folder / place).unlink()
    if mode == stat.S_IFLNK:
        (folder / place).symlink_to("real")
    else:
        os.mknod(folder / place, 0o666 | mode, number or 0)
    found = run(
        """
        import errno, json, os, sys
        import confine, gorandom

        gorandom.status()
        os.chroot(sys.argv[1])
        confine.refuse("getrandom", errno.EPERM)
        try:
            answer = len(gorandom.get_random_bytes(20_000))
        except OSError as e:
            answer = errno.errorcode[e.errno]
        print(json.dumps(answer))
        """,
        "never", tmp_path, timeout=20,
    )
    assert found == answer


@pytest.mark.native("device that the front reads by itself: os.urandom does")
def test_a_device_that_fails():
    """An error of the device is final. A read whose descriptor became another file is tried again, four times in all, and
    gives no byte of that file. Guards ``read_device`` and ``device_seeded`` of kernel.c. The tests of gorandom/entropy check
    that for the core."""
    found = run((NOISE / "device.py").read_text(), "never", env={"LD_PRELOAD": str(device())})
    assert found == {
        "the poll fails": ["ENOMEM", 0],
        "the poll is interrupted": ["bytes", 1],
        "the read fails": ["ENOMEM", 1],
        "the read would wait": ["EIO", 1],  # an EAGAIN would be a BlockingIOError, which means something else
        "the read gives nothing": ["EIO", 1],
        "another file once": ["bytes", 2],
        "another file three times": ["bytes", 4],
        "another file always": ["EIO", 4],
    }


NOTHING = """
import ctypes, json, gorandom
gorandom.get_random_bytes(1)
ctypes.CDLL(None).script_nothing()
for n in (20_000, 1 << 20):
    try:
        print(json.dumps(gorandom.get_random_bytes(n)[:8].hex()))
    except OSError as e:
        print(json.dumps(e.errno))
"""


@pytest.mark.native("C front, which asks the system itself")
def test_a_getrandom_that_gives_nothing():
    """getrandom succeeds and gives nothing: OSError, and no zeros. Guards ``read_getrandom``, which would ask for ever."""
    assert run(NOTHING, "never", env={"LD_PRELOAD": str(scripted())}) == errno.EIO


@pytest.mark.native("core that draws on and tests its sources")
def test_a_kernel_that_repeats_itself():
    """Two equal blocks of 32 bytes in a row, or two reads that begin with the same block, are read once more. If they repeat,
    there is OSError and no bytes, at every size of more than one block. Guards ``has_twins`` and ``was_last`` of kernel.c.
    tests/go/csprng (noise_test.go) shows what the core does then."""
    found = run(NOISE / "repeats.py", "never", env={"LD_PRELOAD": str(scripted())})
    fails = "[Errno 5] the system's random number generator gives no bytes"
    assert found == {
        n: {
            "fair": "fair",
            "twins once": "fair",
            "twins at the end, once": "fair",
            "twins twice": fails,
            "zeros": fails,
            "as the last read, once": "fair",
            "as the last read, always": fails,
        }
        for n in ("16", "4096", "65536")
    }


@pytest.mark.native("core that draws on and tests its sources")
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kernel_that_gives_the_same_at_each_read(when):
    """A process without a core, from the first draw on and after one. No draw repeats another, and all that need the kernel
    raise OSError. When the kernel works again, so do they. Guards the comparison with the previous read. Without it all draws
    beyond the pool give the same bytes, and tokens repeat with each pool."""
    result = run(NOISE / "always.py", "never", when, env={"LD_PRELOAD": str(scripted())})
    refused = "[Errno 5] the system's random number generator gives no bytes"
    large = [name for n in (2000, 20_000, 1 << 20) for name in (f"{n} bytes", f"urandom {n}", f"fill {n}")]
    assert result.pop("tokens") < 300  # of the first pool
    assert result == {"found": {name: [refused] for name in ["16 bytes", *large]}, "repeats": 0, "again": 300}


def test_a_sound_kernel_repeats_nothing():
    """Reads of all sizes in a row, in threads and children. A read of one byte equals the one before every 256th time. Guards
    that what is compared is long enough."""
    result = run(NOISE / "sound.py", "never")
    assert result["ends"] == {"0": 4}
    assert result["repeats"] == 0 and result["tokens"] >= 400 + 4 * 50
