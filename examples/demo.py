"""Shows what gorandom is for. It runs the program of CVE-2013-1445 over a naive generator and over gorandom, then prints
what serves this process, then what a draw costs here. Ends with status 1 if gorandom repeated itself."""

import ast
import os
import secrets
import statistics
import subprocess
import sys
import timeit
from collections import Counter

import gorandom

try:
    import ssl
except ImportError:  # a Python that was built without OpenSSL
    ssl = None

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.path.join(HERE, "cve_2013_1445.py")
SECONDS = 60  # the program takes less than one
DRAWS, RUNS = 20_000, 9

COLOUR = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def red(text):
    return f"\033[1;31m{text}\033[0m" if COLOUR else text


def green(text):
    return f"\033[32m{text}\033[0m" if COLOUR else text


def bold(text):
    return f"\033[1m{text}\033[0m" if COLOUR else text


def workers(generator):
    """[(first read, second read), …] for the four workers."""
    command = [sys.executable, os.path.join(HERE, "run_as_crypto.py"), generator, PROGRAM]
    out = subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, timeout=SECONDS).stdout
    return [tuple(line.split(",")) for line in ast.literal_eval(out)]


def forks():
    print(bold("1. The program of CVE-2013-1445"))
    print("   It reads random bytes, forks four workers and reads twice in each. It is PyCrypto's own example")
    print("   (examples/cve_2013_1445.py), unchanged; * marks bytes that more than one worker got.\n")
    results = {name: workers(name) for name in ("naive", "gorandom")}
    seen = {name: Counter(read for pair in pairs for read in pair) for name, pairs in results.items()}

    def cell(name, read):
        return red(read + " *") if seen[name][read] > 1 else green(read + "  ")

    print(f"              {'over examples/naive.py':38}  over gorandom")
    print(f"              {'first read':19}{'second read':19}  {'first read':19}second read")
    for i in range(4):
        reads = (cell(name, read) for name in results for read in results[name][i])
        print("   worker {}   {} {}   {} {}".format(i + 1, *reads).rstrip())
    verdicts = []
    for counts in seen.values():
        drawn, different = counts.total(), len(counts)
        verdict = f"{different} different of {drawn}" + (": REPEATED" if different < drawn else "")
        verdicts.append((red if different < drawn else green)(verdict.ljust(38)))
    print("   in all     {}  {}".format(*verdicts).rstrip() + "\n")
    return {name: max(counts.values()) > 1 for name, counts in seen.items()}


def cost():
    print(bold("3. A draw of 16 bytes, here and now"))
    print(f"   Median of {RUNS} runs of {DRAWS} draws, and the span from the fastest to the slowest run.\n")
    draws = {
        "gorandom.get_random_bytes": gorandom.get_random_bytes,
        "os.urandom": os.urandom,
        "secrets.token_bytes": secrets.token_bytes,
    }
    if ssl:
        draws["ssl.RAND_bytes"] = ssl.RAND_bytes
    base = None
    for name, draw in draws.items():
        times = [t / DRAWS * 1e9 for t in timeit.repeat("draw(16)", globals={"draw": draw}, number=DRAWS, repeat=RUNS)]
        median = statistics.median(times)
        base = base or median
        print(f"   {name:26}{median:8.0f} ns   {min(times):6.0f} to {max(times):6.0f}   {median / base:6.1f} x")
    print()


def main():
    repeated = forks()
    gorandom.get_random_bytes(16)
    print(bold("2. What serves this process"))
    print("   " + str(gorandom.status()).replace("\n", "\n   ") + "\n")
    cost()
    if repeated["gorandom"]:
        sys.exit(red("gorandom has repeated itself: that must not happen. Please report it (SECURITY.md)."))
    if not repeated["naive"]:
        sys.exit("The naive generator did not repeat, so this run has shown nothing.")


if __name__ == "__main__":
    main()
