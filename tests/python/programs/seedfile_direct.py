"""A seed file that is loaded without a core, and a later core. Run by test_seedfile.py with GORANDOM_START=never."""

import signal
import sys

import gorandom
from gorandom import seedfile

path = sys.argv[1]


def seed():
    with open(path, "rb") as file:
        return file.read()


def events_of_the_core():
    gorandom.get_random_bytes(1 << 20)
    assert gorandom.status().mode == "core"
    return gorandom.status().events


assert gorandom.status().mode == "direct"
before = seed()
assert seedfile.load(path) == 64
assert gorandom.status().seed_file == path and seed() != before
kept = []
add_event = seedfile._front.add_event


class Front:
    """_front, with its events recorded."""

    def __getattr__(self, name):
        return getattr(gorandom._front, name)

    def add_event(self, source, data):
        kept.append((source, data))
        add_event(source, data)


seedfile._front = Front()
old = seedfile._seedfile.decode(seed())
seedfile.refresh(path)
assert not kept
old = seedfile._seedfile.decode(seed())
seedfile.load(path)
assert kept == [(251, event) for event in seedfile._seedfile.events(old)]

gorandom.configure(start="auto")
assert events_of_the_core() >= 64

# A core that cannot be entered now.
before = seed()
events = gorandom.status().events
signal.signal(signal.SIGSYS, lambda *_: None)
assert gorandom.status().mode == "direct"
assert seedfile.load(path) == seedfile.save(path) == 64
assert seed() != before and len(kept) == 64
signal.signal(signal.SIGSYS, signal.SIG_DFL)
assert gorandom.status().mode == "core"
gorandom.add_event(b"the next")
assert gorandom.status().events >= events + 33
