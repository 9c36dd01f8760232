"""Run gorandom hmac, and print how much it raised the peak of memory, in KiB: test_cli_hmac.py runs this."""

import sys

from gorandom.__main__ import main


def peak():
    with open("/proc/self/status") as f:
        return int(next(line for line in f if line.startswith("VmHWM:")).split()[1])  # KiB


key = sys.argv[3]
assert main(["hmac", "--key-file", key, "small"]) == 0
before = peak()
code = main(sys.argv[1:])
print(peak() - before)
sys.exit(code)
