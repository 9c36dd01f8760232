"""Go opens no descriptor, whatever is asked of it for however long."""

import pytest
from _forks import NOISE, PROGRAMS, linux

pytestmark = linux


@pytest.mark.once
@pytest.mark.parametrize("start, keystream", [("auto", None), ("eager", None), ("never", None), ("auto", "generic")])
def test_none_comes_or_goes(python, tmp_path, start, keystream):
    """A daemon closes all descriptors that it does not know. One of Go's among them, an epoll or an eventfd, would end it
    later, or be a file of its own by then. Guards poller_is_open in core/start.c, without which the load is red with the
    generic kernel, whose garbage is collected, and GOGC=off beside it: without both it is red in a second. The same
    holds in a child with a core of its own. That memory does not grow says that the exported functions leave no garbage
    either; package calls, which counts it, ends before them."""
    env = {"GORANDOM_KEYSTREAM": keystream} if keystream else None
    python(NOISE / "everything.py", 3, tmp_path, start=start, env=env)


@pytest.mark.native("core, whose descriptors are counted")
@pytest.mark.parametrize("stream", [0, 1, 2])
def test_nonblocking_standard_streams(python, stream):
    """Go's package os asks for the poller at its start where a standard stream does not block. Guards poller_is_open."""
    python(PROGRAMS / "descriptors_nonblocking.py", stream)
