"""For the examples pep522_…: a system whose generator is not ready, which a running one can't be made into.

Stands in for ``gorandom.urandom`` in this process alone: the first ``refusals`` draws raise what the real one
raises early at boot, later ones succeed. A real early boot is in tests/boot.
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
