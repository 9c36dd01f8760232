"""Each malloc of a phase (phases.py) fails, alone and with all that follow: test_faults.py runs this."""

import ctypes
import os
import sys

import faults
import phases

faults.preload()
libc = ctypes.PyDLL(None)
phase = phases.PHASES[sys.argv[1]]
judge = faults.Judge()


def armed(first, last, counts):
    def body():
        libc.nomemory_arm(first, last)
        try:
            return phase.body()
        finally:
            counts.append(libc.nomemory_disarm())

    return body


class Failing(faults.Case):
    def __str__(self):
        return f"malloc {self.first} to {self.last}"

    def __init__(self, first, last):
        self.first, self.last = first, last
        read, write = os.pipe()
        counts = []

        def afterwards():
            os.write(write, b"%d\n" % counts[0])
            return phase.afterwards()

        super().__init__(faults.Phase(phase.before, armed(first, last, counts), afterwards), "umask")
        os.close(write)
        self.count = int(os.read(read, 100) or 0)
        os.close(read)


calls = judge.judge(Failing(1 << 40, 1 << 40)).count
step = -(-calls // 150) or 1
for n in range(1, calls + 1, step):
    judge.judge(Failing(n, n))
    judge.judge(Failing(n, 1 << 40))
judge.report(calls=calls)
