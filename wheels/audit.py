#!/usr/bin/env python3
"""Are weaknesses known of the Go code in the core, or of the packages that build, check, test and measure?

govulncheck asks the Go vulnerability database, pip-audit asks PyPI. Ends with 0 where both answered and know of
nothing, 1 where one knows of something, 3 where one could not ask: that is not a result.
"""

import json
import os
import subprocess
import sys
import venv

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(ROOT, "tests")]
import tools  # noqa: E402

CLEAN, KNOWN, UNASKED = 0, 1, 3
TOOLS = os.path.join(ROOT, "build", "audit")
LOCK = os.path.join(ROOT, "wheels", "audit.txt")
REQUIREMENTS = [
    f"{folder}.txt"
    for folder in ("wheels/requirements", "wheels/audit", "wheels/package", "tests/requirements", "bench/requirements", "docs/requirements")
]


def say(text):
    print("audit: " + text, flush=True)


def could_not(what, text):
    say("*" * 60)
    say(f"{what} COULD NOT ASK. Nothing is known of weaknesses, neither good nor bad:")
    for line in text.strip().splitlines()[-3:]:
        say("    " + line[-160:])
    say("*" * 60)
    return UNASKED


def govulncheck():
    go, env = tools.environment()
    program = os.path.join(TOOLS, "govulncheck")
    command = [go, "build", "-o", program, "golang.org/x/vuln/cmd/govulncheck"]
    done = subprocess.run(command, cwd=os.path.join(ROOT, "wheels", "govulncheck"), env=env, text=True, capture_output=True)
    if done.returncode:
        return could_not("govulncheck", done.stdout + done.stderr)
    done = subprocess.run([program, "./gorandom/...", "./pyext/..."], cwd=ROOT, env=env, text=True, capture_output=True)
    if done.returncode not in (0, 3):  # 3: it knows of something that the code reaches
        return could_not("govulncheck", done.stdout + done.stderr)
    print(done.stdout, end="")
    return KNOWN if done.returncode else CLEAN


def pip_audit():
    python = os.path.join(TOOLS, "bin", "python")
    if not os.path.exists(python):
        venv.create(TOOLS, with_pip=True)
    done = subprocess.run([python, "-m", "pip", "--disable-pip-version-check", "install", "-q", "--no-deps", "--require-hashes",
                           "-r", LOCK], text=True, capture_output=True)  # fmt: skip
    if done.returncode:
        return could_not("pip-audit", done.stderr)
    result = CLEAN
    for name in REQUIREMENTS:
        command = [python, "-m", "pip_audit", "--disable-pip", "--no-deps", "--progress-spinner=off", "-f", "json", "-r", name]
        done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True)
        try:
            packages = json.loads(done.stdout)["dependencies"]
        except (ValueError, KeyError):
            return could_not("pip-audit", done.stderr)
        skipped = [p["name"] for p in packages if "skip_reason" in p]
        if skipped or not packages:
            return could_not("pip-audit", f"{name}: no answer for {' '.join(skipped) or 'anything'}")
        for package in packages:
            for found in package["vulns"]:
                say(f"{name}: {package['name']} {package['version']}: {found['id']}, fixed in {found['fix_versions']}")
                result = KNOWN
        say(f"{name}: {len(packages)} packages")
    return result


if __name__ == "__main__":
    os.makedirs(TOOLS, exist_ok=True)
    results = []
    for ask in (govulncheck, pip_audit):
        say(f"{ask.__name__.replace('_', '-')} ...")
        results.append(ask())
    result = KNOWN if KNOWN in results else max(results)
    say({CLEAN: "nothing is known", KNOWN: "WEAKNESSES ARE KNOWN", UNASKED: "INCOMPLETE"}[result])
    sys.exit(result)
