"""Anything may interrupt a draw, at any instruction: a signal handler that draws itself, forks, or both.

A signal handler in C may draw through OpenSSL, numpy's functions may be called in one, and a handler may fork. Then the
child draws in the handler and returns into the interrupted draw. No byte may go out twice, none may be zero because of it,
and nothing outside the pool may be read or written. Later draws must be sound too, in both processes.

noise/step.c steps the draw by ptrace(2), so the test needn't wait for a signal at the right time: it tries each
instruction. There is one legitimate exception. Once a draw has checked for a fork for the last time, its bytes are on their
way out, and a fork then leaves them in both processes. These are a draw's last few instructions.

Guards the mark of a pool that is taken (thread_take, take of numpy/module.c), and that a draw checks for a fork after it has
copied its bytes. Before, at up to 20 of a warm draw's 130 instructions two draws got the same bytes or zeros. With 16 bytes
left the pool was read and erased beyond its end.
"""

import functools
import platform

import pytest
from _forks import STRESS, compile_c, linux, run

pytestmark = [
    pytest.mark.native("draw in C, which could be interrupted"),
    linux,
    pytest.mark.once,
    pytest.mark.skipif(platform.machine() != "x86_64", reason="NOT TESTED: the stepping is written for x86-64"),
]

# The state of the pool or of a new bit generator, and the size of the draw.
POOL = [("warm", 16), ("warm", 24), ("warm", 512), ("warm", 2048), ("stale", 2056), ("end", 16), ("end", 24), ("empty", 16), ("stale", 16),
        ("stale", 512), ("first", 16)]  # fmt: skip
NUMPY = [("numpy " + state, 8) for state in ("warm", "end", "empty", "stale", "first")]
POSITIONS = 30  # of each draw and each action, different in each run; with STRESS all


@functools.cache
def library():
    return compile_c("libstep.so", "step.c", flags=("-shared", "-fPIC"))


NO_WIPING = "import confine, errno; confine.refuse('madvise', errno.EINVAL, argument=2, value=18)\n"  # MADV_WIPEONFORK


def step(start, state, size, confined="", only=()):
    positions = 0 if STRESS > 1 or (start, state, size) in (("auto", "warm", 16), ("auto", "numpy warm", 8)) else POSITIONS
    results = run(
        confined + "import json, step, sys; print(json.dumps(step.main(*sys.argv[1:])))",
        start, library(), state, size, positions, *only, timeout=600 if STRESS > 1 else 60,
        env={"OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    if "refused" in results:
        pytest.skip(f"NOT TESTED: this system, or the container, refuses to trace a process ({results['refused']})")
    for action, result in results.items():
        assert result["reached"] > result["chosen"] / 2, f"{action}: {result}"  # on a busy machine draws take other paths
    wrong = [f"{action}: {line}" for action, result in results.items() for line in result["wrong"]]
    reached = sum(result["reached"] for result in results.values())
    assert not wrong, f"{len(wrong)} of {reached} interruptions\n" + "\n".join(wrong[:60])


@pytest.mark.parametrize("start", ["auto", "never"])
@pytest.mark.parametrize("state, size", POOL)
def test_draws(start, state, size):
    step(start, state, size)


@pytest.mark.parametrize("state, size", [("warm", 16), ("end", 24), ("stale", 16), ("first", 16)])
def test_draws_of_children_that_start_a_core(state, size):
    step("eager", state, size)


@pytest.mark.parametrize("start", ["auto", "never"])
@pytest.mark.parametrize("state, size", NUMPY)
def test_numpy(start, state, size):
    pytest.importorskip("numpy", reason="NOT TESTED: needs numpy, and there is none for this Python")
    step(start, state, size)


@pytest.mark.parametrize("state, size", [("warm", 16), ("end", 24), ("stale", 16), ("warm", 2056), ("stale", 2056), *NUMPY])
def test_where_fork_does_not_wipe(state, size):
    """On a kernel without MADV_WIPEONFORK only its PID identifies a raw clone. Guards that the place of a numpy generator's
    next number, which parent and child share, is advanced after the number has been read."""
    if state.startswith("numpy"):
        pytest.importorskip("numpy", reason="NOT TESTED: needs numpy, and there is none for this Python")
    step("auto", state, size, NO_WIPING)


@pytest.mark.parametrize("confined", ["", NO_WIPING], ids=["wiped", "not wiped"])
def test_the_first_draw_of_a_clone(confined):
    """It is interrupted while it does what no fork handler has done: without wiping it records its new PID and empties the
    pool by hand. A handler between the two drew what the parent draws. A handler that came while the page was being erased
    filled it; the rest of its bytes were then erased and given out as zeros."""
    program = confined + "import json, step, sys; print(json.dumps(step.after_a_clone(*sys.argv[1:])))"
    result = run(program, "auto", library(), 16, timeout=120)
    assert result["reached"] > 200 and result["wipes"] == (not confined)
    assert not result["wrong"], "\n".join(result["wrong"][:60])


@pytest.mark.parametrize("start", ["auto", "never"])
def test_the_end_of_a_thread(start):
    """A handler draws at many instructions of a thread's end, where its pool is erased. Guards that no handler runs in the
    middle of that: it filled the page, the rest was then erased, and the next handler got zeros."""
    pytest.importorskip("_ssl", reason="this interpreter has no ssl, whose callback draws without Python")
    program = """
import ctypes, json, sys
import child
library = ctypes.PyDLL(sys.argv[1])
assert library.ends_run(child.bytes_callback(), 200) == 0
print(json.dumps([ctypes.c_int.in_dll(library, "ends_" + name).value for name in ("drawn", "zeros")]))
"""
    ends = compile_c("libends.so", "ends.c", flags=("-shared", "-fPIC"))
    drawn, zeros = run(program, start, ends, helped=True)
    assert drawn > 1000 and zeros == 0, f"{zeros} of {drawn} draws gave zeros"
