"""The components of a wheel: a CycloneDX list (1.6, JSON), in its dist-info as PEP 770 says."""

import base64
import datetime
import json
import os
import re
import subprocess

from . import target, toolchain
from .pinned import GO, ZIG

MODULES = "{{with .Module}}{{if .Version}}{{.Path}} {{.Version}}{{end}}{{end}}"


def go_modules(root, go, env, flags):
    """Return [(path, version, SHA-256 in hexadecimal)] for the modules that are compiled into the core."""
    listed = toolchain.output([go, "list", *flags, "-deps", "-f", MODULES, "./pyext/..."], cwd=root, env=env)
    with open(os.path.join(root, "go.sum")) as f:
        sums = dict(re.findall(r"^(\S+ \S+) h1:(\S+)$", f.read(), re.M))
    return [(*line.split(), base64.b64decode(sums[line]).hex()) for line in sorted(set(filter(None, listed.split("\n"))))]


def go_components(go):
    """Return Go, and its standard library, which is in the core."""
    version = "%d.%d.%d" % toolchain.go_version(go)
    return [library("std", version), tool("go", version, None if toolchain.machine_go() else GO)]


def cc_component(cc):
    if toolchain.is_zig(cc):
        return tool("zig", toolchain.output([cc[0], "version"]).strip(), None if toolchain.machine_cc() else ZIG)
    try:
        first = subprocess.run([*cc, "--version"], text=True, capture_output=True).stdout.partition("\n")[0].strip()
    except OSError:
        first = ""
    return tool(os.path.basename(cc[0]), first or "unknown", None)


def tool(name, version, pinned):
    """Return a tool that made the files and is not in them; pinned, if it came from PyPI."""
    component = {"type": "application", "bom-ref": f"tool:{name}", "name": name, "version": version, "scope": "excluded"}
    return component | ({"purl": f"pkg:pypi/{pinned.name}@{pinned.version}"} if pinned else {})


def library(path, version, **more):
    """Return a Go module that is in the core."""
    purl = f"pkg:golang/{path}@{version}"
    return {"type": "library", "bom-ref": purl, "name": path, "version": version, "purl": purl, "scope": "required"} | more


def module(path, version, digest):
    return library(path, version, hashes=[{"alg": "SHA-256", "content": digest}])


def write(path, version, origin, components):
    """Write the list of the components to a file."""
    purl = f"pkg:pypi/gorandom@{version}"
    top = {"type": "library", "bom-ref": purl, "name": "gorandom", "version": version, "purl": purl,
           "licenses": [{"expression": "MIT AND BSD-3-Clause"}]}  # fmt: skip
    properties = {"gorandom:commit": origin["commit"], f"gorandom:{target.VARIABLE}": target.wanted().tag or ""}
    top["properties"] = [{"name": name, "value": value} for name, value in properties.items() if value]
    time = datetime.datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), datetime.timezone.utc)
    references = [c["bom-ref"] for c in components if c["scope"] == "required"]
    bom = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ"), "component": top},
        "components": components,
        "dependencies": [{"ref": purl, "dependsOn": references}, *({"ref": ref} for ref in references)],
    }
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        json.dump(bom, f, indent=1)
        f.write("\n")
