"""Shared by the programs of test_wait.py: a kernel that is not seeded, and functions that examine this process in it."""

import json
import os
import platform
import sys

import confine
import unseeded

import gorandom


def tasks():
    return sorted(map(int, os.listdir("/proc/self/task")))


def late(timeout):
    try:
        gorandom.wait_for_system_rng(timeout)
    except TimeoutError as e:
        return str(e)


def late_until_blocked(timeout):
    # Poll until one of our threads is inside getrandom(2).
    call = str(confine.CALLS[platform.machine()]["getrandom"])
    while True:
        answer = late(timeout)
        for tid in tasks():
            with open(f"/proc/self/task/{tid}/syscall") as f:
                if tid != os.getpid() and f.read().split()[0] == call:
                    return answer


def in_a_child(function):
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        os.write(write, json.dumps(function()).encode())
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    return json.loads(os.read(read, 4096))


def play(subject, seeds):
    """Print what subject() returns in a child, with the calls of getrandom(2) that were seen.

    The child's kernel is not seeded. If seeds is true, it seeds itself while a thread blocks."""
    kernel, (read, write) = unseeded.UnseededKernel(seeds=seeds), os.pipe()
    pid = os.fork()
    if not pid:
        try:
            kernel.enter()
        except OSError as e:
            os.write(write, json.dumps({"skip": f"needs seccomp's listener: {e}"}).encode())
            os._exit(0)
        os.write(write, json.dumps(subject()).encode())
        sys.exit(7)  # ends Python normally, even while the thread blocks
    os.close(write)
    calls = list(kernel.calls())
    found = json.loads(os.read(read, 65536))
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if "skip" not in found:
        assert status == 7, status
        found |= {"pid": pid, "blocked": [tid for tid, blocks in calls if blocks]}
    print(json.dumps(found))
