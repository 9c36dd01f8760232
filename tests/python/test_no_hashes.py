"""FIPS builds of Python and OpenSSL, whose hashlib lacks md5, sha1 or blake2: every module imports, and what needs such a
hash says so when it is used."""

import pytest
from _forks import PROGRAMS


@pytest.mark.parametrize("how", ["missing", "refused"])
def test_what_needs_no_such_hash_works(python, start_mode, how):
    """Guards: no module makes or names a hash that it may not need when it is imported."""
    assert " failed" not in python(PROGRAMS / "no_hashes.py", how, start=start_mode)
