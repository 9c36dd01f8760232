"""Eight threads import gorandom at the same moment. Run by test_side_effects.py."""

import threading

together, drawn, failed = threading.Barrier(8), [], []


def work():
    try:
        together.wait(60)
        import gorandom

        drawn.append(gorandom.get_random_bytes(16))
    except BaseException as e:
        failed.append(e)


threads = [threading.Thread(target=work) for _ in range(8)]
for t in threads:
    t.start()
for t in threads:
    t.join()
assert not failed and len(set(drawn)) == 8
