"""The arithmetic of the figures, with the standard library alone.

A sample is a list of rounds. A round is the values that one short process measured. The rounds of two contestants follow
each other directly, so their ratio is taken round by round. Whatever slows the whole machine for a while slows both, and
does not change the ratio.
"""

import math
import statistics
from typing import NamedTuple


class Spread(NamedTuple):
    """The median, and the ends of the middle half."""

    median: float
    low: float
    high: float


def spread(values):
    if len(values) < 2:
        return Spread(values[0], values[0], values[0])
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(middle, low, high)


def pooled(rounds):
    """The Spread of all values of all rounds."""
    return spread([value for values in rounds for value in values])


def paired(ours, theirs, combine):
    """combine(median of ours, median of theirs), round by round."""
    return [combine(statistics.median(a), statistics.median(b)) for a, b in zip(ours, theirs)]


def speedup(ours, theirs):
    """How many times as fast as theirs ours is, when the values are times."""
    return spread(paired(ours, theirs, lambda a, b: b / a))


def cost(ours, theirs):
    """How many times as much as theirs ours costs."""
    return spread(paired(ours, theirs, lambda a, b: a / b))


def difference(ours, theirs):
    return spread(paired(ours, theirs, lambda a, b: a - b))


def at_least(figure, wanted):
    """"met" or "missed" when the whole middle half agrees, else "on the edge"."""
    return "met" if figure.low >= wanted else "missed" if figure.high < wanted else "on the edge"


def at_most(figure, wanted):
    return "met" if figure.high <= wanted else "missed" if figure.low > wanted else "on the edge"


class Interval(NamedTuple):
    """A median, and an interval that contains the true one with at least the given probability."""

    median: float
    low: float
    high: float
    confidence: float


def interval(values, confidence=0.95):
    """The narrowest interval between two order statistics, as in the sign test. It assumes only that the values are
    independent, and nothing about their distribution. With fewer than six values the confidence is lower."""
    values = sorted(values)
    n = len(values)
    best = 0
    for k in range(1, (n + 1) // 2):
        if _coverage(n, k) < confidence:
            break
        best = k
    return Interval(statistics.median(values), values[best], values[n - 1 - best], _coverage(n, best))


def _coverage(n, k):
    """The probability that the median lies between the kth lowest and the kth highest of n values."""
    return 1 - 2 * sum(math.comb(n, i) for i in range(k + 1)) / 2**n
