"""A cryptographically strong part of the stdlib's ``random``: PyCrypto's ``Crypto.Random.random``.

The functions are those of a ``StrongRandom`` over gorandom's stream. How many bytes a method of ``StrongRandom``
takes, and what it makes of them, is as in PyCrypto, so that a ``randfunc`` of the caller's gives the same numbers
as there.
"""

from ._front import get_random_bytes, numbers

__all__ = ["StrongRandom", "getrandbits", "randrange", "randint", "choice", "shuffle", "sample"]


class StrongRandom:
    """Numbers made from ``rng.read(n)`` or ``randfunc(n)``, each of which gives n bytes; by default from
    gorandom's stream. ValueError for both at once."""

    def __init__(self, rng=None, randfunc=None):
        if rng is not None and randfunc is not None:
            raise ValueError("Cannot specify both 'rng' and 'randfunc'")
        self._randfunc = rng.read if rng is not None else randfunc or get_random_bytes

    def getrandbits(self, k):
        """A number of k random bits: the low k of ceil(k / 8) bytes, big-endian.

        0 for k = 0; ValueError for a negative k.
        """
        mask = (1 << k) - 1  # refuses what is no int, and negative ones, before anything is drawn
        return mask & int.from_bytes(self._randfunc((k + 7) // 8), "big")

    def randrange(self, *args):
        """One of ``range(stop)``, ``range(start, stop)`` or ``range(start, stop, step)``, each as likely.

        TypeError for another number of arguments and for what is no int; ValueError for an empty range and
        for step 0.
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
            pass  # dropping those too large, not folding them, keeps all choices as likely
        return start + step * chosen

    def randint(self, a, b):
        """A number from a to b, both included. TypeError for what is no int, ValueError if b < a."""
        if not (isinstance(a, int) and isinstance(b, int)):
            raise TypeError("randint requires integer arguments")
        return self.randrange(a, b + 1)

    def choice(self, seq):
        """One item of a sequence; IndexError if it has none."""
        size = len(seq)
        if size == 0:
            raise IndexError("empty sequence")
        return seq[self.randrange(size)]

    def shuffle(self, x):
        """Puts the items of a mutable sequence in a random order (Fisher-Yates, from the end)."""
        size = len(x)
        if size:
            x[0] = x[0]  # a sequence of one item is refused too if it cannot be changed
        for last in range(size - 1, 0, -1):
            other = self.randrange(0, last + 1)
            x[last], x[other] = x[other], x[last]

    def sample(self, population, k):
        """A list of k items of a sequence, none of them twice, in random order.

        ValueError if there are fewer than k; a negative k gives an empty list.
        """
        size = len(population)
        if k > size:
            raise ValueError("sample larger than population")
        chosen = {}  # keeps the order in which they came
        for wanted in range(k):
            while len(chosen) == wanted:
                chosen[self.randrange(size)] = None
        return [population[i] for i in chosen]


# Over gorandom's stream nobody sees which number is made from which bytes: that is done in C where it is plain, and
# by these methods where it is not.
_r = StrongRandom()
_python = (_r.getrandbits, _r.randrange, _r.randint, _r.choice, _r.shuffle, _r.sample)
getrandbits, randrange, randint, choice, shuffle, sample = numbers("random", __name__, _python, globals())
