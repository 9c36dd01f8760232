"""Ready bytes are stale in the next second, whether time() is fast or slow."""

import functools

import pytest
from _forks import PROGRAMS, compile_c, linux, run

pytestmark = [linux, pytest.mark.native("ready byte that could grow stale")]


@functools.cache
def clock():
    return str(compile_c("clock.so", "clock.c", flags=("-shared", "-fPIC")))


def test_each_draw_looks_at_a_clock_that_is_fast():
    """Guards the second in stamp_holds(): without it no pool is refilled a second later."""
    result = run(PROGRAMS / "clock.py", "never", env={"LD_PRELOAD": clock()})
    assert result.pop("asked") >= 200
    assert result == {"within": 0, "later": [True] * 3}


def test_few_draws_look_at_one_that_is_slow():
    """time() is a system call in gVisor; here it takes 2 us. Guards clock_seldom()."""
    result = run(PROGRAMS / "clock.py", "never", env={"LD_PRELOAD": clock(), "CLOCK_NAP": "2000"})
    assert result.pop("asked") < 100
    assert result == {"within": 0, "later": [True] * 3}
