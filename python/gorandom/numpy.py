"""numpy's bit generator over gorandom's stream.

    >>> import gorandom, numpy
    >>> rng = numpy.random.Generator(gorandom.BitGenerator())
    >>> rng.random(3).shape
    (3,)

Use it for numbers that nobody must be able to predict: shuffles of ballots, samples for an audit, noise for privacy.
They cannot be reproduced, because there is no seed. This module needs numpy 1.23 or later and the C extension;
ImportError without them. ``import gorandom`` alone does not import numpy.

It follows numpy's manual, "Bit generators" and "Extending" (the C interface ``bitgen_t``).
"""

from __future__ import annotations

import numpy as _np
from numpy.random import BitGenerator as _Base
from numpy.random.bit_generator import SeedlessSeedSequence as _Seedless

from . import _front

if _front.state()["mode"] == "system":
    raise ImportError("gorandom.numpy needs gorandom's C extension, and this installation is in pure Python", name=__name__)
from . import _numpy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Never, Self

__all__ = ["BitGenerator"]


class BitGenerator(_Base):
    """A ``numpy.random.BitGenerator`` that draws its numbers from gorandom.

    **No seed, no state.** ``seed`` is None or a seedless seed sequence (``SeedlessSeedSequence``), as numpy and SciPy
    pass them on; ValueError for an actual seed. After ``numpy.random.set_bit_generator(gorandom.BitGenerator())`` the
    functions of ``numpy.random`` draw from gorandom, and ``numpy.random.seed(42)`` raises that ValueError.

    TypeError for everything that copies, pickles, saves or resets the object: ``copy.deepcopy``, joblib,
    ``numpy.random.get_state``, the engines of ``scipy.stats.qmc``; Hypothesis too, while the object is behind
    ``numpy.random``. Make a new object in each worker. If numbers must be reproducible, seed one of numpy's generators
    from ``gorandom.secrets``: ``numpy.random.default_rng(secrets.randbits(256))``. Anyone who sees enough of that
    generator's numbers can compute the others.

    **Threads and forks.** One object may be shared by any number of ``Generator`` objects, threads and forked
    children. A child draws different numbers at once, and its lock is free, even if a thread of the parent held it.
    Each object keeps up to 16 KiB of ready bytes in memory that is wiped at fork, left out of core dumps and locked if
    possible. Each number is erased there as it is handed out. 64 objects share one mapping, so a process may have any
    number of them. ``gorandom.reseed()`` takes effect before the next number. When a call from numpy begins, ready
    bytes from an earlier second of the system's clock are replaced.

    ``next_uint64`` takes the next 8 bytes, ``next_uint32`` the next 4; ``next_double`` is a multiple of 2**-53,
    from 53 of 64 bits; ``next_raw`` is ``next_uint64``.

    **Errors.** Entering ``lock``, as all methods of ``Generator`` do, waits while the system's generator has not been
    seeded, and raises OSError if that gives no bytes. The functions behind ``capsule``, ``ctypes`` and ``cffi`` cannot
    raise. In a process without a Go core the system may refuse bytes in the middle of a call. The functions then retry
    for a second and end the process (SIGABRT, with a line on stderr), because numpy would use whatever they returned
    as a random number. A process with a core does not depend on the system there.

    **Without the lock.** Code that calls these functions itself, from Cython, Numba or C, must hold ``lock`` meanwhile
    (``with bit_generator.lock:``), or be the only user of this object. Without the lock, two threads that draw from
    one object at once may get the same number, or zeros. Nor is the clock checked, so ready bytes may be older than a
    second, and copies of a virtual machine could both give them. Forks and reseeds are noticed all the same. The
    object must outlive the addresses that were taken from it.

    **Where the kernel cannot wipe memory at fork** (gVisor, or Linux before 4.14) a fork handler erases the ready
    bytes in the child. A child of a raw ``clone(2)`` erases them when it first enters ``lock`` or needs new bytes.
    Until then it takes numbers from the same buffer as its parent, but no number is taken by both.

    **Not for RandomState.** The legacy ``numpy.random.RandomState`` makes two normally distributed numbers at a time
    and keeps the second, where this class cannot reach it. A forked child inherits that number and gives it too. This
    concerns ``normal``, and distributions built on it: ``gamma``, ``standard_t`` and others.
    ``numpy.random.Generator`` keeps none.
    """

    __slots__ = ("_bits",)
    _bits: _numpy.BitGen

    def __new__(cls, seed: _Seedless | None = None) -> Self:
        self = super().__new__(cls)
        self._bits = _numpy.BitGen()
        return self

    def __init__(self, seed: _Seedless | None = None) -> None:
        if not (seed is None or isinstance(seed, _Seedless)):
            raise ValueError(
                f"{type(self).__name__!r} takes no seed: its numbers are the system's randomness and never come again; "
                "leave the seed out, or take one of numpy's bit generators where they must"
            )
        super().__init__(_Seedless())  # type: ignore[arg-type]
        self._bits.install(self.capsule)

    @property
    def lock(self) -> _numpy.BitGen:  # type: ignore[override]
        """The lock that a thread holds while it draws, in a ``with`` block. The same thread may enter it again."""
        return self._bits

    def spawn(self, n_children: int) -> list[Self]:
        """Return a list of ``n_children`` new objects, each independent of this one and of the others.

        ValueError if the number is negative.
        """
        if n_children < 0:
            raise ValueError("n_children must be non-negative")
        return [type(self)() for _ in range(n_children)]

    def random_raw(self, size: Any = None, output: bool = True) -> Any:
        """Return an int of 64 random bits, or an array of them (uint64) of shape ``size``; None if ``output`` is false."""
        if not output:
            return None  # the stream has no position, so there is nothing to skip
        raw = _np.empty(() if size is None else size, _np.uint64)
        _front.fill(raw.data)
        return int(raw[()]) if size is None else raw

    @property
    def state(self) -> Never:
        """Raises TypeError: there is no state that could be copied, pickled, saved or set."""
        raise _no_state(self)

    @state.setter
    def state(self, value: Mapping[str, Any]) -> None:
        raise _no_state(self)

    def __reduce__(self) -> Never:
        raise _no_state(self)


def _no_state(self: BitGenerator) -> TypeError:
    return TypeError(
        f"{type(self).__name__!r} object has no state to copy, pickle, save or set: its numbers never come again; "
        "make a new gorandom.BitGenerator() in each worker, or take one of numpy's where numbers must come again"
    )
