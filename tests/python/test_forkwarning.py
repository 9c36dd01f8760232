"""CPython's DeprecationWarning at a fork in a process with several threads (3.12 and later).

Guards: _forkwarning.py. Without it every os.fork() of a program that has drawn warns because of the core's
threads; with a filter that is too wide a program with threads of its own loses its warning.
"""

import sys

import pytest
from conftest import WITHOUT_PROC

since_312 = pytest.mark.skipif(sys.version_info < (3, 12), reason="CPython warns at fork since 3.12")

START = """
import os, pty, sys, threading, warnings
import gorandom
gorandom.get_random_bytes(16)
assert gorandom._front.own_threads() > 0 or gorandom.status().mode == "direct"

def fork(how=os.fork):
    child = how()
    child = child[0] if isinstance(child, tuple) else child
    if not child:
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0

class thread:
    def __enter__(self):
        self.before = len(os.listdir("/proc/self/task"))
        self.end = threading.Event()
        self.thread = threading.Thread(target=self.end.wait)
        self.thread.start()
    def __exit__(self, *_):
        self.end.set()
        self.thread.join()
        # The thread's Python end is not yet its native end.
        while len(os.listdir("/proc/self/task")) > self.before: os.sched_yield()
"""

QUIET = START + """
for how in (os.fork, os.forkpty):
    fork(how)
    with warnings.catch_warnings(record=True) as caught:
        for action in ("always", "error", "default", "once"):
            warnings.simplefilter(action)
            fork(how)
            fork(how)
    assert not caught, [str(w.message) for w in caught]
"""


@since_312
@pytest.mark.parametrize("flags", [[], ["-W", "error"], ["-W", "always"], ["-X", "dev"]], ids=" ".join)
def test_no_warning_because_of_the_core(python, start_mode, flags):
    python(QUIET, start=start_mode, flags=flags)


WARNED = START + """
def warned(how=os.fork):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fork(how)
    return [(w.category, str(w.message)) for w in caught]

for how in (os.fork, os.forkpty):
    for _ in range(3):
        assert warned(how) == []
        with thread():
            (category, message), = warned(how)
            assert category is DeprecationWarning and f"pid={os.getpid()}) is multi-threaded" in message
        with thread(), thread():
            assert len(warned(how)) == 1
        assert warned(how) == []

# The program's own filters are still asked.
with thread(), warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("ignore")
    fork()
    assert not caught
"""


@since_312
def test_a_program_with_threads_is_still_warned(python, start_mode):
    python(WARNED, start=start_mode)


@since_312
def test_the_default_filters_show_it_once(python):
    """In __main__ a DeprecationWarning is shown by default, once a place: our filter must not make CPython forget
    what it has shown, nor show it when there is nothing to show."""
    program = START + """
def here():
    fork()
here()
with thread():
    for _ in range(5): here()
here()
"""
    done = python(program, ends=None)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("DeprecationWarning") == 1, done.stderr


@since_312
def test_other_deprecations_are_not_touched(python):
    python(
        START
        + """
fork()
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    fork()
    warnings.warn("something old", DeprecationWarning)
    warnings.warn("This process (pid=1) is multi-threaded, use of fork() may lead to deadlocks, says a user", UserWarning)
assert [w.category for w in caught] == [DeprecationWarning, UserWarning], caught
"""
    )


@since_312
def test_filters_do_not_grow(python):
    """A filter is set again only when another one stands in front of it."""
    python(
        START
        + """
fork()
n = len(warnings.filters)
for _ in range(50): fork()
assert len(warnings.filters) == n
for _ in range(5):
    warnings.simplefilter("default")
    fork()
assert len(warnings.filters) <= n + 1, warnings.filters
"""
    )


@since_312
def test_in_children_and_without_a_core(python, start_mode):
    python(
        START
        + """
child = os.fork()
if not child:
    status = 1
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            fork()
            gorandom.get_random_bytes(3 << 20)
            fork()
        assert not caught
        status = 0
    finally:
        os._exit(status)
assert os.waitpid(child, 0)[1] == 0
""",
        start=start_mode,
    )


@since_312
def test_without_proc(python):
    """CPython counts in /proc too; where it is not mounted nothing warns and nothing fails."""
    program = WITHOUT_PROC + "hide_proc()\n" + START + """
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    fork()
assert not caught
"""
    done = python(program, ends=None)
    if done.returncode == 77:
        pytest.skip("needs CAP_SYS_ADMIN, to mount something over /proc in a namespace of its own")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="for interpreters that do not warn")
def test_nothing_is_registered_where_nothing_warns(python):
    python(
        """
import os, sys, warnings
filters = list(warnings.filters)
import gorandom
gorandom.get_random_bytes(16)
child = os.fork()
if not child: os._exit(0)
os.waitpid(child, 0)
assert "gorandom._forkwarning" not in sys.modules
assert warnings.filters == filters
"""
    )
