"""What the programs of test_openssl.py share."""

import gorandom


def served():
    return gorandom._front.openssl_state()[1]
