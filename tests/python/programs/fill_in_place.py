"""Print how much a large fill() raises the peak of memory, in KiB: test_api_fill.py runs this."""

import gorandom


def memory(name):
    with open("/proc/self/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith(name))


buffer = bytearray(b"1") * (64 << 20)
gorandom.fill(memoryview(buffer)[:16])  # a core, where there is to be one
memory("VmRSS")  # whatever the first look costs
before = memory("VmRSS")
with open("/proc/self/clear_refs", "w") as f:
    f.write("5")  # the peak, VmHWM, begins anew (Linux 4.0)
gorandom.fill(buffer)
assert bytes(64) not in buffer[-4096:]
print(memory("VmHWM") - before)
