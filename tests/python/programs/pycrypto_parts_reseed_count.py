"""The count of reseeds grows. Run by test_pycrypto_parts.py."""

from gorandom.compat.pycrypto.Random import _UserFriendlyRNG

import gorandom

singleton = _UserFriendlyRNG._get_singleton()
counts = [singleton._fa.reseed_count]
for _ in range(5):
    singleton.reinit()
    gorandom.get_random_bytes(1)
    counts.append(singleton._fa.reseed_count)
_UserFriendlyRNG.reinit()
counts.append(singleton._fa.reseed_count)
assert len(set(counts)) == 7 and counts == sorted(counts), counts
