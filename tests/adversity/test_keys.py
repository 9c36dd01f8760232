"""Where a generator's keys and unborn bytes are, and where they must not be found: in a core dump, a forked child or swap,
and after the next request nowhere.

The test learns them in a way that is open to nobody else: it reads the memory of a living process (its child), and finds
every AES-256 key schedule there by its shape (FIPS 197, section 5.2, computed here). Then it looks for each key, each
round key and each ready byte. The library does not say where they are."""

import os
import shutil

import pytest
from _forks import NOISE, folder, linux, run
from _forks import PROGRAMS as PYTHON_PROGRAMS
from conftest import PROGRAMS

pytestmark = linux


def look(program, start="auto", *args, **options):
    path = os.pathsep.join(map(str, (NOISE, PYTHON_PROGRAMS)))
    return run(PROGRAMS / program, start, *args, env={"PYTHONPATH": path}, helped=True, timeout=100, **options)


@pytest.mark.parametrize("start", [pytest.param("auto", marks=pytest.mark.fast), "eager"])
def test_a_dump_and_a_child_hold_no_key(start):
    """There are no keys, round keys or unborn bytes in the dump of a process that has drawn, in its forked child, in a child
    for which no handler ran, and in a child that has started its own core where the parent's was. Guards MADV_DONTFORK,
    MADV_WIPEONFORK and MADV_DONTDUMP, and that no part of a schedule is in any other memory."""
    gcore = shutil.which("gcore") or ""
    result = look("keys_dump.py", start, gcore, folder() / f"keys-{start}")
    assert result["keys"] >= 2 and result["unborn"] >= 3 and result["here"], "the test does not find the keys where they are"
    assert result["elsewhere"] == []
    assert result["fork"] == result["raw_clone"] == result["raw_fork_that_draws"] == []
    if not gcore or result["refused"]:
        pytest.skip(f"needs gcore, of Debian's gdb, and the right to use it: THE DUMP IS NOT TESTED {result.get('refused', '')}")
    assert result["marker"], "the dump does not hold even an ordinary bytes object"
    assert result["dumped"] == 0


@pytest.mark.parametrize("act", [pytest.param("large", marks=pytest.mark.fast), "reseed"])
def test_the_old_key_is_gone(act):
    """After each request of a generator its key, and that key's whole schedule, are nowhere in the process, neither in the
    heap nor on a stack. Guards Generator.rekey, and that Schedule.Expand works in place."""
    result = look("keys_old.py", "auto", act)
    assert result["keys"] >= 2 and result["changed"] >= 4
    assert result["left"] == []


@pytest.mark.fast
@pytest.mark.parametrize("allowed", [True, False], ids=["allowed", "refused"])
def test_keys_are_not_swapped(allowed):
    """Every mapping with a key or with unborn bytes is locked (VmFlags lo; Locked is all of it; none is in swap) if the limit
    allows it. If not, there is a core all the same, and status() says so. Guards mlock in memory.c and process.c."""
    result = look("keys_swap.py", "auto", int(allowed))
    assert result["mappings"] >= 1 and result["swapped"] == 0
    if allowed:
        # On failure: RLIMIT_MEMLOCK may be smaller than the pages that a core locks.
        assert all(result["flags"]) and all(locked == size for locked, size in result["locked"])
        assert result["VmLck"] >= 8
    else:
        assert result["VmLck"] == 0, "the limit of 0 did not hold"
        assert not any(result["flags"])
