"""Subinterpreters in threads draw at once, end and are made again. Run by test_side_effects.py."""

import os
import sys
import threading

try:
    import _interpreters as interpreters

    create, run = interpreters.create, interpreters.exec
except ImportError:
    import _xxsubinterpreters as interpreters

    create, run = lambda: interpreters.create(isolated=True), interpreters.run_string
OWN_GIL = sys.version_info >= (3, 12)

FOLDER = os.path.dirname(__file__)
BODY = f"import sys; sys.path.insert(0, {FOLDER!r}); import side_effects_in_an_interpreter as p; p.draws(%d)"

if sys.argv[1] == "before":
    import gorandom

    gorandom.get_random_bytes(16)

failed = []


def work(w):
    try:
        for _ in range(2):
            i = create()
            problem = run(i, BODY % w)
            if problem is not None:
                failed.append(problem)
            interpreters.destroy(i)
    except BaseException as e:
        failed.append(e)
    finally:
        os.close(w)


got = [b""] * 4


def collect(k, r):
    while True:
        part = os.read(r, 65536)
        if not part:
            break
        got[k] += part


workers, readers = [], []
for k in range(4):
    r, w = os.pipe()
    readers.append(threading.Thread(target=collect, args=(k, r)))
    workers.append(threading.Thread(target=work, args=(w,)))
for t in readers:
    t.start()
for t in workers:
    t.start()
    if not OWN_GIL:
        t.join()
for t in workers + readers:
    t.join()
assert not failed, failed
tokens = [g[i : i + 16] for g in got for i in range(0, len(g), 16)]
assert len(tokens) == len(set(tokens)) == 4 * 2 * 83, (len(tokens), len(set(tokens)))
assert bytes(16) not in tokens
import gorandom  # noqa: E402

assert gorandom.get_random_bytes(16) not in tokens
print(gorandom.status().mode)
