"""What serves this process, and why."""

from __future__ import annotations

import sys
from dataclasses import dataclass, fields

from . import _front
from ._version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


@dataclass(frozen=True)
class Status:
    """A snapshot. No field holds a secret."""

    __module__ = "gorandom"

    mode: str
    """``"core"``: a Go core of this process; ``"direct"``: the system's generator, through the same pools."""
    reason: str
    """Why the mode is ``"direct"``; empty in mode ``"core"``."""
    ready: bool
    """The system's generator has given bytes to this process or to one that it was forked from."""
    implementation: str
    """How the system's bytes are had, in the words of cryptography's osrandom engine."""
    sources: tuple[str, ...]
    """Names of the entropy sources that feed the pools."""
    dropped: tuple[str, ...]
    """Names of those that do so no more in this process, and why: each has failed a health test of NIST SP 800-90B,
    ``"rdseed: repetition count test"`` or ``"cycles: adaptive proportion test"``. No seed rests on them."""
    reseeds: int
    """Reseeds of this process's core."""
    failed_reseeds: int
    """Reseeds for which the kernel refused its bytes; the old seed served on."""
    events: int
    """Events in the pools of this process's core, since its start."""
    generation: int
    """Forks between this process and the one that imported gorandom."""
    vm_generation: int | None
    """What the machine's monitor counts at each restore of a snapshot; None where it does not tell."""
    clones: str
    """What tells that the machine was restored from a snapshot: ``"vmclock"`` or ``"sysgenid"``, a page of the monitor's
    that is read at each draw; ``"clock"``: nothing does, and ready bytes are used for a second at most."""
    seed_file: str | None
    """The seed file that this process, or one that it was forked from, has used last; None if there is none."""
    keystream: str
    """The AES kernel that makes the bytes; ``"system"`` in mode ``"direct"``. The environment variable
    ``GORANDOM_KEYSTREAM``, read at import, chooses among those that the processor has; it is for tests."""
    memory: str
    """How the core's secrets are kept: which of wiped at fork, undumped and locked the system granted."""
    core_version: str | None
    """Version of the core's library; None where it is not loaded."""

    def __str__(self) -> str:
        lines = [f"gorandom {__version__}"]
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, tuple):
                value = ", ".join(value)
            if value not in ("", None):
                lines.append(f"  {field.name.replace('_', ' '):16} {value}")
        return "\n".join(lines)


def ask_core() -> dict[str, list[str]]:
    """What the core says of itself: a list of values for each name (AppendStatus in pyext/calls). RuntimeError if it
    can't be entered."""
    from . import _core  # already loaded: gorandom imports it

    found: dict[str, list[str]] = {"dropped": []}
    for line in _core.gopy_Status().splitlines():
        name, _, value = line.partition(" ")
        found.setdefault(name, []).append(value)
    return found


def status() -> Status:
    state: Mapping[str, Any] = _front.state()
    names = ("mode", "reason", "implementation", "generation", "vm_generation", "clones", "core_version")
    common: dict[str, Any] = {name: state[name] for name in names}
    common["ready"] = bool(state["ready"])
    common["seed_file"] = getattr(sys.modules.get("gorandom.seedfile"), "last", None)
    if state["mode"] == "core":
        try:
            core = ask_core()
            return Status(
                sources=tuple(core["source"]),
                dropped=tuple(core["dropped"]),
                reseeds=int(core["reseeds"][0]),
                failed_reseeds=int(core["failed_reseeds"][0]),
                events=int(core["events"][0]),
                keystream=core["keystream"][0],
                memory=", ".join(core.get("memory", ())),
                **common,
            )
        except RuntimeError:
            common["mode"] = "direct"
            common["reason"] = (
                "the core cannot be entered now: it is busy, or this process was confined after its start"
            )
    return Status(
        sources=(state["implementation"],),
        dropped=(),
        reseeds=0,
        failed_reseeds=0,
        events=0,
        keystream="system",
        memory="",
        **common,
    )
