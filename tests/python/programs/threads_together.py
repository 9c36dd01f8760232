"""Shared by the programs of test_threads.py: runs functions in threads that all start at the same moment."""

import os
import sys
import threading

sys.setswitchinterval(1e-5)
SLOW = int(os.environ.get("GORANDOM_SLOW") or 1)  # under a sanitizer


def run(*functions):
    """Call each function in its own thread, all from the same moment, until all end. Raise the first exception."""
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


ended = []  # the functions from others() that have ended; a thread that goes on until then looks here


def others(f):
    def g():
        try:
            f()
        finally:
            ended.append(f)

    return g
