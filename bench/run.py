"""Measures every row of bench/works.py on this machine, and prints the tables and the bars.

    python3 bench/run.py --wheel wheels/gorandom-….whl [--root SYSTEM|FOLDER] [--quick] [--only PATTERN]

It makes an environment with the wheel, the tools and the peers in a folder of build/bench that is named after the system
and the Python, such as debian-13-cpython-3.13, and works there. The values go to results.json beside it (with --only:
partial.json). From this file report.py and plots.py make tables and plots again without measuring.

--root measures in another system on the same kernel. It is one of wheels/roots.py, which makes it with debootstrap (as
root), or a folder with a system that has python3 and its venv. Code is compiled here. pip has the network there.
"""

import json
import os
import subprocess
import sys

import measure

ROUNDS, QUICK_ROUNDS = 11, 3
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
HOURS = 2


def revision():
    done = subprocess.run(["git", "-C", measure.ROOT, "describe", "--always", "--dirty"], text=True, capture_output=True)
    return done.stdout.strip() or "unknown"


def layers_of(roots, name):
    """(the layers of a root, its Python, folders to show in it)"""
    system = next((s for s in roots.SYSTEMS if s.name == name), None)
    if system is None:
        if not os.path.isdir(os.path.join(name, "usr")):
            raise SystemExit(f"bench: no root is called {name}: {', '.join(s.name for s in roots.SYSTEMS)}, or a folder")
        return [os.path.abspath(name)], "python3", {}
    if system.emulator:
        raise SystemExit(f"bench: {name} is for another processor: an emulator's figures say nothing")
    root = roots.base(system.suite, system.arch, system.packages)
    shows = {"/opt": os.path.join(roots.brought(system, root), "opt")} if system.brings else {}
    return roots.layer(root, system.name, "ca-certificates openssl"), system.pythons[0], shows


def run_in_root(name, wheel, arguments):
    """Runs this program in a root, and returns its status. The source tree has the same path there, and is writable for the
    results."""
    import freethreaded
    import roots

    if os.geteuid() != 0:
        raise SystemExit("bench: a root needs root: it has mounts of its own")
    try:
        layers, python, shows = layers_of(roots, name)
    except roots.CannotRun as why:
        raise SystemExit(f"bench: {name}: {why}") from None
    paths = (measure.ROOT, os.path.dirname(wheel), freethreaded.FOLDER, CERTIFICATES)
    shows |= {path: path for path in paths if os.path.exists(path)}
    settings = [f"{key}={value}" for key, value in os.environ.items() if key.startswith("PIP_")]
    program = ["env", *settings, python, os.path.abspath(__file__), *arguments]
    return roots.enter(layers, shows, program, network=True, timeout=HOURS * 3600, log=sys.stdout.fileno())[0]


def progress(total):
    """Returns step(text), which shows a bar on a terminal, and otherwise a line per round."""
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


def measured(chosen, quick, revision):
    """Returns what goes into results.json."""
    import machine

    number = QUICK_ROUNDS if quick else ROUNDS
    found = {"machine": machine.describe(sys.executable, revision), "rounds": number, "quick": quick}
    laboratory = measure.Laboratory(sys.executable, quick=quick)
    bar, step = progress(number * sum(len(w.contestants) for w in chosen))
    with bar:
        found["works"] = measure.rounds(chosen, lambda w: {n: (laboratory, n) for n in w.contestants}, number, step)
    found["machine"]["load"].append(os.getloadavg()[0])
    return found


def main():
    parser = measure.arguments(__doc__)
    parser.add_argument("--root", metavar="SYSTEM|FOLDER", help="measure in there")
    parser.add_argument("--prepared", metavar="REVISION", help="all is compiled: this program says so to itself")
    args = parser.parse_args()
    chosen = measure.works.chosen(args.only)
    if not chosen:
        parser.error("no work is called so")
    if not args.prepared:
        measure.compile_floor()
        measure.compile_go()
        measure.make_free()
        wheel = os.path.abspath(args.wheel)
        arguments = ["--prepared", revision(), "--wheel", wheel]
        arguments += ["--quick"] * args.quick + (["--only", args.only] if args.only else [])
        if args.root:
            return run_in_root(args.root, wheel, arguments)
        sys.argv[1:] = arguments
    measure.enter_venv(args.wheel)
    found = measured(chosen, args.quick, args.prepared)
    path = os.path.join(measure.BUILD, "partial.json" if args.only else "results.json")
    with open(path, "w") as f:
        json.dump(found, f)

    import report

    report.show(found)
    print(f"\nThe values are in {os.path.relpath(path, measure.ROOT)}.")


if __name__ == "__main__":
    sys.exit(main())
