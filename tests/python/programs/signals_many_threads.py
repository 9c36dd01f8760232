"""Two thousand threads draw at once. Run by test_signals.py."""

import threading

import child
from memory_maps import absent, mappings

import gorandom
from gorandom import _front

gorandom.get_random_bytes(16)
tally, tokens = child.Tally(), []
go = threading.Event()
threading.stack_size(256 << 10)


def draw(i):
    go.wait()
    buffer = bytearray(20_000)
    gorandom.fill(buffer)
    tokens.append(bytes(buffer[-16:]))
    tokens.append(gorandom.get_random_bytes(16))


threads = [threading.Thread(target=draw, args=(i,)) for i in range(2000)]
for t in threads:
    t.start()
go.set()
for t in threads:
    t.join()
tally.add(*tokens)
state = _front.state()
tally.report(threads=state["core_threads"], mappings=sum(map(absent, mappings())))
