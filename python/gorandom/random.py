"""Random integers, choices and shuffles for secrets, with the names of the standard library's ``random``.

The functions draw from gorandom's stream. They behave like those of PyCrypto's ``Crypto.Random.random``, which this
module replaces. A ``StrongRandom`` takes as many bytes as PyCrypto's and makes the same numbers from them, so a
caller's ``randfunc`` gives the same results as there.
"""

from __future__ import annotations

from ._front import get_random_bytes, numbers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, MutableSequence
    from typing import Any, Protocol, TypeVar, overload

    _T = TypeVar("_T")
    _T_co = TypeVar("_T_co", covariant=True)

    class _Reader(Protocol):
        def read(self, n: int, /) -> bytes: ...

    class _Sequence(Protocol[_T_co]):
        def __len__(self) -> int: ...
        def __getitem__(self, index: int, /) -> _T_co: ...


__all__ = ["StrongRandom", "getrandbits", "randrange", "randint", "choice", "shuffle", "sample"]


class StrongRandom:
    """Make numbers from ``rng.read(n)`` or ``randfunc(n)``, which return n bytes; by default from gorandom's stream.

    ValueError if both are given.
    """

    if TYPE_CHECKING:

        @overload
        def __init__(self, rng: _Reader | None = None, randfunc: None = None) -> None: ...
        @overload
        def __init__(self, rng: None = None, randfunc: Callable[[int], bytes] | None = None) -> None: ...

    def __init__(self, rng: _Reader | None = None, randfunc: Callable[[int], bytes] | None = None) -> None:
        if rng is not None and randfunc is not None:
            raise ValueError("Cannot specify both 'rng' and 'randfunc'")
        self._randfunc = rng.read if rng is not None else randfunc or get_random_bytes

    def getrandbits(self, k: int) -> int:
        """Return a number of k random bits: the low k of ceil(k / 8) bytes, big-endian.

        0 for k = 0; ValueError for a negative k.
        """
        mask = (1 << k) - 1  # refuses a non-int or a negative k before anything is drawn
        return mask & int.from_bytes(self._randfunc((k + 7) // 8), "big")

    if TYPE_CHECKING:

        @overload
        def randrange(self, stop: int, /) -> int: ...
        @overload
        def randrange(self, start: int, stop: int, step: int = 1, /) -> int: ...

    def randrange(self, *args: int) -> int:
        """Return a uniformly distributed item of ``range(*args)``.

        TypeError for another number of arguments, or for an argument that is not an int. ValueError for an empty
        range and for step 0.
        """
        if len(args) == 1:
            start, stop, step = 0, args[0], 1
        elif len(args) == 2:
            (start, stop), step = args, 1
        elif len(args) == 3:
            start, stop, step = args
        else:
            raise TypeError("randrange expected at most 3 arguments, got %d" % len(args))
        if not all(isinstance(number, int) for number in (start, stop, step)):
            raise TypeError("randrange requires integer arguments")
        if step == 0:
            raise ValueError("randrange step argument must not be zero")
        choices = -((start - stop) // step)  # rounded up
        if choices < 1:
            raise ValueError("empty range for randrange(%r, %r, %r)" % (start, stop, step))
        bits = choices.bit_length()
        while (chosen := self.getrandbits(bits)) >= choices:
            pass  # numbers that are too large are dropped, not folded, so that all choices are equally likely
        return start + step * chosen

    def randint(self, a: int, b: int) -> int:
        """Return a uniformly distributed integer x, a <= x <= b. TypeError unless both are int, ValueError if b < a."""
        if not (isinstance(a, int) and isinstance(b, int)):
            raise TypeError("randint requires integer arguments")
        return self.randrange(a, b + 1)

    def choice(self, seq: _Sequence[_T]) -> _T:
        """Return a random item of a sequence; IndexError if it is empty."""
        size = len(seq)
        if size == 0:
            raise IndexError("empty sequence")
        return seq[self.randrange(size)]

    def shuffle(self, x: MutableSequence[Any]) -> None:
        """Put the items of a mutable sequence in random order (Fisher-Yates, from the end).

        TypeError for an array of several dimensions: its rows are views, and exchanging two would lose one.
        """
        if getattr(x, "ndim", 1) > 1:
            raise TypeError(
                "cannot shuffle an array of several dimensions, whose rows are views: "
                "numpy.random.Generator(gorandom.BitGenerator()).shuffle() can"
            )
        size = len(x)
        if size:
            x[0] = x[0]  # refuses an immutable sequence even if it has only one item
        for last in range(size - 1, 0, -1):
            other = self.randrange(0, last + 1)
            x[last], x[other] = x[other], x[last]

    def sample(self, population: _Sequence[_T], k: int) -> list[_T]:
        """Return a list of k different items of a sequence, in random order.

        ValueError if there are fewer than k. A negative k gives an empty list.
        """
        size = len(population)
        if k > size:
            raise ValueError("sample larger than population")
        chosen: dict[int, None] = {}  # keeps the order of the draws
        for wanted in range(k):
            while len(chosen) == wanted:
                chosen[self.randrange(size)] = None
        return [population[i] for i in chosen]


# With gorandom's stream nobody sees which number is made from which bytes. So C makes the numbers in plain cases, and
# these methods do in the others.
_r = StrongRandom()
if TYPE_CHECKING:
    getrandbits = _r.getrandbits
    randrange = _r.randrange
    randint = _r.randint
    choice = _r.choice
    shuffle = _r.shuffle
    sample = _r.sample
else:
    _python = {_name: getattr(_r, _name) for _name in __all__ if _name != "StrongRandom"}
    numbers("random", globals(), _python)
