"""ssl refuses a negative size as it did before. Run by test_openssl.py."""

import ssl

from gorandom import openssl


def outcome():
    try:
        ssl.RAND_bytes(-1)
    except ValueError as e:
        return str(e)


before = outcome()
openssl.activate()
assert before and outcome() == before
