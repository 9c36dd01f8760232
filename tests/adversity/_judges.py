"""ent, rngtest and dieharder as judges of a stream: each says what it finds wrong, or nothing.

A count of failures is wrong when it lies outside a two-sided binomial bound at 10^-6. The probability of a single failure
is computed here from the tests' definitions, and not measured on another generator."""

import functools
import math
import re
import subprocess

import numpy as np
from scipy import stats

MIB = 1 << 20
LEVEL = 1e-6
BLOCK_FAILS = 0.01  # the level at which one of ent's blocks counts as failed
FIPS_BITS, FIPS_BYTES = 20_000, 2500  # FIPS 140-2 (change notice 1 of 2001-10-10), 4.9.1: one block


def out_of_bounds(name, failures, blocks, least, most=None):
    """least, most: the probability that one block fails lies between them."""
    low = stats.binom.ppf(LEVEL / 2, blocks, least)
    high = stats.binom.isf(LEVEL / 2, blocks, least if most is None else most)
    if low <= failures <= high:
        return []
    return [f"{name}: {failures} of {blocks} blocks fail, which should be {low:.0f} to {high:.0f}"]


# ent


def ent_values(text):
    """Two-sided p-values from the output of ent -t. The entropy is left out, because it says the same as the chi-square."""
    fields = text.splitlines()[1].split(",")
    n, (chi, mean, pi, serial) = int(fields[1]), map(float, fields[3:])
    points, inside = n // 6, math.pi / 4  # 24-bit coordinates
    z = {
        "mean": (mean - 127.5) / math.sqrt((256**2 - 1) / 12 / n),
        "pi": (pi / 4 - inside) / math.sqrt(inside * (1 - inside) / points),
        "serial correlation": (serial + 1 / (n - 1)) * math.sqrt(n),
    }
    values = {name: 2 * stats.norm.sf(abs(v)) for name, v in z.items()}
    values["chi-square"] = 2 * min(stats.chi2.sf(chi, 255), stats.chi2.cdf(chi, 255))
    return values


class Ent:
    """ent on each MiB, and on the whole: a bias adds up over the whole, and a wrong variance shows in the blocks."""

    def __init__(self, path):
        self.path, self.blocks, self.failed = path, 0, {}
        self.whole = subprocess.Popen([path, "-t"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def feed(self, block):
        self.whole.stdin.write(block)
        done = subprocess.run([self.path, "-t"], input=block, stdout=subprocess.PIPE, check=True)
        self.blocks += 1
        for name, p in ent_values(done.stdout.decode()).items():
            self.failed[name] = self.failed.get(name, 0) + (p < BLOCK_FAILS)

    def complaints(self):
        text = self.whole.communicate()[0].decode()
        found = [f"ent, whole: {name} {p:.1e}" for name, p in ent_values(text).items() if p < LEVEL]
        for name, failures in self.failed.items():
            found += out_of_bounds("ent, " + name, failures, self.blocks, BLOCK_FAILS)
        return found


# rngtest

RUNS = {1: (2315, 2685), 2: (1114, 1386), 3: (527, 723), 4: (240, 384), 5: (103, 209), 6: (103, 209)}  # 6: or more


def runs_fail(length):
    """The exact probability, computed bit by bit, that a block's count of runs of ones of this length is outside its
    interval. held[r, c]: the last r bits are ones (the last row: more than length), and c runs of the length have ended."""
    low, high = RUNS[length]
    held = np.zeros((length + 2, high + 2))
    held[0, 0] = 1
    counted = slice(length, length + 1) if length < 6 else slice(length, length + 2)
    for _ in range(FIPS_BITS):
        half = held / 2
        held[1:] = half[:-1]
        held[-1] += half[-1]
        ended = half[counted].sum(axis=0)
        held[0] = half.sum(axis=0) - ended
        held[0, 1:] += ended[:-1]
        held[0, -1] += ended[-1]  # the last column: too many
    counts = held.sum(axis=0)
    ended = held[counted].sum(axis=0)  # a run that ends with the block
    counts -= ended
    counts[1:] += ended[:-1]
    counts[-1] += ended[-1]
    return 1 - counts[low : high + 1].sum()


def long_run_fails(longest=25):
    """The probability of 26 equal bits in succession, that is, of 25 bits that equal their predecessor."""
    held = np.zeros(longest)
    held[0] = 1
    for _ in range(FIPS_BITS - 1):
        held = np.concatenate([[held.sum() / 2], held[:-1] / 2])
    return 1 - held.sum()


@functools.cache
def fips():
    """{test: (least, most)}: the probability that a block fails. Where only the probabilities of its parts are known, it
    lies between the greatest of them and their sum."""
    ones = stats.binom(FIPS_BITS, 0.5)
    poker = stats.chi2(15)
    runs = [runs_fail(length) for length in RUNS]
    parts = {
        "Monobit": [ones.cdf(9725) + ones.sf(10274)],
        "Poker": [poker.cdf(2.16) + poker.sf(46.17)],
        "Runs": runs * 2,  # of ones and of zeros
        "Long run": [long_run_fails()],
        "Continuous run": [FIPS_BYTES / 4 / 2**32],
    }
    known = {name: (max(p), sum(p)) for name, p in parts.items()}
    return known | {"failures": (max(p for p, _ in known.values()), sum(p for _, p in known.values()))}


class Rngtest:
    """FIPS 140-2 on blocks of 2,500 bytes. It sees only one block at a time."""

    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def feed(self, block):
        self.process.stdin.write(block)

    def complaints(self):
        text = self.process.communicate()[1].decode()
        counts = {name.strip(): int(n) for name, n in re.findall(r"FIPS 140-2(?:\(2001-10-10\))? ([\w ]+): (\d+)", text)}
        blocks = counts["successes"] + counts["failures"]
        found = []
        for name, (least, most) in fips().items():
            found += out_of_bounds("rngtest, " + name, counts[name], blocks, least, most)
        return found


class Repeats:
    """Not a statistic, but an exact search for 8 bytes that came before, at any distance and any offset. Only windows of 8
    bytes that begin with certain values are kept, so a repeat of longer runs is found wherever they are."""

    KEPT = 4 << 20  # windows. Two agree by chance once in about 2 million runs (2^64 / (KEPT^2 / 2))

    def __init__(self, mebibytes):
        self.first = max(1, 256 * self.KEPT // (mebibytes * MIB))  # a window is kept when its first byte is below this
        self.kept, self.rest = [], b""

    def feed(self, block):
        block = np.frombuffer(self.rest + bytes(block), np.uint8)
        self.rest = block[-7:].tobytes()
        windows = np.lib.stride_tricks.sliding_window_view(block, 8)
        self.kept.append(np.ascontiguousarray(windows[windows[:, 0] < self.first]).view(np.uint64).ravel())

    def complaints(self):
        kept = np.concatenate(self.kept)
        repeats = len(kept) - len(np.unique(kept))
        return [f"repeats: {repeats} of {len(kept)} windows of 8 bytes came before"] * (repeats > 0)


# dieharder

LINE = re.compile(r"^ *(\w+)\| *(\d+)\| *\d+\| *\d+\|([\d.]+)\|", re.MULTILINE)
# dieharder -l itself calls it "Do Not Use".
WORTHLESS = {"diehard_sums"}


def p_values(path, stream, *options):
    """{(test, ntuple): the least p} from dieharder's output about the stream whose process stream() starts."""
    source = stream()
    done = subprocess.run([path, "-g", "200", *options], stdin=source.stdout, stdout=subprocess.PIPE, text=True, check=True)
    source.stdout.close()
    source.wait()
    least = {}
    for name, ntuple, p in LINE.findall(done.stdout):
        least[name, ntuple] = min(float(p), least.get((name, ntuple), 1))
    assert least, f"dieharder says nothing: {done.stdout}"
    return least


def dieharder(path, stream, *options):
    """Yields complaints. A p below 10^-6 counts only if the same test gives one again on a new stream."""
    for (name, ntuple), p in p_values(path, stream, *options).items():
        if p < LEVEL and name not in WORTHLESS:
            again = min(p_values(path, stream, "-d", name, "-n", ntuple).values())
            if again < LEVEL:
                yield f"dieharder, {name} {ntuple}: {p}, and again {again}"
