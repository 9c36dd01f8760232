"""Everything at once, for a long time: soak.py [--minutes M] [--start MODE]. Needs gorandom, rich, scipy; may use numpy.

One process, the subject, draws in threads, makes and ends threads, forks children that draw and fork again, reseeds,
takes events, saves and loads a seed file, makes HMAC keys and draws with numpy. Another process, which never imports
gorandom, watches it, shows the progress, and judges. Status 0: nothing was found wrong; 1: something was.

Memory: the time after the first quarter is divided into 20 parts, and a line is fitted to the least resident size of
each. The run fails when the line's slope is above 1 MiB an hour with 99 % confidence and the line has risen by a MiB.
Allocators take memory in steps, so a short run can't detect less. The confidence is Student's, for independent parts.
Descriptors: the subject must end with those that it began with."""

import argparse
import array
import faulthandler
import itertools
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import warnings

BAR = 1.0  # MiB an hour
CONFIDENCE = 0.99
PARTS = 20
SAMPLES = 0.25  # seconds between two samples
TOKEN = 16
FAULTS = ("leak", "repeat", "hang", "die", "descriptor")


# The subject.


class Latencies:
    """A histogram of nanoseconds that never grows: 16 steps for each power of 2."""

    def __init__(self):
        self.counts, self.most = array.array("Q", bytes(8 * 16 * 65)), 0

    def add(self, ns):
        bits = max(5, ns.bit_length())
        self.counts[16 * bits + ((ns >> (bits - 5)) & 15)] += 1
        self.most = max(self.most, ns)

    @staticmethod
    def above(index):
        bits, step = divmod(index, 16)
        return (17 + step) << (bits - 5)


def percentiles(latencies):
    counts = [sum(column) for column in zip(*(each.counts for each in latencies))]
    total, found = sum(counts), {}
    for name, share in {"p50": 0.5, "p99": 0.99, "p99.9": 0.999}.items():
        seen = itertools.accumulate(counts)
        found[name] = Latencies.above(next(i for i, n in enumerate(seen) if n >= share * total))
    return found | {"max": max(each.most for each in latencies), "draws": total}


def descriptors():
    found = set()
    for name in os.listdir("/proc/self/fd"):
        try:
            found.add(name + " " + os.readlink("/proc/self/fd/" + name))
        except OSError:
            pass  # the descriptor of the listing itself
    return found


class Subject:
    def __init__(self, patience, fault):
        import gorandom

        self.gorandom, self.patience, self.fault = gorandom, patience, fault
        self.stop = threading.Event()
        self.latencies, self.counts, self.faults, self.kept = [], {}, [], []
        self.folder = tempfile.TemporaryDirectory(prefix="gorandom-soak-")
        self.forked, self.tokens = 0, set()
        self.sizes = itertools.cycle([1000, 4097, 65_536, 1 << 20])

    # What it does. Each function is called again and again by its own thread.

    def draws(self, latencies):
        draw, clock = self.gorandom.get_random_bytes, time.perf_counter_ns
        for _ in range(500):
            before = clock()
            draw(TOKEN)
            latencies.add(clock() - before)
        self.gorandom.fill(bytearray(next(self.sizes)))
        if self.fault == "leak":
            self.kept.append(draw(1 << 16))

    def threads(self):
        made = [threading.Thread(target=self.gorandom.get_random_bytes, args=(n,)) for n in (16, 5000, 300_000)]
        for each in made:
            each.start()
        for each in made:
            each.join()

    def child(self, write, number, depth):
        """A forked child: draws, may start a core, may fork again, and sends a token for each process."""
        if number % 8 == 5:
            self.gorandom.fill(bytearray(1_200_000))
        token = self.gorandom.get_random_bytes(TOKEN)
        os.write(write, b"\0" * TOKEN if self.fault == "repeat" else token)
        if self.fault == "hang" and number == 5:
            signal.pause()
        if depth < number % 4:
            pid = os.fork()
            if pid == 0:
                self.child(write, number, depth + 1)
            if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]):
                os._exit(71)
        os._exit(0)

    def forks(self):
        number, self.forked = self.forked, self.forked + 1
        read, write = os.pipe()
        own = self.gorandom.get_random_bytes(TOKEN)
        pid = os.fork()
        if pid == 0:
            try:
                self.child(write, number, 0)
            finally:
                os._exit(70)
        os.close(write)
        data = b""
        end = time.monotonic() + self.patience
        with select.epoll() as poll:
            poll.register(read, select.EPOLLIN)
            while poll.poll(max(0, end - time.monotonic())):
                more = os.read(read, 4096)
                if not more:
                    break
                data += more
            else:
                os.kill(pid, signal.SIGKILL)
                self.faults.append(f"child {number} hangs")
        os.close(read)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if status:
            self.faults.append(f"child {number} ended with {status}")
        tokens = [own, self.gorandom.get_random_bytes(TOKEN)] + [data[i : i + TOKEN] for i in range(0, len(data), TOKEN)]
        if len(tokens) != 3 + number % 4 and not self.faults:
            self.faults.append(f"child {number} and its own sent {len(tokens) - 2} tokens")
        if len(set(tokens) | self.tokens) != len(tokens) + len(self.tokens):
            self.faults.append(f"the tokens of child {number} repeat each other, their parent's, or those before")
        self.tokens = set(tokens)

    def reseeds(self):
        self.gorandom.add_event(b"an event of the soak's", 1)
        self.gorandom.reseed()

    def seed_files(self):
        from gorandom import seedfile

        path = os.path.join(self.folder.name, "seed")
        seedfile.save(path)
        seedfile.load(path)

    def keys(self):
        from gorandom import hmac, signing

        for name in ("sha256", "sha512"):
            key = hmac.Key(self.gorandom.get_random_bytes(32), name)
            tags = key.digests([b"one", b"two" * 1000])
            key.verify(b"one", tags[0])
        signer = signing.Signer(self.gorandom.get_random_bytes(32), "soak")
        signer.unsign(signer.sign(b"value"))

    def numbers(self):
        from gorandom import SystemRandom, secrets, uuid4, uuid7

        secrets.token_hex(), secrets.randbelow(1000), uuid4(), uuid7()
        SystemRandom().shuffle(list(range(50)))

    def numpy(self):
        import numpy

        rng = numpy.random.Generator(self.gorandom.BitGenerator())
        rng.standard_normal(1000), rng.integers(0, 1000, 1000)

    # How it is run.

    def loop(self, name, work, pause):
        try:
            while not self.stop.is_set():
                work()
                self.counts[name] += 1
                if pause:
                    self.stop.wait(pause)
        except BaseException:
            self.faults.append(f"{name}: {traceback.format_exc()}")

    def works(self):
        """(name, function, seconds of rest between two calls)"""
        for i in range(2):
            self.latencies.append(Latencies())
            yield f"draws {i}", lambda latencies=self.latencies[-1]: self.draws(latencies), 0.001
        yield from (("threads", self.threads, 0.01), ("forks", self.forks, 0.005), ("reseeds", self.reseeds, 0.02))
        yield from (("HMAC keys", self.keys, 0.005), ("numbers", self.numbers, 0.002))
        yield "seed files", self.seed_files, 0.1
        try:
            import numpy  # noqa: F401

            yield "numpy", self.numpy, 0.01
        except ImportError:
            pass

    def run(self, seconds):
        # CPython warns about the program's own threads, but a child here calls nothing that they may have locked.
        warnings.simplefilter("ignore", DeprecationWarning)
        sys.setswitchinterval(0.0005)
        end = time.monotonic() + seconds
        before, workers = descriptors(), []
        for name, work, pause in self.works():
            self.counts[name] = 0
            workers.append(threading.Thread(target=self.loop, args=(name, work, pause), name=name, daemon=True))
        for each in workers:
            each.start()
        moved = dict.fromkeys(self.counts, (0, time.monotonic()))
        page = os.sysconf("SC_PAGESIZE")
        while time.monotonic() < end and not self.faults:
            self.stop.wait(SAMPLES)
            now = time.monotonic()
            for name, count in self.counts.items():
                if count != moved[name][0]:
                    moved[name] = count, now
                elif now - moved[name][1] > 2 * self.patience:
                    self.faults.append(f"{name} has not moved for {2 * self.patience} s")
            with open("/proc/self/statm") as f:
                resident = int(f.read().split()[1]) * page
            print(json.dumps({"at": now, "resident": resident, "counts": self.counts}), flush=True)
            if self.fault == "die" and end - now < seconds / 2:
                os.abort()
        self.stop.set()
        for each in workers:
            each.join(self.patience)
            if each.is_alive() and not self.faults:
                self.faults.append(f"{each.name} does not end")
                faulthandler.dump_traceback()
        if self.fault == "descriptor":
            self.kept.append(select.epoll())
        if not self.faults and descriptors() != before:  # a thread that is still running has its own
            self.faults.append(f"descriptors have come or gone: {sorted(descriptors() ^ before)}")
        latencies = percentiles(self.latencies)
        last = {"counts": self.counts, "latency": latencies, "faults": self.faults, "status": str(self.gorandom.status())}
        self.folder.cleanup()
        print(json.dumps(last), flush=True)
        os._exit(bool(self.faults))


# The watcher.


def fit(samples):
    """(slope, lower, upper) in MiB an hour, and by how many MiB the line rises, for [(seconds, bytes)]."""
    from scipy import stats

    begin, end = samples[0][0], samples[-1][0]
    begin += (end - begin) / 4
    least = {}
    for at, size in samples:
        if at >= begin:
            part = min(PARTS - 1, int(PARTS * (at - begin) / (end - begin)))
            least[part] = min(least.get(part, size), size)
    if len(least) < PARTS // 2:
        raise SystemExit("too short: there are not enough samples")
    hours = (end - begin) / 3600
    line = stats.linregress([(part + 0.5) / PARTS * hours for part in least], [size / 2**20 for size in least.values()])
    margin = line.stderr * stats.t.ppf(CONFIDENCE, len(least) - 2)  # one-sided, each way
    return line.slope, line.slope - margin, line.slope + margin, line.slope * hours


def judge_memory(samples):
    """(is it wrong, what to print)"""
    slope, lower, upper, risen = fit(samples)
    said = f"{slope:+.2f} MiB an hour ({risen:+.2f} MiB in the measured time); with {CONFIDENCE:.0%} confidence above {lower:+.2f}, and below {upper:+.2f}"
    if lower > BAR and risen > 1:
        return True, f"{said}: it grows (bar: {BAR} MiB an hour)"
    if upper < BAR:
        return False, f"{said}: below the bar of {BAR}"
    return False, f"{said}: too short a run to tell it from the bar of {BAR}"


def watch(options):
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 140)
    seconds = options.minutes * 60
    command = [sys.executable, "-B", __file__, "--subject", "--minutes", str(options.minutes), "--patience",
               str(options.patience), *(["--fault", options.fault] if options.fault else [])]  # fmt: skip
    environment = {n: v for n, v in os.environ.items() if not n.startswith("GORANDOM_")} | {"GORANDOM_START": options.start}
    subject = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True)
    # The last resort, if the subject says nothing any more.
    alarm = threading.Timer(seconds + 5 * options.patience, os.killpg, (subject.pid, signal.SIGKILL))
    alarm.daemon = True
    alarm.start()
    samples, last = [], {}
    columns = [TextColumn("soak"), BarColumn(), TimeRemainingColumn(), TextColumn("{task.description}")]
    try:
        with Progress(*columns, console=console, transient=True) as progress:
            task = progress.add_task("", total=seconds)
            for text in subject.stdout:
                last = json.loads(text)
                if "at" in last:
                    samples.append((last["at"], last["resident"]))
                    counts = last["counts"]
                    what = f"{last['resident'] / 2**20:.1f} MiB, {counts['forks']} forks, {counts['reseeds']} reseeds"
                    progress.update(task, completed=last["at"] - samples[0][0], description=what)
        status = subject.wait()
    finally:
        alarm.cancel()
        if subject.poll() is None:
            os.killpg(subject.pid, signal.SIGKILL)
    faults = list(last.get("faults", []))
    if "latency" not in last:
        faults.append(f"the process ended with status {status} before its time")
    elif not faults:
        grows, said = judge_memory(samples)
        faults += [said] * grows
        console.print(f"{seconds:.0f} s, GORANDOM_START={options.start}")
        table = Table("", "count")
        for name, count in last["counts"].items():
            table.add_row(name, f"{count:,}")
        console.print(table)
        latency = last["latency"]
        draws = latency.pop("draws")
        console.print(f"{draws:,} draws of {TOKEN} bytes, in a process whose threads want the same processors: "
                      + ", ".join(f"{name} {ns / 1000:,.2f} us" for name, ns in latency.items()))  # fmt: skip
        console.print(f"resident: {samples[0][1] / 2**20:.1f} MiB at first, {samples[-1][1] / 2**20:.1f} at the end, {said}")
        if "numpy" not in last["counts"]:
            console.print("NOT RUN: numpy's draws, there is no numpy")
    for each in faults:
        console.print("FAILED: " + each, markup=False)
    if not faults:
        console.print("nothing was found wrong")
    return 1 if faults else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--start", choices=["auto", "eager", "never"], default="auto")
    parser.add_argument("--patience", type=float, default=60, help="seconds until something counts as hung")
    parser.add_argument("--fault", choices=FAULTS, help="for the soak's own test: what it must tell")
    parser.add_argument("--subject", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.subject:
        Subject(options.patience, options.fault).run(options.minutes * 60)
    return watch(options)


if __name__ == "__main__":
    sys.exit(main())
