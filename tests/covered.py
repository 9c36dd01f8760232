#!/usr/bin/env python3
"""Report which lines and branches the tests run, in Go, Python and C, for each package and floor.

    tests/covered.py --wheel wheels/gorandom-….whl --pure build/pure/gorandom-….whl
    tests/covered.py … --add tests/python/test_x.py …   only these tests, added to what was counted before
    tests/covered.py … --report                         no tests: the report again

go test counts Go, and coverage.py counts Python in every process that tests start. The C of the front and of the core is
compiled for gcov and replaces the wheel's. Its counters are in files that all processes share (counters.c).

tests/uncovered.txt lists what no test runs: below each reason, a file, a function, and the first line of a run of lines ("*": the
whole function). Ends with 0 if every bar is met and nothing else is left.
"""

import argparse
import collections
import glob
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(ROOT, "pyext"), os.path.join(ROOT, "tests")]
import run  # noqa: E402
import tools  # noqa: E402

from build import toolchain  # noqa: E402

HOME = os.path.join(ROOT, "build", "coverage")
LISTED = os.path.join(ROOT, "tests", "uncovered.txt")
COVERAGE = "coverage==7.17.3"
BARS = {"Go": (96, 0), "Python": (97, 0), "C": (95, 82)}  # per cent of lines (Go: statements), and of branches

# Left out: these look at what ships, at each of its instructions, at times, or at other packages.
LEFT_OUT = ["bench", "build", "clients", "consttime", "packed", "reentrancy", "stdlib_suites", "types", "floors"]

# What go test counts. The rest of pyext is cgo: one line for each function, which every Python test runs.
GO = ["./gorandom/...", "./pyext/calls/...", "./pyext/fatal/..."]

# gcov's counters get pages of their own, before the other variables that start as zeros.
COUNTERS = """SECTIONS { gcov_counters (NOLOAD) : ALIGN(4096) {
	HIDDEN(counters_start = .); *(.bss.__gcov*) . = ALIGN(4096); HIDDEN(counters_end = .);
} } INSERT BEFORE .bss;
"""
GCOV = ["-O0", "-g1", "--coverage", "-fprofile-update=atomic", "-fprofile-info-section=gcov_infos", "-fdata-sections"]


# Python code that runs here. Windows' part is tried by hand.
NOT_WINDOWS = r"""omit = */OSRNG/nt.py
exclude_also =
    else:\n    import ctypes\n    import msvcrt\n[\s\S]*
    if sys\.platform == "win32":
    if os\.name == "nt":"""


class Counted:
    """What is known of one file: {line: times} and {branch: times}. A branch is what the language's tool calls one."""

    def __init__(self):
        self.lines, self.branches = collections.Counter(), collections.Counter()

    def add(self, lines, branches):
        self.lines.update(lines)  # adds, and keeps zeros
        self.branches.update(branches)


def quiet(command, **options):
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, **options)


# ---- Go ----


def run_go():
    path, env = tools.environment()
    profile = os.path.join(HOME, "go.out")
    quiet([path, "test", "-count=1", "-covermode=atomic", "-coverpkg=" + ",".join(GO), "-coverprofile=" + profile, *GO, "./tests/..."],
          cwd=ROOT, env=env)  # fmt: skip


def go_files():
    """Count each statement as a line: Go counts blocks, each of several statements."""
    blocks = collections.Counter()
    with open(os.path.join(HOME, "go.out")) as f:
        for line in f.read().splitlines()[1:]:
            block, statements, count = line.rsplit(" ", 2)
            blocks[block, int(statements)] += int(count)
    found = collections.defaultdict(Counted)
    for (block, statements), count in blocks.items():
        name, _, at = block.partition(":")
        path = name.removeprefix("gorandom.dev/")
        first, column = map(int, at.split(",")[0].split("."))
        if not source(path)[first - 1][column:].strip():
            first += 1  # behind the brace: the first statement
        for i in range(statements):
            found[path].lines[first, block, i] += count
    return found


# ---- Python and C ----


def prepare(name, wheel, everything):
    """Make an environment with the wheel in which each interpreter counts. Return its program, and where the package is."""
    folder = os.path.join(HOME, name)
    python, data, settings = (os.path.join(folder, *parts) for parts in (["bin", "python"], ["data"], ["coveragerc"]))
    if not os.path.exists(os.path.join(folder, "complete")):
        shutil.rmtree(folder, ignore_errors=True)
        quiet([sys.executable, "-m", "venv", *["--without-pip"] * (name != "native"), folder])
        if name == "native":
            pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
            quiet([*pip, "-r", os.path.join(ROOT, "tests", "requirements.txt")])
            quiet([*pip, COVERAGE])
        else:
            with open(os.path.join(site_of(folder), "a_tools.pth"), "w") as f:
                f.write(site_of(os.path.join(HOME, "native")) + "\n")
        open(os.path.join(folder, "complete"), "w").close()
    if everything:
        shutil.rmtree(data, ignore_errors=True)
    os.makedirs(data, exist_ok=True)
    os.chmod(data, 0o777)  # some tests run programs as another user
    site = site_of(folder)
    for old in glob.glob(os.path.join(site, "gorandom*")):
        shutil.rmtree(old)
    with zipfile.ZipFile(wheel) as z:
        z.extractall(site)
    with open(settings, "w") as f:
        f.write(f"""[run]
branch = true
parallel = true
data_file = {data}/counted
source_pkgs = gorandom
disable_warnings = no-data-collected,module-not-imported,module-not-measured,couldnt-parse,no-ctracer
[paths]
source =
    {site}/gorandom
    */gorandom
[report]
{NOT_WINDOWS}
[json]
output = {folder}/counted.json
""")
    with open(os.path.join(site, "coverage_starts.pth"), "w") as f:
        f.write(f"import os; os.environ['COVERAGE_PROCESS_START'] = {settings!r}; import coverage; coverage.process_startup()\n")
    return python, os.path.join(site, "gorandom")


def compile_c(package, everything):
    """Compile the front's modules and the core's library, and replace the wheel's."""
    folder = os.path.join(HOME, "c")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    script, archive = os.path.join(folder, "counters.ld"), os.path.join(ROOT, "pyext", "_gen", "core_go.a")
    with open(script, "w") as f:
        f.write(COUNTERS)
    with open(os.path.join(ROOT, "gorandom", "version.go")) as f:
        version = re.search(r'^const Version = "([^"]+)"', f.read(), re.M)[1]
    include = subprocess.check_output([sys.executable, "-c", "import sysconfig; print(sysconfig.get_paths()['include'])"], text=True).strip()
    flags = [*toolchain.C_FLAGS, *GCOV, "-w", f'-DGORANDOM_VERSION="{version}"']
    front = ["-DPy_LIMITED_API=0x030b0000", "-I" + include]
    libraries = {module + ".abi3.so": (rooms, front, ["-Wl,-z,nodelete"]) for module, rooms in toolchain.MODULES.items()}
    with open(archive, "rb") as f:
        sha256 = ["-DGORANDOM_SHA256_BLOCK"] * (b"go_sha256\0" in f.read())
    libraries[toolchain.CORE] = ("core",), sha256, ["-Wl,--wrap=madvise", *toolchain.CORE_LINK]
    for library, (rooms, more, link) in libraries.items():
        objects = []
        for room in rooms:
            for path in sorted(glob.glob(f"pyext/{'' if room == 'core' else 'front/'}{room}/*.c", root_dir=ROOT)):
                objects.append(os.path.join(folder, f"{room}-{os.path.basename(path)[:-2]}.o"))
                quiet(["gcc", *flags, *more, "-c", path, "-o", objects[-1]], cwd=ROOT)
        counters = os.path.join(HOME, library + ".counters")
        if everything or not os.path.exists(counters):
            with open(counters, "wb") as f:
                f.truncate(1 << 20)  # more than any library has
            os.chmod(counters, 0o666)  # some tests run programs as another user
        core = ["-DCORE"] * (library == toolchain.CORE)
        quiet(["gcc", "-O1", "-fPIC", "-fvisibility=hidden", f'-DCOUNTERS="{counters}"', *core, "-c", "tests/counters.c",
               "-o", os.path.join(folder, library + ".o")], cwd=ROOT)  # fmt: skip
        quiet(["gcc", "-shared", "-Wl,-z,relro", "-Wl,-z,now", "-Wl,-z,noexecstack", *objects, os.path.join(folder, library + ".o"),
               *link, "-T", script, "-lgcov", "-ldl", "-o", os.path.join(package, library)], cwd=ROOT)  # fmt: skip


def run_pytest(python, *arguments):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    if os.path.exists(run.VECTORS):
        environment["GORANDOM_VECTORS"] = run.VECTORS
    code = subprocess.run([python, "-P", "-m", "pytest", "-c", os.path.join(ROOT, "pyproject.toml"), "--rootdir", ROOT, "-p",
                           "no:cacheprovider", "-q", *arguments], cwd=HOME, env=environment, stdin=subprocess.DEVNULL).returncode  # fmt: skip
    if code:
        print("covered: tests failed; some can't pass while they are counted. What ran is counted all the same.", flush=True)


def python_files():
    found = collections.defaultdict(Counted)
    native = os.path.join(HOME, "native")
    # -S: this process is not counted.
    command = [os.path.join(native, "bin", "python"), "-S", "-c",
               "import sys; sys.path.append(sys.argv.pop(1)); from coverage.cmdline import main; sys.exit(main())", site_of(native)]  # fmt: skip
    for name in ("native", "pure"):
        folder = os.path.join(HOME, name)
        settings = "--rcfile=" + os.path.join(folder, "coveragerc")
        subprocess.run([*command, "combine", "--append", "--quiet", os.path.join(folder, "data"), settings], stdout=subprocess.DEVNULL)
        front = os.path.join(site_of(folder), "gorandom", "_front.py")  # tests also replace the native one by it
        shutil.copyfile(os.path.join(ROOT, "pyext", "front", "front.py"), front)
        quiet([*command, "json", "--quiet", "--ignore-errors", settings])
        if name == "native":
            os.remove(front)
        with open(os.path.join(folder, "counted.json")) as f:
            files = json.load(f)["files"]
        for path, seen in files.items():
            path = path.rpartition("/site-packages/gorandom/")[2]
            path = "pyext/front/front.py" if path == "_front.py" else "python/gorandom/" + path
            if not os.path.exists(os.path.join(ROOT, path)):
                continue  # _version.py
            found[path].add(dict.fromkeys(seen["executed_lines"], 1) | dict.fromkeys(seen["missing_lines"], 0),
                            {tuple(b): 1 for b in seen["executed_branches"]} | {tuple(b): 0 for b in seen["missing_branches"]})  # fmt: skip
    return found


def site_of(folder):
    (site,) = glob.glob(os.path.join(folder, "lib", "python*", "site-packages"))
    return site


def c_files():
    folder = os.path.join(HOME, "c")
    package = os.path.join(site_of(os.path.join(HOME, "native")), "gorandom")
    for library in [module + ".abi3.so" for module in toolchain.MODULES] + [toolchain.CORE]:
        quiet([sys.executable, "-S", "-c", "import ctypes, sys; ctypes.CDLL(sys.argv[1])", os.path.join(package, library)],
              env={**os.environ, "COUNTERS_DUMP": "1"})  # fmt: skip
    quiet(["gcov", "--json-format", "--branch-counts", "--branch-probabilities", *glob.glob(os.path.join(folder, "*.gcda"))],
          cwd=folder, stdout=subprocess.DEVNULL)  # fmt: skip
    found = collections.defaultdict(Counted)
    for name in glob.glob(os.path.join(folder, "*.gcov.json.gz")):
        with gzip.open(name) as f:
            report = json.load(f)
        for seen in report["files"]:
            path = os.path.relpath(os.path.join(ROOT, seen["file"]), ROOT)
            if path.startswith("pyext/"):
                for line in seen["lines"]:
                    number = line["line_number"]
                    found[path].add({number: line["count"]}, {(number, i): b["count"] for i, b in enumerate(line["branches"])})
    return found


# ---- the report ----

SOURCES = {}
FUNCTION = {
    ".go": re.compile(r"func (?:\([^)]*\) )?(\w+)"),
    ".py": re.compile(r" *(?:async )?(?:def|class) (\w+)"),
    ".c": re.compile(r"(?!#|return)\w[\w *]*?\b\**(\w+)\s*\("),
}
FUNCTION[".h"] = FUNCTION[".c"]


def source(path):
    if path not in SOURCES:
        with open(os.path.join(ROOT, path)) as f:
            SOURCES[path] = f.read().split("\n")
    return SOURCES[path]


def function(path, number):
    """Return the name of the function around a line, or "" outside all functions."""
    lines, pattern = source(path), FUNCTION[os.path.splitext(path)[1]]
    indent = len(lines[number - 1]) - len(lines[number - 1].lstrip())
    for text in reversed(lines[: number - path.endswith(".py")]):
        if not text.strip():
            continue
        found = pattern.match(text)
        if found and (not path.endswith(".py") or len(text) - len(text.lstrip()) < indent):
            return found[1]
    return ""


def regions(path, counted):
    """Yield the runs of lines that never ran: (path, function, text of the first line), number."""
    times = collections.Counter()
    for at, count in counted.lines.items():
        times[at[0] if isinstance(at, tuple) else at] += count
    before = None
    for number, count in sorted(times.items()):
        here = function(path, number)
        if count == 0 and before != here:
            yield (path, here, source(path)[number - 1].strip()), number
        before = here if count == 0 else None


def listed():
    """Return {(path, function, text)} of lines that may stay uncovered, with the reasons above them. Text "*" is the whole
    function."""
    found = {}
    if os.path.exists(LISTED):
        with open(LISTED) as f:
            reason = None
            for line in f.read().splitlines():
                if line.startswith("# "):
                    reason = line[2:]
                elif line.strip():
                    place, _, text = line.partition(": ")
                    path, _, name = place.partition(" ")
                    found[path, name, text.strip()] = reason
    return found


def part(language, path):
    folder = os.path.dirname(path)
    return folder.removeprefix("pyext/").removeprefix("front/") if language == "C" else folder


def share(counter):
    ran, all_ = sum(count > 0 for count in counter.values()), len(counter)
    return 100 * ran / all_ if all_ else 100, f"{ran:,} of {all_:,}"


def report(languages):
    excused, left, good = listed(), [], True
    print(f"{'':34}{'lines':>8} {'':18}{'branches':>8}")
    for language, files in languages.items():
        parts, whole = collections.defaultdict(Counted), Counted()
        for path, counted in files.items():
            for to in (parts[part(language, path)], whole):
                to.lines.update({(path, at): count for at, count in counted.lines.items()})
                to.branches.update({(path, at): count for at, count in counted.branches.items()})
            left += regions(path, counted)
        for name, counted in [*sorted(parts.items()), ("all of " + language, whole)]:
            (lines, of_lines), (branches, of_branches) = share(counted.lines), share(counted.branches)
            print(f"{name:34}{lines:7.1f}% {of_lines:>18}" + (f"{branches:7.1f}% {of_branches:>18}" if counted.branches else ""))
        good &= lines >= BARS[language][0] and branches >= BARS[language][1]
        print(f"{'':34}bars: {BARS[language][0]} % of lines" + (f", {BARS[language][1]} % of branches" if BARS[language][1] else "") + "\n")
    unexplained = [(key, number) for key, number in left if key not in excused and (*key[:2], "*") not in excused]
    for (path, name, text), number in unexplained:
        print(f"unexplained, line {number}\n{path} {name}: {text}")
    used = {(*key[:2], text) for key, _ in left for text in (key[2], "*")}
    for key in excused.keys() - used:
        if any(key[0] in files for files in languages.values()):
            print(f"listed, but it ran: {key[0]} {key[1]}: {key[2]}")
    print(f"{len(left)} places were not run: {len(left) - len(unexplained)} with a reason, {len(unexplained)} without")
    return 0 if good and not unexplained else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheel", required=True)
    parser.add_argument("--pure", required=True, help="the wheel in pure Python")
    parser.add_argument("--report", action="store_true")
    parser.add_argument("--add", nargs="+", metavar="TEST")
    options = parser.parse_args()
    os.makedirs(HOME, exist_ok=True)
    everything = not options.add and not options.report
    if not options.report:
        python, package = prepare("native", os.path.abspath(options.wheel), everything)
        compile_c(package, everything)
    if options.add:
        run_pytest(python, *map(os.path.abspath, options.add))
    if everything:
        run_go()
        left_out = {os.path.join(run.TESTS, f"test_{name}.py") for name in LEFT_OUT}
        run_pytest(python, *sorted(set(glob.glob(os.path.join(run.TESTS, "test_*.py"))) - left_out))
        run_pytest(python, run.ADVERSITY, "-m", "fast")
        run_pytest(python, os.path.join(run.ADVERSITY, "test_faults.py"), "-m", "not fast")
        python, _ = prepare("pure", os.path.abspath(options.pure), everything)
        run_pytest(python, *(os.path.join(run.TESTS, name) for name in run.PURE))
    return report({"Go": go_files(), "Python": python_files(), "C": c_files()})


if __name__ == "__main__":
    sys.exit(main())
