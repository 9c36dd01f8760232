"""FIPS builds of Python and OpenSSL, whose hashlib lacks md5, sha1 or blake2. Every module can be imported, and fails only
when something needs such a hash."""

import pytest
from _forks import PROGRAMS


@pytest.mark.parametrize("how", ["missing", "refused"])
def test_what_needs_no_such_hash_works(python, start_mode, how):
    """Guards: no module makes or names at import a hash that it may not need."""
    assert " failed" not in python(PROGRAMS / "no_hashes.py", how, start=start_mode)
