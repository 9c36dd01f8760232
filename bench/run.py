"""Measures every row of bench/works.py on this machine, and prints the tables and the bars.

    python3 bench/run.py --wheel wheels/gorandom-….whl [--quick] [--only PATTERN]

It makes an environment in build/bench-venv with the wheel, the tools and the peers, and works there. The values
go to build/bench/results.json (with --only: partial.json), from which report.py and plots.py make tables and
plots again without measuring.
"""

import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import re
import subprocess
import sys
import sysconfig

import measure
import works

VENV = os.path.join(measure.ROOT, "build", "bench-venv")
ROUNDS, QUICK_ROUNDS = 11, 3
WHAT = """
import gorandom, json
gorandom.get_random_bytes(1)
s = gorandom.status()
print(json.dumps({"mode": s.mode, "reason": s.reason, "keystream": s.keystream, "gorandom": gorandom.__version__,
                  "hmac256": bool(getattr(gorandom._front, "hmac256", 0)), "file": gorandom.__file__}))
"""


def cpuinfo():
    """(name, flags)"""
    found = {}
    try:
        with open("/proc/cpuinfo") as f:
            for line in f:
                key, _, value = line.partition(":")
                found.setdefault(key.strip(), value.strip())
    except OSError:
        pass
    return found.get("model name", platform.machine()), (found.get("flags") or found.get("Features", "")).split()


def numbers(text):
    return tuple(map(int, re.findall(r"\d+", text)[:2]))


def vdso(libc):
    """getrandom without a system call: glibc 2.41 on Linux 6.11, both or neither."""
    return libc.startswith("glibc") and numbers(libc) >= (2, 41) and numbers(platform.release()) >= (6, 11)


def revision():
    done = subprocess.run(["git", "-C", measure.ROOT, "describe", "--always", "--dirty"], text=True, capture_output=True)
    return done.stdout.strip() or "unknown"


def machine(python):
    """What the figures depend on."""
    import ssl

    what = json.loads(subprocess.run([python, "-c", WHAT], check=True, text=True, stdout=subprocess.PIPE).stdout)
    name, flags = cpuinfo()
    libc = " ".join(platform.libc_ver())
    library = os.path.join(os.path.dirname(what.pop("file")), "libgorandom.core.so")
    go = None
    if os.path.exists(library):
        with open(library, "rb") as f:
            go = re.search(rb"go1\.\d+(\.\d+)?", f.read())
    versions = {"gorandom": f"{what.pop('gorandom')} ({revision()})", "CPython": platform.python_version()}
    versions |= {"Go": go[0].decode()[2:] if go else "none", "OpenSSL": ssl.OPENSSL_VERSION.split()[1], "C library": libc}
    for requirement in measure.requirements():
        package = requirement.split("==")[0]
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = "not there: no wheel for this Python"
    return {
        "date": datetime.date.today().isoformat(),
        "processor": name,
        "cores": len(os.sched_getaffinity(0)),
        "system": f"{platform.system()} {platform.release()}",
        "versions": versions,
        "load": [os.getloadavg()[0]],
        **what,
        "facts": {
            "vaes": "vaes" in flags,
            "sha_ni": "sha_ni" in flags or "sha2" in flags,
            "vdso": vdso(libc),
            "gil": not sysconfig.get_config_var("Py_GIL_DISABLED"),
            "cores": len(os.sched_getaffinity(0)),
        },
    }


def progress(total):
    """step(text): a bar on a terminal, else a line per round."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=Console(stderr=True), transient=True,
    )  # fmt: skip
    task = bar.add_task("", total=total)
    said = set()

    def step(text):
        if bar.console.is_terminal:
            bar.update(task, advance=1, description=text)
        elif (head := text.split(":")[0]) not in said:
            said.add(head)
            print(head, file=sys.stderr, flush=True)

    return bar, step


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheel", required=True)
    parser.add_argument("--quick", action="store_true", help="few rounds: figures to look at, not to publish")
    parser.add_argument("--only", metavar="PATTERN", help="the works whose name or group this expression is found in")
    args = parser.parse_args()
    if os.path.realpath(sys.prefix) != os.path.realpath(VENV):
        print("Making the environment in build/bench-venv", file=sys.stderr)
        python = measure.make_venv(VENV, os.path.abspath(args.wheel))
        os.execv(python, [python, *sys.argv])
    os.makedirs(measure.BUILD, exist_ok=True)
    chosen = [w for w in works.WORKS if not args.only or re.search(args.only, f"{w.group} {w.name}", re.I)]
    if not chosen:
        parser.error("no work is called so")
    measure.compile_floor(measure.BUILD)
    go = measure.compile_go(os.path.join(measure.BUILD, "go"))
    number = QUICK_ROUNDS if args.quick else ROUNDS
    found = {"machine": machine(sys.executable), "rounds": number, "quick": args.quick}
    laboratory = measure.Laboratory(sys.executable, go, args.quick)
    bar, step = progress(number * sum(len(w.contestants) for w in chosen))
    with bar:
        found["works"] = measure.rounds(chosen, lambda w: {n: (laboratory, n) for n in w.contestants}, number, step)
    found["machine"]["load"].append(os.getloadavg()[0])
    path = os.path.join(measure.BUILD, "partial.json" if args.only else "results.json")
    with open(path, "w") as f:
        json.dump(found, f)

    import report

    report.show(found)
    print(f"\nThe values are in {os.path.relpath(path)}.")


if __name__ == "__main__":
    main()
