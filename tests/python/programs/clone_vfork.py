"""A first draw in the child of a vfork() starts no core: test_clone.py runs this."""

import json
import os

import child

import gorandom

if os.fork():  # a child that has not drawn has no core, in mode "eager" either
    os._exit(os.wait()[1] != 0)
status = child.helper().callbacks_vfork(child.bytes_callback(), 600_000)
in_between = gorandom._front.state()["mode"]
gorandom.fill(bytearray(600_000))
print(json.dumps([status, in_between, gorandom.status().mode, len(os.listdir("/proc/self/task")) > 1]))
