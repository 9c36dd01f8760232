"""Looks for a mark in the registers of the core's threads. Run by test_memory.py."""

import ctypes
import json
import os
import sys

import registers

import gorandom

mark = bytes(range(17, 33))
r, w = os.pipe()
end, ended = os.pipe()
pid = os.fork()  # before there is a core, so that the child starts it
if pid == 0:
    function = ctypes.CFUNCTYPE(None)
    draw = function(lambda: gorandom.fill(bytearray(2 << 20)))
    library = ctypes.CDLL(sys.argv[1])
    library.call_marked(mark, draw)
    os.write(w, gorandom.status().mode.encode())
    os.close(ended)
    os.read(end, 1)
    os._exit(0)
mode = os.read(r, 10).decode()
try:
    threads = [int(t) for t in os.listdir(f"/proc/{pid}/task") if int(t) != pid]
    marked = [t for t in threads if mark in registers.of_thread(t)]
except PermissionError:
    threads = marked = None
os.close(ended)
os.waitpid(pid, 0)
print(json.dumps({"mode": mode, "threads": threads, "marked": marked}))
