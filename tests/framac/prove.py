#!/usr/bin/env python3
"""Proves with Frama-C that no function of pyext/front/pure has undefined behaviour, whatever the inputs in the ranges stated.

    python3 tests/framac/prove.py [ENTRY …]

Each file beside this one includes a source of pyext/front/pure, and has entry functions (prove_…). Eva, Frama-C's analysis
of values, interprets them with all inputs at once. It raises an alarm wherever it cannot exclude: an access outside of an object,
a read of what was never written, an invalid pointer, an overflow of signed numbers, a shift too far. Each entry runs twice: as it
is, and with each buffer one element short (model.h), which must raise alarms.

Prints a row for each function. Ends with 1 on an alarm, on a function or a statement that no entry reaches, and on an entry that
raises no alarm where buffers are short.

What the proofs do not cover:
- hex_wide() in text.c: GCC's and Clang's vector instructions. Frama-C has no such types, so it sees the loop without them.
- The two asm statements, in erase() and opaque(). They are empty: Eva takes them for assignments of what stands in their operands.
- Go's compression of SHA-256, which sha256_fast points to: sha256.c has a contract in its place.
- Alignment and aliasing, which Eva does not check. The front copies words by memcpy() and is compiled with -fno-strict-aliasing.
- Sizes beyond the stated ranges: loops take the same steps there. tests/fuzz and the sanitizers meet larger ones.
"""

import csv
import glob
import os
import re
import shutil
import subprocess
import sys
import time

FOLDER = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(FOLDER))
PURE = os.path.join(ROOT, "pyext", "front", "pure")
WORK = os.path.join(ROOT, "build", "framac")

ENTRY = re.compile(r"^/\* ([\w ]+): (.+) \*/\nvoid (prove_\w+)\(void\)", re.M)
FUNCTION = re.compile(r"^(?!#)\w[\w *]*?\b\**(\w+)\([^;{]*\)\s*\{", re.M)
STATEMENTS = re.compile(r"^\s*(\w+): (\d+) stmts out of (\d+)", re.M)
# What a proof leaves out.
UNSEEN = {"hex_wide": "without its vector instructions", "erase": "its asm is taken for empty", "opaque": "its asm may give any number"}
NEEDS = "make prove needs Frama-C: apt-get install --no-install-recommends frama-c-base"

OPTIONS = [
    "-machdep", "gcc_x86_64", "-eva", "-eva-verbose", "1", "-eva-msg-key=-initial-state",
    "-warn-invalid-pointer", "-eva-warn-undefined-pointer-comparison", "all", "-eva-split-return", "full",
    "-metrics", "-metrics-eva-cover",
]  # fmt: skip
UNROLLED = ["-eva-slevel", "20000", "-eva-auto-loop-unroll", "300"]
# Loops whose sizes are not all tried one by one. Gauges relate two variables that a loop moves on.
CALLED = ["-eva-slevel-function", "by_pool:50,table_size:50,uniform_bits:10,uniform_below:100"]
OWN = {
    "prove_below": CALLED,
    "prove_choose_from_pool": [*CALLED, "-eva-auto-loop-unroll", "100"],
    "prove_choose_new_ones": CALLED,
    "prove_hex": ["-eva-domains", "gauges"],
    "prove_urlsafe": ["-eva-domains", "gauges"],
}


def entries():
    """Yield (file, entry, functions, inputs)."""
    for path in sorted(glob.glob(os.path.join(FOLDER, "*.c"))):
        with open(path) as file:
            for functions, inputs, entry in ENTRY.findall(file.read()):
                yield os.path.basename(path), entry, functions.split(), inputs


def interpret(file, entry, missing):
    """(alarms, {function: (statements reached, statements)})"""
    report = os.path.join(WORK, f"{file}.{entry}.{missing}.csv")
    include = f"-DMISSING={missing} -U__has_builtin -I{FOLDER} -I{os.path.join(ROOT, 'pyext', 'front')} -I{os.path.join(ROOT, 'pyext')}"
    command = ["frama-c", f"-cpp-extra-args={include}", os.path.join(FOLDER, file), "-main", entry, *OPTIONS, *OWN.get(entry, UNROLLED),
               "-then", "-report-csv", report]  # fmt: skip
    done = subprocess.run(command, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=WORK)
    with open(report.removesuffix("csv") + "log", "w") as log:
        log.write(done.stdout)
    if done.returncode:
        raise SystemExit(f"prove: frama-c failed on {file}, {entry}:\n{done.stdout[-3000:]}")
    with open(report) as rows:
        alarms = [row for row in csv.DictReader(rows, delimiter="\t") if row["status"] not in ("Valid", "Considered valid", "Dead")]
    reached = {name: (int(some), int(every)) for name, some, every in STATEMENTS.findall(done.stdout)}
    return alarms, reached


def main():
    if not shutil.which("frama-c"):
        print(NEEDS, file=sys.stderr)
        return 2
    os.makedirs(WORK, exist_ok=True)
    chosen, wrong, best = sys.argv[1:], [], {}
    for file, entry, functions, inputs in entries():
        if chosen and entry not in chosen and file not in chosen:
            continue
        start = time.monotonic()
        alarms, reached = interpret(file, entry, 0)
        short, _ = interpret(file, entry, 1)
        print(f"{file} {entry}: {len(alarms)} alarms; {len(short)} where buffers are short; {time.monotonic() - start:.0f} s", flush=True)
        for row in alarms:
            print(f"    {row['file']}:{row['line']}: {row['function']}: {row['property kind']}: {row['property']}")
        wrong += [f"{entry}: {len(alarms)} alarms"] * bool(alarms) + [f"{entry} raises no alarm where buffers are short"] * (not short)
        for name in functions:
            some, every = reached.get(name, (0, 1))
            best.setdefault((file, name), []).append((some / every, f"{some} of {every}", inputs, len(alarms)))
    print(f"\n{'function':18} {'statements':>12} {'result':8} inputs")
    for path in sorted(glob.glob(os.path.join(PURE, "*.c"))) if not chosen else []:
        file = os.path.basename(path)
        with open(path) as source:
            names = FUNCTION.findall(source.read())
        for name in names:
            if (file, name) not in best:
                wrong.append(f"{file}: no entry names {name}")
    for (file, name), ways in best.items():
        part, statements, inputs, alarms = max(ways, key=lambda way: way[0])
        result = "proved" if part == 1 and not alarms else "NOT"
        if part < 1:
            wrong.append(f"{file}: {name}: {statements} statements are reached")
        print(f"{name:18} {statements:>12} {result:8} {inputs}", f"({UNSEEN[name]})" if name in UNSEEN else "")
    for line in wrong:
        print("prove: " + line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
