"""Check that the C files respect their floors (docs/architecture.md), and list what a draw depends on.

    python3 tests/floors.py          fails if an include or a name points upward, or files form a cycle
    python3 tests/floors.py count    the files under a 16-byte draw, with their lines, as Markdown
    python3 tests/floors.py audit    counts the lines in the table of docs/audit.md again
"""

import collections
import glob
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PYEXT = os.path.join(ROOT, "pyext")
FLOORS = ["pure", "guard", "source", "runtime", "draw", "python"]  # each may use those before it
MODULES = ["numpy", "openssl"]  # above them, not beside each other
OF_PYTHON = ["python/base.h", "python/interpreter.h"]  # the modules' way to the base
OF_CORE = "core/core.h"  # what the front and the core know of each other; all but pure and guard may use it

COMMENT = re.compile(r"/\*.*?\*/", re.S)
STRING = re.compile(r'"(?:\\.|[^"\\\n])*"')
INCLUDE = re.compile(r'^#include "(.+)"', re.M)
# A function or a variable at the left margin that other files may name.
DEFINED = re.compile(r"^(?!static|typedef|extern|#|return)\w[\w *]*?\b\**(\w+)\s*(?:\([^;{]*\)\s*\{|=|\[|;)", re.M)


def read(name):
    with open(os.path.join(PYEXT, name)) as file:
        return file.read()


def sources():
    """Return {name below front: text} of all files of the front."""
    paths = sorted(glob.glob(os.path.join(PYEXT, "front", "*", "*.[ch]")))
    return {os.path.relpath(path, os.path.join(PYEXT, "front")): read(path) for path in paths}


def room(name):
    return name.partition("/")[0]


def may_include(name, included):
    """Return whether this file may include that one."""
    if included == OF_CORE:
        return room(name) not in ("pure", "guard")
    here, there = room(name), room(included)
    if here == there:
        return True
    if here in MODULES:
        return there in FLOORS and (there != "python" or included in OF_PYTHON)
    return here in FLOORS and there in FLOORS and FLOORS.index(there) < FLOORS.index(here)


def may_name(here, there):
    """Return whether a file of this room may name what one of that room defines. A module finds the base's functions in its
    struct, by the same names. The linker refuses any other way."""
    if here in MODULES:
        return there == here or there in FLOORS
    return there in FLOORS[: FLOORS.index(here) + 1]


def uses(files):
    """Return {file: the C files whose functions and variables it names}, without itself."""
    code = {name: STRING.sub('""', COMMENT.sub("", text)) for name, text in files.items()}
    homes = collections.defaultdict(set)
    for name in files:
        if name.endswith(".c"):
            for found in DEFINED.findall(code[name]):
                homes[found].add(name)
    words = {name: set(re.findall(r"\w+", text)) for name, text in code.items()}
    return {
        name: {home for word in words[name] & homes.keys() for home in homes[word] if len(homes[word]) == 1} - {name} for name in files
    }


def circle(graph):
    """Return the files of a cycle, or []."""
    done, path = set(), []

    def walk(name):
        if name in path:
            return path[path.index(name) :]
        if name in done:
            return []
        path.append(name)
        found = next(filter(None, map(walk, sorted(graph[name]))), [])
        path.pop()
        done.add(name)
        return found

    return next(filter(None, map(walk, sorted(graph))), [])


def check():
    files, wrong = sources(), []
    for name, text in files.items():
        wrong += [f"{name} includes {x}" for x in INCLUDE.findall(text) if not may_include(name, x)]
    for name in glob.glob(os.path.join(PYEXT, "core", "*.[ch]")):
        for x in INCLUDE.findall(read(name)):
            if x.startswith("front/") and not x.startswith("front/pure/"):
                wrong.append(f"core/{os.path.basename(name)} includes {x}")
    named = uses(files)
    for name, others in named.items():
        wrong += [f"{name} names what {x} defines" for x in sorted(others) if not may_name(room(name), room(x))]
    found = circle({name: others for name, others in named.items() if name.endswith(".c")})
    if found:
        wrong.append("a circle: " + " -> ".join([*found, found[0]]))
    for line in wrong:
        print("pyext/front: " + line)
    with open(os.path.join(ROOT, "docs", "architecture.md")) as file:
        if table() not in file.read():
            wrong.append("docs/architecture.md: the table of lines is old; put in what `python3 tests/floors.py count` prints")
            print(wrong[-1])
    for line in audit_map():
        wrong.append(line)
        print("docs/audit.md: " + line)
    return 1 if wrong else 0


def table():
    """Return, from python/bytes.c on, the files that it names and includes, those that they do, and all of core."""
    files = sources()
    named, under, new = uses(files), set(), {"python/bytes.c"}
    while new:
        under |= new
        new = {x for name in new for x in {*named[name], *INCLUDE.findall(files[name])} if x in files} - under
    lines = {name: files[name].count("\n") for name in under}
    for path in glob.glob(os.path.join(PYEXT, "core", "*.[ch]")):
        lines["core/" + os.path.basename(path)] = read(path).count("\n")
    rows = ["| | files | lines |", "|---|---|---|"]
    for floor in [*reversed(FLOORS), "core"]:
        there = sorted(name for name in lines if room(name) == floor)
        rows.append(f"| {floor} | {', '.join(x.partition('/')[2] for x in there)} | {sum(lines[name] for name in there):,} |")
    rows.append(f"| all | {len(lines)} files | {sum(lines.values()):,} |")
    return "\n".join(rows)


# ---- docs/audit.md ----

AUDIT = os.path.join(ROOT, "docs", "audit.md")
STOP = re.compile(r"^(\| \d+ [^|]+\| (`[^|]+`) \| )([\d,]+)( \| [^|]+ \|)$", re.M)  # stop, what to read, lines, tests
TEST = re.compile(r"`((?:tests|gorandom|pyext)/[\w/]+(?:\.py)?|test_[\w*]+\.py)`")
# What the product is made of. Generated files don't count, because nobody reads them.
PRODUCT = ["gorandom/**/*", "pyext/**/*", "python/gorandom/**/*.py", "setup.py", "wheels/*.py"]
CODE, MADE = (".py", ".go", ".c", ".h", ".s"), re.compile(r"_test\.go$|_amd64\.s$|/stubs_|/_gen/|/generated/|/_version\.py$|/_front\.py$")


def found(pattern):
    """Return the files of the product that match, relative to the root of the tree."""
    paths = glob.glob(pattern, root_dir=ROOT, recursive=True)
    return {path for path in paths if path.endswith(CODE) and not MADE.search(path)}


def read_at(patterns):
    return {pattern: found(pattern) for pattern in re.findall("`([^`]+)`", patterns)}


def lines_of(paths):
    total = 0
    for path in paths:
        with open(os.path.join(ROOT, path)) as file:
            total += file.read().count("\n")
    return total


def audit_map():
    """Return what is wrong with the table of stops: files, lines and tests."""
    with open(AUDIT) as file:
        text = file.read()
    with open(os.path.join(ROOT, "SECURITY.md")) as file:
        promised = "\n".join(re.findall(r"^\|.*\|$", file.read(), re.M))
    left = set().union(*map(found, PRODUCT))
    stops = STOP.findall(text)
    for head, patterns, stated, _ in stops:
        files = read_at(patterns)
        yield from (f"there is no {pattern}" for pattern, paths in files.items() if not paths)
        paths = set().union(*files.values())
        left -= paths
        counted = lines_of(paths)
        if abs(int(stated.replace(",", "")) - counted) * 10 > counted:
            yield f"{head[2:].partition(' |')[0]} has {counted:,} lines, not {stated}; `python3 tests/floors.py audit` counts all"
    yield from (f"{path} has no stop" for path in sorted(left))
    tests = {x for *_, names in stops for x in TEST.findall(names)}
    yield from (f"there is no {x}" for x in sorted(tests) if not any(glob.glob(os.path.join(ROOT, at, x)) for at in ("", "tests/python")))
    yield from (f"no stop has {x}, which SECURITY.md names" for x in sorted(set(TEST.findall(promised)) - tests))


def count_audit_map():
    with open(AUDIT) as file:
        text = file.read()
    with open(AUDIT, "w") as file:
        file.write(STOP.sub(lambda m: f"{m[1]}{lines_of(set().union(*read_at(m[2]).values())):,}{m[4]}", text))


COMMANDS = {(): check, ("count",): lambda: print(table()), ("audit",): count_audit_map}

if __name__ == "__main__":
    sys.exit(COMMANDS[tuple(sys.argv[1:])]())
