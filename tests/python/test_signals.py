"""Signals, cancellation and threads: a host does not notice that Go is there."""

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
    """Dispositions, mask and alternate stack of the main thread and of others, before the import and after everything that
    enters Go. Guards the zeroed runtime.sigtable (without it Go installs about 60 handlers), the mask restored after the gate,
    and the alternate stack restored after the main thread's binding."""
    result = run(PROGRAMS / "signals_unchanged.py", start)
    assert result["changed"] == []


@starts
@pytest.mark.parametrize("way", ["sigtimedwait", "signalfd"])
def test_host_that_waits_gets_all_signals(start, way):
    """Guards that the core's threads block all signals. A thread that does not would take what the host waits for, and a
    SIGTERM would end the process."""
    result = run(PROGRAMS / "signals_waited_for.py", start, way, timeout=40)
    assert result["lost"] == 0


@pytest.mark.native("gate into Go, and no core")
@pytest.mark.parametrize("start", ["auto", "eager"])
@pytest.mark.parametrize("where", ["main", "thread"])
def test_all_signals_are_blocked_inside_the_gate(start, where):
    """Checked from outside, during long draws, including signals that have a number only in the C library (32 and 33). Guards
    the mask of gate.c, and that Go does not unblock one of them inside."""
    everything = ~(1 << 8 | 1 << 18) & 2**64 - 1  # except SIGKILL and SIGSTOP
    assert run("import masks", start, where, timeout=90)["inside"].keys() == {f"{everything:016x}"}


@starts
@pytest.mark.parametrize("where", ["main", "threads"])
def test_greedy_handlers(start, where):
    """A C handler without SA_ONSTACK uses 100 KiB of stack, on two interval timers, during draws. Guards the mask inside the
    gate. Without it the handler runs on a goroutine's stack, where it would overwrite Go's heap."""
    result = run(PROGRAMS / "signals_greedy.py", start, where, timeout=60, helped=True)
    assert result["astray"] == 0
    assert result["handled"] >= 3000
    assert result["child"] == 0


@pytest.mark.native("draw in C, made in pieces")
@starts
def test_cancelled_threads(start):
    """A pthread_cancel during a draw acts after it. Nothing is left locked, and no place in the core is lost. Guards the
    gate's pthread_setcancelstate."""
    result = run(PROGRAMS / "signals_cancel.py", start, helped=True)
    assert result["ended"] == [1] * 40
    assert result["mode"] == ("direct" if start == "never" else "core")


@pytest.mark.native("draw in C, made in pieces")
@starts
def test_signals_are_seen_during_a_long_draw(start):
    """Draws enter the core, or the kernel, for 16 MiB at most. Guards CORE_CHUNK and KERNEL_CHUNK: without them a handler runs
    once, at the end."""
    result = run(PROGRAMS / "signals_long_draw.py", start)
    assert result["during"] >= 10


@pytest.mark.native("draw in C, made in pieces")
@starts
def test_keyboard_interrupt_during_a_draw(start):
    """Ctrl-C ends a long draw with KeyboardInterrupt, and the stream goes on."""
    result = run(PROGRAMS / "signals_interrupt.py", start)
    # Nothing of a failed draw is kept.
    assert result == {"caught": True, "kept": False, "again": 100_000}


@starts
def test_setxid_while_others_draw(start):
    """The C library's setuid sends a signal to every thread and waits until each has handled it. Guards that the core's
    threads leave that one signal unblocked, and that entries into Go are short. Otherwise it hangs."""
    result = run(PROGRAMS / "signals_setxid.py", start, timeout=40)
    assert result["done"]


@starts
def test_faulthandler(start):
    """Its alternate stack and its handlers are still in force after draws."""
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
    """A handler draws on an alternate stack of this many KiB. The pages around the stack are untouched, and it stays in force.
    In a first draw there sigaltstack fails, because that stack is in use. That must not be taken for a system that refuses it:
    the next ordinary draw starts the core."""
    pytest.importorskip("_ssl", reason="this interpreter has no ssl, whose callback draws without Python")
    if stack << 10 < FRAME + 4096:
        pytest.skip(f"this processor's registers alone take {FRAME} bytes of a signal stack")
    result = run(PROGRAMS / "signals_alternate_stack.py", "auto", when, stack, n, helped=True)
    assert result == [[1] * 5, "core", "", "core"]


@pytest.mark.native("gate into Go, and no core")
@pytest.mark.parametrize("start", ["auto", "eager"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_handler_of_sigsys_keeps_everyone_out_of_the_core(start, when):
    """Such a process may have a filter, and the handler makes the trapped calls itself. Inside Go SIGSYS is blocked, so there
    a trapped call ends the process (tests/adversity/test_syscalls.py traps each). Without a handler the live core is used."""
    result = run(PROGRAMS / "signals_sigsys.py", start, when)
    for process in ("handler", "child"):
        mode, reason, core = result.pop(process)
        assert (mode, core) == ("direct", False), process
        assert "SIGSYS" in reason, process
    core = ["core", "", True]
    assert result == {"ended": 0} | ({"before": core, "after": core} if when == "after" else {})


@starts
def test_small_thread_stacks(start):
    """64 KiB are enough for every entry. For CPython itself they are not, since 3.14: its parser reports a stack overflow
    where an import inside an import makes a dataclass. So here the module of status() is imported beforehand."""
    result = run(PROGRAMS / "signals_small_stacks.py", start)
    assert result["done"] == 12


@pytest.mark.once
@starts
def test_two_thousand_threads(start):
    """All draw at once, small and large draws. Guards the gate's places: without them all threads queue inside Go, which makes
    a thread for each. The test measures the number of Go's threads and mappings, not the time."""
    result = run(PROGRAMS / "signals_many_threads.py", start, timeout=60)
    assert (result["tokens"], result["repeats"]) == (4000, 0)
    assert result["threads"] <= 40
    assert result["mappings"] <= 100
