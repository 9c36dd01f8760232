"""Every kind of call, and forks, for python -X dev -W error: test_faults.py runs this."""

import child
from gorandom.compat import osrandom  # noqa: F401  its import alone

import gorandom
from gorandom import hmac, secrets, signing, uuid4

tally = child.Tally()
tally.add(*child.draws(large=True))
str(gorandom.status()), uuid4(), secrets.token_hex(), hmac.digest(b"k" * 32, b"m", "sha256")
s = signing.Signer(b"0123456789abcdef0123456789abcdef", "purpose")
assert s.unsign(s.sign(b"value")) == b"value"
tally.rounds(8)
tally.report()
