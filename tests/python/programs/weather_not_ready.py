"""Draws before the kernel's generator is ready. Run by test_weather.py."""

import errno
import json
import os
import signal
import threading

import confine

import gorandom

confine.refuse("getrandom", errno.EAGAIN)
found = {}
for name, draw in {"urandom": lambda: gorandom.urandom(16), "large": lambda: gorandom.urandom(300_000)}.items():
    try:
        draw()
        found[name] = "bytes"
    except BlockingIOError as e:
        found[name] = str(e)


def caught(name, draw):
    # The signals come until the wait has begun and one has been seen.
    done = threading.Event()

    def interrupt():
        while not done.wait(0.02):
            os.kill(os.getpid(), signal.SIGALRM)

    def handler(signo, frame):
        if not done.is_set():
            done.set()
            raise KeyboardInterrupt

    signal.signal(signal.SIGALRM, handler)
    thread = threading.Thread(target=interrupt)
    try:
        thread.start()
        draw()
        found[name] = "bytes"
    except KeyboardInterrupt:
        found[name] = "interrupted"
    done.set()
    thread.join()


caught("get_random_bytes", lambda: gorandom.get_random_bytes(16))
buffer = bytearray(100_000)
caught("fill", lambda: gorandom.fill(buffer))
caught("wait", lambda: gorandom.wait_for_system_rng())
caught("reseed", lambda: gorandom.reseed())
for timeout in (0, 0.05):
    try:
        gorandom.wait_for_system_rng(timeout=timeout)
    except TimeoutError:
        found[f"timeout {timeout}"] = "TimeoutError"
found["untouched"] = buffer.count(0) == len(buffer)
found["ready"] = gorandom.status().ready
print(json.dumps(found))
