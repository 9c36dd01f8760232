"""What the figures depend on: the system, the interpreter, the C library, the kernel, the processor."""

import datetime
import importlib.metadata
import json
import os
import platform
import re
import subprocess
import sys
import sysconfig

import measure

GORANDOM = """
import gorandom, json
gorandom.get_random_bytes(1)
s = gorandom.status()
print(json.dumps({"mode": s.mode, "reason": s.reason, "keystream": s.keystream, "gorandom": gorandom.__version__,
                  "hmac256": bool(getattr(gorandom._front, "hmac256", 0)), "file": gorandom.__file__}))
"""

# How many of 100 draws succeed where every system call for them fails. With the vDSO they need a call only for a new
# key.
VDSO = """
import errno, os, confine
os.urandom(16)  # the vDSO's state, and its first key
confine.refuse("getrandom", errno.EIO)
served = 0
for _ in range(100):
    try:
        os.urandom(16)
        served += 1
    except OSError:
        pass
print(served)
"""


def cpuinfo():
    """(name, flags)"""
    found = {}
    try:
        with open("/proc/cpuinfo") as f:
            for line in f:
                key, _, value = line.partition(":")
                found.setdefault(key.strip(), value.strip())
    except OSError:
        pass
    return found.get("model name", platform.machine()), (found.get("flags") or found.get("Features", "")).split()


def vdso(python):
    """Does os.urandom draw without a system call (needs glibc 2.41 and Linux 6.11)? None where no filter can be set."""
    environment = {**os.environ, "PYTHONPATH": measure.NOISE}
    done = subprocess.run([python, "-c", VDSO], text=True, capture_output=True, env=environment)
    return int(done.stdout) >= 50 if done.returncode == 0 else None


def versions(python, gorandom, file, revision):
    import ssl

    library = os.path.join(os.path.dirname(file), "libgorandom.core.so")
    go = None
    if os.path.exists(library):
        with open(library, "rb") as f:
            go = re.search(rb"go1\.\d+(\.\d+)?", f.read())
    found = {
        "gorandom": f"{gorandom} ({revision})",
        "CPython": platform.python_version(),
        "Go": go[0].decode()[2:] if go else "none",
        "OpenSSL": ssl.OPENSSL_VERSION.split()[1],
        "C library": " ".join(platform.libc_ver()),
    }
    for requirement in measure.requirements():
        package = requirement.split("==")[0]
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not there: no wheel for this Python"
    return found


def describe(python, revision):
    """For the results: the description for a reader, and in "facts" what decides which bar holds (works.Facts)."""
    what = json.loads(subprocess.run([python, "-c", GORANDOM], check=True, text=True, stdout=subprocess.PIPE).stdout)
    name, flags = cpuinfo()
    return {
        "date": datetime.date.today().isoformat(),
        "distribution": measure.release().get("PRETTY_NAME", "unknown"),
        "processor": name,
        "cores": len(os.sched_getaffinity(0)),
        "system": f"{platform.system()} {platform.release()}",
        "versions": versions(python, what.pop("gorandom"), what.pop("file"), revision),
        "load": [os.getloadavg()[0]],
        **what,
        "facts": {
            "vaes": "vaes" in flags,
            "sha_ni": "sha_ni" in flags or "sha2" in flags,
            "vdso": vdso(python),
            "gil": not sysconfig.get_config_var("Py_GIL_DISABLED"),
            "fork_counts": sys.version_info >= (3, 12),
            "cores": len(os.sched_getaffinity(0)),
        },
    }
