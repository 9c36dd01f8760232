"""Dispositions, masks and alternate stacks before the import and after each call. Run by test_signals.py."""

import ctypes
import json
import threading

libc = ctypes.CDLL(None)


def state():
    stack = (ctypes.c_ulong * 3)()
    assert libc.sigaltstack(None, stack) == 0
    with open(f"/proc/self/task/{threading.get_native_id()}/status") as f:
        lines = [line.split() for line in f if line.startswith("Sig")]
    actions = []
    for signo in range(1, 65):
        action = (ctypes.c_ubyte * 256)()
        libc.sigaction(signo, None, action)
        actions.append(bytes(action[:8]).hex())
    return [line for line in lines if line[0] != "SigQ:"] + [list(stack)[0:3:2], actions]


def other(action, *args):
    done = []

    def run():
        action(*args)
        done.append(state())

    t = threading.Thread(target=run)
    t.start()
    t.join()
    return done[0]


before_other = other(lambda: None)  # the C library reserves a signal at the first thread
before = state()
import gorandom  # noqa: E402

steps = {
    "import": lambda: None,
    "first": lambda: gorandom.get_random_bytes(16),
    "large": lambda: gorandom.fill(bytearray(40 << 20)),
    "reseed": gorandom.reseed,
    "event": lambda: gorandom.add_event(b"x"),
    "status": gorandom.status,
}
changed = []
for name, step in steps.items():
    step()
    if state() != before:
        changed.append([name, state(), before])
    if other(step) != before_other:
        changed.append([name + " in a thread", other(step), before_other])
print(json.dumps({"changed": changed}))
