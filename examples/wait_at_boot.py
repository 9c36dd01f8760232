"""Waits until the system's generator has been seeded: for a service that starts early at boot.

    ExecStartPre=/usr/bin/python3 wait_at_boot.py 30

Ends with status 0 when ready, 1 when the seconds have passed.
"""

import sys

import gorandom

seconds = float(sys.argv[1]) if len(sys.argv) > 1 else None
try:
    gorandom.wait_for_system_rng(timeout=seconds)
except TimeoutError as error:
    sys.exit(str(error))
print("ready:", gorandom.status().implementation)
