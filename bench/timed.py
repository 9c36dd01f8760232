"""Times one contestant of one work with pyperf, in one process. bench/measure.py runs this."""

import pyperf
import works


def main():
    # These two settings reach no other process: pyperf starts none when it is itself told to be the worker.
    runner = pyperf.Runner()
    runner.argparser.add_argument("work")
    runner.argparser.add_argument("contestant")
    args = runner.parse_args()
    timed = next(w for w in works.WORKS if w.name == args.work).contestants[args.contestant]
    runner.timeit(f"{args.work}: {args.contestant}", timed.statement, timed.setup, inner_loops=timed.parts)


if __name__ == "__main__":
    main()
