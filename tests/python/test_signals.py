"""Signals, cancellation and threads: to a host it is as if Go were not there."""

import os
import signal

import pytest
from _forks import PROGRAMS, execute, linux, run, starts

pytestmark = linux

try:
    FRAME = os.sysconf(249)  # _SC_MINSIGSTKSZ: what the kernel puts on a signal's stack
except (OSError, ValueError):
    FRAME = 2048


@starts
def test_nothing_is_changed(start):
    """Dispositions, mask and alternate stack of the main thread and of others, before the import and after
    all that enters Go. Guards the zeroed runtime.sigtable (without it Go installs some 60 handlers), the
    mask put back after the gate, and the alternate stack put back after the main thread's binding."""
    result = run(PROGRAMS / "signals_unchanged.py", start)
    assert result["changed"] == []


@starts
@pytest.mark.parametrize("way", ["sigtimedwait", "signalfd"])
def test_host_that_waits_gets_all_signals(start, way):
    """Guards that the core's threads block all signals: one that does not takes what the host waits for, and
    a SIGTERM ends the process."""
    result = run(PROGRAMS / "signals_waited_for.py", start, way, timeout=40)
    assert result["lost"] == 0


@pytest.mark.native("gate into Go, and no core")
@pytest.mark.parametrize("start", ["auto", "eager"])
@pytest.mark.parametrize("where", ["main", "thread"])
def test_all_signals_are_blocked_inside_the_gate(start, where):
    """Looked at from outside, during long draws: those that have a number in the C library only (32 and 33) too.
    Guards the mask of gate.c, and that Go does not open one of them inside."""
    everything = ~(1 << 8 | 1 << 18) & 2**64 - 1  # but SIGKILL and SIGSTOP
    assert run("import masks", start, where, timeout=90)["inside"].keys() == {f"{everything:016x}"}


@starts
@pytest.mark.parametrize("where", ["main", "threads"])
def test_greedy_handlers(start, where):
    """A C handler without SA_ONSTACK that uses 100 KiB of stack, on two interval timers, during draws. Guards
    the mask inside the gate: without it the handler runs on a goroutine's stack, where it would write over Go's heap."""
    result = run(PROGRAMS / "signals_greedy.py", start, where, timeout=60, helped=True)
    assert result["astray"] == 0
    assert result["handled"] >= 3000
    assert result["child"] == 0


@pytest.mark.native("draw in C, made in pieces")
@starts
def test_cancelled_threads(start):
    """pthread_cancel in the middle of draws acts after them: nothing is left locked, no place in the core
    lost. Guards the gate's pthread_setcancelstate."""
    result = run(PROGRAMS / "signals_cancel.py", start, helped=True)
    assert result["ended"] == [1] * 40
    assert result["mode"] == ("direct" if start == "never" else "core")


@pytest.mark.native("draw in C, made in pieces")
@starts
def test_signals_are_seen_during_a_long_draw(start):
    """Draws enter the core, or the kernel, for 16 MiB at most. Guards CORE_CHUNK and KERNEL_CHUNK: without
    them a handler runs once, at the end."""
    result = run(PROGRAMS / "signals_long_draw.py", start)
    assert result["during"] >= 10


@pytest.mark.native("draw in C, made in pieces")
@starts
def test_keyboard_interrupt_during_a_draw(start):
    """Ctrl-C ends a long draw with KeyboardInterrupt, and the stream goes on."""
    result = run(PROGRAMS / "signals_interrupt.py", start)
    # Nothing of a draw that failed is kept.
    assert result == {"caught": True, "kept": False, "again": 100_000}


@starts
def test_setxid_while_others_draw(start):
    """The C library's setuid sends a signal to every thread and waits until each has handled it. Guards that
    the core's threads leave that one signal open, and that entries into Go are short: else it hangs."""
    result = run(PROGRAMS / "signals_setxid.py", start, timeout=40)
    assert result["done"]


@starts
def test_faulthandler(start):
    """Its alternate stack and its handlers are still the ones in force after draws."""
    ended = execute(
        """
        import faulthandler
        import gorandom

        gorandom.fill(bytearray(300_000))
        gorandom.reseed()
        faulthandler._sigsegv()
        """,
        start, python=["-X", "faulthandler"],
    )
    assert ended.status == -signal.SIGSEGV
    assert "Fatal Python error: Segmentation fault" in ended.err
    assert ", line 7 in <module>" in ended.err


@pytest.mark.native("callback for OpenSSL, by which this test draws")
@pytest.mark.parametrize("stack", [8, 12, 16, 32, 64])
@pytest.mark.parametrize("when, n", [("first draw", 16), ("first draw", 1 << 20), ("later draw", 16)])
def test_alternate_stacks(when, n, stack):
    """A handler that draws on an alternate stack of so many KiB: the pages around it are untouched, and it stays in force. A
    first draw there must not be taken for a system that refuses sigaltstack (which it does while that stack is in use): the
    next ordinary draw starts the core."""
    pytest.importorskip("_ssl", reason="this interpreter has no ssl, whose callback draws without Python")
    if stack << 10 < FRAME + 4096:
        pytest.skip(f"this processor's registers alone take {FRAME} bytes of a signal stack")
    result = run(PROGRAMS / "signals_alternate_stack.py", "auto", when, stack, n, helped=True)
    assert result == [[1] * 5, "core", "", "core"]


@pytest.mark.native("gate into Go, and no core")
@pytest.mark.parametrize("start", ["auto", "eager"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_handler_of_sigsys_keeps_everyone_out_of_the_core(start, when):
    """Such a process may have a filter whose trapped calls the handler makes, and inside Go SIGSYS is blocked: there
    a trapped call ends the process (tests/adversity/test_syscalls.py traps each). Without a handler the live core serves."""
    result = run(PROGRAMS / "signals_sigsys.py", start, when)
    for process in ("handler", "child"):
        mode, reason, core = result.pop(process)
        assert (mode, core) == ("direct", False), process
        assert "SIGSYS" in reason, process
    core = ["core", "", True]
    assert result == {"ended": 0} | ({"before": core, "after": core} if when == "after" else {})


@starts
def test_small_thread_stacks(start):
    """64 KiB are enough for every entry. For CPython itself they are not since 3.14: its parser takes them for used up
    where an import inside an import makes a dataclass. So there status() has its module already."""
    result = run(PROGRAMS / "signals_small_stacks.py", start)
    assert result["done"] == 12


@pytest.mark.once
@starts
def test_two_thousand_threads(start):
    """All at once, small and large draws. Guards the gate's places: without them all queue inside Go, with a
    thread of Go's for each. The time is not measured, the number of Go's threads and mappings is."""
    result = run(PROGRAMS / "signals_many_threads.py", start, timeout=60)
    assert (result["tokens"], result["repeats"]) == (4000, 0)
    assert result["threads"] <= 40
    assert result["mappings"] <= 100
