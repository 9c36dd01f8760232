#!/usr/bin/env python3
"""Checks the models of the fork protocol with SPIN: each as it is, and with each of its guards taken out.

    tests/model/run.py [--only WORD]     WORD: a model, a run of it, or a guard, whose counterexample is then shown

A model as it is must have no error, in a search that has seen every state. A model without a guard must have one: a
guard that nothing needs is a wrong model, or code that can go. docs/model.md says what is modelled, and lists the guards.
Needs spin and gcc, at most 4 GB of memory for each processor, and some minutes.
"""

import argparse
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PAGE = os.path.join(os.path.dirname(os.path.dirname(HERE)), "docs", "model.md")
MEMORY = 4096  # MB, of one search
DEPTH = 1_000_000  # steps
# No partial-order reduction: it does not know of processes that stand still (provided).
COMPILED = ["-DSAFETY", "-DNOREDUCE", "-DCOLLAPSE", "-DVECTORSZ=2048"]

# What may happen in each run of a model: its macros.
RUNS = {
    "bytes": {
        "forks": "FORKS=1 SIGNALS=1 DRAWS=1",
        "handlers": "SIGNALS=2 DRAWS=3",
        "unwiped": "WIPES=0 CORE=0 FORKS=1 SIGNALS=2 DRAWS=1",
        "reseeds": "RESEEDS=2 DRAWS=3",
        "restores": "RESTORES=2 DRAWS=2",
        "seconds": "TICKS=1 SIGNALS=1 DRAWS=3",
    },
    "entry": {
        "vforks": "FORKS=0 TURNS=2 SECOND=1 VFORK=1 LIBC=0",
        "threads": "FORKS=2 SECOND=1 TURNS=1 RAW=1 EVENT=1 MODE=1",
        "hooks": "FORKS=2 HOOKS=2 TURNS=1 RAW=1 EVENT=1 MODE=1",
        "signals": "FORKS=1 SIGNALS=1 TURNS=1 SECOND=0 RAW=1 EVENT=1 MODE=1",
    },
    "confine": {"filters": ""},
    "records": {"threads": ""},
}

# The run that needs each guard.
GUARDS = {
    "bytes": {
        "forks": "PAGE_WIPED PROCESS_WIPED PROCESS_AFTER UNMAKE KERNEL_LOOKED_AT KERNEL_COPY STALE_AT_FORK",
        "handlers": "TAKEN READ_AFTER_MARK REKEY DROP",
        "unwiped": "PID_BEFORE PID_AFTER CHECK_AFTER_TAKING PAGE_WIPED_BY_HOOK SIGNALS_HELD_IN_WIPE",
        "reseeds": "EPOCH MISSED STAMP_BEFORE_KEY",
        "restores": "RESTORE_AFTER RESTORE_IN_STAMP RESEED_RESTORED STAMP_BEFORE_RESEED",
        "seconds": "SECOND",
    },
    "entry": {
        "vforks": "ALIVE_LAST ALIVE_UNDER_LOCK START_LOCK START_NOT_IN_VFORK PLACES",
        "threads": "RESET START_KNOWN START_LOCK_ANEW STATE_WIPED TAINTED EVENT_LOCK_WIPED FORK_WAITS_FOR_RECORD "
        "FORK_WAITS_FOR_START PLACES_ANEW RECORD_ANEW",
        "hooks": "CHILD_ONCE DEPTH DEPTH_NOT_ZERO GATE_NOT_IN_FORK MODE_NOT_IN_FORK START_NOT_IN_FORK",
        "signals": "ALIVE_AFTER_SIGNALS ALIVE_BEFORE_THREADS GATE_HOLDS_SIGNALS LIMITS_HOLD_SIGNALS START_HOLDS_SIGNALS "
        "PLACE_AFTER_SIGNALS EVENTS_HOLD_SIGNALS MODE_HOLDS_SIGNALS",
    },
    "confine": {
        "filters": "CAN_BLOCK CAN_STACK RESERVED THREADS_FIRST LIMITS_THREADS RSEQ_IS_REFUSED GO_IS_REFUSED GATE_CLOSED "
        "MASK_LOOKED_AT STACK_LOOKED_AT THREADS_WAIT LAST_NAP",
    },
    "records": {
        "threads": "LIST_LOCK LIST_LOCK_WIPED SIGNALS_HELD_IN_FIND KEY_READ_AGAIN KNOWN SIGNALS_HELD_AT_END "
        "ERASED_BEFORE_GIVEN_BACK",
    },
}

# Without these nothing goes wrong that a model promises not to. docs/model.md says what they are for.
NOT_NEEDED = {"STALE_AT_FORK", "PID_BEFORE", "START_NOT_IN_FORK", "PLACE_AFTER_SIGNALS", "KEY_READ_AGAIN", "CAN_BLOCK", "CAN_STACK"}

# Their End process judges when nothing moves any more: threads that a fork has ended stand where they stood.
ENDS_ITSELF = {"entry", "records"}


class Wrong(Exception):
    pass


def guards_of(model):
    with open(os.path.join(HERE, model + ".pml")) as file:
        return set(re.findall(r"GUARD\((\w+)\)", file.read()))


def search(model, macros, without=None, trail=False):
    """(states, MB of memory, seconds, the error or None, the steps to it or None) of an exhaustive search."""
    options = ["-D" + macro for macro in macros.split()] + ([f"-DNO_{without}"] if without else [])
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:

        def run(*command):
            return subprocess.run(command, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

        for name in (model + ".pml", "model.h"):
            shutil.copy(os.path.join(HERE, name), folder)
        made = run("spin", *options, "-a", model + ".pml")
        if made.returncode or "rror:" in made.stdout:
            raise Wrong(f"spin refuses {model}.pml:\n{made.stdout}")
        # A search that ends at an error is short, and not worth an optimizer's time.
        made = run("gcc", "-O0" if without else "-O1", "-w", *COMPILED, f"-DMEMLIM={MEMORY}", "-o", "pan", "pan.c")
        if made.returncode:
            raise Wrong(f"gcc cannot compile what spin has made of {model}.pml:\n{made.stdout}")
        out = run("./pan", f"-m{DEPTH}", *(["-E"] if model in ENDS_ITSELF else [])).stdout
        found = re.search(r"^pan:\d+: (.*?) \(at depth (\d+)\)$", out, re.M)
        states = re.search(r"^ *([\d.e+]+) states, stored", out, re.M)
        memory = re.search(r"^ *([\d.]+)\s+total actual memory usage", out, re.M)
        whole = "errors: 0" in out and "not completed" not in out and "too small" not in out
        if not (states and memory and (whole or found)):
            raise Wrong(f"the search of {model} ({' '.join(options)}) was not completed:\n{out}")
        if trail and found:
            say(run("spin", *options, "-t", "-p", model + ".pml").stdout)
        error, steps = (found[1], int(found[2])) if found else (None, None)
        return int(float(states[1])), float(memory[1]), time.monotonic() - began, error, steps


lock = threading.Lock()


def say(text):
    with lock:
        print(text, flush=True)


def whole(model, run, trail):
    states, memory, seconds, error, steps = search(model, RUNS[model][run], trail=trail)
    if error:
        raise Wrong(f"{model}, {run}: {error}, after {steps:,} steps. ONLY={run} shows them")
    return f"{model}, {run}: no error in {states:,} states ({memory:,.0f} MB, {seconds:.0f} s)"


def without(model, run, guard, trail):
    states, _, seconds, error, steps = search(model, RUNS[model][run], guard, trail)
    if guard in NOT_NEEDED and error:
        raise Wrong(f"{model}, {run}: {guard} is needed: {error}, after {steps:,} steps")
    if guard in NOT_NEEDED:
        return f"{model}, {run}: {guard} is not needed, as docs/model.md says ({states:,} states, {seconds:.0f} s)"
    if not error:
        raise Wrong(f"{model}, {run}: nothing goes wrong without {guard} ({states:,} states)")
    return f"{model}, {run}: without {guard} after {steps:,} steps: {error} ({seconds:.0f} s)"


def check_tables():
    with open(PAGE) as file:
        page = file.read()
    for model, table in GUARDS.items():
        named, here = guards_of(model), set(" ".join(table.values()).split())
        if named != here:
            raise Wrong(f"{model}.pml and this table differ: {', '.join(sorted(named ^ here))}")
        for guard in here:
            if f"`{guard}`" not in page:
                raise Wrong(f"docs/model.md does not list {guard}")


def main():
    parser = argparse.ArgumentParser(usage="run.py [--only WORD]")
    parser.add_argument("--only", help="a model, a run, or a guard")
    only = parser.parse_args().only
    check_tables()
    missing = [name for name in ("spin", "gcc") if not shutil.which(name)]
    if missing:
        print(f"NOT TESTED: needs {' and '.join(missing)} (Debian: apt-get install {' '.join(missing)})", file=sys.stderr)
        return 77
    jobs = [(whole, model, run, only == run) for model, runs in RUNS.items() for run in runs if only in (None, model, run)]
    jobs += [
        (without, model, run, guard, only == guard)
        for model, table in GUARDS.items()
        for run, guards in table.items()
        for guard in guards.split()
        if only in (None, model, guard)
    ]
    began, wrong = time.monotonic(), 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        running = [pool.submit(*job) for job in jobs]
        for done, future in enumerate(concurrent.futures.as_completed(running), 1):
            try:
                text = future.result()
            except Wrong as error:
                wrong += 1
                text = f"WRONG: {error}"
            say(f"{done}/{len(jobs)} {text}")
    say(f"{len(jobs) - wrong} of {len(jobs)} as they should be, in {time.monotonic() - began:.0f} s")
    return bool(wrong) or not jobs


if __name__ == "__main__":
    sys.exit(main())
