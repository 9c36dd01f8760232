"""Looks for bytes that were handed out in the pools. Run by test_memory.py."""

import json

from memory_maps import full_pools, search, secret

import gorandom

full_pools()
tokens = [gorandom.get_random_bytes(16) for _ in range(20)]
tokens += [gorandom.get_random_bytes(n)[-16:] for n in (200, 3000, 9000, 100_000)]
found = search(tokens, secret)
print(json.dumps({"found": found}))
