"""Waits, some in a child, for a kernel that does not seed itself. Run by test_wait.py."""

import os
import warnings

from wait_frame import in_a_child, late, late_until_blocked, play, tasks

from gorandom import _front


def mask(tid):
    with open(f"/proc/self/task/{tid}/status") as f:
        return next(int(line.split()[1], 16) for line in f if line.startswith("SigBlk:"))


def in_the_child():
    return [os.getpid(), _front.own_threads(), late_until_blocked(0.05), _front.own_threads()]


def subject():
    warnings.simplefilter("error")
    look = late(0), len(tasks())
    waits = [late_until_blocked(0.05) for _ in range(3)]
    others = [tid for tid in tasks() if tid != os.getpid()]
    found = {"look": look, "waits": waits, "others": others, "mask": mask(others[0]), "own": _front.own_threads()}
    return found | {"child": in_a_child(in_the_child)}


play(subject, seeds=False)
