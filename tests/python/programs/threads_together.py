"""What the programs of test_threads.py share: functions that run in threads, all from one moment on."""

import os
import sys
import threading

sys.setswitchinterval(1e-5)
SLOW = int(os.environ.get("GORANDOM_SLOW") or 1)  # under a sanitizer


def run(*functions):
    """Call each in a thread of its own, all from one moment on, to their ends. Raise the first exception of any."""
    go, failed = threading.Barrier(len(functions)), []

    def thread(f):
        try:
            go.wait()
            f()
        except BaseException as e:
            failed.append(e)

    threads = [threading.Thread(target=thread, args=(f,)) for f in functions]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if failed:
        raise failed[0]


ended = []  # what others() has made and has ended: a thread that goes on meanwhile looks here


def others(f):
    def g():
        try:
            f()
        finally:
            ended.append(f)

    return g
