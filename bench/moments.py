"""What happens once in a process and pyperf cannot repeat: import, first draws, memory. Prints JSON, {name: [numbers]}."""

import json
import os
import subprocess
import sys

PROCESSES = 15

IMPORT = """
import time
start = time.perf_counter_ns()
import gorandom
print(time.perf_counter_ns() - start)
"""

FIRST = """
import time, gorandom
start = time.perf_counter_ns()
gorandom.get_random_bytes(16)
print(time.perf_counter_ns() - start)
"""

# The parent has drawn. Timed in the child, from its first instruction in Python.
CHILD = """
import os, time, gorandom
gorandom.get_random_bytes(16)
for _ in range(20):
    r, w = os.pipe()
    if os.fork() == 0:
        start = time.perf_counter_ns()
        gorandom.get_random_bytes(16)
        os.write(w, b"%d" % (time.perf_counter_ns() - start))
        os._exit(0)
    os.wait()
    print(os.read(r, 99).decode())
    os.close(r)
    os.close(w)
"""

# The slowest of a child's draws up to where its core has taken over.
STEP = """
import os, time, gorandom
gorandom.get_random_bytes(16)
for _ in range(10):
    r, w = os.pipe()
    if os.fork() == 0:
        worst = 0
        while gorandom._front.state()["mode"] != "core":
            for _ in range(100):
                start = time.perf_counter_ns()
                gorandom.get_random_bytes(1024)
                worst = max(worst, time.perf_counter_ns() - start)
        os.write(w, b"%d" % worst)
        os._exit(0)
    os.wait()
    print(os.read(r, 99).decode())
    os.close(r)
    os.close(w)
"""

MEMORY = """
import gorandom
def resident():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * 4096
before = resident()
gorandom.get_random_bytes(16)
assert gorandom.status().mode == "core"
gorandom.get_random_bytes(1 << 20)
print(resident() - before)
"""


def run(program, start="auto", *flags):
    environment = {**os.environ, "GORANDOM_START": start}
    command = [sys.executable, *flags, "-c", program]
    return list(map(int, subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, env=environment).stdout.split()))


def many(program, start="auto"):
    return [number for _ in range(PROCESSES) for number in run(program, start)]


def startup(program):
    import time

    times = []
    for _ in range(3 * PROCESSES):
        begin = time.perf_counter_ns()
        subprocess.run([sys.executable, "-c", program], check=True)
        times.append(time.perf_counter_ns() - begin)
    return times


def main():
    subprocess.run([sys.executable, "-c", "import gorandom"], check=True)  # into the page cache
    json.dump(
        {
            "pass": startup("pass"),
            "import": startup("import gorandom"),
            "import alone": many(IMPORT),
            "first draw": many(FIRST),
            "first draw in a child": many(CHILD),
            "first draw in a child, eager": many(CHILD, "eager"),
            "slowest draw when a child's core takes over": many(STEP),
            "memory": many(MEMORY),
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
