"""Since 3.12 CPython warns at os.fork() when the process has more than one native thread. The core's
threads, and the one that waits for the kernel's entropy, are no danger to the child, which never uses them, so a
fork does not warn because of them alone; a program with threads of its own still gets its warning."""

import os
import warnings

from ._front import own_threads


def _own_threads_alone() -> bool:
    try:
        with open("/proc/self/stat", "rb") as f:
            threads = int(f.read().rsplit(b")", 1)[1].split()[17])
    except (OSError, ValueError, IndexError):
        return False  # CPython counts in the same file; without it it counts Python's threads, which ours are not
    return threads - own_threads() <= 1


class _Category(type):
    # The filter's category is asked when a warning with the filter's message comes up.
    def __subclasscheck__(cls, subclass: type) -> bool:
        return subclass is DeprecationWarning and _own_threads_alone()


class _ForkWarning(DeprecationWarning, metaclass=_Category):
    pass


def _before_fork() -> None:
    if not own_threads():
        return
    filters = getattr(warnings, "_get_filters", lambda: warnings.filters)()
    # In front of the filters that a program has set since; not set again without need, because each change
    # of the filters makes warnings that were shown once come again.
    if not filters or filters[0][2] is not _ForkWarning:
        warnings.filterwarnings(
            "ignore", r"This process \(pid=\d+\) is multi-threaded, use of \w+\(\) may lead to deadlocks", _ForkWarning
        )


os.register_at_fork(before=_before_fork)
