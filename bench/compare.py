"""Sets two revisions side by side: python3 bench/compare.py --wheel wheels/gorandom-….whl REF

Builds REF's wheel in a temporary git worktree, and gives each wheel its own environment. Then it measures in turn all
of gorandom's works in this tree's bench/works.py: REF, this, this, REF, and so on. A row's change is the median of its
rounds' ratios, with the sign test's interval. benchstat does the same for Go. Only the values are left behind, in
build/bench/compare.json.
"""

import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile

import measure
import ratios
import works

ROUNDS, QUICK_ROUNDS = 12, 6  # a 95 % interval needs six
CONFIDENCE = 0.95
BENCHSTAT = "golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da"


@contextlib.contextmanager
def worktree(ref):
    """The path of a checkout of ref, which is removed afterwards."""
    git = ["git", "-C", measure.ROOT]
    with tempfile.TemporaryDirectory(prefix="gorandom-bench-") as folder:
        path = os.path.join(folder, "ref")
        subprocess.run([*git, "worktree", "add", "--quiet", "--detach", path, ref], check=True)
        try:
            yield path
        finally:
            subprocess.run([*git, "worktree", "remove", "--force", path], check=True)


def build_wheel(source, folder):
    command = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check", "wheel", "--no-deps", "-w", folder, source]
    subprocess.run(command, check=True)
    return next(os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".whl"))


def is_ours(name, contestant):
    if isinstance(contestant, works.OpenSSL) or getattr(contestant, "free", False):  # there is one wheel without a GIL
        return False
    return name.startswith(("gorandom", "kernel"))


def compare(entry):
    """An Interval of the ratio of this tree's time (or memory) to REF's; None if one of the two is missing."""
    if any("absent" in entry[side] for side in ("REF", "this")):
        return None
    changes = ratios.paired(entry["this"]["rounds"], entry["REF"]["rounds"], lambda a, b: a / b if b else None)
    return ratios.interval(changes, CONFIDENCE) if None not in changes else None


def table(found, ref):
    import report
    from rich import box
    from rich.table import Table

    units = {work.name: work.unit for work in works.WORKS}
    shown = Table(title=f"This tree beside {ref}", title_justify="left", box=box.SIMPLE_HEAD)
    for column in ("", ref, "this", "change", "interval", "significant"):
        shown.add_column(column)
    for label, entry in found.items():
        work = label.split(" | ")[0]
        sides = [
            f"not there: {entry[side]['absent']}" if "absent" in entry[side]
            else report.written(ratios.pooled(entry[side]["rounds"]).median, units[work])
            for side in ("REF", "this")
        ]  # fmt: skip
        i = compare(entry)
        if not i:
            shown.add_row(label, *sides, "", "", "")
            continue
        change, low, high = (f"{(x - 1) * 100:+.1f} %" for x in i[:3])
        verdict = "faster" if i.high < 1 else "slower" if i.low > 1 else "no"
        style = {"faster": "green", "slower": "red"}.get(verdict, "")
        shown.add_row(label, *sides, change, f"{low} to {high}", verdict, style=style)
    return shown


def benchstat(found, ref):
    """The Go rows once more, in the format of the tool that Go programmers know."""
    files = []
    for side, name in (("REF", ref), ("this", "this")):
        path = os.path.join(measure.BUILD, f"compare-{re.sub('[^A-Za-z0-9._-]', '_', name)}.txt")
        with open(path, "w") as f:
            for label, entry in found.items():
                work, contestant = label.split(" | ")
                row = next(w for w in works.WORKS if w.name == work).contestants[contestant]
                if isinstance(row, works.GoBench):
                    for values in entry[side].get("rounds", []):
                        for value in values:
                            f.write(f"Benchmark{row.name} 1 {value * 1e9} ns/op\n")
        files.append((name, path))
    command = [sys.executable, os.path.join(measure.ROOT, "tests", "tools.py"), "go", "run", BENCHSTAT]
    subprocess.run([*command, *(f"{name}={path}" for name, path in files)], env={**os.environ, "GOFLAGS": ""})


def main():
    parser = measure.arguments(__doc__)
    parser.add_argument("ref", help="a revision, as git names them")
    args = parser.parse_args()
    check = ["git", "-C", measure.ROOT, "rev-parse", "--verify", "--quiet", args.ref + "^{commit}"]
    if subprocess.run(check, stdout=subprocess.DEVNULL).returncode:
        parser.error(f"git does not know {args.ref}")
    measure.enter_venv(args.wheel)

    import run
    from rich.console import Console

    measure.compile_floor()
    console = Console(stderr=True)
    number = QUICK_ROUNDS if args.quick else ROUNDS
    chosen = works.chosen(args.only)
    with worktree(args.ref) as source, tempfile.TemporaryDirectory(prefix="gorandom-bench-") as folder:
        console.print(f"Building {args.ref}")
        wheel = build_wheel(source, os.path.join(folder, "wheel"))
        pythons, binaries = {}, {}
        for side, (what, root) in {"REF": (wheel, source), "this": (args.wheel, measure.ROOT)}.items():
            console.print(f"Making an environment for {os.path.basename(what)} ({side})")
            pythons[side] = measure.make_venv(os.path.join(folder, side), os.path.abspath(what))
            binaries[side] = os.path.join(folder, "go", side)
            measure.compile_go(binaries[side], root)
        sides = {side: measure.Laboratory(pythons[side], binaries[side], args.quick, peers=False) for side in pythons}
        pairs = [(w, n) for w in chosen for n, c in w.contestants.items() if is_ours(n, c)]
        bar, step = run.progress(2 * number * len(pairs))
        found = {f"{w.name} | {n}": {side: {"rounds": []} for side in sides} for w, n in pairs}
        with bar:
            for turn in range(number):
                for work, name in pairs:
                    # REF first in one round, second in the next.
                    for side in list(sides)[:: 1 if turn % 2 == 0 else -1]:
                        step(f"round {turn + 1} of {number}: {work.name}, {name}, {side}")
                        measure.one(sides[side], work, name, found[f"{work.name} | {name}"], side)
    with open(os.path.join(measure.BUILD, "compare.json"), "w") as f:
        json.dump({"ref": args.ref, "works": found}, f)
    out = Console(width=None if sys.stdout.isatty() else 140, highlight=False)
    out.print(table(found, args.ref))
    level = ratios.interval(list(range(number)), CONFIDENCE).confidence
    out.print(
        f"{number} rounds, intervals of {level * 100:.1f} %: of {len(found)} rows without a change, "
        f"{len(found) * (1 - level):.1f} look significant by chance."
    )
    if any(isinstance(w.contestants[n], works.GoBench) for w, n in pairs):
        sys.stdout.flush()
        benchstat(found, args.ref)


if __name__ == "__main__":
    main()
