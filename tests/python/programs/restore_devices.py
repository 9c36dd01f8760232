"""Shared by the programs of test_restore.py: the monitor's devices, their changes, and a clock that stands still."""

import script
import watched

vmclock, sysgenid = watched.devices()
script.clock(1_700_000_000_000)  # so that nothing becomes stale by age


def new_time():
    vmclock.write(72, "<Q", 12345)
    vmclock.write(12, "<I", 8)


CHANGES = {
    "restore": lambda: vmclock.restore(),
    "marker": lambda: vmclock.write(watched.MARKER, "<Q", 1 << 40),
    "counter": lambda: vmclock.write(watched.COUNTER, "<Q", 8),
    "writing": lambda: vmclock.write(12, "<I", 7),
    "sysgenid": lambda: sysgenid.write(0, "<I", 1),
    "time": new_time,  # and nothing else
    "nothing": lambda: None,
}


def feed(mark, size):
    """Make the kernel give bytes with this mark from now on."""
    fed = script.marked(mark, size)
    script._kept.append(fed)
    script._library.script_bytes(fed, len(fed))
