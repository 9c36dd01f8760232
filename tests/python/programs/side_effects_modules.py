"""What import gorandom maps: the base, and neither numpy's module nor OpenSSL's: test_side_effects.py."""

import pathlib
import sys

import gorandom


def mapped():
    return {pathlib.Path(line.split()[-1]).name.partition(".")[0] for line in open("/proc/self/maps") if "gorandom/" in line}


gorandom.get_random_bytes(16)
assert "_front" in mapped() and not {"_numpy", "_openssl"} & mapped(), mapped()
assert not {"numpy", "gorandom.numpy", "gorandom.openssl", "ssl"} & sys.modules.keys()
import gorandom._openssl  # noqa: E402

assert "_openssl" in mapped()
