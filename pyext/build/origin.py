"""Which source is built: the commit, and the time that archives contain instead of the clock's.

A checkout asks git; an sdist contains pyext/generated/origin.json.
"""

import json
import os
import subprocess

NAME = os.path.join("pyext", "generated", "origin.json")
UNKNOWN = {"commit": "", "epoch": 315532800}  # 1980, the earliest time in zip files


def origin(root):
    """Return {"commit": hexadecimal, or "" if unknown, "epoch": seconds}."""
    try:
        with open(os.path.join(root, NAME)) as f:
            return json.load(f)
    except OSError:
        pass
    if not os.path.exists(os.path.join(root, ".git")):
        return dict(UNKNOWN)
    try:
        out = subprocess.run(["git", "log", "-1", "--format=%H %ct"], cwd=root, check=True, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.split()  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return dict(UNKNOWN)
    return {"commit": out[0], "epoch": int(out[1])}


def set_epoch(root):
    """Set SOURCE_DATE_EPOCH for all programs that are run: the caller's value, else the source's own."""
    return int(os.environ.setdefault("SOURCE_DATE_EPOCH", str(origin(root)["epoch"])))
