"""Each function of the core, named in sys.argv, raises where there is no core: test_build.py runs this."""

import sys

from gorandom import _core

assert sorted(n for n in dir(_core) if n.startswith("gopy_")) == sorted(sys.argv[1:])
for name in sys.argv[1:]:
    function = getattr(_core, name)
    try:
        try:
            function()
        except TypeError:
            function("")
    except RuntimeError as e:
        assert str(e) == "this process has no core", e
    else:
        raise AssertionError(name)
