"""Forks that Python doesn't know of: by the C library, by the bare system call, and by a C signal handler in the middle of a
draw."""

import pytest
from _forks import PROGRAMS, STRESS, assert_sound, linux, run, starts

pytestmark = linux


@pytest.mark.once
@pytest.mark.native("draw that works in C, between two instructions of Python")
@starts
@pytest.mark.parametrize("drawers", [0, 3], ids=["quiet", "busy"])
@pytest.mark.parametrize("how", ["fork", "raw_clone", "raw_fork"])
def test_bare_forks(start, how, drawers):
    """Guards the wiped page. At a raw clone no handler runs, and only the page's zeros show that the pool, the locks and the
    core are not this process's. Such a child stays in direct mode, and so do its children. Without process.known it enters
    the start, whose lock may be held for ever."""
    forks = 64 * STRESS
    result = run(PROGRAMS / "clone_forks.py", start, forks, how, drawers, timeout=60 * STRESS, helped=True)
    assert_sound(result, forks + forks // 8)
    assert result["reports"] == forks + 2 * (forks // 8)
    if how != "fork":
        assert result["cores"] == 0


@pytest.mark.native("draw that works in C, between two instructions of Python")
@pytest.mark.parametrize("start", ["auto", "eager"])
def test_reason_of_a_raw_clone(start):
    """However much such a child draws, it has no core, and status() gives the reason."""
    result = run(PROGRAMS / "clone_reason.py", start, helped=True)
    assert_sound(result, 1)
    assert "clone(2)" in result["childs"]


@pytest.mark.once
@pytest.mark.native("draw that works in C, between two instructions of Python")
@starts
@pytest.mark.parametrize("size", [48, 1024, 6000, 600_000])
@pytest.mark.parametrize("how", ["fork", "raw_clone"])
def test_fork_in_a_signal_handler(start, size, how):
    """A C handler forks in the middle of a draw. The child returns into that very draw and finishes it.

    Guards page->born, which is checked after the bytes have been taken. Without it the child gives out bytes that its parent
    had taken too, or the zeros of the wiped page. Also guards the mask around the start: a fork while its lock is held would
    wait for itself."""
    forks = 48 * STRESS
    kind = ["fork", "raw_clone"].index(how)
    result = run(PROGRAMS / "clone_storm.py", start, kind, size, forks, timeout=90 * STRESS, helped=True)
    assert_sound(result, forks)
    assert result["tokens"] > forks  # the children's pieces were compared too


@pytest.mark.native("draw that works in C, between two instructions of Python")
@starts
@pytest.mark.parametrize("draws_at_once", [False, True], ids=["", "child-draws-at-once"])
def test_python_handler_forks_between_chunks(start, draws_at_once):
    """A Python handler forks in the middle of a large draw, because signals are handled between its chunks. Guards the same
    flag: without it the child keeps the chunks from before the fork. If the child draws within the handler, its page is born
    before the outer draw looks at it. So this also guards that births have names: with a mere flag the outer draw would take
    itself for unforked."""
    result = run(PROGRAMS / "clone_python_handler.py", start, *["draw"] * draws_at_once, timeout=120)
    assert_sound(result, 4)


@pytest.mark.native("draw that works in C, between two instructions of Python")
@pytest.mark.parametrize("start", ["auto", "eager"])
def test_a_first_draw_in_the_child_of_a_vfork(start):
    """The child has its parent's memory and no other threads. Guards that it starts no core: the core's threads would end with
    the child, and the parent, for which the core seemed alive, would hang in it."""
    pytest.importorskip("_ssl", reason="this interpreter has no ssl, whose callback draws without Python")
    result = run(PROGRAMS / "clone_vfork.py", start, helped=True)
    assert result == [0, "direct", "core", True]
