"""reseed() while a handler of SIGSYS keeps everyone out of the core: test_gate.py runs this."""

import json
import signal

import gate  # noqa: F401  before gorandom

import gorandom

before = gorandom.status().reseeds
signal.signal(signal.SIGSYS, lambda signo, frame: None)
gorandom.reseed()
signal.signal(signal.SIGSYS, signal.SIG_DFL)
gorandom.fill(bytearray(3000))
print(json.dumps(gorandom.status().reseeds - before))
