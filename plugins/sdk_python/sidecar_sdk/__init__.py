"""What a strategy for sidecar is written with in Python.

A strategy is a class `Strategy` in `app.py` that derives from the one here. The host checks the
operator's configuration with its `config_schema`, so it only ever sees a valid one. Everything is
typed; `./build` writes the raw bindings of `wit/` into `wit_world/`, for the editor and for what
is not wrapped here.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.strategy import Description
from wit_world.exports.strategy import Plan as RawPlan
from wit_world.exports.strategy import Run as RawRun
from wit_world.imports.types import Failure as RawFailure

from . import log
from .artifact import Artifact
from .commands import Captured, Command, Finished

__all__ = ["Artifact", "Captured", "Command", "Failure", "Finished", "Plan", "Run", "Strategy", "log"]


class Failure(Exception):
    """Why something failed, in words for the operator: he reads it at 3 in the morning.

    `code` is a kebab-case word, `message` one sentence that names the thing, `hint` says what to do.
    """

    def __init__(self, code: str, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint

    def raw(self) -> RawFailure:
        return RawFailure(self.code, self.message, self.hint)


@dataclass
class Plan:
    """All that a run will need: name what you need, and leave the rest."""

    commands: list[str] = field(default_factory=list)
    shell: str | None = None
    read: list[str] = field(default_factory=list)
    follow_links: bool = False
    net: list[str] = field(default_factory=list)
    env: list[str] = field(default_factory=list)
    compression: str | None = None


@dataclass
class Run:
    """One run: its id, `strategy.config`, and what the caller gave ("drive-folder-id")."""

    id: str
    config: dict[str, Any]
    parameters: dict[str, str]


class Strategy(exports.Strategy):
    """A strategy that takes backups: derive from it, and fill in what is here without a body."""

    name: str
    version: str
    #: One sentence.
    summary: str
    #: JSON Schema (2020-12) of `strategy.config`; its `examples` are what `sidecar module test` tries.
    config_schema: dict[str, Any]

    def plan(self, config: dict[str, Any]) -> Plan:
        """What a run will need. It must only think: nothing is granted yet.

        A mistake that the schema cannot tell is raised as a `Failure`; several as an `ExceptionGroup`.
        """
        raise NotImplementedError

    def make(self, run: Run, artifact: Artifact) -> None:
        """Makes the backup; a `Failure` that is raised fails the run."""
        raise NotImplementedError

    # What the host calls.

    def describe(self) -> Description:
        return Description(self.name, self.version, self.summary, json.dumps(self.config_schema))

    def plan_run(self, config: str) -> RawPlan:
        try:
            plan = self.plan(json.loads(config))
        except Failure as failure:
            raise Err([failure.raw()]) from failure
        except ExceptionGroup as group:
            failures, others = group.split(Failure)
            if failures is None or others is not None:
                raise
            raise Err([failure.raw() for failure in _leaves(failures)]) from group
        return RawPlan(**vars(plan))

    def backup(self, run: RawRun) -> None:
        artifact = Artifact()
        try:
            self.make(Run(run.id, json.loads(run.config), dict(run.parameters)), artifact)
            artifact.flush()
        except Failure as failure:
            raise Err(failure.raw()) from failure


def _leaves(group: BaseExceptionGroup) -> list[Any]:
    nested = (_leaves(one) if isinstance(one, BaseExceptionGroup) else [one] for one in group.exceptions)
    return [leaf for leaves in nested for leaf in leaves]
