"""A played host for unit tests: plain Python, no WebAssembly. It plays commands and files, and enforces the plan
like the real one: what was not planned is a `Failure`, and one failure on the way fails the run.

    from sidecar_sdk.testing import Host

    def test_the_dump_is_the_backup():
        made = Host().prints("pg_dump app", b"rows").backup(Strategy, {"database": "app"})
        assert made.artifact == b"rows"
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from componentize_py_types import Err
from wit_world.exports import restore as raw_restore
from wit_world.exports import strategy as raw_strategy
from wit_world.imports.omissions import Omission

from .. import Plan, Strategy
from ..failure import Failure
from ..preflight import Findings, preflight
from ..restore import Plan as RestorePlan
from ..restore import Restorable, Selection, exported
from .imports import playing
from .world import World

__all__ = ["Backup", "Host", "Omission", "Restored"]

R = TypeVar("R")


@dataclass
class Backup:
    """What a strategy has made."""

    #: The bytes, before any compression.
    artifact: bytes
    plan: Plan
    #: Name and bytes of each part.
    parts: dict[str, bytes]
    #: The command lines that ran, in order.
    ran: list[str]
    #: Level and message.
    log: list[tuple[str, str]]
    omissions: list[Omission]
    #: Where each part begins.
    offsets: dict[str, int]


@dataclass
class Restored:
    """What a strategy has restored."""

    plan: RestorePlan
    #: The note of each part.
    notes: dict[str, str]
    #: Why a part was not restored.
    failures: dict[str, Failure]
    #: The files of the target directory.
    files: dict[str, bytes]
    #: What each command got on its standard input.
    fed: list[tuple[str, bytes]]
    ran: list[str]


class Host:
    """A played host. Commands and files that were not registered do not exist."""

    def __init__(self) -> None:
        self._commands: dict[str, tuple[int, bytes]] = {}
        self._files: dict[bytes, bytes] = {}
        self._temp_dump: bytes | None = None
        self._left_over: bytes | None = None
        self._parameters: dict[str, str] = {}
        self._accepted: list[str] = []

    def prints(self, line: str, stdout: bytes | str = b"") -> "Host":
        """Registers a command that succeeds, and its stdout; a program by its `planned()`."""
        self._commands[line] = (0, stdout.encode() if isinstance(stdout, str) else stdout)
        return self

    def fails(self, line: str, exit_code: int = 1) -> "Host":
        """Registers a command that fails."""
        self._commands[line] = (exit_code, b"")
        return self

    def file(self, path: str, content: bytes | str) -> "Host":
        """Registers a file at an absolute path; the directories above it exist with it."""
        self._files[path.encode()] = content.encode() if isinstance(content, str) else content
        return self

    def temp_dump(self, content: bytes) -> "Host":
        """What the commands leave at SIDE_CAR_TEMP_DUMP."""
        self._temp_dump = content
        return self

    def left_over(self, content: bytes) -> "Host":
        """What a crashed run has left at SIDE_CAR_TEMP_DUMP: no strategy may take it for its own."""
        self._left_over = content
        return self

    def parameter(self, name: str, value: str) -> "Host":
        """A parameter of the run."""
        self._parameters[name] = value
        return self

    def accepts(self, word: str) -> "Host":
        """A consequence that the operator accepts for a restore."""
        self._accepted.append(word)
        return self

    def plan(self, strategy: type[Strategy], config: dict[str, Any]) -> Plan:
        """The plan of the strategy. Several reasons against the configuration are an `ExceptionGroup`."""
        raw = _all(lambda: strategy().plan_run(json.dumps(config)))
        return Plan(**vars(raw))

    def check(self, strategy: type[Strategy], config: dict[str, Any]) -> Findings:
        """Whether a run would succeed now, with the grants of its plan."""
        world = self._world(self.plan(strategy, config))
        world.looks_only = True
        with playing(world):
            found = preflight(strategy)().preflight(json.dumps(config))
        return Findings([Failure.of(one) for one in found.failures], [Failure.of(one) for one in found.warnings])

    def backup(self, strategy: type[Strategy], config: dict[str, Any]) -> Backup:
        """Grants the plan, and makes a backup. The first failure fails it, whatever the strategy makes of it."""
        plan = self.plan(strategy, config)
        world = self._world(plan)
        run = raw_strategy.Run("test", json.dumps(config), list(self._parameters.items()))
        with playing(world):
            _one(lambda: strategy().backup(run), world)
        if world.part is not None:
            raise Failure("bad-part", f"part {world.part[0]!r} has no end")
        if not world.artifact:
            raise Failure("nothing-generated", "the strategy wrote nothing")
        return Backup(
            bytes(world.artifact),
            plan,
            {name: bytes(world.artifact[start:end]) for name, (start, end) in world.parts.items()},
            world.ran,
            world.log,
            world.omissions,
            {name: start for name, (start, _) in world.parts.items()},
        )

    def restore(
        self,
        strategy: type[Restorable],
        config: dict[str, Any],
        backup: Backup,
        only: list[Selection] | None = None,
        into: str | None = None,
        replace: bool = False,
    ) -> Restored:
        """Grants the plan of a restore, and restores."""
        parts = [
            raw_restore.Part(name, backup.offsets[name], len(content)) for name, content in backup.parts.items()
        ]
        chosen = [raw_restore.Selection(one.name, one.new_name) for one in only or []]
        size = len(backup.artifact)
        request = raw_restore.Request(json.dumps(config), "", size, parts, chosen, into, replace)
        module = exported(strategy)()
        world = self._world(None)
        world.backup = backup.artifact
        with playing(world):
            plan = _all(lambda: module.plan_restore(request))
            world.grant_restore(plan, parts)
            outcomes = _one(lambda: module.restore("test", request), world, ends=False)
        failed = {one.name: Failure.of(one.failure) for one in outcomes if one.failure is not None}
        if world.failure is not None and not failed:
            raise world.failure
        notes = {one.name: one.note for one in outcomes}
        return Restored(RestorePlan(**vars(plan)), notes, failed, world.made, world.fed, world.ran)

    def _world(self, plan: Plan | None) -> World:
        return World(
            commands=self._commands,
            files=self._files,
            temp_dump=self._temp_dump,
            left_over=self._left_over,
            accepted=self._accepted,
            planned=plan or Plan(),
        )


def _one(call: Callable[[], R], world: World, ends: bool = True) -> R:
    """Calls the strategy as the host does; with `ends`, a failure of a host call fails it, too."""
    try:
        answer = call()
    except Err as error:
        failure = Failure.of(error.value)
        own = world.failure is None or world.failure.code == failure.code or not ends
        raise failure if own or world.failure is None else world.failure from None
    if ends and world.failure is not None:
        raise world.failure
    return answer


def _all(call: Callable[[], R]) -> R:
    try:
        return call()
    except Err as error:
        failures = [Failure.of(one) for one in error.value]
        if len(failures) == 1:
            raise failures[0] from None
        raise ExceptionGroup("refused", failures) from None
