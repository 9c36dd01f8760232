"""Which source is built: the commit, and the time that stands in archives in the place of the clock's.

A checkout asks git; an sdist brings pyext/generated/origin.json along.
"""

import json
import os
import subprocess

NAME = os.path.join("pyext", "generated", "origin.json")
UNKNOWN = {"commit": "", "epoch": 315532800}  # 1980, where zip files begin


def origin(root):
    """{"commit": hexadecimal, or "" where nobody knows, "epoch": seconds}"""
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
    """SOURCE_DATE_EPOCH: the caller's, else the source's own. In the environment for all that is run."""
    return int(os.environ.setdefault("SOURCE_DATE_EPOCH", str(origin(root)["epoch"])))
