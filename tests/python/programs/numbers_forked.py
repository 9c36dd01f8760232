"""A fork in the middle of a shuffle. Run by test_numbers.py."""

import os

from numbers_long_shuffle import in_the_middle, r, untouched, x

read, write = os.pipe()
child = middle = None


def handler():
    global child, middle
    child, middle = os.fork(), untouched()


in_the_middle(handler)
r.shuffle(x)
whole = sorted(x) == list(range(3_000_000))
if child == 0:
    os.write(write, repr((middle, whole, x[-100:], x[:100])).encode())
    os._exit(0)
os.waitpid(child, 0)
theirs = eval(os.read(read, 65536))
print(theirs[:2] == (middle, whole) == (True, True), theirs[2] == x[-100:], theirs[3] != x[:100])
