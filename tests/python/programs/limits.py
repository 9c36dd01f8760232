"""Draws, threads and a child after a limit or a filter has come into force. Run by test_limits.py."""

import errno
import os
import sys
import threading

import child
import confine

import gorandom

way, when = sys.argv[1], sys.argv[2]
TAKEN = {
    "address space": lambda: confine.limit("AS", confine.memory("VmSize") + (700 << 20)),
    "data": lambda: confine.limit("DATA", confine.memory("VmData") + (30 << 20)),
    "no memory left": lambda: confine.limit("AS", confine.memory("VmSize") + (2 << 20)),
    "no data left": lambda: confine.limit("DATA", confine.memory("VmData") + (1 << 20)),
    "locked": lambda: confine.limit("MEMLOCK", 0),
    "descriptors": lambda: confine.limit("NOFILE", 0),
    "threads": lambda: (
        os.setgroups([]),
        os.setresgid(65533, 65533, 65533),
        confine.limit("NPROC", 1),
        os.setresuid(65533, 65533, 65533),
    ),
    "root": lambda: os.chroot(sys.argv[3]),
    "clone": lambda: (confine.refuse("clone3", errno.ENOSYS), confine.refuse("clone", errno.EPERM)),
    "clone3": lambda: confine.refuse("clone3", errno.EPERM),
    "sigaltstack": lambda: confine.refuse("sigaltstack", errno.EPERM),
    "signal stacks": lambda: confine.refuse("sigaltstack", errno.EPERM, 0, 0, unless=True),  # refuses to set one, but not to ask
    "madvise": lambda: confine.refuse("madvise", errno.EPERM),
    "mlock": lambda: confine.refuse("mlock", errno.EPERM),
    "mprotect": lambda: confine.refuse("mprotect", errno.EPERM),
    "mmap": lambda: confine.refuse("mmap", errno.EPERM, 3, confine.MAP_ANONYMOUS, confine.MAP_ANONYMOUS),
    "mmap, no memory": lambda: confine.refuse("mmap", errno.ENOMEM, 3, confine.MAP_ANONYMOUS, confine.MAP_ANONYMOUS),
}

tally, tokens, errors = child.Tally(), [], []
str(gorandom.status())  # its imports
buffer = bytearray(300_000)


def draw():
    try:
        tokens.extend(gorandom.get_random_bytes(16) for _ in range(600))
        gorandom.fill(memoryview(buffer)[:50_000])
        gorandom.reseed()
        gorandom.add_event(b"x")
    except (OSError, MemoryError) as e:
        errors.append(repr(e))


def in_threads(n):
    # As many threads as the limits allow. All draw at once, so that they take places in the core that were never used.
    threads = []
    go = threading.Event()

    def run():
        go.wait()
        draw()

    for _ in range(n):
        thread = threading.Thread(target=run, daemon=True)
        try:
            thread.start()
        except (RuntimeError, MemoryError):
            break
        threads.append(thread)
    go.set()
    for thread in threads:
        thread.join()
    return len(threads)


def in_child():
    del tokens[:]
    draw()
    gorandom.fill(buffer)
    return tokens[-100:] + [bytes(buffer[-16:])]


threading.stack_size(128 << 10)
if when == "after":
    gorandom.fill(buffer)
TAKEN[way]()
draw()
gorandom.fill(buffer)
started = in_threads(40)
status = gorandom.status()
after = {"mode": status.mode, "reason": status.reason}
pid = None
if way != "descriptors":
    try:
        pid = tally.child(os.fork, in_child)
    except (OSError, MemoryError):
        pass
for name in ("AS", "DATA"):  # so that this program's own counting does not run out of memory
    confine.limit(name, -1)
if pid:
    tally.reap(pid)
tally.add(*tokens)
tally.report(status=after, errors=errors, started=started)
