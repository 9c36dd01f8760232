"""Control-C during a long draw. Run by test_signals.py."""

import json
import os
import signal
import threading

import gorandom

gorandom.get_random_bytes(16)
buffer = bytearray(512 << 20)
zeros = bytes(4096)


def interrupt():
    while buffer[:4096] == zeros:
        pass
    os.kill(os.getpid(), signal.SIGINT)


thread = threading.Thread(target=interrupt)
thread.start()
caught = False
try:
    gorandom.fill(buffer)
except KeyboardInterrupt:
    caught = True
thread.join()
kept = buffer[:4096] != zeros
print(json.dumps({"caught": caught, "kept": kept, "again": len(gorandom.get_random_bytes(100_000))}))
