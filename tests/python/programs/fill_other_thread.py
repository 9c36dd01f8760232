"""Another thread runs while a large fill() is under way: test_api_fill.py runs this."""

import _thread
import sys

import gorandom

sys.setswitchinterval(1000)  # from here on a thread gets the GIL only when another releases it
buffer = bytearray(64 << 20)
gorandom.fill(memoryview(buffer)[:16])
go, there, seen = _thread.allocate_lock(), _thread.allocate_lock(), []
go.acquire()
there.acquire()


def other():
    there.release()
    with go:
        seen.append(bytes(buffer[-16:]))


_thread.start_new_thread(other, ())
there.acquire()  # the thread now waits for go
go.release()  # and now it waits for the GIL
for fills in range(1, 101):
    gorandom.fill(buffer)
    if seen:
        break
print(len(seen))
