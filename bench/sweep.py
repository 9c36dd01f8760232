"""Times draws of all sizes by all contestants, in turn, in one process: {work: {contestant: [seconds]}} as JSON.

bench/measure.py runs this for the works of kind Sized. A size, the size with one byte less, and their contestants follow
each other directly, as often as values are wanted. So their ratios compare neighbours in time.
"""

import argparse
import json
import timeit

import works


def timers(chosen, skipped):
    """{(setup, size): timer}; a setup that fails is skipped, with its reason."""
    found, scopes = {}, {}
    for contestant in chosen:
        setup = contestant.setup
        if setup not in scopes and setup not in skipped:
            scope = {}
            try:
                exec(setup, scope)
                scopes[setup] = scope
            except (ImportError, AttributeError) as e:
                skipped[setup] = f"{type(e).__name__}: {e}"
        if setup in scopes:
            found[setup, contestant.size] = timeit.Timer("f(n)", globals=scopes[setup] | {"n": contestant.size})
    return found


def number(timer, seconds):
    """The number of calls that take about this long."""
    n = 1
    while (took := timer.timeit(n)) < seconds / 4:
        n *= 2
    return max(1, round(n * seconds / took))


def value(timer, calls):
    """The time of a call, after one call that is not timed: earlier work may have returned its memory to the system."""
    timer.timeit(1)
    return timer.timeit(calls) / calls


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--values", type=int, default=7, help="of each size")
    parser.add_argument("--large-values", type=int, default=2, help="of each size above 1 MiB")
    parser.add_argument("--seconds", type=float, default=1e-3, help="for one value")
    parser.add_argument("--ours", action="store_true", help="without peers")
    args = parser.parse_args()
    found, skipped = {}, {}
    for work in works.SIZES[:1] + works.SIZES:  # the first one twice, so that what a process does once is not counted
        ours = {name: c for name, c in work.contestants.items() if not args.ours or name == "gorandom"}
        there = timers(ours.values(), skipped)
        calls = {key: number(timer, args.seconds) for key, timer in there.items()}
        values = {key: [] for key in there}
        for turn in range(args.values if work.size <= works.MB else args.large_values):
            order = list(there.items())
            for key, timer in order[:: -1 if turn % 2 else 1]:
                values[key].append(value(timer, calls[key]))
        found[work.name] = {name: values.get((c.setup, c.size)) or {"absent": skipped[c.setup]} for name, c in ours.items()}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
