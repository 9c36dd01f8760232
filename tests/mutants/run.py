#!/usr/bin/env python3
"""Breaks the code on purpose, with one patch at a time, and checks whether the tests notice: make mutants.

    tests/mutants/run.py [--only PATTERNS] [--sample WORD --seconds N] [--jobs N] [--check]

Each file AREA/NAME.patch beside this one says what it breaks and names the test that must turn red; README.md has the
format. A patch is applied to a copy of the tree under build/mutants. What it has changed is built again there, into an
installation of the wheel, and its test is run. Without the patch the test must pass; that is tried first.

--only chooses the patches whose AREA/NAME matches or contains one of the patterns. --sample takes them in an order
that WORD decides, and starts none after --seconds. --check only checks that all patches apply and all tests exist;
every run begins with that. Killed mutants are recorded in build/mutants/killed.json, so that an interrupted run can be
continued. They count until the patch, its test's file, or any of the code changes.

Ends with status 0 if all chosen mutants were killed, except those whose test skips itself on this machine.
"""

import argparse
import base64
import concurrent.futures
import contextlib
import fcntl
import fnmatch
import glob
import hashlib
import json
import os
import queue
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
WORK = os.path.join(ROOT, "build", "mutants")
KEPT = os.path.join(WORK, "killed.json")
CACHE = os.path.join(WORK, "cache")
PYTHON = os.path.join(ROOT, "build", "venv", "bin", "python")  # with the tests' requirements: make build/venv/tests
VECTORS = os.path.join(ROOT, "build", "vectors", "hmac.json")
GENERATED = os.path.join(ROOT, "pyext", "_gen")  # left by the wheel's build
AREAS = ("front", "core", "go", "python")
TREE = ("gorandom", "pyext", "python", "tests", "bench", "wheels", "examples", "docs", "vendor", ".ci")
LEFT_OUT = re.compile(r"(^|/)(__pycache__|_gen|[^/]*\.egg-info|[^/]*\.so)(/|$)|^wheels/(dist/|.*\.whl$)|^tests/mutants/")
PRODUCTION = ("gorandom/", "pyext/", "python/gorandom/")
KILLED, HUNG, SKIPPED, SURVIVED = "killed", "killed: it hung", "test is skipped", "SURVIVED"
APPLIES_NOT, BUILDS_NOT, FAILS_ALONE, RUNS_NOT = "DOES NOT APPLY", "DOES NOT BUILD", "TEST FAILS WITHOUT IT", "TEST DID NOT RUN"


class Unfit(Exception):
    """A mutant gives no result: (which of the words above, why)."""


# --- Patches ---


class Mutant:
    def __init__(self, path):
        self.name = os.path.relpath(path, HERE).removesuffix(".patch")
        with open(path, encoding="utf-8") as f:
            self.text = f.read()
        header, _, diff = self.text.partition("\n--- ")
        self.breaks = "; ".join(re.findall("^Breaks: *(.+)", header, re.M))
        self.tests = re.findall("^Test: *(.+)", header, re.M)
        self.hunks = {}  # of each file: (the lines before, the lines after)
        if diff and self.breaks and self.tests:
            self.hunks = parse("--- " + diff)
        self.part = part(self.hunks, self.tests)

    def problem(self):
        """None, or what makes the patch or its test useless."""
        if not self.hunks:
            return "it has no line Breaks:, no line Test: or no diff"
        for file, hunks in self.hunks.items():
            if not file.startswith(PRODUCTION):
                return f"{file} is not production code"
            with contextlib.suppress(OSError):
                with open(os.path.join(ROOT, file), encoding="utf-8") as f:
                    before = f.read()
                try:
                    after = apply(before, hunks)
                    if file.endswith(".py"):
                        compile(after, file, "exec")
                except (ValueError, SyntaxError) as e:
                    return f"{file}: {e}"
                continue
            return f"there is no file {file}"
        return next(filter(None, map(missing, self.tests)), None)


def parse(diff):
    """{file: [(lines before, lines after), …]} of a unified diff."""
    files, before, after = {}, None, None
    for line in diff.splitlines():
        if line.startswith("+++ "):
            hunks = files[line.removeprefix("+++ ").split("\t")[0].removeprefix("b/")] = []
        elif line.startswith("@@ "):
            before, after = [], []
            hunks.append((before, after))
        elif line.startswith(("diff ", "index ", "--- a/", "--- /")):
            before = None
        elif before is not None and not line.startswith("\\"):
            if not line.startswith("+"):
                before.append(line[1:])
            if not line.startswith("-"):
                after.append(line[1:])
    return files


def apply(text, hunks):
    """The text after the hunks. Their lines may have moved, but must be in it exactly once."""
    text = "\n" + text
    for before, after in hunks:
        old, new = ("".join("\n" + line for line in lines) + "\n" for lines in (before, after))
        at = text.find(old)
        if at < 0:
            raise ValueError("a hunk's lines are not there: %r" % old.strip("\n")[:100])
        if text.find(old, at + 1) >= 0:
            raise ValueError("a hunk's lines are there twice, so it needs more context: %r" % old.strip("\n")[:100])
        text = text[:at] + new + text[at + len(old) :]
    return text[1:]


def missing(test):
    """None, or the test that does not exist."""
    words = shlex.split(test)
    if words[0] == "go":
        names = [words[i + 1] for i, word in enumerate(words[:-1]) if word == "-run"]
        folders = [word for word in words if word.startswith("./")]
        sources = [name for folder in folders for name in glob.glob(os.path.join(ROOT, folder, "*_test.go"))]
        wanted = [rf"^func {re.split('[$/]', name.strip('^'))[0]}" for name in names]
        if len(names) != 1 or len(folders) != 1:
            return f"not a package and a -run: {test}"
    else:
        file, _, name = test.partition("::")
        sources = [os.path.join(ROOT, file)] * os.path.exists(os.path.join(ROOT, file))
        of_class, _, function = name.partition("[")[0].rpartition("::")
        wanted = [rf"^class {of_class}\b", rf"^    def {function}\("] if of_class else [rf"^def {function}\("]
    text = ""
    for source in sources:
        with open(source, encoding="utf-8") as f:
            text += f.read()
    return None if text and all(re.search(pattern, text, re.M) for pattern in wanted) else f"there is no test {test}"


def part(files, tests):
    """The part of the installation that is built again (build.py); "" for none."""
    by_python = any(not test.startswith("go ") for test in tests)
    if any(file.startswith("pyext/gopy/") for file in files):
        return "gopy"
    if any(file.endswith((".go", ".s")) for file in files):
        return "go" if by_python else ""
    if any(file.startswith("pyext/core/") for file in files):
        return "core"
    return "front" if any(re.match(r"pyext/front/.*\.[ch]$", file) for file in files) else ""


# --- Processes ---


def of_session(leader):
    """The processes of a session that have not ended."""
    for stat in glob.glob("/proc/[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError):
            with open(stat) as f:
                pid, _, rest = f.read().partition(" ")
            fields = rest.rpartition(")")[2].split()
            state, session, threads = fields[0], int(fields[3]), int(fields[17])
            # A process whose first thread has ended is shown as a zombie, although the others run.
            if session == leader and (state not in "ZX" or threads > 1):
                yield int(pid)


def end_session(leader):
    """Kills whatever still runs in the session of a process, and waits until it has ended, which takes a moment."""
    end = time.monotonic() + 10
    while left := list(of_session(leader)):
        for pid in left:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > end:  # it belongs to another user, or is stuck in the kernel
            print(f"Processes that cannot be killed: {left}", file=sys.stderr)
            return
        time.sleep(0.01)


# Mutants that run as root must not replace the machine's devices, as one did with /dev/null. So the tests see a
# read-only folder.
GUARD = ["unshare", "--mount", "sh", "-c", 'mount --rbind /dev /dev && mount -o remount,bind,ro /dev && exec "$@"', "sh"]


def guard():
    """GUARD, or [] where it is not needed or not available."""
    if os.geteuid() or not shutil.which("unshare"):
        return []
    return GUARD if subprocess.run([*GUARD, "true"], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0 else []


RUNNING = set()  # leaders of sessions
STOPPED = threading.Event()


def stop():
    """Ends the programs that the other threads run, and their waits."""
    STOPPED.set()
    for leader in tuple(RUNNING):
        end_session(leader)


def run(command, timeout, log, **options):
    """(code, or None after the timeout; what it printed). The text is also added to the file log."""
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True, **options
        )
        RUNNING.add(child.pid)
        try:
            code = child.wait(timeout)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            end_session(child.pid)
            child.wait()
            RUNNING.discard(child.pid)
        if STOPPED.is_set():
            raise KeyboardInterrupt
        output.seek(0)
        text = output.read().decode(errors="replace")
    with open(log, "a", encoding="utf-8") as f:
        f.write(f"$ {shlex.join(map(str, command))}\n{text}\n[{'hung' if code is None else code}]\n\n")
    return code, text


# --- Copies ---


def listed():
    """{name: path} for the files that a copy of the tree contains."""
    files = {name: os.path.join(ROOT, name) for name in os.listdir(ROOT) if os.path.isfile(os.path.join(ROOT, name))}
    for top in TREE:
        for folder, _, names in os.walk(os.path.join(ROOT, top)):
            for name in names:
                path = os.path.join(folder, name)
                files[os.path.relpath(path, ROOT)] = path
    return {name: path for name, path in sorted(files.items()) if not LEFT_OUT.search(name)}


BUILT_FROM = re.compile(r"(gorandom|pyext|python|tests)/|(setup\.py|pyproject\.toml|go\.mod|go\.sum)$")
TESTS = re.compile(r"(.*/)?(test_\w+\.py|\w+_test\.go)$")


class Tree:
    """The files of the tree, and the hash of those that a mutant's result depends on: the code, the build, what the tests
    share, and the files of its own tests."""

    def __init__(self):
        self.files = listed()
        self.hashes = {}
        for name, path in self.files.items():
            if BUILT_FROM.match(name):
                with open(path, "rb") as f:
                    self.hashes[name] = hashlib.sha256(f.read()).hexdigest()
        self.shared = [sys.version, *(f"{name} {value}" for name, value in self.hashes.items() if not TESTS.match(name))]

    def key(self, mutant):
        places = tuple(word.partition("::")[0].removeprefix("./") for test in mutant.tests for word in shlex.split(test) if "/" in word)
        own = [f"{name} {value}" for name, value in self.hashes.items() if name.startswith(places)]
        return hashlib.sha256("\n".join([*self.shared, *own, mutant.text]).encode()).hexdigest()


class Copy:
    """A copy of the tree and an installation of the wheel, which one mutant at a time changes."""

    def __init__(self, folder, files, wheel):
        self.guard, self.originals = guard(), {}
        self.tree, self.cwd, venv = (os.path.join(folder, name) for name in ("tree", "cwd", "venv"))
        shutil.rmtree(folder, ignore_errors=True)
        for name, path in files.items():
            to = os.path.join(self.tree, name)
            os.makedirs(os.path.dirname(to), exist_ok=True)
            shutil.copy2(path, to)
        subprocess.run([PYTHON, "-m", "venv", "--without-pip", venv], check=True)
        self.python = os.path.join(venv, "bin", "python")
        # The environment of all tests provides what else the tests need. This package comes before the one there.
        ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
        self.site, requirements = (
            subprocess.run([python, "-c", ask], check=True, text=True, stdout=subprocess.PIPE).stdout.strip()
            for python in (self.python, PYTHON)
        )
        with zipfile.ZipFile(wheel) as z:
            z.extractall(self.site)
        with open(os.path.join(self.site, "requirements.pth"), "w") as f:
            f.write(requirements + "\n")
        self.package = os.path.join(self.site, "gorandom")
        self.pristine = os.path.join(folder, "pristine")
        (self.record,) = glob.glob(os.path.join(self.site, "gorandom-*.dist-info", "RECORD"))
        shutil.copytree(self.package, self.pristine)
        shutil.copy2(self.record, self.pristine)
        os.makedirs(self.cwd)

    def change(self, mutant, log):
        """Applies the patch, and builds what it has changed."""
        for folder in glob.glob(os.path.join(self.package, "**", "__pycache__"), recursive=True):
            shutil.rmtree(folder)  # Python would miss a change within the second in which the file was made
        for file, hunks in mutant.hunks.items():
            path = os.path.join(self.tree, file)
            with open(path, encoding="utf-8") as f:
                self.originals[path] = f.read()
            with open(path, "w", encoding="utf-8") as f:
                f.write(apply(self.originals[path], hunks))
            if file.startswith("python/gorandom/"):
                shutil.copyfile(path, os.path.join(self.site, file.removeprefix("python/")))
        if mutant.part:
            words = [PYTHON, os.path.join(HERE, "build.py"), self.tree, self.package, CACHE, GENERATED, mutant.part]
            code, text = run(words, 600, log, env=BUILD_ENVIRONMENT)
            if code != 0:
                raise Unfit(BUILDS_NOT, last_line(text))
        self.write_record()

    def write_record(self):
        """Updates the installation's list of files, because python -m gorandom selftest compares them."""
        with open(self.record) as f:
            names = [line.split(",")[0] for line in f]
        with open(self.record, "w") as f:
            for name in names:
                size = value = ""
                if not name.endswith("/RECORD"):
                    with open(os.path.join(self.site, name), "rb") as data:
                        text = data.read()
                    digest = base64.urlsafe_b64encode(hashlib.sha256(text).digest()).rstrip(b"=")
                    size, value = str(len(text)), "sha256=" + digest.decode()
                f.write(f"{name},{value},{size}\n")

    def restore(self):
        while self.originals:
            path, text = self.originals.popitem()
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
        shutil.rmtree(self.package)
        shutil.copytree(self.pristine, self.package, ignore=shutil.ignore_patterns("RECORD"))
        shutil.copy2(os.path.join(self.pristine, "RECORD"), self.record)
        shutil.rmtree(self.cwd, ignore_errors=True)
        os.makedirs(self.cwd)

    def test(self, test, timeout, log):
        """(code, None if it hung; what it printed) for one test."""
        words = shlex.split(test)
        if words[0] == "go":
            command = [GO, "test", "-count=1", "-vet=off", "-v", *words[1:]]
            return run([*self.guard, *command], timeout, log, cwd=self.tree, env=GO_ENVIRONMENT)
        command = [self.python, "-P", "-m", "pytest", "-c", os.path.join(self.tree, "pyproject.toml"), "--rootdir", self.tree,
                   "-p", "no:cacheprovider", "-p", "_hypothesis_pytestplugin", "--hypothesis-seed=0", "-x", "-q",
                   os.path.join(self.tree, test)]  # fmt: skip
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "GORANDOM_"))}
        # With automatic loading, Hypothesis's plugin takes half a second more.
        environment |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"} | ({"GORANDOM_VECTORS": VECTORS} if os.path.exists(VECTORS) else {})
        return run([*self.guard, *command], timeout, log, cwd=self.cwd, env=environment)


# --- Runs ---


class Alone:
    """How long each test takes without a mutant; it must pass. If several threads ask, it runs once."""

    def __init__(self):
        self.lock, self.locks, self.took = threading.Lock(), {}, {}

    def __call__(self, copy, test):
        with self.lock:
            lock = self.locks.setdefault(test, threading.Lock())
        with lock:
            if test not in self.took:
                log = os.path.join(WORK, "logs", "alone-%s.log" % re.sub(r"\W+", "-", test)[-100:])
                with contextlib.suppress(FileNotFoundError):
                    os.remove(log)
                start = time.monotonic()
                code, text = copy.test(test, 600, log)
                self.took[test] = time.monotonic() - start
                if code != 0:
                    self.took[test] = Unfit(FAILS_ALONE, last_line(text))
                elif not re.search(r"^ *--- PASS|\b[1-9]\d* passed", text, re.M):
                    skipped = re.search(r"^ *--- SKIP|\b[1-9]\d* skipped", text, re.M)
                    self.took[test] = Unfit(SKIPPED if skipped else RUNS_NOT, f"{test}: {last_line(text)}")
            if isinstance(self.took[test], Unfit):
                raise self.took[test]
            return self.took[test]


def last_line(text):
    lines = text.strip().splitlines()
    return lines[-1] if lines else ""


def attempt(mutant, copy, alone):
    """(verdict, which test or why)."""
    log = os.path.join(WORK, "logs", mutant.name.replace("/", "-") + ".log")
    with contextlib.suppress(FileNotFoundError):
        os.remove(log)
    try:
        times = {test: alone(copy, test) for test in mutant.tests}
        copy.change(mutant, log)
        for test, took in times.items():
            code, text = copy.test(test, 30 + 5 * took, log)
            if code is None:
                return HUNG, test
            if re.search(r"\[(build|setup) failed\]", text):
                raise Unfit(BUILDS_NOT, test)
            # 5: a mutant may leave no test to run, which is no result.
            if code not in (0, 5):
                return KILLED, test
        return SURVIVED, ", ".join(mutant.tests)
    except Unfit as e:
        return e.args[0], str(e.args[1])
    finally:
        copy.restore()


class Kept:
    """The mutants that were killed, by their keys from the tree."""

    def __init__(self, key):
        self.key, self.lock, self.killed = key, threading.Lock(), {}
        with contextlib.suppress(OSError, ValueError):
            with open(KEPT) as f:
                self.killed = json.load(f)

    def add(self, mutant, *what):
        with self.lock:
            self.killed[self.key(mutant)] = what
            with open(KEPT + ".new", "w") as f:
                json.dump(self.killed, f)
            os.replace(KEPT + ".new", KEPT)


def chosen(mutants, only, sample):
    if only:
        mutants = [m for m in mutants if any(word in m.name or fnmatch.fnmatch(m.name, word) for word in only.split())]
    if sample:
        mutants = sorted(mutants, key=lambda m: hashlib.sha256(f"{sample} {m.name}".encode()).digest())
    return mutants


class Table:
    """A row for each mutant when it is finished. On a terminal the last line says what is going on."""

    def __init__(self, total):
        self.total, self.rows, self.going, self.lock = total, [], {}, threading.Lock()

    def show(self, text=None):
        if sys.stdout.isatty():
            bad = sum(not row[1].startswith(KILLED) for row in self.rows)
            print("\r\033[K" + (text + "\n" if text else ""), end="")
            print(f"{len(self.rows)} of {self.total}, {bad} not killed. Now: {', '.join(self.going.values())}"[:140], end="", flush=True)
        elif text:
            print(text, flush=True)

    def begin(self, mutant):
        with self.lock:
            self.going[threading.get_ident()] = mutant.name
            self.show()

    def end(self, mutant, verdict, what, seconds, again=False):
        with self.lock:
            self.going.pop(threading.get_ident(), None)
            self.rows.append((mutant, verdict, what))
            took = "  kept" if again else f"{seconds:4.0f} s"
            self.show(f"{verdict:15} {took}  {mutant.name:34} {mutant.breaks}  [{what}]")

    def close(self):
        if sys.stdout.isatty():
            print("\r\033[K", end="")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="PATTERNS", help="some of them, as 'go/* gate'")
    parser.add_argument("--sample", metavar="WORD", help="in an order that this word decides, as a commit's hash")
    parser.add_argument("--seconds", metavar="N", type=float, default=float("inf"), help="start no mutant after so long")
    parser.add_argument("--jobs", metavar="N", type=int, default=os.cpu_count() or 1, help="so many at a time")
    parser.add_argument("--check", action="store_true", help="only whether all patches apply and all tests are there")
    return parser.parse_args()


def check(mutants):
    """{mutant: why it is useless}"""
    return {mutant: why for mutant in mutants if (why := mutant.problem())}


def main():
    start, options = time.monotonic(), parse_arguments()
    paths = [path for area in AREAS for path in sorted(glob.glob(os.path.join(HERE, area, "*.patch")))]
    everything = [Mutant(path) for path in paths]
    useless = check(everything)
    if options.check:
        for mutant, why in useless.items():
            print(f"{mutant.name}: {why}")
        return 1 if useless else 0
    mutants = chosen(everything, options.only, options.sample)
    if not mutants:
        print("No patch matches", options.only or "")
        return 1

    os.makedirs(CACHE, exist_ok=True)
    os.makedirs(os.path.join(WORK, "logs"), exist_ok=True)
    lock = open(os.path.join(WORK, "lock"), "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("Another run works in build/mutants.")
        return 1
    find_tools()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    tree = Tree()
    kept, alone, table = Kept(tree.key), Alone(), Table(len(mutants))
    (wheel,) = glob.glob(os.path.join(ROOT, "wheels", "gorandom-*.whl"))
    copies, deadline, late = queue.SimpleQueue(), start + options.seconds, []
    for number in range(options.jobs):
        copies.put(Copy(os.path.join(WORK, str(number)), tree.files, wheel))

    def one(mutant):
        if mutant in useless:
            table.end(mutant, APPLIES_NOT, useless[mutant], 0)
        elif kept.key(mutant) in kept.killed:
            table.end(mutant, *kept.killed[kept.key(mutant)], 0, again=True)
        elif time.monotonic() > deadline:
            late.append(mutant)
        else:
            copy, began = copies.get(), time.monotonic()
            table.begin(mutant)
            try:
                verdict, what = attempt(mutant, copy, alone)
            finally:
                copies.put(copy)
            if verdict in (KILLED, HUNG):
                kept.add(mutant, verdict, what)
            table.end(mutant, verdict, what, time.monotonic() - began)

    # A useless patch fails every run, whichever patches were chosen.
    mutants += [mutant for mutant in useless if mutant not in mutants]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        try:
            for future in [pool.submit(one, mutant) for mutant in mutants]:
                future.result()
        except BaseException:
            stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    table.close()
    killed = [row for row in table.rows if row[1] in (KILLED, HUNG)]
    skipped = [row for row in table.rows if row[1] == SKIPPED]
    bad = [row for row in table.rows if row not in killed + skipped]
    print(f"\n{len(killed)} of {len(table.rows)} mutants were killed, in {time.monotonic() - start:.0f} s" +
          (f"; {len(late)} were not tried, for want of time" if late else "") + (". The others:" if bad + skipped else "."))  # fmt: skip
    for mutant, verdict, what in skipped + bad:
        print(f"{verdict:15} {mutant.name:34} {mutant.breaks}  [{what}]")
    return 1 if bad or not (killed or late) else 0


def find_tools():
    """Go, and the environments of its tests and of builds. If Go has to be fetched, this program starts again."""
    global GO, GO_ENVIRONMENT, BUILD_ENVIRONMENT
    sys.path.insert(0, os.path.join(ROOT, "tests"))
    import tools

    GO, GO_ENVIRONMENT = tools.environment()
    BUILD_ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "GORANDOM_"))}
    BUILD_ENVIRONMENT |= {"PATH": GO_ENVIRONMENT["PATH"], "CC": GO_ENVIRONMENT["CC"], "PYTHONDONTWRITEBYTECODE": "1"}


if __name__ == "__main__":
    sys.exit(main())
