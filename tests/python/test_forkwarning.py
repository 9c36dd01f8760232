"""CPython's DeprecationWarning at a fork in a process with several threads (3.12 and later).

Guards: _forkwarning.py. Without it every os.fork() of a program that has drawn warns because of the core's threads. With
too wide a filter, a program with threads of its own would lose its warning.
"""

import sys

import pytest
from _forks import NOISE, PROGRAMS

since_312 = pytest.mark.skipif(sys.version_info < (3, 12), reason="CPython warns at fork since 3.12")
PROGRAM = PROGRAMS / "forkwarning.py"


@since_312
@pytest.mark.parametrize("flags", [[], ["-W", "error"], ["-W", "always"], ["-X", "dev"]], ids=" ".join)
def test_no_warning_because_of_the_core(python, start_mode, flags):
    python(PROGRAM, "quiet", start=start_mode, flags=flags)


@since_312
def test_a_program_with_threads_is_still_warned(python, start_mode):
    python(PROGRAM, "threads_of_its_own", start=start_mode)


@since_312
def test_the_default_filters_show_it_once(python):
    """By default a DeprecationWarning in __main__ is shown once for each place. Our filter must not make CPython forget what
    it has shown, nor show a warning without a reason."""
    done = python(PROGRAM, "shown_once", ends=None)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("DeprecationWarning") == 1, done.stderr


@since_312
def test_other_deprecations_are_not_touched(python):
    python(PROGRAM, "other_deprecations")


@since_312
def test_filters_do_not_grow(python):
    """A filter is added again only when another one is in front of it."""
    python(PROGRAM, "filters_do_not_grow")


@since_312
def test_in_children_and_without_a_core(python, start_mode):
    python(PROGRAM, "in_a_child", start=start_mode)


@since_312
def test_without_proc(python):
    """CPython counts threads in /proc too. Where that is not mounted nothing warns and nothing fails."""
    done = python(PROGRAM, "without_proc", ends=None, env={"PYTHONPATH": NOISE})
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
