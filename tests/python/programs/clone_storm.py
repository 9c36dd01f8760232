"""A C signal handler forks in the middle of a draw (storm.c): test_clone.py runs this."""

import ctypes
import sys

import child

import gorandom

how, size, budget = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
storm = child.Storm()
tally = child.Tally()
buffer = bytearray(size)
untouched = b"\xaa" * size
step = max(16, size // 128)
zeros = bytes(16)


def pieces():
    found = [bytes(buffer[i : i + 16]) for i in range(0, size, step)] + [bytes(buffer[-16:])]
    if size % step == 0 and step == 16:
        found.pop()  # the last piece was already written
    assert zeros not in buffer, "a run of zeros"
    assert untouched[:16] not in buffer, "bytes that were not drawn"
    return found


gorandom.fill(buffer)
address = (ctypes.c_ubyte * size).from_buffer(buffer)
storm.library.storm_start(how, 120, budget, address, ctypes.c_size_t(size))
while storm.budget.value > 0:
    buffer[:] = untouched
    storm.armed.value = 1
    gorandom.fill(buffer)
    storm.armed.value = 0
    if storm.in_child.value:
        # If the draw had ended when the signal came, both processes may have its bytes.
        child.end(lambda: tally.send(*(pieces() if storm.early.value else []), gorandom.get_random_bytes(16)))
    if children := storm.new():
        tally.add(*pieces())
        tally.reap(*children)
storm.library.storm_stop()
tally.report()
