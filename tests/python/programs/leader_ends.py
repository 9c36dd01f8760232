"""The main thread ends before another one, in the process that argv[1] names. Run by test_leader.py."""

import ctypes
import os
import sys
import threading

import child

import gorandom


def main():
    gorandom.fill(bytearray(300_000))

    def last():
        # Wait until the leader has ended. It stays as a zombie while other threads live.
        while open(f"/proc/self/task/{os.getpid()}/stat").read().rsplit(")", 1)[1].split()[0] != "Z":
            os.sched_yield()
        gorandom.fill(bytearray(300_000))
        os.write(1, b"the last thread ends\n")

    threading.Thread(target=last).start()
    ctypes.CDLL(None).pthread_exit(None)


def in_a_child():
    gorandom.fill(bytearray(300_000))
    pid = os.fork()
    if pid == 0:
        main()
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def in_a_raw_clone():
    gorandom.fill(bytearray(300_000))
    pid = child.helper().bare_fork(1, None)
    if pid == 0:
        gorandom.fill(bytearray(300_000))
        os.write(1, b"the last thread ends\n")
        ctypes.CDLL(None).pthread_exit(None)
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


{"started here": main, "in a child": in_a_child, "in a raw clone": in_a_raw_clone}[sys.argv[1]]()
