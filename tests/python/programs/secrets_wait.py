"""The functions in Python draw again after their wait. Run by test_secrets.py."""

import json

from gorandom import _front, secrets

real, waits, refusals = _front.urandom, [], [1]


class Front:
    @staticmethod
    def urandom(n):
        if refusals:
            refusals.pop()
            raise BlockingIOError("system random number generator is not ready")
        return real(n)


secrets._front = Front
secrets.wait_for_system_rng = lambda: waits.append(1)
python = secrets._python
print(json.dumps([len(python["token_bytes"](20)), len(waits), python["randbelow"](1), len(waits)]))
