"""A thread waits for a bit generator's lock, and its signals come. Run by test_numpy.py."""

import signal
import threading

import gorandom


class Stop(Exception):
    pass


def handle(*_):
    global armed
    if armed:
        armed = False
        raise Stop


def hold():
    """Hold the lock until the waiting thread has ended its wait, but for at most 400 signals."""
    with lock:
        held.set()
        for _ in range(400):
            if ended.wait(0.005):
                break
            signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)


armed = False
lock = gorandom.BitGenerator().lock
held, ended = threading.Event(), threading.Event()
signal.signal(signal.SIGUSR1, handle)
thread = threading.Thread(target=hold)
thread.start()
held.wait()
armed = True
try:
    with lock:
        armed = False
        end = "waited"
except Stop:
    end = "interrupted"
ended.set()
thread.join()
assert not lock.locked()
print(end)
