"""Go opens no descriptor, whatever is asked of it and for however long."""

import pytest
from _forks import NOISE, PROGRAMS, linux

pytestmark = linux


@pytest.mark.once
@pytest.mark.parametrize("start, keystream", [("auto", None), ("eager", None), ("never", None), ("auto", "generic")])
def test_none_comes_or_goes(python, tmp_path, start, keystream):
    """A daemon closes all descriptors that it does not know. If one of them is Go's, an epoll or an eventfd, the daemon ends
    later, or the number means another file by then. Guards poller_is_open in core/start.c: without it the load fails with
    the generic kernel, whose garbage is collected. Also guards GOGC=off: without both it fails in a second. The same holds in
    a child with a core of its own. Memory must not grow, which shows that the exported functions leave no garbage either.
    The tests of package calls count it too, but stop below these functions."""
    env = {"GORANDOM_KEYSTREAM": keystream} if keystream else None
    python(NOISE / "everything.py", 3, tmp_path, start=start, env=env)


@pytest.mark.native("core, whose descriptors are counted")
@pytest.mark.parametrize("stream", [0, 1, 2])
def test_nonblocking_standard_streams(python, stream):
    """Go's package os asks for the poller at its start if a standard stream is nonblocking. Guards poller_is_open."""
    python(PROGRAMS / "descriptors_nonblocking.py", stream)
