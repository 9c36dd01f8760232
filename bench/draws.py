"""The calls that pyperf times. bench/python.py runs this, once with a core and once in direct mode."""

import pyperf

SIZES = {"16 B": 16, "1 KiB": 1 << 10, "4 KiB": 1 << 12, "1 MiB": 1 << 20}

# Name of a draw: what has to be imported, and the function.
DRAWS = {
    "get_random_bytes": ("from gorandom import get_random_bytes as f", SIZES),
    "os.urandom": ("from os import urandom as f", SIZES),
    "ssl.RAND_bytes": ("from ssl import RAND_bytes as f", SIZES),
    "secrets.token_bytes": ("from secrets import token_bytes as f", ["16 B"]),
    "zeros": ("from zeros import zeros as f", ["16 B"]),
}


def main():
    runner = pyperf.Runner(add_cmdline_args=lambda command, args: command.extend(["--direct"] * args.direct))
    runner.argparser.add_argument("--direct", action="store_true", help="only what differs without a core")
    args = runner.parse_args()
    for name, (setup, sizes) in DRAWS.items():
        if args.direct and name not in ("get_random_bytes", "os.urandom", "zeros"):
            continue
        for size in sizes:
            runner.timeit(f"{name} {size}", f"f({SIZES[size]})", setup)
    if not args.direct:
        runner.timeit("fill 1 MiB", "f(b)", "from gorandom import fill as f; b = bytearray(1 << 20)")


if __name__ == "__main__":
    main()
