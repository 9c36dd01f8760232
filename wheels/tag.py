#!/usr/bin/env python3
"""Prints the message of a release's signed tag, with the hashes of all that wheels/make.py has made:

    git tag -s vX.Y.Z -F <(make -s tag-message)

A hash beside a file says what the place that gives out both wants to say. In the tag the maintainer's key vouches
for it, and the commit with it.
"""

import hashlib
import json
import os
import subprocess
import sys
import tarfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DIST = os.path.join(ROOT, "wheels", "dist")
sys.path.insert(0, os.path.join(ROOT, "pyext"))
from build import origin, target  # noqa: E402


def message(folder, commit, targets=target.RELEASED):
    """The text; SystemExit where the files are not all there, or of another commit."""
    names = sorted(name for name in os.listdir(folder) if name.endswith((".whl", ".tar.gz"))) if os.path.isdir(folder) else []
    sdists = [name for name in names if name.endswith(".tar.gz")]
    missing = [tag for tag in targets if not any(name.endswith(f"-{tag}.whl") for name in names)]
    if len(sdists) != 1 or missing or len(names) != 1 + len(targets):
        raise SystemExit("tag: wheels/dist does not hold one sdist and a wheel for each target: make wheels.")
    top = sdists[0].removesuffix(".tar.gz")
    with tarfile.open(os.path.join(folder, sdists[0])) as tar:
        made_of = json.load(tar.extractfile(f"{top}/{origin.NAME}"))["commit"]
    if made_of != commit:
        raise SystemExit(f"tag: wheels/dist was made of commit {made_of}, and this is {commit}: make wheels.")
    lines = [f"gorandom {top.partition('-')[2]}", "", "SHA-256 of the files of this release:", ""]
    for name in names:
        with open(os.path.join(folder, name), "rb") as f:
            lines.append(f"{hashlib.file_digest(f, 'sha256').hexdigest()}  {name}")
    return "\n".join([*lines, "", "Each wheel can be made again from the sdist: make verify-wheel WHEEL=FILE", ""])


if __name__ == "__main__":
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, check=True, text=True, stdout=subprocess.PIPE).stdout.strip()
    print(message(DIST, head), end="")
