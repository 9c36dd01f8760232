"""Waits in vain while every clock of the process stands still. Run by test_wait.py."""

import ctypes

from wait_frame import late, play


def subject():
    ctypes.CDLL(None).script_clocks_stand()
    return {"waited": late(0.05)}


play(subject, seeds=False)
