"""Dask's local cluster of processes."""

import json
import sys

import drawing
import pools
from distributed import Client, LocalCluster


def ask(client, n):
    """Asks in small groups, because workers keep what the client has not released, and that must not be measured."""
    replies = []
    while n > 0:
        futures = client.map(drawing.reply, range(min(n, 16)), pure=False)
        replies += client.gather(futures)
        n -= len(futures)
    return replies


if __name__ == "__main__":
    wanted = int(sys.argv[1])
    with LocalCluster(n_workers=pools.WORKERS, threads_per_worker=1, processes=True, host="127.0.0.1",
                      dashboard_address=None) as cluster, Client(cluster) as client:  # fmt: skip
        for each in pools.rounds(lambda n: ask(client, n), wanted):
            print(json.dumps(each))
