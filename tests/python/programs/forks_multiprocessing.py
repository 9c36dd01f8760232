"""Pools of processes with gorandom.atfork as initializer: test_forks.py runs this."""

import concurrent.futures
import json
import multiprocessing
import sys

import gorandom


def work(i):
    buffer = bytearray(300_000 if i % 8 == 0 else 32)
    gorandom.fill(buffer)
    return [gorandom.get_random_bytes(16).hex(), bytes(buffer[-16:]).hex(), gorandom.new().read(16).hex()]


if __name__ == "__main__":
    method = sys.argv[1]
    tokens = work(0) + work(1)
    context = multiprocessing.get_context(method)
    with context.Pool(3, initializer=gorandom.atfork) as pool:
        for some in pool.map(work, range(48), chunksize=1):
            tokens += some
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context, initializer=gorandom.atfork) as pool:
        for some in pool.map(work, range(24)):
            tokens += some
    processes = []
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for some in pool.map(work, range(100)):
            tokens += some
    tokens += work(2)
    print(json.dumps({"tokens": len(tokens), "distinct": len(set(tokens))}))
