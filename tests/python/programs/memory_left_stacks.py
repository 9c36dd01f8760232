"""Does a child keep the stacks of its parent's threads in the C library? Run by test_memory.py, without gorandom."""

import _thread
import json
import os
import threading
import warnings

warnings.simplefilter("ignore")  # about a fork beside a thread
STACK = 256 << 10
threading.stack_size(STACK)
asleep = os.pipe()
read, write = os.pipe()


def size():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")


generation = 0
pid = os.fork()
while pid == 0:
    generation += 1
    begun = _thread.allocate_lock()
    begun.acquire()
    _thread.start_new_thread(lambda: (begun.release(), os.read(asleep[0], 1)), ())
    begun.acquire()
    if generation in (10, 50):
        os.write(write, b"%d " % size())
    if generation == 50:
        os._exit(0)
    pid = os.fork()
    if pid:
        os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
assert os.waitpid(pid, 0)[1] == 0
early, late = map(int, os.read(read, 64).split())
print(json.dumps(late - early >= 40 * STACK))
