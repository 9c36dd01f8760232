"""Prints the tables of a measurement: python bench/report.py [--markdown] [FILE]. Without measuring."""

import argparse
import json
import os
import sys

import ratios
import works

RESULTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "build", "bench", "results.json")
SCALES = {
    "s": ((1, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns")),
    "B": ((1e6, "MB"), (1024, "KiB"), (1, "B")),
    "of a core": ((1e-2, "% of a core"),),
}


def written(value, unit, like=None):
    """A number with its unit: in that of ``like``, if given."""
    scale, name = next((s for s in SCALES[unit] if abs(like or value) >= s[0]), SCALES[unit][-1])
    value /= scale
    digits = 0 if abs(value) >= 100 or unit == "B" and name == "B" else 1 if abs(value) >= 10 else 2
    return f"{value:.{digits}f} {name}"


def figure(s, unit):
    return f"{written(s.median, unit)} ({number(s.low, unit, s.median)} to {number(s.high, unit, s.median)})"


def number(value, unit, like):
    return written(value, unit, like).split(" ")[0]


def times(s):
    return f"{s.median:.2f} x ({s.low:.2f} to {s.high:.2f})"


class Results:
    """A measurement, and what follows from it."""

    def __init__(self, found):
        self.machine, self.works = found["machine"], found["works"]
        self.quick = found["quick"]
        self.facts = works.Facts(**self.machine["facts"])

    def __contains__(self, name):
        return name in self.works

    def rounds(self, work, contestant):
        """None if it was not measured."""
        return self.works.get(work, {}).get(contestant, {}).get("rounds")

    def absent(self, work, contestant):
        return self.works.get(work, {}).get(contestant, {}).get("absent", "not measured")

    def speedup(self, work, peer, ours="gorandom"):
        a, b = self.rounds(work, ours), self.rounds(work, peer)
        return ratios.speedup(a, b) if a and b else None

    def bar(self, bar):
        """(wanted, measured, verdict)"""
        ours = self.rounds(bar.work, bar.ours)
        unit = next(w.unit for w in works.WORKS if w.name == bar.work)
        at_least, cost, at_most = (
            limit(self.facts) if callable(limit) else limit for limit in (bar.at_least, bar.cost, bar.at_most)
        )
        wanted = (
            (at_least is not None and f"at least {at_least:g} x")
            or (cost is not None and f"costs at most {cost:g} x")
            or (at_most == 0 and "none")
            or (at_most is not None and f"at most {written(at_most, unit)}")
            or ("no bar on this machine" if bar.at_least else "to be told")
        )
        if not ours:
            return wanted, self.absent(bar.work, bar.ours), "not there"
        if bar.adds or at_most is not None:
            if bar.adds and not self.rounds(bar.work, bar.adds):
                return wanted, f"{bar.adds}: {self.absent(bar.work, bar.adds)}", "not there"
            s = ratios.difference(ours, self.rounds(bar.work, bar.adds)) if bar.adds else ratios.pooled(ours)
            return wanted, figure(s, unit), ratios.at_most(s, at_most) if at_most is not None else ""
        judge, limit, combine = (
            (ratios.at_most, cost, ratios.cost) if cost is not None else (ratios.at_least, at_least, ratios.speedup)
        )
        peers = bar.than or [c for c in self.works[bar.work] if c != bar.ours]
        there = {peer: combine(ours, self.rounds(bar.work, peer)) for peer in peers if self.rounds(bar.work, peer)}
        missing = [peer for peer in peers if peer not in there]
        if not there:
            return wanted, ", ".join(f"{p}: {self.absent(bar.work, p)}" for p in missing), "not there"
        worst = (max if cost is not None else min)(there, key=lambda peer: there[peer].median)
        text = f"{times(there[worst])} {worst}" + (f"; not there: {', '.join(missing)}" if missing else "")
        return wanted, text, judge(there[worst], limit) if limit is not None else ""


def group_table(results, group, chosen, box):
    from rich.table import Table

    table = Table(title=group, title_justify="left", box=box)
    for column in ("", "median (middle half)", "GB/s", "gorandom is … times as fast"):
        table.add_column(column)
    for work in chosen:
        if len(work.contestants) > 1:
            table.add_row(work.name, "", "", "", style="bold")
        for name in work.contestants:
            rounds = results.rounds(work.name, name)
            label = f"  {name}" if len(work.contestants) > 1 else work.name
            if not rounds:
                table.add_row(label, f"not there: {results.absent(work.name, name)}", "", "")
                continue
            s = ratios.pooled(rounds)
            ratio = results.speedup(work.name, name) if name != "gorandom" and work.unit == "s" else None
            speed = f"{work.size / s.median / 1e9:.2f}" if work.size else ""
            table.add_row(label, figure(s, work.unit), speed, times(ratio) if ratio else "")
        table.add_section()
    return table


def bars_table(results, box):
    from rich.table import Table

    styles = {"met": "green", "missed": "red", "on the edge": "yellow"}
    table = Table(title="The bars. A ratio is that to the nearest peer", title_justify="left", box=box)
    for column in ("bar", "wanted", "measured (middle half)", ""):
        table.add_column(column)
    for bar in works.BARS:
        if bar.work in results:
            wanted, measured, verdict = results.bar(bar)
            table.add_row(bar.name, wanted, measured, verdict, style=styles.get(verdict, ""))
    return table


def where(results):
    m = results.machine
    hmac = "by the processor's instructions" if m["hmac256"] else "through the core"
    yield f"{m['processor']}, {m['cores']} cores, {m['system']}; {m['date']}"
    yield ", ".join(f"{name} {version}" for name, version in m["versions"].items())
    reason = f" ({m['reason']})" if m["reason"] else ""
    yield f"mode {m['mode']}{reason}, keystream {m['keystream']}, HMAC-SHA-256 {hmac}"
    yield (
        f"VAES {yes(m['facts']['vaes'])}, SHA instructions {yes(m['facts']['sha_ni'])}, getrandom in the vDSO "
        f"{yes(m['facts']['vdso'])}, GIL {yes(m['facts']['gil'])}"
    )
    yield f"load {m['load'][0]:.2f} at the start, {m['load'][-1]:.2f} at the end"
    if m["load"][0] > 0.5:
        yield "The machine had other work when this began: the figures are worse than they are on a quiet one."
    if results.quick:
        yield "QUICK: few rounds, to be looked at and not to be published."


def yes(flag):
    return "yes" if flag else "no"


def show(found, markdown=False):
    from rich import box
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else 140, highlight=False)
    style = box.MARKDOWN if markdown else box.SIMPLE_HEAD
    results = Results(found)
    groups = {}
    for work in works.WORKS:
        if work.name in results:
            groups.setdefault(work.group, []).append(work)
    for group, chosen in groups.items():
        console.print(group_table(results, group, chosen, style))
    console.print(bars_table(results, style))
    for line in where(results):
        console.print(line, markup=False)


def load(path=RESULTS):
    with open(path) as f:
        return json.load(f)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", default=RESULTS)
    parser.add_argument("--markdown", action="store_true")
    args = parser.parse_args()
    show(load(args.file), args.markdown)


if __name__ == "__main__":
    main()
