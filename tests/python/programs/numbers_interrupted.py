"""A handler's exception ends a shuffle, and no item is lost. Run by test_numbers.py."""

from numbers_long_shuffle import in_the_middle, r, untouched, x


def handler():
    raise KeyboardInterrupt


in_the_middle(handler)
try:
    r.shuffle(x)
except KeyboardInterrupt:
    print(untouched(), sorted(x) == list(range(3_000_000)))
