"""simple-crypt draws from gorandom: test_clients.py runs this."""

import simplecrypt

# isort: split
import gorandom.random  # after the client, which must itself find everything that it needs

assert simplecrypt.getrandbits is gorandom.random.getrandbits, simplecrypt.getrandbits
one, two = (simplecrypt.encrypt("password", "text") for _ in range(2))
assert one[4:20] != two[4:20]
assert simplecrypt.decrypt("password", one) == b"text"
print("sound")
