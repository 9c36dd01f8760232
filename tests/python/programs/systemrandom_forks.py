"""Children that share one SystemRandom draw different numbers. Run by test_systemrandom.py."""

import os

import gorandom

generator = gorandom.SystemRandom()
drawn = {generator.getrandbits(128), generator.gauss()}
for _ in range(20):
    r, w = os.pipe()
    child = os.fork()
    token = repr((generator.randbytes(16), generator.gauss()))
    if not child:
        os._exit(os.write(w, token.encode()) == 0)
    os.waitpid(child, 0)
    drawn |= {*eval(os.read(r, 200)), *eval(token)}
print(len(drawn))
