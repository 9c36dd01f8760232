"""Signals, cancellation and threads: to a host it is as if Go were not there."""

import os
import signal

import pytest
from _forks import execute, linux, run, starts

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
    result = run(
        """
        import ctypes, json, os, sys, threading

        libc = ctypes.CDLL(None)

        def state():
            stack = (ctypes.c_ulong * 3)()
            assert libc.sigaltstack(None, stack) == 0
            with open(f"/proc/self/task/{threading.get_native_id()}/status") as f:
                lines = [line.split() for line in f if line.startswith("Sig")]
            actions = []
            for signo in range(1, 65):
                action = (ctypes.c_ubyte * 256)()
                libc.sigaction(signo, None, action)
                actions.append(bytes(action[:8]).hex())
            return [line for line in lines if line[0] != "SigQ:"] + [list(stack)[0:3:2], actions]

        def other(action, *args):
            done = []
            def run():
                action(*args)
                done.append(state())
            t = threading.Thread(target=run)
            t.start()
            t.join()
            return done[0]

        before_other = other(lambda: None)  # the C library takes a signal for itself at the first thread
        before = state()
        import gorandom
        steps = {"import": lambda: None, "first": lambda: gorandom.get_random_bytes(16),
                 "large": lambda: gorandom.fill(bytearray(40 << 20)), "reseed": gorandom.reseed,
                 "event": lambda: gorandom.add_event(b"x"), "status": gorandom.status}
        changed = []
        for name, step in steps.items():
            step()
            if state() != before:
                changed.append([name, state(), before])
            if other(step) != before_other:
                changed.append([name + " in a thread", other(step), before_other])
        print(json.dumps({"changed": changed}))
        """,
        start,
    )
    assert result["changed"] == []


@starts
@pytest.mark.parametrize("way", ["sigtimedwait", "signalfd"])
def test_host_that_waits_gets_all_signals(start, way):
    """Guards that the core's threads block all signals: one that does not takes what the host waits for, and
    a SIGTERM ends the process."""
    result = run(
        """
        import ctypes, json, os, signal, struct, sys, threading

        way = sys.argv[1]
        signals = [signal.SIGCHLD, signal.SIGTERM, signal.SIGPROF, signal.SIGHUP, signal.SIGSYS]
        signal.pthread_sigmask(signal.SIG_BLOCK, signals)
        import gorandom
        gorandom.fill(bytearray(300_000))

        def draw():
            buffer = bytearray(100_000)
            while True:
                gorandom.fill(buffer)

        for _ in range(2):
            threading.Thread(target=draw, daemon=True).start()
        if way == "signalfd":
            mask = struct.pack("=128s", sum(1 << s - 1 for s in signals).to_bytes(8, "little"))
            fd = ctypes.CDLL(None).signalfd(-1, mask, 0)

        def wait():
            if way == "signalfd":
                return struct.unpack_from("I", os.read(fd, 128))[0]
            got = signal.sigtimedwait(signals, 10)
            return got and got.si_signo

        lost = 0
        for i in range(200):
            signo = signals[i % len(signals)]
            if signo == signal.SIGCHLD:
                pid = os.fork()
                if pid == 0:
                    os._exit(0)
                lost += wait() != signo
                os.waitpid(pid, 0)
            else:
                os.kill(os.getpid(), signo)
                lost += wait() != signo
        print(json.dumps({"lost": lost}), flush=True)
        os._exit(0)
        """,
        start, way, timeout=40,
    )
    assert result["lost"] == 0


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
    result = run(
        """
        import ctypes, json, os, signal, sys, threading
        import child, gorandom

        library = child.helper()
        handled, astray = (ctypes.c_long.in_dll(library, name) for name in ("host_handled", "host_astray"))
        gorandom.get_random_bytes(16)
        library.host_signals(100, ctypes.c_size_t(100 << 10))

        def draw():
            library.host_here()
            buffer = bytearray(100_000)
            small, large = memoryview(buffer)[:700], memoryview(buffer)
            while handled.value < 3000 and not astray.value:
                for _ in range(50):
                    gorandom.fill(small)
                gorandom.fill(large)
                gorandom.reseed()
                gorandom.status()

        if sys.argv[1] == "main":
            draw()
        else:
            threads = [threading.Thread(target=draw) for _ in range(3)]
            for t in threads:
                t.start()
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM, signal.SIGPROF])
            for t in threads:
                t.join()
        library.host_quiet()
        pid = os.fork()
        if pid == 0:
            gorandom.fill(bytearray(300_000))
            os._exit(0)
        print(json.dumps({"handled": handled.value, "astray": astray.value, "child": os.waitpid(pid, 0)[1]}))
        """,
        start, where, timeout=60, helped=True,
    )
    assert result["astray"] == 0
    assert result["handled"] >= 3000
    assert result["child"] == 0


@starts
def test_cancelled_threads(start):
    """pthread_cancel in the middle of draws acts after them: nothing is left locked, no place in the core
    lost. Guards the gate's pthread_setcancelstate."""
    result = run(
        """
        import ctypes, json
        import child, gorandom

        library = ctypes.CDLL(child.helper()._name)  # without the GIL: its threads need it
        drawing = ctypes.c_int()
        buffer = bytearray(6 << 20)

        @ctypes.CFUNCTYPE(None)
        def draw():
            drawing.value = 1
            gorandom.fill(buffer)

        gorandom.get_random_bytes(16)
        api = ctypes.pythonapi
        ended = [library.host_cancel(draw, ctypes.byref(drawing), api.PyGILState_Ensure, api.PyEval_SaveThread)
                 for _ in range(40)]
        gorandom.fill(buffer)
        gorandom.reseed()
        print(json.dumps({"ended": ended, "mode": gorandom.status().mode}))
        """,
        start, helped=True,
    )
    assert result["ended"] == [1] * 40
    assert result["mode"] == ("direct" if start == "never" else "core")


@starts
def test_signals_are_seen_during_a_long_draw(start):
    """Draws enter the core, or the kernel, for 16 MiB at most. Guards CORE_CHUNK and KERNEL_CHUNK: without
    them a handler runs once, at the end."""
    result = run(
        """
        import json, signal
        import gorandom

        seen = 0
        def handler(signo, frame):
            global seen
            seen += 1

        gorandom.get_random_bytes(16)
        buffer = bytearray(256 << 20)
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, 0.0002, 0.0002)
        gorandom.fill(buffer)
        during = seen
        signal.setitimer(signal.ITIMER_REAL, 0)
        print(json.dumps({"during": during}))
        """,
        start,
    )
    assert result["during"] >= 10


@starts
def test_keyboard_interrupt_during_a_draw(start):
    """Ctrl-C ends a long draw with KeyboardInterrupt, and the stream goes on."""
    result = run(
        """
        import json, os, signal, threading
        import gorandom

        gorandom.get_random_bytes(16)
        buffer = bytearray(512 << 20)
        zeros = bytes(4096)

        def interrupt():
            while buffer[:4096] == zeros:
                pass
            os.kill(os.getpid(), signal.SIGINT)

        thread = threading.Thread(target=interrupt)
        thread.start()
        caught = False
        try:
            gorandom.fill(buffer)
        except KeyboardInterrupt:
            caught = True
        thread.join()
        kept = buffer[:4096] != zeros
        print(json.dumps({"caught": caught, "kept": kept, "again": len(gorandom.get_random_bytes(100_000))}))
        """,
        start,
    )
    # Nothing of a draw that failed is kept.
    assert result == {"caught": True, "kept": False, "again": 100_000}


@starts
def test_setxid_while_others_draw(start):
    """The C library's setuid sends a signal to every thread and waits until each has handled it. Guards that
    the core's threads leave that one signal open, and that entries into Go are short: else it hangs."""
    result = run(
        """
        import json, os, threading
        import gorandom

        gorandom.get_random_bytes(16)
        go_on = True

        def draw(n):
            buffer = bytearray(n)
            while go_on:
                gorandom.fill(buffer)

        threads = [threading.Thread(target=draw, args=(n,)) for n in (100, 50_000, 8 << 20)]
        for t in threads:
            t.start()
        for _ in range(60):
            os.setgid(os.getgid())
            os.setegid(os.getegid())
            os.setuid(os.getuid())
        go_on = False
        for t in threads:
            t.join()
        print(json.dumps({"done": True}))
        """,
        start, timeout=40,
    )
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


@pytest.mark.parametrize("stack", [8, 12, 16, 32, 64])
@pytest.mark.parametrize("when, n", [("first draw", 16), ("first draw", 1 << 20), ("later draw", 16)])
def test_alternate_stacks(when, n, stack):
    """A handler that draws on an alternate stack of so many KiB: the pages around it are untouched, and it stays in force. A
    first draw there must not be taken for a system that refuses sigaltstack (which it does while that stack is in use): the
    next ordinary draw starts the core."""
    pytest.importorskip("_ssl", reason="this interpreter has no ssl, whose callback draws without Python")
    if stack << 10 < FRAME + 4096:
        pytest.skip(f"this processor's registers alone take {FRAME} bytes of a signal stack")
    result = run(
        """
        import ctypes, json, os, sys
        import child, gorandom

        if sys.argv[1] == "later draw":
            gorandom.get_random_bytes(16)
        callback = child.bytes_callback()

        def draw(n):
            return child.helper().callbacks_on_a_signal_stack(callback, ctypes.c_size_t(int(sys.argv[2]) << 10), n)

        found = [draw(int(sys.argv[3]))]
        gorandom.get_random_bytes(5000)  # more than a pool may still have
        status = gorandom.status()
        found += [draw(n) for n in (16, 2000, 100_000, 4 << 20)]
        gorandom.reseed()
        print(json.dumps([found, status.mode, status.reason, gorandom.status().mode]))
        """,
        "auto", when, stack, n, helped=True,
    )
    assert result == [[1] * 5, "core", "", "core"]


@pytest.mark.parametrize("start", ["auto", "eager"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_handler_of_sigsys_keeps_everyone_out_of_the_core(start, when):
    """Such a process may have a filter whose trapped calls the handler makes, and inside Go SIGSYS is blocked: there
    a trapped call ends the process (tests/adversity/test_syscalls.py traps each). Without a handler the live core serves."""
    result = run(
        """
        import json, os, signal, sys

        def install():
            signal.signal(signal.SIGSYS, lambda signo, frame: None)

        if sys.argv[1] == "before":
            install()
        import gorandom

        def draw():
            # How it went, and whether it came from the core.
            before = gorandom._front.state()["direct_bytes"]
            gorandom.fill(bytearray(300_000))
            gorandom.reseed()
            gorandom.add_event(b"x")
            status = gorandom.status()
            return [status.mode, status.reason, gorandom._front.state()["direct_bytes"] == before]

        found = {}
        if sys.argv[1] == "after":
            found["before"] = draw()
            install()
        found["handler"] = draw()
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.write(write, json.dumps(draw()).encode())
            os._exit(0)
        found["child"] = json.loads(os.read(read, 4096))
        found["ended"] = os.waitpid(pid, 0)[1]
        if sys.argv[1] == "after":
            signal.signal(signal.SIGSYS, signal.SIG_DFL)
            found["after"] = draw()
        print(json.dumps(found))
        """,
        start, when,
    )
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
    result = run(
        """
        import json, sys, threading
        import gorandom
        if sys.version_info >= (3, 14):
            import gorandom._status

        done = []
        def draw():
            gorandom.get_random_bytes(16)
            gorandom.fill(bytearray(2 << 20))
            gorandom.reseed()
            gorandom.add_event(b"x")
            gorandom.status()
            done.append(1)

        threading.stack_size(64 << 10)
        for _ in range(3):
            threads = [threading.Thread(target=draw) for _ in range(4)]
            for t in threads:
                t.start()
            for t in threads:
                t.join()
        print(json.dumps({"done": len(done)}))
        """,
        start,
    )
    assert result["done"] == 12


@starts
def test_two_thousand_threads(start):
    """All at once, small and large draws. Guards the gate's places: without them all queue inside Go, with a
    thread of Go's for each. The time is not measured, the number of Go's threads and mappings is."""
    result = run(
        """
        import json, threading
        import child, gorandom
        from gorandom import _front

        gorandom.get_random_bytes(16)
        tally, tokens = child.Tally(), []
        go = threading.Event()
        threading.stack_size(256 << 10)

        def draw(i):
            go.wait()
            buffer = bytearray(20_000)
            gorandom.fill(buffer)
            tokens.append(bytes(buffer[-16:]))
            tokens.append(gorandom.get_random_bytes(16))

        threads = [threading.Thread(target=draw, args=(i,)) for i in range(2000)]
        for t in threads:
            t.start()
        go.set()
        for t in threads:
            t.join()
        tally.add(*tokens)
        state = _front.state()
        tally.report(threads=state["core_threads"], mappings=state["core_mappings"])
        """,
        start, timeout=60,
    )
    assert (result["tokens"], result["repeats"]) == (4000, 0)
    assert result["threads"] <= 40
    assert result["mappings"] <= 100
