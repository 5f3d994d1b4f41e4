"""What a strategy defines that also restores its backups.

    class Strategy(sidecar_sdk.Strategy, restore.Restorable):
        def plan_restore(self, request): ...
        def restore(self, run_id, request): ...

    Restore = restore.exported(Strategy)
    RestorePreflight = restore.exported_preflight(Strategy)
    Refusals = restore.exported_refusals(Strategy)
"""

import json
from dataclasses import dataclass, field
from typing import Any

from wit_world import exports
from wit_world.exports import refusals as raw_refusals
from wit_world.exports import restore as raw
from wit_world.exports.restore_preflight import Findings as RawFindings

from . import choices, source, target
from .commands import Command, Finished
from .failure import Failure, RawFailure, answer, answer_all, of_system
from .preflight import Findings
from .programs import Program
from .source import Source

__all__ = [
    "Outcome",
    "Part",
    "Plan",
    "Request",
    "Restorable",
    "Selection",
    "choices",
    "exported",
    "exported_preflight",
    "exported_refusals",
    "source",
    "target",
]


@dataclass
class Part:
    """A named range of the backup."""

    name: str
    offset: int
    length: int

    def open(self) -> Source:
        """For reading and seeking."""
        return Source(self.offset, self.length)

    def feed(self, command: Command | Program) -> Finished:
        """Runs a command or a program with this part as its standard input."""
        return command.feed(self.offset, self.length)

    def lay_out(self) -> None:
        """Writes it to the file at SIDE_CAR_TEMP_DUMP, in place of what another call wrote there."""
        source.lay_out(self.offset, self.length)

    def content(self) -> target.Content:
        """Where the backup has it, for `target.make_file`."""
        return target.Content(self.offset, self.length)


@dataclass
class Selection:
    """What the operator chose: the name of a part, or what the strategy uses as names, and its new name."""

    name: str
    new_name: str | None = None

    def target_name(self) -> str:
        """The name at the target."""
        return self.name if self.new_name is None else self.new_name


@dataclass
class Request:
    """A backup to restore, and how."""

    #: `strategy.config` as it is now: the backup may be older.
    config: dict[str, Any]
    #: The artifact's format, from its manifest.
    format: str
    #: Bytes of the whole backup, as `make` wrote them.
    size: int
    #: In the order of their offsets; empty when the backup has no parts.
    parts: list[Part]
    #: Empty for everything.
    only: list[Selection]
    #: A server (a URL) or a directory (absolute) other than the configured one.
    into: str | None
    #: Whether existing data may be overwritten.
    replace: bool

    def is_of_any_backup(self) -> bool:
        """Whether it is about any backup: `sidecar check` asks what restores need before there is one."""
        return self.size == 0 and not self.parts

    def whole(self) -> Part:
        """The whole backup as one range."""
        return Part("", 0, self.size)

    def selected(self) -> list[tuple[Part, str]]:
        """The parts that were chosen, or all, each with its name at the target; a `Failure` for each that is not there."""
        if not self.only:
            return [(part, part.name) for part in self.parts]
        known = {part.name: part for part in self.parts}
        missing = [one.name for one in self.only if one.name not in known]
        if missing:
            no_part = (Failure("no-such-part", f"the backup has no part {name}") for name in missing)
            raise ExceptionGroup("no such part", list(no_part))
        return [(known[one.name], one.target_name()) for one in self.only]

    @classmethod
    def of(cls, request: raw.Request | raw_refusals.Request) -> "Request":
        """The request that a record of the raw interface is."""
        return cls(
            json.loads(request.config),
            request.format,
            request.size,
            [Part(part.name, part.offset, part.length) for part in request.parts],
            [Selection(one.name, one.new_name) for one in request.only],
            request.into,
            request.replace,
        )


@dataclass
class Plan:
    """Everything that a restore will need; the defaults request nothing."""

    commands: list[str] = field(default_factory=list)
    shell: str | None = None
    env: list[str] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    net: list[str] = field(default_factory=list)
    #: The parts that will be read; empty for the whole backup.
    parts: list[str] = field(default_factory=list)
    #: The directory for `target`: the one that the operator named.
    directory: str | None = None
    #: What will happen, one sentence each.
    steps: list[str] = field(default_factory=list)


@dataclass
class Outcome:
    """What became of one part: a few words, or why it was not restored."""

    name: str
    note: str = ""
    failure: Failure | None = None

    def raw(self) -> raw.Outcome:
        """The record of the raw interface."""
        return raw.Outcome(self.name, self.note, None if self.failure is None else self.failure.raw())


class Restorable:
    """A strategy that restores its backups."""

    def plan_restore(self, request: Request) -> Plan:
        """What a restore will need. It has no side effects. Why it cannot be done is raised as in `plan`."""
        raise NotImplementedError

    def restore(self, run_id: str, request: Request) -> list[Outcome]:
        """Restores. A part that fails has an `Outcome` with its failure, and the others are still restored."""
        raise NotImplementedError

    def check_restore(self, config: dict[str, Any], into: str | None) -> Findings:
        """Whether a restore into `into` could begin now, for the target of drills. It changes nothing."""
        return Findings()

    def find_refusals(self, request: Request) -> list[Failure]:
        """Why `restore` would refuse this, or a part of it. It changes nothing."""
        return []


def exported(strategy: type[Restorable]) -> type[exports.Restore]:
    """The class that `app.py` exports as `Restore`."""

    class Restore(exports.Restore):
        def plan_restore(self, request: raw.Request) -> raw.Plan:
            return raw.Plan(**vars(answer_all(lambda: strategy().plan_restore(Request.of(request)))))

        def restore(self, id: str, request: raw.Request) -> list[raw.Outcome]:
            outcomes = answer(lambda: strategy().restore(id, Request.of(request)))
            return [outcome.raw() for outcome in outcomes]

    return Restore


def exported_preflight(strategy: type[Restorable]) -> type[exports.RestorePreflight]:
    """The class that `app.py` exports as `RestorePreflight`: it asks `check_restore`."""

    class RestorePreflight(exports.RestorePreflight):
        def preflight_restore(self, config: str, into: str | None) -> RawFindings:
            found = Findings.of(lambda: strategy().check_restore(json.loads(config), into))
            return RawFindings(*found.raw())

    return RestorePreflight


def exported_refusals(strategy: type[Restorable]) -> type[exports.Refusals]:
    """The class that `app.py` exports as `Refusals`: it asks `find_refusals`."""

    class Refusals(exports.Refusals):
        def find_refusals(self, request: raw_refusals.Request) -> list[RawFailure]:
            try:
                found = strategy().find_refusals(Request.of(request))
            except Failure as failure:
                found = [failure]
            except OSError as error:
                found = [of_system(error)]
            return [failure.raw() for failure in found]

    return Refusals
