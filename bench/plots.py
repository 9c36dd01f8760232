"""Draws bench/plots/*.png from measurements, without measuring: python bench/plots.py [FILE …].

sizes.png has a panel for each system. The other plots show the first system: of the files, or of all measured ones.
"""

import argparse
import os

import measure

measure.enter_venv()

import matplotlib  # noqa: E402

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
import ratios  # noqa: E402
import report  # noqa: E402
import works  # noqa: E402

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "plots")
OURS, PEER, INSECURE, WANTED = "#0b6e4f", "#8a8f98", "#d9a441", "#b3261e"
STYLE = {
    "figure.dpi": 130,
    "figure.facecolor": "white",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.grid": True,
    "axes.grid.axis": "x",
    "grid.color": "#e4e6ea",
    "axes.axisbelow": True,
    "ytick.left": False,
    "ytick.major.size": 0,
}


def colour(name):
    return OURS if name.startswith("gorandom") else INSECURE if "insecure" in name else PEER


def finish(figure, results, name, note):
    m = results.machine
    text = (
        f"{note}\n{results.title}, OpenSSL {m['versions']['OpenSSL']};\n{m['processor']}, {m['cores']} cores, {m['system']}; "
        f"keystream {m['keystream']}; {m['date']}{', QUICK' if results.quick else ''}. Medians; lines: the middle half."
    )
    figure.text(0.01, 0.01, text, fontsize=7.5, color="#555", va="bottom")
    os.makedirs(FOLDER, exist_ok=True)
    path = os.path.join(FOLDER, name + ".png")
    # The file has no date and no version, so the same values give the same picture.
    figure.savefig(path, metadata={"Software": None})
    plt.close(figure)
    print(os.path.relpath(path))


def rows(axes, entries, unit, write, log=False):
    """Horizontal bars, or dots on a logarithmic axis, for [(label, Spread)]; the first is on top."""
    for y, (label, s) in enumerate(entries):
        tint = colour(label)
        if log:
            axes.plot([s.low, s.high], [y, y], color=tint, lw=2)
            axes.plot([s.median], [y], "o", color=tint, ms=8)
        else:
            axes.barh(y, s.median, color=tint, height=0.62)
            axes.plot([s.low, s.high], [y, y], color="black", lw=1.2)
        axes.annotate(
            write(s.median), (s.high, y), xytext=(7, 0), textcoords="offset points", va="center",
            fontsize=9, fontweight="bold" if tint == OURS else "normal",
        )  # fmt: skip
    axes.set_yticks(range(len(entries)), [label for label, _ in entries])
    axes.set_ylim(len(entries) - 0.4, -0.6)
    axes.set_xlabel(unit)


def tick(seconds):
    value, unit = report.written(seconds, "s").split()
    return f"{float(value):g} {unit}"


def draws(results):
    """The cost of one call, at three sizes: dots on a logarithmic axis, because the peers are far apart."""
    chosen = [w for w in works.BYTES if results.rounds(w.name, "gorandom")]
    if not chosen:
        return
    names = [n for n in chosen[0].contestants if n not in works.ZEROS and results.rounds(chosen[0].name, n)]
    figure, all_axes = plt.subplots(1, len(chosen), figsize=(11, 4.4), sharey=True, squeeze=False)
    for axes, work in zip(all_axes[0], chosen):
        entries = [(n, ratios.pooled(results.rounds(work.name, n))) for n in names if results.rounds(work.name, n)]
        rows(axes, entries, "time a call, logarithmic", lambda v: report.written(v, "s"), log=True)
        lows, highs = [s.low for _, s in entries], [s.high for _, s in entries]
        axes.set_xscale("log")
        axes.set_xlim(min(lows) / 1.6, max(highs) * 5)
        axes.xaxis.set_major_formatter(lambda v, _: tick(v))
        axes.xaxis.set_minor_formatter("")
        axes.set_title(work.name, loc="left", fontsize=11)
    figure.suptitle("Random bytes from Python: the time of one call (left is better)", x=0.01, ha="left", fontweight="bold")
    figure.tight_layout(rect=(0, 0.08, 1, 1))
    finish(figure, results, "bytes", "Yellow: generators that are not for secrets.")


def size(n):
    return f"{n >> 20} MiB" if n >= 1 << 20 else f"{n >> 10} KiB" if n >= 1 << 10 else f"{n} B"


LINES = {
    "os.urandom": ("#5b6b7f", "-"),
    "ssl.RAND_bytes": ("#3f7cac", "-"),
    "PyNaCl": ("#a3a9b3", "--"),
    "random.randbytes (insecure)": (INSECURE, "-"),
}


def line(axes, name, points):
    """Draws the medians of [(size, Spread)], and the middle half as a band."""
    tint, style = LINES.get(name, (OURS, "-"))
    x = [n for n, _ in points]
    axes.plot(x, [s.median for _, s in points], color=tint, ls=style, lw=2 if name == "gorandom" else 1.3, label=name)
    axes.fill_between(x, [s.low for _, s in points], [s.high for _, s in points], color=tint, alpha=0.15, lw=0)


def sizes(measurements):
    """Above: nanoseconds per byte. Below: how many times as fast as each peer gorandom is, and the bar."""
    chosen = [r for r in measurements if any(r.rounds(w.name, "gorandom") for w in works.SIZES)]
    if not chosen:
        return
    figure, all_axes = plt.subplots(
        2, len(chosen), figsize=(2 + 6 * len(chosen), 7), sharex=True, sharey="row", squeeze=False,
        gridspec_kw={"height_ratios": (1.2, 1)},
    )  # fmt: skip
    for column, results in enumerate(chosen):
        above, below = all_axes[:, column]
        for name in reversed(works.SWEPT):
            there = [w for w in works.SIZES if results.rounds(w.name, name) and results.rounds(w.name, "gorandom")]
            times = [(w.size, [[v / w.size * 1e9 for v in r] for r in results.rounds(w.name, name)]) for w in there]
            line(above, name, [(n, ratios.pooled(rounds)) for n, rounds in times])
            if name != "gorandom":
                line(below, name, [(w.size, results.speedup(w.name, name)) for w in there])
        below.axhline(1, color="black", lw=0.8)
        for bar in works.BARS:
            if len(bar.than) == 1 and bar.than[0] in LINES and bar.at_least and bar.at_least != 1 and len(bar.works) > 1:
                ends = [w.size for w in works.SIZES if w.name in (bar.works[0], bar.works[-1])]
                below.plot(ends, [bar.at_least] * 2, color=LINES[bar.than[0]][0], lw=4, alpha=0.5, solid_capstyle="butt")
        for axes in (above, below):
            axes.set_xscale("log", base=2)
            axes.set_yscale("log")
            axes.grid(axis="both")
            axes.xaxis.set_major_locator(matplotlib.ticker.FixedLocator([1 << i for i in range(0, 25, 4)]))
            axes.xaxis.set_major_formatter(lambda v, _: size(int(v)))
            axes.yaxis.set_major_formatter(lambda v, _: f"{v:g}")
            axes.set_xlim(1, works.LARGEST)
        above.set_title(results.title, loc="left", fontsize=9.5)
        below.set_xlabel("bytes a draw, logarithmic")
    all_axes[0][0].set_ylabel("ns a byte (lower is better)")
    all_axes[1][0].set_ylabel("gorandom: times as fast")
    handles, labels = all_axes[0][0].get_legend_handles_labels()
    all_axes[0][-1].legend(handles[::-1], labels[::-1], frameon=False, fontsize=9)
    figure.suptitle("Random bytes from Python, by the size of a draw", x=0.01, ha="left", fontweight="bold")
    figure.tight_layout(rect=(0, 0.09, 1, 1))
    finish(figure, chosen[0], "sizes", "Thin black: as fast as the peer. Thick: what is wanted beside that peer. Yellow: not for secrets.")


def speedups(results, name, title, chosen, note):
    """How many times as fast as the peer. The red mark is the bar."""
    wanted = {}
    for bar in works.BARS:
        limit = bar.at_least(results.facts) if callable(bar.at_least) else bar.at_least
        wanted.setdefault(bar.works[0], limit or (isinstance(bar.cost, float) and 1 / bar.cost))
    entries = [(w.name, results.speedup(w.name, list(w.contestants)[1]), wanted.get(w.name)) for w in chosen]
    entries = [(n, s, limit) for n, s, limit in entries if s]
    if not entries:
        return
    figure, axes = plt.subplots(figsize=(8.5, 1.6 + 0.3 * len(entries)))
    rows(axes, [(n, s) for n, s, _ in entries], "times as fast (right is better)", lambda v: f"{v:.1f} x")
    for bar in axes.patches:
        bar.set_color(OURS)
    for y, (_, _, limit) in enumerate(entries):
        if limit:
            axes.plot([limit, limit], [y - 0.38, y + 0.38], color=WANTED, lw=2)
    axes.axvline(1, color="black", lw=0.8)
    axes.set_xlim(0, 1.12 * max(max(s.high, limit or 0) for _, s, limit in entries))
    figure.suptitle(title, x=0.01, ha="left", fontweight="bold")
    figure.tight_layout(rect=(0, 0.45 / figure.get_figheight(), 1, 1))
    finish(figure, results, name, note + " Thin black: as fast as Python's. Red: what is wanted.")


def keystream(results):
    work = works.KEYSTREAM[0]
    labels = {"gorandom": "gorandom.fill, from Python", "openssl speed aes-256-ctr": "OpenSSL's cipher, aes-256-ctr"}
    entries = []
    for name in work.contestants:
        if rounds := results.rounds(work.name, name):
            speeds = [[work.size / v / 1e9 for v in values] for values in rounds]
            label = labels.get(name, "gorandom's " + name + " (Go)")
            entries.append((label, ratios.pooled(speeds)))
    if not entries:
        return
    figure, axes = plt.subplots(figsize=(8.5, 1.6 + 0.36 * len(entries)))
    rows(axes, entries, "GB/s on one core", lambda v: f"{v:.1f}")
    axes.set_xlim(0, max(s.high for _, s in entries) * 1.1)
    figure.suptitle("AES-256 keystream, 1 MiB at a time", x=0.01, ha="left", fontweight="bold")
    figure.tight_layout(rect=(0, 0.45 / figure.get_figheight(), 1, 1))
    finish(figure, results, "keystream", "The kernel is chosen by what the processor has.")


def numpy(results):
    chosen = [w for w in works.NUMPY if results.rounds(w.name, "gorandom")]
    if not chosen:
        return
    figure, all_axes = plt.subplots(1, len(chosen), figsize=(10, 2.3), sharey=True, squeeze=False)
    for axes, work in zip(all_axes[0], chosen):
        entries = [(n, ratios.pooled(results.rounds(work.name, n))) for n in work.contestants if results.rounds(work.name, n)]
        rows(axes, [(n, ratios.Spread(*(v * 1e9 for v in s))) for n, s in entries], "ns a number", lambda v: f"{v:.2f}")
        axes.set_xlim(0, max(s.high for _, s in entries) * 1.25e9)
        axes.set_title(work.name.removeprefix("numpy: "), loc="left")
    figure.suptitle("numpy.random.Generator over these bit generators", x=0.01, ha="left", fontweight="bold")
    figure.tight_layout(rect=(0, 0.18, 1, 1))
    finish(figure, results, "numpy", "10,000 numbers at a time. Yellow: not for secrets.")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", metavar="FILE")
    measurements = [report.Results(found) for found in report.measurements(parser.parse_args().files)]
    results = measurements[0]
    with plt.rc_context(STYLE):
        draws(results)
        sizes(measurements)
        keystream(results)
        speedups(
            results, "secrets", "gorandom beside Python's secrets, random.SystemRandom and uuid.uuid4",
            [*works.SMALL, *works.MANY, *works.UUIDS],
            "random.…: gorandom.random (PyCrypto's names), beside random.SystemRandom.",
        )  # fmt: skip
        speedups(
            results, "hmac", "gorandom.hmac beside Python's hmac", works.HMAC,
            "Messages and keys of 32 bytes. A prepared key beside copy().",
        )  # fmt: skip
        numpy(results)


if __name__ == "__main__":
    main()
