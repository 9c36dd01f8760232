"""The standard library's pools: ask for an answer until every worker has given enough of them."""

import concurrent.futures
import json
import multiprocessing
import sys

import drawing

import gorandom

WORKERS = 4


def enough(replies, wanted):
    """Like test_servers.enough, for a separate program."""
    by_worker = {}
    for r in replies:
        by_worker[r["pid"]] = by_worker.get(r["pid"], 0) + 1
    return len(replies) >= wanted and len(by_worker) >= WORKERS and min(by_worker.values()) >= wanted // 10


def rounds(ask, wanted):
    replies = []
    for _ in range(10):
        replies += ask(wanted)
        if enough(replies, wanted):
            break
    return replies


def executor(method, wanted):
    with concurrent.futures.ProcessPoolExecutor(WORKERS, multiprocessing.get_context(method)) as pool:
        replies = rounds(lambda n: list(pool.map(drawing.reply, range(n))), wanted)
        workers = list(pool._processes.values())
    return replies, workers


def pool(method, wanted):
    with multiprocessing.get_context(method).Pool(WORKERS, initializer=gorandom.atfork) as pool:
        replies = rounds(lambda n: pool.map(drawing.reply, range(n), chunksize=1), wanted)
        workers = list(pool._pool)
        pool.close()
        pool.join()
    return replies, workers


if __name__ == "__main__":
    kind, method, wanted = sys.argv[1:]
    replies, workers = {"executor": executor, "pool": pool}[kind](method, int(wanted))
    for each in replies:
        print(json.dumps(each))
    ends = sorted(w.exitcode for w in workers)
    if ends != [0] * WORKERS:
        sys.exit(f"the workers ended with {ends}")
