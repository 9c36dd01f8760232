"""For the examples pep522_…: simulates a system whose generator is not ready, because a running one can't be reset.

It replaces ``gorandom.urandom`` in this process only. The first ``refusals`` draws raise what the real function raises
early at boot, and later ones succeed. tests/boot has a real early boot.
"""

import gorandom


def urandom_that_is_not_ready(refusals):
    left = [refusals]

    def urandom(n):
        if left[0] > 0:
            left[0] -= 1
            raise BlockingIOError("system random number generator is not ready")
        return gorandom.urandom(n)

    return urandom
