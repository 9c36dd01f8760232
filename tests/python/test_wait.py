"""wait_for_system_rng(timeout) on a kernel that seeds itself only while somebody blocks in getrandom(2), which a
parent process plays (make boot-test has a real one). Guards gather.c: a wait that only looks again and again would
look until its time is up."""

import os
import sys

import pytest
from _forks import linux, run

sys.path.append(os.path.join(os.path.dirname(__file__), "noise"))
import confine  # noqa: E402

pytestmark = [
    linux,
    pytest.mark.skipif(not confine.available(), reason="the seccomp filters are written for x86_64 and aarch64"),
]
starts = pytest.mark.parametrize("start", ["auto", "never"])  # an eager one draws at import, before a kernel can be played

# The child runs subject(), whose answer goes to the parent with the calls of getrandom(2) that were seen.
FRAME = """
import json, os, platform, sys, warnings
import confine, unseeded, gorandom

def tasks():
    return sorted(map(int, os.listdir("/proc/self/task")))

def late(timeout):
    try:
        gorandom.wait_for_system_rng(timeout)
    except TimeoutError as e:
        return str(e)

def late_until_blocked(timeout):
    # Waits again until a thread of ours is inside getrandom(2).
    call = str(confine.CALLS[platform.machine()]["getrandom"])
    while True:
        answer = late(timeout)
        for tid in tasks():
            with open(f"/proc/self/task/{{tid}}/syscall") as f:
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
{subject}
kernel, (read, write) = unseeded.UnseededKernel(seeds={seeds}), os.pipe()
pid = os.fork()
if not pid:
    try:
        kernel.enter()
    except OSError as e:
        os.write(write, json.dumps({{"skip": f"needs seccomp's listener: {{e}}"}}).encode())
        os._exit(0)
    os.write(write, json.dumps(subject()).encode())
    sys.exit(7)     # Python's own end, also while the thread blocks
os.close(write)
calls = list(kernel.calls())
found = json.loads(os.read(read, 65536))
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
if "skip" not in found:
    assert status == 7, status
    found |= {{"pid": pid, "blocked": [tid for tid, blocks in calls if blocks]}}
print(json.dumps(found))
"""


def play(start, seeds, subject):
    found = run(FRAME.format(seeds=seeds, subject=subject), start, timeout=30)
    if "skip" in found:
        pytest.skip(found["skip"])
    return found


@starts
def test_the_kernel_seeds_itself(start):
    """The wait returns, because a thread of its own blocked, once; afterwards there is none, and bytes come."""
    found = play(start, True, """
def subject():
    first = late(0)
    gorandom.wait_for_system_rng(timeout=25)
    ready = gorandom.status().ready
    while gorandom._front.own_threads():    # it ends after its call; no core has been started yet
        os.sched_yield()
    return {"first": first, "ready": ready, "drawn": len(gorandom.urandom(16))}
""")  # fmt: skip
    assert found["first"] == "system random number generator is not ready yet"
    assert len(found["blocked"]) == 1 and found["blocked"][0] != found["pid"]
    assert (found["drawn"], found["ready"]) == (16, True)


@starts
def test_without_a_timeout_the_caller_blocks(start):
    found = play(start, True, """
def subject():
    gorandom.wait_for_system_rng()
    return {"tasks": len(tasks()), "drawn": len(gorandom.SystemRandom().randbytes(16))}
""")  # fmt: skip
    assert found["blocked"] == [found["pid"]] and found["tasks"] == 1 and found["drawn"] == 16


@starts
def test_the_kernel_does_not_seed_itself(start):
    """At most one thread a process, however often it waits; none for a look (timeout 0). It takes no signal from the
    host, and a fork does not warn because of it (3.12). The child, which does not have it, makes its own."""
    found = play(start, False, """
def mask(tid):
    with open(f"/proc/self/task/{tid}/status") as f:
        return next(int(line.split()[1], 16) for line in f if line.startswith("SigBlk:"))

def subject():
    warnings.simplefilter("error")
    look = late(0), len(tasks())
    waits = [late_until_blocked(0.05) for _ in range(3)]
    others = [tid for tid in tasks() if tid != os.getpid()]
    return {"look": look, "waits": waits, "others": others, "mask": mask(others[0]), "own": gorandom._front.own_threads(),
            "child": in_a_child(lambda: [os.getpid(), gorandom._front.own_threads(), late_until_blocked(0.05), gorandom._front.own_threads()])}
""")  # fmt: skip
    text = "system random number generator is not ready yet"
    assert found["look"] == [text, 1] and found["waits"] == [text] * 3
    assert len(found["others"]) == 1 == found["own"]
    # All but SIGKILL, SIGSTOP, SIGSYS, which stays as the program has it, and the two of the C library's own (32 and 33).
    assert found["mask"] == (1 << 64) - 1 & ~(1 << 8 | 1 << 18 | 1 << 30 | 3 << 31)
    child, before, waited, after = found["child"]
    assert (before, waited, after) == (0, text, 1)
    assert len(found["blocked"]) == 2 and found["blocked"][0] == found["others"][0] and found["blocked"][1] != child
