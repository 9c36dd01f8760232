"""A wait without a timeout. Run by test_wait.py."""

from wait_frame import play, tasks

import gorandom


def subject():
    gorandom.wait_for_system_rng()
    return {"tasks": len(tasks()), "drawn": len(gorandom.SystemRandom().randbytes(16))}


play(subject, seeds=True)
