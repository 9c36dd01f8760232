"""What the test programs share: they import this, draw, fork and print one line of JSON."""

import collections
import ctypes
import faulthandler
import json
import os
import select
import signal
import struct
import sys
import threading
import time
import traceback

import gorandom

if gorandom._front.state()["mode"] != "system":  # status() would import a module late
    import gorandom._openssl

HEAD = struct.Struct("<HBx")  # tokens that follow; drawn with a core
PATIENCE = int(os.environ.get("GORANDOM_TEST_PATIENCE") or 20)  # seconds until a child counts as hung


def helper():
    """The compiled C helper, called with the GIL held: a raw clone must not lose it."""
    return ctypes.PyDLL(os.environ["GORANDOM_TEST_HELPER"])


def callback(i):
    import _ssl

    path = getattr(_ssl, "__file__", None)
    assert gorandom._openssl.activate(path) is None
    get = ctypes.CDLL(path).RAND_get_rand_method
    get.restype = ctypes.POINTER(ctypes.c_void_p * 6)
    return ctypes.c_void_p(get().contents[i])


def bytes_callback():
    """The address of what OpenSSL calls for n bytes at dst: int (*)(unsigned char *dst, int n). Nothing has been drawn by it."""
    return callback(1)


def add_callback():
    """The same of what it calls for an event: int (*)(const void *, int n, double)."""
    return callback(3)


class Storm:
    """Signals whose C handler forks in the middle of a draw: storm.c. Its variables, and its children."""

    def __init__(self):
        self.library = helper()
        for name in ("armed", "early", "budget", "count", "in_child"):
            setattr(self, name, ctypes.c_int.in_dll(self.library, "storm_" + name))
        self.children = (ctypes.c_int * 4096).in_dll(self.library, "storm_child")
        self.reaped = 0

    def new(self):
        """PIDs of the children that were made since it was last asked."""
        children = self.children[self.reaped : self.count.value]
        self.reaped += len(children)
        return children


def noise(kind):
    """Starts the C helper's noise thread and returns when it has made its first round."""
    library = helper()
    error = library.noise_start(["dlopen", "dl_iterate_phdr", "pthread_create"].index(kind),
                                os.environ["GORANDOM_TEST_TLS"].encode())
    assert error == 0, os.strerror(error)
    while not library.noise_rounds():
        os.sched_yield()
    return library


def draws(large=False):
    """16-byte tokens. A large draw makes a child start a core of its own, where the mode lets it."""
    tokens = [gorandom.get_random_bytes(16), gorandom.urandom(16), gorandom.new().read(16)]
    if large:
        buffer = bytearray(1_200_000)
        with memoryview(buffer) as view:
            gorandom.fill(view[:300_000])
            gorandom.fill(view[300_000:])
        tokens += [bytes(buffer[i : i + 16]) for i in (0, 299_984, 300_000, 1_199_984)]
        gorandom.reseed()
        gorandom.add_event(b"an event")
        tokens.append(gorandom.get_random_bytes(16))
        str(gorandom.status())
    return tokens


class Drawers:
    """Threads that draw, small and large, until the program ends."""

    def __init__(self, tally, count=3):
        self.tally, self.lists = tally, []
        sys.setswitchinterval(1e-4)  # else each fork waits for the GIL 5 ms a thread
        for i in range(count):
            tokens = []
            self.lists.append(tokens)
            threading.Thread(target=self._draw, args=(tokens, i), daemon=True).start()

    def _draw(self, tokens, i):
        buffer = bytearray(200_000)
        while True:
            token = gorandom.get_random_bytes(16)
            if i == 2:
                gorandom.fill(buffer)
                token = bytes(buffer[-16:])
            if len(tokens) < 100_000:
                tokens.append(token)

    def stop(self):
        for tokens in self.lists:
            for token in tokens[:]:
                self.tally.add(token)


class Tally:
    """Forks, waits and counts. A token that comes twice, in any of the processes, is a repeat."""

    def __init__(self):
        faulthandler.register(signal.SIGUSR2)  # a hung child is asked where it is
        self.read, self.write = os.pipe()
        os.set_blocking(self.read, False)
        try:
            import fcntl

            fcntl.fcntl(self.write, 1031, 1 << 20)  # F_SETPIPE_SZ
        except OSError:
            pass
        self.seen, self.repeats, self.zeros = set(), 0, 0
        self.forks, self.reports, self.cores = 0, 0, 0
        self.ends = collections.Counter()
        self.hangs = []

    def add(self, *tokens):
        for token in tokens:
            self.repeats += token in self.seen
            self.zeros += token.count(0) >= 8
            self.seen.add(token)

    def send(self, *tokens):
        """From a child: one write, which a pipe keeps whole."""
        core = gorandom.status().mode == "core"
        data = HEAD.pack(len(tokens), core) + b"".join(tokens)
        assert len(data) <= select.PIPE_BUF
        os.write(self.write, data)

    def collect(self):
        data = b""
        while True:
            try:
                more = os.read(self.read, 1 << 16)
            except BlockingIOError:
                break
            data += more
        while data:
            n, core = HEAD.unpack_from(data)
            self.reports += 1
            self.cores += core
            for i in range(n):
                self.add(data[HEAD.size + 16 * i :][:16])
            data = data[HEAD.size + 16 * n :]

    def reap(self, *pids, patience=PATIENCE):
        """Waits until all have ended; kills what hangs."""
        end = time.monotonic() + patience
        for pid in pids:
            self.forks += 1
            fd = os.pidfd_open(pid)
            poll = select.poll()
            poll.register(fd, select.POLLIN)
            if not poll.poll(max(0, 1000 * (end - time.monotonic()))):
                self.hangs.append(where(pid))
                os.kill(pid, signal.SIGUSR2)
                poll.poll(500)
                os.kill(pid, signal.SIGKILL)
            os.close(fd)
            status = os.waitpid(pid, 0)[1]
            self.ends[str(os.waitstatus_to_exitcode(status))] += 1
        self.collect()

    def reap_all(self):
        """Waits for every child, adopted ones too. The test's own limit ends a wait for one that hangs."""
        while True:
            try:
                status = os.wait()[1]
            except ChildProcessError:
                break
            self.forks += 1
            self.ends[str(os.waitstatus_to_exitcode(status))] += 1
            self.collect()
        self.collect()

    def child(self, fork, body):
        """One child that runs body() and sends the tokens which that returns."""
        pid = fork()
        if pid == 0:
            end(lambda: self.send(*body()))
        return pid

    def rounds(self, n, body=draws, fork=os.fork, at_once=4):
        """n forks, some children at a time; one in four draws enough for a core."""
        while n > 0 and len(self.hangs) < 2:
            self.add(gorandom.get_random_bytes(16))
            pids = [self.child(fork, (lambda i=i: body(i % 4 == 3))) for i in range(min(n, at_once))]
            self.add(gorandom.get_random_bytes(16))
            self.reap(*pids)
            n -= len(pids)
        return self

    def report(self, **more):
        self.collect()
        print(json.dumps(dict(
            forks=self.forks, reports=self.reports, cores=self.cores, tokens=len(self.seen), repeats=self.repeats,
            zeros=self.zeros, ends=dict(self.ends), hangs=self.hangs, mode=gorandom.status().mode,
            reason=gorandom.status().reason, **more,
        )), flush=True)


def adopt_orphans():
    """Children of children that end become this process's."""
    PR_SET_CHILD_SUBREAPER = 36
    assert ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0


def end(body):
    """Runs body and ends the process, with status 0 or a traceback and 70."""
    try:
        body()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(70)
    os._exit(0)


def in_the_core(thread):
    """Is a thread of this process, by its native_id, inside the gate? There it has all signals blocked."""
    try:
        with open(f"/proc/self/task/{thread}/status") as f:
            blocked = next(int(line.split()[1], 16) for line in f if line.startswith("SigBlk:"))
    except (FileNotFoundError, ProcessLookupError):  # it has ended
        return False
    return bool(blocked >> signal.SIGUSR1 - 1 & 1)


def where(pid):
    """Where the threads of a process wait, for the message of a failure."""
    found = []
    try:
        for task in sorted(os.listdir(f"/proc/{pid}/task")):
            words = []
            for name in ("comm", "wchan", "syscall"):
                with open(f"/proc/{pid}/task/{task}/{name}") as f:
                    words.append(f.read().strip())
            found.append(" ".join(words))
    except OSError as e:
        found.append(str(e))
    return f"{pid}: " + "; ".join(found)
