"""The floors of pyext/front below Python, in C, over a simulated system and core (noise/stage).

Each test makes a kernel, another thread, a signal or a fork act at the worst moment. It tells the program what to answer, where
to fork and where to stop a thread. That needs neither a wheel nor Python, so a change of the C code is tested in a second.
"""

import functools
import subprocess

import pytest
from _forks import GLIBC, NOISE, compile_c, linux
from conftest import SOURCE

STAGE = NOISE / "stage"
FRONT = SOURCE / "pyext" / "front"

pytestmark = [
    linux,
    pytest.mark.once,
    pytest.mark.skipif(not FRONT.exists(), reason="the C sources are not beside these tests"),
    pytest.mark.skipif(not (2, 34) <= GLIBC < (99,), reason="NOT TESTED: written for glibc 2.34 and later"),
]

# The functions that the floors call and the stage replaces.
PLAYED = ("madvise", "mmap", "munmap", "mlock", "syscall", "open", "fstat", "read", "poll", "nanosleep", "pthread_sigmask", "sigaction",
          "sigaltstack", "pthread_create", "pthread_setspecific", "sched_yield", "sched_getaffinity", "time", "prctl", "dlopen",
          "dlerror", "dlsym", "memcpy")  # fmt: skip

SCENES = {
    "guard": [
        "pages", "a-lie", "no-wiping", "locked-in-advance", "the-process-page", "a-stamp", "a-fork-without-wiping",
        "a-clone-without-wiping", "masks-at-a-fork", "masks-at-a-clone", "forks-in-handlers-of-others", "a-clone-that-forks",
        "a-clone-that-forks-without-wiping", "draws-in-handlers-of-others",
        "monitors", "a-clock-that-is-slow", "a-counter-that-is-forbidden", "a-lock", "a-lock-without-wiping", "signals-that-cannot-be-held",
    ],
    "source": [
        "answers-of-getrandom", "a-kernel-that-repeats-itself", "devices", "a-device-opened-by-two", "naps-of-the-kernel",
        "a-thread-that-gathers",
    ],
    "runtime": [
        "threads-one-after-the-other", "threads-at-once", "a-handler-at-a-first-draw", "no-room-for-a-record",
        "a-thread-in-a-draw-at-a-fork", "a-thread-in-the-list-at-a-fork", "the-end-of-a-thread-in-a-clone", "who-is-initial",
        "inside", "no-place", "a-place-at-a-fork", "a-closed-gate", "a-fork-in-the-gate", "a-draw-on-an-alternate-stack",
        "room-for-another-thread", "threads-for-Go", "a-restored-machine", "refused-starts", "a-seed-that-fails",
        "a-start-that-cannot-enter", "a-stack-not-asked-for", "a-stack-not-set", "masks-refused-before-a-start",
        "no-start-without-a-seed", "a-draw-during-a-start", "when-a-child-starts", "modes",
    ],
    "draw": [
        "pools-from-the-kernel", "the-end-of-a-pool", "another-second", "a-generator", "signals-while-a-pool-is-made",
        "a-core-that-fails", "a-generator-without-a-core", "locks-of-pages", "a-fork-in-a-draw", "a-fork-in-a-large-draw",
        "a-fork-in-a-draw-of-a-generator", "a-fork-in-a-refill",
        "a-fork-as-ready-bytes-are-taken", "a-fork-in-a-draw-of-a-key", "a-draw-in-the-middle-of-another", "a-large-draw-that-ends-early",
        "reseeds", "early-events", "as-many-events-as-are-kept", "events-at-a-fork", "events-are-added-with-signals-held",
    ],
}  # fmt: skip


@functools.cache
def stage():
    sources = [path for floor in ("pure/sha256.c", "guard/*.c", "source/*.c", "runtime/*.c", "draw/*.c") for path in FRONT.glob(floor)]
    flags = ["-std=gnu11", "-Wall", "-U_FORTIFY_SOURCE", f"-I{FRONT}", f"-I{FRONT.parent}", f"-I{STAGE}",
             '-DGORANDOM_VERSION="stage"', *(f"-Wl,--wrap={name}" for name in PLAYED)]  # fmt: skip
    return compile_c("stage", *sorted(STAGE.glob("*.c")), *sorted(sources), flags=flags)


@pytest.mark.parametrize("scene", [scene for scenes in SCENES.values() for scene in scenes])
def test_scene(scene):
    done = subprocess.run([stage(), scene], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, ""), done


def test_all_scenes_are_played():
    names = subprocess.run([stage()], capture_output=True, text=True, timeout=60).stdout.splitlines()
    assert sorted(names) == sorted(scene for scenes in SCENES.values() for scene in scenes)
