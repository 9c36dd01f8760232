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
    """What served this process when ``status()`` was called. Frozen; no field contains a secret.

    ``mode``
        ``"core"`` if a Go core of this process serves; ``"direct"`` if the system's generator does; ``"system"`` if
        ``os.urandom`` does, because this installation is in pure Python.
    ``reason``
        Why the mode is not ``"core"``; empty in that mode.
    ``ready``
        Whether the system's generator has given bytes to this process or to one that it was forked from.
    ``implementation``
        How the system's bytes are read, in the words of cryptography's osrandom engine.
    ``sources``
        Names of the entropy sources that feed the pools.
    ``dropped``
        Names of the sources that no longer do, and why. Each failed a health test of NIST SP 800-90B:
        ``"rdseed: repetition count test"`` or ``"cycles: adaptive proportion test"``. No seed depends on them.
    ``reseeds``
        Number of reseeds of this process's core.
    ``failed_reseeds``
        Number of reseeds for which the kernel refused to give bytes; the old seed stayed in use.
    ``events``
        Number of events added to the pools of this process's core since its start.
    ``generation``
        Number of forks between this process and the one that imported gorandom.
    ``vm_generation``
        The hypervisor's count of restores from a snapshot; None if it does not provide one.
    ``clones``
        What shows that the machine was restored from a snapshot. ``"vmclock"`` and ``"sysgenid"`` are pages that the
        hypervisor provides, read at each draw. With ``"clock"`` nothing shows it, and ready bytes are used for at most
        a second. ``"nothing kept"`` (in mode ``"system"``) means that there are no ready bytes.
    ``seed_file``
        The seed file that this process, or one that it was forked from, used last; None if it used none.
    ``keystream``
        The AES kernel that makes the bytes; ``"system"`` where the system makes them. For tests, the environment
        variable ``GORANDOM_KEYSTREAM``, read at import, chooses one of those that the processor supports.
    ``memory``
        How the core's secrets are protected: which of wiping at fork, exclusion from dumps and locking the system
        granted.
    ``core_version``
        Version of the core's library; None if it is not loaded.
    """

    __module__ = "gorandom"

    mode: str
    reason: str
    ready: bool
    implementation: str
    sources: tuple[str, ...]
    dropped: tuple[str, ...]
    reseeds: int
    failed_reseeds: int
    events: int
    generation: int
    vm_generation: int | None
    clones: str
    seed_file: str | None
    keystream: str
    memory: str
    core_version: str | None

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
    """Return what the core reports about itself: a list of values for each name (AppendStatus in pyext/calls).

    RuntimeError if the core can't be entered.
    """
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
