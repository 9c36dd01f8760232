"""Fortuna objects before and after a change of the mode. Run by test_fortuna.py, which sets GORANDOM_START to never."""

import hashlib
import os
import signal

from gorandom.compat.pycrypto.Random.Fortuna import FortunaGenerator, SHAd256

import gorandom
from gorandom import _fortuna


def mode():
    gorandom.get_random_bytes(1 << 20)  # more than the page of ready bytes, which may be from the mode before
    return gorandom.status().mode


def check(expected_mode):
    """Check one step of everything: output of both kinds, a reseed, the counter's step, a hash."""
    assert mode() == expected_mode
    assert generator.pseudo_random_data(33) == twin.data(33)
    assert generator._pseudo_random_data(16) == twin.request(16)
    generator.reseed(b"again")
    twin.reseed(b"again")
    assert int.from_bytes(generator.counter(), "little") == twin.counter
    twin.counter += 1
    assert (generator.key, generator.counter.next_value()) == (twin.key, twin.counter)
    for piece in (b"x", bytes(100)):
        h.update(piece)
        text.extend(piece)
        assert h.copy().digest() == h.digest() == hashlib.sha256(hashlib.sha256(text).digest()).digest()


def in_a_child(start, *modes):
    child = os.fork()
    if not child:
        gorandom.configure(start=start)
        for expected in modes:
            check(expected)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0


generator, twin = FortunaGenerator.AESGenerator(), _fortuna.Generator()
h, text = SHAd256.new(b"abc"), bytearray(b"abc")
generator.reseed(b"Hello")
twin.reseed(b"Hello")
check("direct")
in_a_child("never", "direct")
in_a_child("eager", "core", "core")
gorandom.configure(start="auto")
check("core")
in_a_child("never", "direct", "direct")
in_a_child("eager", "core")
check("core")
signal.signal(signal.SIGSYS, lambda *_: None)  # a core that cannot be entered
check("direct")
signal.signal(signal.SIGSYS, signal.SIG_DFL)
check("core")
