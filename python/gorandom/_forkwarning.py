"""A filter for CPython's warning at os.fork() in a process with more than one native thread (3.12 and later).

The core's threads, and the thread that waits for the kernel's entropy, are no danger to the child, which never uses them.
So they alone cause no warning. A program with threads of its own still gets the warning.
"""

import os
import warnings

from ._front import own_threads, warns_in_vain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _Message:
    """Takes the place of a filter's message pattern. A real pattern would create objects just after the fork."""

    match = warns_in_vain


_FILTER = ("ignore", _Message(), DeprecationWarning, None, 0)


def _before_fork() -> None:
    if not own_threads():
        return
    filters: Any = warnings._get_filters() if hasattr(warnings, "_get_filters") else warnings.filters
    # This filter must be before any that the program has set since. It is inserted by hand, because
    # warnings.filterwarnings() takes only patterns, and would make warnings that were already shown appear again.
    if not filters or filters[0] is not _FILTER:
        try:
            filters.remove(_FILTER)
        except ValueError:
            pass
        filters.insert(0, _FILTER)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork)
