"""Prints the tables of measurements, without measuring: python bench/report.py [--markdown] [FILE …].

Without a FILE it prints those of all systems that have been measured. --readme rewrites the tables of docs/benchmarks.md
and README.md, with a column for each system.
"""

import argparse
import glob
import json
import os
import sys

import measure
import ratios
import works

README = os.path.join(measure.ROOT, "README.md")  # the headlines
PAGE = os.path.join(measure.ROOT, "docs", "benchmarks.md")  # all figures
FIRST, LAST = "<!-- figures: make bench-readme writes these lines -->", "<!-- end of the figures -->"
SCALES = {
    "s": ((1, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns")),
    "B": ((1e6, "MB"), (1024, "KiB"), (1, "B")),
    "of a core": ((1e-2, "% of a core"),),
}


def written(value, unit, like=None):
    """A number with its unit: the unit of ``like``, if given."""
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

    @property
    def title(self):
        v = self.machine["versions"]
        return f"{self.machine['distribution']}, CPython {v['CPython']}, getrandom by {GETRANDOM[self.facts.vdso]}"

    def wanted(self, bar):
        """(limit, text); the limit is None where the bar does not hold on this machine."""
        kinds = {"at least {:g} x": bar.at_least, "costs at most {:g} x": bar.cost, "at most {}": bar.at_most}
        text, limit = next(((text, limit) for text, limit in kinds.items() if limit is not None), ("to be told", None))
        if callable(limit) and (limit := limit(self.facts)) is None:
            return None, "no bar on this machine"
        if bar.at_most is not None:
            unit = next(w.unit for w in works.WORKS if w.name == bar.work)
            return limit, "none" if limit == 0 else text.format(written(limit, unit))
        return limit, text.format(limit) if limit is not None else text

    def bar(self, bar):
        """(wanted, measured, verdict)"""
        limit, wanted = self.wanted(bar)
        found, missing = self.of_unit(bar) if bar.adds or bar.at_most is not None else self.of_ratios(bar)
        if not found:
            return wanted, missing, "not there"
        judge = ratios.at_least if bar.at_least is not None else ratios.at_most
        return wanted, found[1] + missing, judge(found[0], limit) if limit is not None else ""

    def of_unit(self, bar):
        """((figure, its text) or None, what is missing) of a bar in its work's unit."""
        sides = {name: self.rounds(bar.work, name) for name in (bar.ours, bar.adds) if name}
        missing = next((name for name, rounds in sides.items() if not rounds), None)
        if missing:
            return None, f"{missing}: {self.absent(bar.work, missing)}"
        s = ratios.difference(*sides.values()) if bar.adds else ratios.pooled(sides[bar.ours])
        return (s, figure(s, next(w.unit for w in works.WORKS if w.name == bar.work))), ""

    def of_ratios(self, bar):
        """The same for a bar that is a ratio: the figure is the worst of all works and peers."""
        there, missing = [], {}
        combine, worst = (ratios.cost, max) if bar.cost is not None else (ratios.speedup, min)
        for work in filter(self.__contains__, bar.works):
            ours = self.rounds(work, bar.ours)
            for peer in bar.than or [c for c in self.works[work] if c != bar.ours]:
                theirs = self.rounds(work, peer)
                if ours and theirs:
                    there.append((combine(ours, theirs), peer if len(bar.works) == 1 else f"{peer}, {work}"))
                else:
                    name = peer if ours else bar.ours
                    missing[name] = self.absent(work, name)
        if not there:
            return None, ", ".join(f"{name}: {why}" for name, why in missing.items())
        s, peer = worst(there, key=lambda pair: pair[0].median)
        return (s, f"{times(s)} {peer}"), f"; not there: {', '.join(missing)}" if missing else ""


GETRANDOM = {True: "the vDSO", False: "system call", None: "system call or vDSO: could not be told"}


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


def sizes_table(results, box):
    """A row for two sizes that are a byte apart, and for the sizes between where they miss a bar."""
    from rich.table import Table

    table = Table(title="Sizes: times as fast as each peer", title_justify="left", box=box)
    for column in ("bytes", "median (middle half)", "GB/s", *works.SWEPT[1:], "one byte more costs"):
        table.add_column(column)
    for work in works.SIZES:
        ours = results.rounds(work.name, "gorandom")
        if not ours:
            continue
        s = ratios.pooled(ours)
        peers = [results.speedup(work.name, peer) for peer in works.SWEPT[1:]]
        above = next((w.name for w in works.SIZES if w.size == work.size + 1), None)
        more = above and results.rounds(above, "one byte less")
        if not more and all(peer is None or peer.median >= 1 for peer in peers):
            continue
        step = ratios.cost(results.rounds(above, "gorandom"), more) if more else None
        cells = ["not there" if peer is None else f"{peer.median:.2f} x" for peer in peers]
        table.add_row(f"{work.size:,}", figure(s, "s"), f"{work.size / s.median / 1e9:.2f}", *cells, times(step) if step else "")
    return table


def bars_table(measurements, box):
    from rich.table import Table

    styles = {"met": "green", "missed": "red", "on the edge": "yellow"}
    table = Table(title="The bars. A ratio is that to the nearest peer", title_justify="left", box=box)
    table.add_column("bar")
    for results in measurements:
        for column in ("wanted", "measured (middle half)", results.title if len(measurements) > 1 else ""):
            table.add_column(column)
    for bar in works.BARS:
        if any(work in results for results in measurements for work in bar.works):
            cells = [results.bar(bar) for results in measurements]
            style = styles.get(cells[0][2], "") if len(cells) == 1 else ""
            table.add_row(bar.name, *(cell for row in cells for cell in row), style=style)
    return table


def table(measurements, chosen, cell):
    """A row for each of the figures, a column for each measurement."""
    yield f"| times as fast | {' | '.join(short(results) for results in measurements)} | as |"
    yield "|---" * (len(measurements) + 2) + "|"
    bars = {bar.name: bar for bar in works.BARS}
    for what, than, names in chosen:
        if any(results.of_ratios(bars[name])[0] for results in measurements for name in names):
            cells = [" / ".join(cell(results, bars[name]) for name in names) for results in measurements]
            yield f"| {what} | {' | '.join(cells)} | {than} |"


def headlines(measurements):
    """The README's lines between FIRST and LAST."""
    yield FIRST
    yield from table(measurements, [figure for figure in works.FIGURES if figure[0] in works.HEADLINES], headline)
    yield LAST


def page(measurements):
    """The lines of docs/benchmarks.md between FIRST and LAST."""
    yield FIRST
    for results in measurements:
        m = results.machine
        v = m["versions"]
        yield (
            f"- {results.title}: {m['processor']}, {m['cores']} cores, {m['system']}, {v['C library']}, OpenSSL "
            f"{v['OpenSSL']}, keystream `{m['keystream']}`; {m['date']}{', QUICK' if results.quick else ''}"
        )
    yield ""
    yield from table(measurements, works.FIGURES, cell)
    if os.path.exists(os.path.join(measure.HERE, "plots", "sizes.png")):
        yield "\n![The time of a draw, by its size](../bench/plots/sizes.png)"
    yield LAST


def short(results):
    name = results.machine["distribution"].removesuffix(")").replace("GNU/Linux ", "").split(" (")[0]
    return f"{name}, CPython {'.'.join(results.machine['versions']['CPython'].split('.')[:2])}"


def cell(results, bar):
    found, _ = results.of_ratios(bar)
    if not found:
        return "not measured"
    wanted, _, verdict = results.bar(bar)
    return times(found[0]) + (f", **{verdict}** ({wanted})" if verdict in ("missed", "on the edge") else "")


def headline(results, bar):
    """Only the median. The page with all figures says which bars were missed."""
    found, _ = results.of_ratios(bar)
    return f"{digits(found[0].median)} x" if found else "not measured"


def digits(ratio):
    """Three digits, or all that are before the decimal point."""
    return f"{ratio:.{0 if ratio >= 99.5 else 1 if ratio >= 9.95 else 2}f}"


def write(path, lines):
    """Replace a file's lines from FIRST to LAST with these lines."""
    with open(path) as f:
        before, rest = f.read().split(FIRST)
    after = rest.split(LAST)[1]
    with open(path, "w") as f:
        f.write(before + "\n".join(lines) + after)


def where(results):
    m = results.machine
    hmac = "by the processor's instructions" if m["hmac256"] else "through the core"
    yield f"{m['distribution']}, {m['system']}, {m['processor']}, {m['cores']} cores; {m['date']}"
    yield ", ".join(f"{name} {version}" for name, version in m["versions"].items())
    reason = f" ({m['reason']})" if m["reason"] else ""
    yield f"mode {m['mode']}{reason}, keystream {m['keystream']}, HMAC-SHA-256 {hmac}"
    yield (
        f"VAES {yes(m['facts']['vaes'])}, SHA instructions {yes(m['facts']['sha_ni'])}, getrandom by "
        f"{GETRANDOM[results.facts.vdso]}, GIL {yes(m['facts']['gil'])}"
    )
    yield f"load {m['load'][0]:.2f} at the start, {m['load'][-1]:.2f} at the end"
    if m["load"][0] > 0.5:
        yield "The machine had other work when this began: the figures are worse than they are on a quiet one."
    if results.quick:
        yield "QUICK: few rounds, to be looked at and not to be published."


def yes(flag):
    return "yes" if flag else "no"


def show(found, markdown=False):
    console, style = output(markdown)
    results = Results(found)
    groups = {}
    for work in works.WORKS:
        if work.name in results:
            groups.setdefault(work.group, []).append(work)
    for group, chosen in groups.items():
        console.print(sizes_table(results, style) if group == "Sizes" else group_table(results, group, chosen, style))
    console.print(bars_table([results], style))
    for line in where(results):
        console.print(line, markup=False)
    absent = {f"{work}, {name}: {entry['absent']}" for work, entries in results.works.items()
              for name, entry in entries.items() if "absent" in entry}  # fmt: skip
    if absent:
        console.print(f"NOT MEASURED: {len(absent)}", style="yellow")
        for line in sorted(absent):
            console.print("  " + line, markup=False)


def output(markdown, width=160):
    from rich import box
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else width, highlight=False), box.MARKDOWN if markdown else box.SIMPLE_HEAD


def load(path):
    with open(path) as f:
        return json.load(f)


def measurements(files):
    """The measurements in the files; without files, those of all systems, in the order of their names."""
    files = files or sorted(glob.glob(os.path.join(measure.COMMON, "*", "results.json")))
    if not files:
        raise SystemExit("bench: nothing has been measured yet: make bench")
    return [load(path) for path in files]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", metavar="FILE")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--readme", action="store_true", help="writes the tables of docs/benchmarks.md and README.md, and prints nothing")
    args = parser.parse_args()
    measure.enter_venv()
    found = measurements(args.files)
    all_results = [Results(one) for one in found]
    if args.readme:
        write(PAGE, page(all_results))
        return write(README, headlines(all_results))
    for one in found:
        show(one, args.markdown)
    if len(found) > 1:
        console, style = output(args.markdown, 110 * len(found))
        console.print(bars_table(all_results, style))


if __name__ == "__main__":
    main()
