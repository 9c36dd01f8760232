"""What a core costs in memory, that nothing grows, and where the pools' bytes can and cannot be found.

A program finds its own pools in /proc/self/smaps by their VmFlags (wf: wiped at fork, dc: not copied by it, dd: not
dumped)."""

import functools
import os
import shutil
import sys
import sysconfig

import pytest
from _forks import GLIBC, PROGRAMS, compile_c, folder, linux, reports, run, starts, valgrind

import gorandom

pytestmark = [linux, pytest.mark.once, pytest.mark.native("generator in memory, and no core")]


@pytest.mark.parametrize("start", ["auto", "eager"])
def test_a_core_is_small(start):
    """A core adds at most 8 MB of resident memory, as calls leave no garbage and there are few threads. Everything that Go has
    mapped, and the library's .data and .bss, is undumped, and absent or wiped in a forked child. Guards memory.c's advice, and
    that .data is mapped anew: the kernel could not wipe the file's pages."""
    result = run(PROGRAMS / "memory_core.py", start)
    assert result["mode"] == "core"
    if start == "auto":  # an eager core was there before
        assert result["added"] <= 8 << 20, f"a core adds {result['added'] >> 10} KiB"
    # The only writable pages that are still the file's are RELRO. They are read-only by now, and hold nothing of Go.
    assert result["file_data"] == []
    assert result["own"] >= 1
    assert result["unmarked"] == []
    assert result["absent"] >= 10


@pytest.mark.once
@starts
def test_nothing_grows_over_forks(start):
    """Of a parent with 1,000 children that drew and ended: memory, mappings, threads, descriptors."""
    forks = 1000
    result = run(PROGRAMS / "memory_over_forks.py", start, forks, timeout=60)
    assert result["ends"] == {"0": forks + 50}
    before, after = result["before"], result["after"]
    assert after.pop("rss") <= before.pop("rss") + 1  # MiB
    assert abs(after.pop("maps") - before.pop("maps")) <= 3  # Python's own allocator
    assert after.pop("absent") <= before.pop("absent") + 3  # Go's heap may grow by a piece
    assert after == before


@starts
def test_nothing_grows_over_threads_whose_destructors_draw(start):
    """Destructors draw in each round that the C library makes. The last round comes after the generator's own destructor has
    run for the last time. Guards that such a thread's page is given back: it used to stay, locked, and secret memory grew with
    every thread."""
    pytest.importorskip("_ssl", reason="this interpreter has no ssl, whose callback draws without Python")
    threads = 2000
    result = run(PROGRAMS / "memory_over_threads.py", start, threads, timeout=60, helped=True)
    assert result["drawn"] >= 4 * threads  # PTHREAD_DESTRUCTOR_ITERATIONS
    before, after = result["before"], result["after"]
    assert after["secret"] <= before["secret"] + 1024  # KiB; of 8,000
    assert after["locked"] <= before["locked"] + 1024
    assert after["maps"] <= before["maps"] + 6


@functools.cache
def stacks_are_left():
    """Return whether the C library leaves a child the stacks of its parent's threads for good. glibc 2.43 does: it marks them
    as free by one field (tid) and looks for free ones by another (joinstate). This program doesn't use gorandom. 40
    generations of children with a thread each have 40 more mappings."""
    return run(PROGRAMS / "memory_left_stacks.py", timeout=60)


@pytest.mark.once
@pytest.mark.parametrize("start", ["auto", "eager"])
def test_nothing_grows_over_generations(start):
    """Each generation is a child of the one before, with a core of its own. Guards that nothing is left of the dead core's
    mappings, and that a reset deletes its keys. Where the C library leaves stacks, a preloaded library identifies them, and
    everything else is measured without them."""
    left = stacks_are_left()
    preload = compile_c("stacks.so", "stacks.c", flags=("-shared", "-fPIC")) if left else ""
    env = {"LD_PRELOAD": str(preload)} if left else None
    result = run(PROGRAMS / "memory_over_generations.py", start, left, timeout=60, env=env)
    assert (result["ends"], result["bad"]) == (300, 0)
    early, late = result["sizes"]
    assert late.pop("rss") <= early.pop("rss") + 2048  # KiB
    assert late.pop("maps") <= early.pop("maps") + 6
    assert late.pop("absent") <= early.pop("absent") + 6
    few, many = sorted((early.pop("threads"), late.pop("threads")))
    assert many - few < 6  # Go wants one or two more now and then; each has one more in reserve
    assert late.pop("left") - early.pop("left") <= (300 - 20) * (many - 1) * left
    assert late == early


@pytest.mark.parametrize("how", ["fork", "raw_clone"])
def test_a_child_has_none_of_the_cores_mappings(how):
    """Go's memory is absent. Wiped memory is there and empty. Otherwise a child has only the stacks of Go's threads, which
    belong to the C library. Guards MADV_DONTFORK, and that those stacks are small and have no guard pages, so that they lie in
    few mappings, whatever the C library's usual size is."""
    result = run(PROGRAMS / "memory_of_a_child.py", "auto", how, helped=True)
    stack = (256 << 10) + (4096 if GLIBC < (2, 34) else 0)  # glibc made one a page larger, to avoid cache collisions
    stacks = result.pop("threads") * stack
    assert result.pop("new") >= 10 and stacks >= 8 * stack
    assert stacks <= result.pop("kept") < stacks + 65536  # a page of the front's may have grown together with them
    assert result == {"dumped": []}


def test_what_a_child_maps_where_the_parents_core_was_is_its_own():
    """The child's core starts later and undoes the parent's. Fails with a signal if a reset unmaps the parent's addresses,
    where the child has pages of its own."""
    result = run(PROGRAMS / "memory_reused_by_a_child.py", "auto")
    assert result.pop("gone") >= 10
    assert result == {"status": 0}


@starts
@pytest.mark.parametrize("how", ["fork", "raw_clone"])
def test_a_child_has_nothing_of_the_parents_pools(start, how):
    """The parent reads its own pool, forks, and searches all of the child's memory for those bytes. Guards MADV_WIPEONFORK:
    the child's page is zeros before any code of the child has run."""
    result = run(PROGRAMS / "memory_pools_in_a_child.py", start, how, helped=True)
    assert result["pools"] >= 1
    assert result["here"], "the test does not find the pool where it is"
    assert result["there"] == []


@starts
def test_handed_out_bytes_are_erased(start):
    """They are erased from the pool as they are handed out: no secret mapping holds a token that a caller got. Guards
    hand_out's memset."""
    result = run(PROGRAMS / "memory_handed_out.py", start)
    assert result["found"] == []


@pytest.mark.parametrize("start", ["auto", "eager"])
def test_a_generator_forgets_its_key(start):
    """Where C has a kernel to call. A draw is keystream under the page's key, the next key follows it, and the old key is
    nowhere. Guards request() of draw.c, and that C and Go mean the same by a kernel (core/kernels.c)."""
    gorandom.get_random_bytes(1)
    if gorandom._front.state()["generator"] is None:
        pytest.skip("NOT TESTED: the generic kernel is Go's alone, so threads have no generators")
    result = run(PROGRAMS / "memory_generator.py", start)
    pool = result.pop("pool")
    assert pool == {"made": True, "handed out": True}
    assert len(result) == 4 and all(r == {"next key": True, "scratch": True, "kept": []} for r in result.values()), result


def test_signals_leave_no_round_keys_on_the_stack():
    """At a signal the Linux kernel writes the registers onto the stack, and leaves them there. Guards request_held() of
    draw.c: without it the round keys of 174 of 400 draws are found."""
    gorandom.get_random_bytes(1)
    if gorandom._front.state()["generator"] is None:
        pytest.skip("NOT TESTED: the generic kernel is Go's alone, so threads have no generators")
    result = run(PROGRAMS / "memory_signal_frames.py", "auto", 1 << 18)
    assert result.pop("came") > 10
    assert result == {"found": 0}


@starts
def test_a_core_dump_has_no_pools(start):
    """gcore writes what a crash would write. Guards MADV_DONTDUMP."""
    gcore = shutil.which("gcore")
    if not gcore:
        pytest.skip("NOT TESTED: needs gcore (Debian: gdb)")
    path = folder() / f"dump-{start}"
    result = run(PROGRAMS / "memory_core_dump.py", start, gcore, path)
    if "refused" in result:
        pytest.skip(f"gcore cannot dump here: {result['refused']}")
    assert result["pools"] >= 1
    assert result["marker"], "the dump does not hold even an ordinary bytes object"
    assert result["found"] == 0


@pytest.mark.parametrize("start", ["auto", "eager"])
def test_threads_inherit_no_registers(start):
    """A thread starts with the registers of its maker, and the core's threads sleep. A register that they don't use may hold
    something secret, such as the key that memcpy() has just moved for hmac.Key. It would be in every core dump from then on.
    Guards that threads.c clears the registers before pthread_create()."""
    library = compile_c("marked.so", "marked.c", flags=("-shared", "-fPIC"))
    result = run(PROGRAMS / "memory_registers.py", start, library)
    if result["threads"] is None:
        pytest.skip("needs the right to use ptrace: REGISTERS ARE NOT LOOKED AT")
    assert result["mode"] == "core" and len(result["threads"]) >= 2
    assert result["marked"] == []


@linux
@pytest.mark.once
@pytest.mark.skipif(not shutil.which("valgrind"), reason="NOT LOOKED AT BY MEMCHECK: valgrind is not installed")
@pytest.mark.skipif(bool(sysconfig.get_config_var("Py_GIL_DISABLED")), reason="has no other allocator than its own: tested with a GIL")
@pytest.mark.parametrize("start", ["auto", "never"])
def test_memcheck_finds_nothing_of_ours(package_folder, start):
    """A whole run with a fork, under valgrind, has no use of undefined or freed memory whose innermost frames are ours, and no
    lost block. Reports about CPython itself don't count. Guards valgrind.supp, which ships: without it the start of Go's
    runtime is reported."""
    environment = {**os.environ, "GORANDOM_START": start, "PYTHONMALLOC": "malloc", "PYTHONDONTWRITEBYTECODE": "1"}
    options = [f"--suppressions={package_folder / 'valgrind.supp'}", "--leak-check=full", "--show-leak-kinds=definite"]
    done = valgrind(*options, sys.executable, PROGRAMS / "valgrind_draws.py", env=environment, cwd=folder())
    assert done.stdout == {"auto": "core True\n", "never": "direct True\n"}[start], done.stderr[-3000:]
    ours = [report for report in reports(done.stderr) if any("/gorandom/" in frame for frame in report[:3])]
    assert not ours, "\n\n".join(map("\n".join, ours))
