"""configure(start="never") after a core has started, and a child that draws much: test_credentials.py runs this."""

import json
import os

import gorandom

gorandom.get_random_bytes(16)
error = ""
try:
    gorandom.configure(start="never")
except RuntimeError as e:
    error = str(e)
mode = gorandom.status().mode
pid = os.fork()
if pid == 0:
    gorandom.get_random_bytes(300_000)
    os._exit(gorandom.status().mode != "core")
print(json.dumps({"error": error, "mode": mode, "child": os.waitpid(pid, 0)[1]}))
