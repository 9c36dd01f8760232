"""Fork handlers of another library that draw or fork themselves (callbacks.c), registered before ours or after them."""

import collections
import ctypes
import itertools
import json
import os
import threading
import traceback

import apart

FORKS = -1
DOES = {  # in the prepare handler, the parent's, the child's: bytes, or FORKS
    "16 bytes": (16, 16, 16), "4 KiB": (4096, 4096, 4096), "4 MiB": (4 << 20, 4 << 20, 4 << 20),
    "fork in prepare": (FORKS, 0, 0), "fork in the parent": (0, FORKS, 0), "fork in the child": (0, 0, FORKS),
    "forks": (FORKS, FORKS, FORKS), "both": (FORKS, 4096, 4 << 20),
}  # fmt: skip
PREPARE, PARENT, CHILD = range(3)
MOST = 3  # failures that are waited for


def in_the_child(say, tokens, gorandom):
    say(*tokens(CHILD), gorandom.get_random_bytes(16))
    gorandom.fill(bytearray(300_000))
    mode, start = gorandom.status().mode, os.environ["GORANDOM_START"]
    assert mode == ("direct" if start == "never" else "core"), (mode, gorandom.status().reason)
    pid = os.fork()
    if pid == 0:
        say(gorandom.get_random_bytes(16))
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    say(gorandom.get_random_bytes(16))


def forks(say, library, does, gorandom):
    drawn = (ctypes.c_ubyte * 48).in_dll(library, "at_fork_drawn")
    failed = ctypes.c_int.in_dll(library, "at_fork_failed")

    def tokens(*places):
        return [bytes(drawn[16 * i : 16 * i + 16]) for i in places if does[i] > 0]

    for _ in range(2):
        pid = os.fork()
        if pid == 0:
            try:
                in_the_child(say, tokens, gorandom)
            except BaseException:
                traceback.print_exc()
                os._exit(70)
            os._exit(failed.value)
        say(*tokens(PREPARE, PARENT))  # the first was before the fork: the child has it too
        ended = os.waitpid(pid, 0)[1]
        assert (ended, failed.value) == (0, 0), (ended, failed.value)


def case(say, order, alive, thread, does):
    library = ctypes.PyDLL(os.environ["GORANDOM_TEST_HELPER"])
    if order == "before":
        assert library.callbacks_at_fork() == 0
    import child

    import gorandom

    if order == "after":
        assert library.callbacks_at_fork() == 0
    if alive:
        say(gorandom.get_random_bytes(16))
    library.callbacks_arm(child.bytes_callback(), *does)
    errors = []

    def run():
        try:
            forks(say, library, does, gorandom)
        except BaseException as e:
            traceback.print_exc()
            errors.append(e)

    if thread:
        for _ in range(2):
            made = threading.Thread(target=run)
            made.start()
            made.join()
    else:
        run()
    say(gorandom.get_random_bytes(16))
    assert not errors


def try_all(whole):
    """whole: each case in the main thread and in new ones, not only in one of the two."""
    seen, wrong, cases = collections.Counter(), [], 0
    for order, alive, thread, (i, name) in itertools.product(("before", "after"), (False, True), (False, True), enumerate(DOES)):
        if not whole and thread != (i + alive) % 2:
            continue
        if len(wrong) == MOST:
            break
        ended, tokens = apart.run(case, order, alive, thread, DOES[name])
        cases += 1
        if ended != 0:
            wrong.append(f"{name}, registered {order}, {'a core' if alive else 'no core'}, "
                         f"{'new threads' if thread else 'main thread'}: ended with {ended}")  # fmt: skip
        seen.update(tokens)
    print(json.dumps({"cases": cases, "wrong": wrong, "tokens": seen.total(), "repeats": seen.total() - len(seen)}), flush=True)
