"""The status before and after the first draw. Run by test_status.py."""

import gorandom


def show():
    s = gorandom.status()
    print(s.mode, s.ready, s.reason, s.keystream, s.reseeds, s.core_version, s.generation, sep="|")
    return s


show()
drawn = gorandom.get_random_bytes(16)
s = show()
# No field holds a secret: not the bytes that were drawn, in no notation.
assert drawn.hex() not in repr(s) and repr(drawn) not in repr(s)
