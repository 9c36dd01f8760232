"""Real programs that fork: 100,000 tokens from each, over loopback, all distinct.

Every set-up draws in its parent before it forks, where that is possible. Its workers answer about 400 requests of 250
tokens, of 16 bytes each. The kernel serves the first ten. After them (GORANDOM_START=auto) a core does, which the
worker starts when it has drawn enough. No worker may die, hang, repeat a token or grow.

Ready bytes in memory that a fork copies would break all of this. A generator with that fault, and one that leaks, are run
through the same set-ups, and must be detected (test_a_generator_that_…)."""

import collections
import concurrent.futures
import contextlib
import itertools
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import sysconfig
import urllib.request

import pytest
from _forks import compiler, execute, kill_session, linux
from _packages import packages

import gorandom

SERVERS = pathlib.Path(__file__).parent / "servers"
SITE = pathlib.Path(gorandom.__file__).parents[1]

TOKEN, BATCH, WORKERS = 16, 250, 4
WANTED = 400  # replies: 100,000 tokens
PATIENCE = 240  # seconds for a whole set-up: Spark's workers take a second or two each to start
SETTLED = 13  # replies after which a worker has started its core and imported what it needs
# Bytes that a worker's resident memory may grow from one half of its later answers to the other. A leak of a refill's
# pool or of a batch's objects is about 5 KiB an answer, over at least 13 answers; allocators take memory in steps of
# 64 KiB.
GROWTH = 256 << 10

pytestmark = linux

GUNICORN = "gunicorn==27.0.1"
UWSGI = "uwsgi==2.0.31"
CELERY = "celery==5.7.0"
DASK = "distributed==2026.8.0"
PYSPARK = "pyspark==4.3.0"


def enough(replies, wanted=WANTED):
    """This many answers, and from each worker its share: a tenth of them, from its core where others have one. (On a busy
    machine a second thread answers often while the first one starts the core.)"""
    by_worker = collections.Counter(r["pid"] for r in replies)
    by_core = collections.Counter(r["pid"] for r in replies if r["mode"] == "core")
    return (len(replies) >= wanted and len(by_worker) >= WORKERS and min((by_core or by_worker).values()) >= wanted // 10
            and len(by_core) in (0, len(by_worker)))  # fmt: skip


def tokens_of(replies):
    """Every token. Those drawn before a fork are counted once."""
    blocks = [r["tokens"] for r in replies] + list({r["ancestor"] for r in replies})
    return [block[i : i + 2 * TOKEN] for block in blocks for i in range(0, len(block), 2 * TOKEN)]


def repeats(replies):
    tokens = tokens_of(replies)
    return len(tokens) - len(set(tokens))


def growth(replies):
    """{pid: bytes}: how much more memory was resident in the second half of a worker's settled answers than in the first."""
    by_worker = collections.defaultdict(list)
    cores = {r["pid"] for r in replies if r["mode"] == "core"}
    for r in sorted(replies, key=lambda r: r["number"]):
        if r["number"] >= SETTLED and (r["mode"] == "core" or r["pid"] not in cores):
            by_worker[r["pid"]].append(r["resident"])
    return {
        pid: statistics.median(sizes[len(sizes) // 2 :]) - statistics.median(sizes[: len(sizes) // 2])
        for pid, sizes in by_worker.items()
        if len(sizes) >= 2 * SETTLED
    }


def assert_sound(replies, start, workers=WORKERS, short_lived=False, allowed=0, mode="core"):
    """allowed: bytes that the workers grow without gorandom. mode: that of a worker that has drawn its share."""
    assert len(replies) >= WANTED
    assert repeats(replies) == 0, f"{repeats(replies)} of {len(tokens_of(replies))} tokens came twice"
    pids = {r["pid"] for r in replies}
    grown = growth(replies)
    modes = dict(collections.Counter(r["mode"] for r in replies))
    print(f"\n{len(tokens_of(replies))} tokens, {len(pids)} processes, answers by mode {modes}, resident at most "
          f"{max(r['resident'] for r in replies) >> 20} MiB, growth at most {max(grown.values(), default=0) / 1024:.0f} KiB")  # fmt: skip
    if short_lived:
        return
    assert len(pids) == workers, f"{len(pids)} processes answered, for {workers} workers: some have died"
    assert set(grown) == pids
    assert max(grown.values()) < GROWTH + allowed, f"resident memory grew: {grown}"
    last = {r["pid"]: (r["mode"], r["reason"]) for r in sorted(replies, key=lambda r: r["number"])}
    assert {mode for mode, _ in last.values()} == {"direct" if start == "never" else mode}, last


def environment(start, folder, draw="gorandom", **more):
    names = {n: v for n, v in os.environ.items() if not n.startswith(("GORANDOM_", "PYTHON"))}
    path = os.pathsep.join(map(str, [SERVERS, folder, SITE]))
    return names | {"GORANDOM_START": start, "ADVERSITY_DRAW": draw, "PYTHONPATH": path,
                    "PYTHONDONTWRITEBYTECODE": "1"} | more  # fmt: skip


class Server:
    """A server that was given a listening socket, in its own session."""

    def __init__(self, process, port, log):
        self.process, self.port, self.log = process, port, log

    def fails(self, why):
        pytest.fail(f"{why}\n{self.log.read_text(errors='replace')[-6000:]}")

    def ask(self, _=0):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=30) as answer:
            return json.load(answer)

    def load(self, wanted=WANTED, done=enough):
        """Collects answers to 8 clients, until there are enough from every worker."""
        replies = []
        with concurrent.futures.ThreadPoolExecutor(8) as clients:
            for _ in range(20):
                try:
                    replies += clients.map(self.ask, range(wanted if not replies else wanted // 4))
                except OSError as e:
                    self.fails(f"a request was not answered: {e!r}")
                if done(replies, wanted):
                    break
        return replies


@contextlib.contextmanager
def serving(command, folder, tmp_path, start, draw="gorandom"):
    """Runs the server. Afterwards it must end, with all of its workers, when it is asked to."""
    log = tmp_path / "log"
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listening, log.open("wb") as output:
        fd = listening.fileno()
        process = subprocess.Popen(
            [part.replace("FD", str(fd)) for part in command], env=environment(start, folder, draw), cwd=tmp_path,
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, pass_fds=[fd], start_new_session=True,
        )  # fmt: skip
        port = listening.getsockname()[1]
    server = Server(process, port, log)
    try:
        yield server
        if process.poll() is not None:
            server.fails(f"the server ended with status {process.returncode}")
        process.terminate()
        try:
            status = process.wait(30)
        except subprocess.TimeoutExpired:
            server.fails("the server did not end in 30 s:\n" + "\n".join(kill_session(process.pid)))
        left = kill_session(process.pid)
        if status or left:
            server.fails(f"the server ended with status {status} and left {left}")
    finally:
        kill_session(process.pid)
        process.wait()


def program(name, *arguments, start="auto", draw="gorandom", folder=SERVERS, **env):
    """The answers that a program of servers/ prints. Its workers must have ended when it ends."""
    text = f"import runpy; runpy.run_path({str(SERVERS / name)!r}, run_name='__main__')"
    if name == "pools.py":  # forkserver and spawn import the main program again, so it must be the file itself
        text = (SERVERS / name).read_text()
    ended = execute(text, start, *arguments, timeout=PATIENCE, env=environment(start, folder, draw, **env))
    if ended.status:
        pytest.fail(f"{name} ended with status {ended.status}\n{ended.err[-6000:]}")
    return [json.loads(line) for line in ended.out.splitlines()]


def gunicorn(worker):
    command = [sys.executable, "-m", "gunicorn", "--preload", "--workers", str(WORKERS), "--worker-class", worker]
    return [*command, "--bind", "fd://FD", "--timeout", "60", "--no-control-socket", "drawing:application"]


@pytest.mark.parametrize("start", ["auto", "eager", "never"])
@pytest.mark.parametrize("worker", ["sync", "gthread"])
def test_gunicorn(worker, start, tmp_path):
    """--preload: the application draws in the arbiter, which then forks. Unguarded, its workers would begin with the
    arbiter's ready bytes. With eager they would enter its runtime, which has no threads there, and the first request would
    hang."""
    folder = packages(GUNICORN)
    command = gunicorn(worker) + ["--threads", "4"] * (worker == "gthread")
    with serving(command, folder, tmp_path, start) as server:
        replies = server.load()
    assert_sound(replies, start)


def uwsgi(*flags):
    folder = packages(UWSGI)
    command = [str(folder / "bin" / "uwsgi"), "--http-socket", "fd://FD", "--module", "drawing:application", "--master"]
    return [*command, "--workers", str(WORKERS), "--die-on-term", "--disable-logging", "--need-app", *flags]


UWSGI_FLAGS = {
    "plain": (), "threads": ("--enable-threads",), "two-threads": ("--enable-threads", "--threads", "2"),
    "lazy": ("--lazy-apps",), "lazy-threads": ("--lazy-apps", "--enable-threads"),
}  # fmt: skip


@pytest.mark.parametrize("start", ["auto", "eager"])
@pytest.mark.parametrize("flags", UWSGI_FLAGS)
def test_uwsgi(flags, start, tmp_path):
    """A C program that forks its workers with libc's fork(), after it has loaded the application. Without --enable-threads
    it does not prepare Python for threads at all. The core's threads are not Python's, and no entry of the gate may rely on
    Python's hooks having run."""
    with serving(uwsgi(*UWSGI_FLAGS[flags]), packages(UWSGI), tmp_path, start) as server:
        replies = server.load()
    assert_sound(replies, start)


def celery(folder, tmp_path, start, draw="gorandom", wanted=WANTED):
    for name in ("queue", "control", "results"):
        (tmp_path / name).mkdir()
    more = {"ADVERSITY_FOLDER": str(tmp_path)}
    log = tmp_path / "log"
    with log.open("wb") as output:
        command = [sys.executable, "-m", "celery", "-A", "tasks", "worker", "--pool", "prefork", "--concurrency",
                   str(WORKERS), "--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "WARNING"]  # fmt: skip
        process = subprocess.Popen(
            command, env=environment(start, folder, draw, C_FORCE_ROOT="1", **more), cwd=tmp_path, stdin=subprocess.DEVNULL,
            stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    try:
        replies = program("ask_celery.py", wanted, start="never", folder=folder, **more)
        assert process.poll() is None, log.read_text()[-6000:]
        process.terminate()
        assert process.wait(30) == 0, log.read_text()[-6000:]
        assert not kill_session(process.pid)
    finally:
        kill_session(process.pid)
        process.wait()
    return replies


@pytest.mark.parametrize("start", ["auto", "eager"])
def test_celery(start, tmp_path):
    """The prefork pool: billiard forks the workers from a parent that has imported the tasks and has threads. It also gives
    them a SIGSYS handler, so they draw from the kernel."""
    replies = celery(packages(CELERY), tmp_path, start)
    assert_sound(replies, start, mode="direct")


@pytest.mark.parametrize("start", ["auto", "eager", "never"])
@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_process_pool_executor(method, start):
    """Its workers are forked from a process with a thread that manages them."""
    assert_sound(program("pools.py", "executor", method, WANTED, start=start), start)


@pytest.mark.fast
@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_multiprocessing_pool(method):
    """As programs for PyCrypto wrote it, with atfork as the initializer. Its parent has three threads when workers are
    replaced."""
    assert_sound(program("pools.py", "pool", method, WANTED), "auto")


def test_dask():
    """Nannies start the workers, each with an event loop, and threads that run the tasks: draws come from a thread
    that is not the process's first. Its workers keep a record of their tasks, so a run with the system's bytes shows
    how much of their growth is not gorandom's."""
    folder = packages(DASK, "dask==2026.8.0")
    control = growth(program("ask_dask.py", WANTED, draw="system", folder=folder))
    assert_sound(program("ask_dask.py", WANTED, folder=folder), "auto", allowed=max(control.values()))


def spark(reuse, wanted=WANTED, start="auto", draw="gorandom"):
    if subprocess.run(["sh", "-c", "command -v java"], stdout=subprocess.DEVNULL).returncode:
        pytest.skip("NOT TESTED: PySpark needs a Java runtime (Debian: default-jre-headless)")
    more = {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    return program("ask_spark.py", reuse, wanted, start=start, draw=draw, folder=packages(PYSPARK), **more)


@pytest.mark.parametrize("start", ["auto", "eager"])
@pytest.mark.parametrize("reuse", ["true", "false"])
def test_pyspark(reuse, start):
    """Its daemon, which has drawn, forks a worker for each task, and closes descriptors in it. Without reuse, workers
    live for one task of 20 answers, and each would begin with the bytes that the daemon had left."""
    assert_sound(spark(reuse, start=start), start, short_lived=reuse == "false")


@pytest.fixture(scope="module")
def embedded(tmp_path_factory):
    config = pathlib.Path(sysconfig.get_config_var("BINDIR")) / f"python{sysconfig.get_python_version()}-config"
    program = tmp_path_factory.mktemp("embedded") / "embedded"
    if not config.exists():
        pytest.skip(f"NOT TESTED: there is no {config} to compile a program with")
    flags = subprocess.run([config, "--embed", "--cflags", "--ldflags"], text=True, capture_output=True).stdout.split()
    command = [*compiler(), "-o", program, SERVERS / "embedded.c", *flags]
    done = subprocess.run(command, text=True, capture_output=True)
    if done.returncode:
        pytest.skip(f"NOT TESTED: this Python cannot be embedded: {done.stderr[-500:]}")
    return program


def embed(embedded, when, hooks, start, tmp_path, replies=WANTED // WORKERS, draw="gorandom"):
    command = [embedded, when, hooks, str(replies), tmp_path]
    try:
        done = subprocess.run(command, env=environment(start, tmp_path, draw), cwd=tmp_path, text=True, timeout=PATIENCE,
                              stdin=subprocess.DEVNULL, capture_output=True, start_new_session=True)  # fmt: skip
    except subprocess.TimeoutExpired:
        pytest.fail(f"hangs: not over after {PATIENCE} s")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for file in tmp_path.glob("child*") for line in file.read_text().splitlines()]


@pytest.mark.fast
@pytest.mark.parametrize("start", ["auto", "eager", "never"])
@pytest.mark.parametrize(
    "when, hooks", [("before-init", "no-hooks"), *itertools.product(["after-init", "after-draws"], ["hooks", "no-hooks"])]
)
def test_embedded(embedded, when, hooks, start, tmp_path):
    """A C program forks with libc's fork(), with or without a call of PyOS_AfterFork_Child. Nothing here may depend on
    os.register_at_fork, or on a core being stopped before the interpreter ends."""
    assert_sound(embed(embedded, when, hooks, start, tmp_path), start, workers=WORKERS + 1)


# The faults that all of these tests look for.


def two_workers(replies, wanted):
    return len(replies) >= wanted and len({r["pid"] for r in replies}) >= 2


@pytest.mark.parametrize("setup", ["gunicorn", "uwsgi", "celery", "executor", "pool", "pyspark", "embedded"])
def test_a_generator_that_keeps_bytes_across_a_fork_is_told(setup, tmp_path, request):
    if setup in ("gunicorn", "uwsgi"):
        folder = packages({"gunicorn": GUNICORN, "uwsgi": UWSGI}[setup])
        command = {"gunicorn": lambda: gunicorn("sync"), "uwsgi": uwsgi}[setup]()
        with serving(command, folder, tmp_path, "auto", "cached") as server:
            replies = server.load(40, two_workers)
    elif setup == "celery":
        replies = celery(packages(CELERY), tmp_path, "auto", "cached", 40)
    elif setup == "pyspark":
        replies = spark("false", 40, draw="cached")
    elif setup == "embedded":
        replies = embed(request.getfixturevalue("embedded"), "after-draws", "no-hooks", "auto", tmp_path, 5, "cached")
    else:
        replies = program("pools.py", setup, "fork", 40, draw="cached")
    assert repeats(replies) >= BATCH


def test_a_generator_that_leaks_is_told(tmp_path):
    with serving(gunicorn("sync"), packages(GUNICORN), tmp_path, "auto", "leaking") as server:
        replies = server.load()
    assert min(growth(replies).values()) > GROWTH
