"""A wait during which the kernel seeds itself. Run by test_wait.py."""

import os

from wait_frame import late, play

import gorandom


def subject():
    first = late(0)
    gorandom.wait_for_system_rng(timeout=25)
    ready = gorandom.status().ready
    while gorandom._front.own_threads():  # the thread ends after its call; no core has been started yet
        os.sched_yield()
    return {"first": first, "ready": ready, "drawn": len(gorandom.urandom(16))}


play(subject, seeds=True)
