"""Random bytes straight into memory that the program owns and can erase. A bytes object can't be erased."""

import ctypes

import gorandom

key = bytearray(32)
gorandom.fill(key)
print("a key:", key.hex())

key[:] = bytes(len(key))  # erased in place
assert not any(key)

nonces = (ctypes.c_uint64 * 4)()  # anything with a writable, contiguous buffer
gorandom.fill(nonces)
print("four 64-bit nonces:", *map(hex, nonces))
