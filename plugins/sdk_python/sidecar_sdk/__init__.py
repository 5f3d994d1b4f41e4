"""The SDK for sidecar strategies in Python.

A strategy is a class `Strategy` in `app.py` that derives from the one here. The host checks the
operator's configuration with its `config_schema`, so a strategy only sees a valid one. Everything is
typed: `bindings/` has the raw interfaces of `wit/`, for the editor and for what is not wrapped here.

What the host refuses is a `Failure` here, too. `sidecar_sdk.restore` is for strategies that restore, and
`sidecar_sdk.testing` plays the host in unit tests.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from wit_world import exports
from wit_world.exports.strategy import Description
from wit_world.exports.strategy import Plan as RawPlan
from wit_world.exports.strategy import Run as RawRun

from . import deflate, files, log, omissions, temp_dump
from .artifact import Artifact
from .commands import Captured, Command, Finished
from .failure import Failure, answer, answer_all
from .preflight import Findings, preflight
from .programs import Program

__all__ = [
    "Artifact",
    "Captured",
    "Command",
    "Failure",
    "Findings",
    "Finished",
    "Plan",
    "Program",
    "Run",
    "Strategy",
    "deflate",
    "files",
    "log",
    "omissions",
    "preflight",
    "temp_dump",
]


@dataclass
class Plan:
    """Everything that a run will need; the defaults request nothing."""

    #: Lines of commands, and programs as `Program.planned()` names them.
    commands: list[str] = field(default_factory=list)
    shell: str | None = None
    read: list[str] = field(default_factory=list)
    follow_links: bool = False
    net: list[str] = field(default_factory=list)
    env: list[str] = field(default_factory=list)
    compression: str | None = None


@dataclass
class Run:
    """One run: its id, `strategy.config`, and the parameters of the caller ("drive-folder-id")."""

    id: str
    config: dict[str, Any]
    parameters: dict[str, str]


class Strategy(exports.Strategy):
    """A strategy that makes backups: derive from it, and define the attributes and methods that have no body."""

    name: str
    version: str
    #: One sentence.
    summary: str
    #: JSON Schema (2020-12) of `strategy.config`; its `examples` are what `sidecar module test` tries.
    config_schema: dict[str, Any]

    def plan(self, config: dict[str, Any]) -> Plan:
        """What a run will need. It has no side effects: nothing is granted yet.

        An error that the schema cannot detect is raised as a `Failure`; several as an `ExceptionGroup`.
        """
        raise NotImplementedError

    def make(self, run: Run, artifact: Artifact) -> None:
        """Makes the backup; a `Failure` that is raised fails the run."""
        raise NotImplementedError

    def check(self, config: dict[str, Any]) -> Findings:
        """Whether a run would succeed now, with the grants of one. It changes nothing.

        `Preflight = sidecar_sdk.preflight(Strategy)` in `app.py` has `sidecar check` ask it.
        """
        return Findings()

    # Called by the host.

    def describe(self) -> Description:
        return Description(self.name, self.version, self.summary, json.dumps(self.config_schema))

    def plan_run(self, config: str) -> RawPlan:
        return RawPlan(**vars(answer_all(lambda: self.plan(json.loads(config)))))

    def backup(self, run: RawRun) -> None:
        answer(lambda: self._make(Run(run.id, json.loads(run.config), dict(run.parameters))))

    def _make(self, run: Run) -> None:
        artifact = Artifact()
        self.make(run, artifact)
        artifact.flush()
