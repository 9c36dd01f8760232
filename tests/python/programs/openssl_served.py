"""What the programs of test_openssl.py share."""

import gorandom._openssl


def served():
    return gorandom._openssl.state()[1]
