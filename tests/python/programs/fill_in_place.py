"""Print how much a large fill() raises the peak of memory, in KiB: test_api_fill.py runs this."""

import gorandom


def memory(name):
    with open("/proc/self/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith(name))


buffer = bytearray(b"1") * (64 << 20)
gorandom.fill(memoryview(buffer)[:16])  # starts a core, if there is to be one
memory("VmRSS")  # called once before, because the first call uses memory
before = memory("VmRSS")
with open("/proc/self/clear_refs", "w") as f:
    f.write("5")  # resets the peak, VmHWM (Linux 4.0)
gorandom.fill(buffer)
assert bytes(64) not in buffer[-4096:]
print(memory("VmHWM") - before)
