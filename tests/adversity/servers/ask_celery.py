"""The client of tasks.py."""

import json
import sys

import pools
import tasks


def ask(n):
    # A file is looked for, not waited for.
    return [r.get(timeout=60, interval=0.005) for r in [tasks.app.send_task("draw") for _ in range(n)]]


if __name__ == "__main__":
    for each in pools.rounds(ask, int(sys.argv[1])):
        print(json.dumps(each))
