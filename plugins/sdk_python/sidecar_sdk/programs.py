"""Programs without a shell, run by the host if the approved plan names their arguments."""

import json
from dataclasses import dataclass, field

from wit_world.imports import programs
from wit_world.imports.commands import Captured, Finished

from .failure import host_call

__all__ = ["Program"]


@dataclass
class Program:
    """A program and its arguments: each reaches it as it is, whatever is in it.

    The plan names it among its commands: `Plan(commands=[DUMP.planned()])`. The operator allows it by
    `modules.NAME.allow.argv`.
    """

    #: The program first: a name on the sidecar's PATH, or an absolute path.
    argv: list[str]
    #: Added to its environment; the plan's `env` must name them.
    env: dict[str, str] = field(default_factory=dict)
    #: An absolute directory that was granted; left out: the run's own.
    workdir: str | None = None
    #: Exit codes that are not a failure, beside 0.
    accept: list[int] = field(default_factory=list)

    def planned(self) -> str:
        """How a plan names it."""
        return planned(self.argv)

    @host_call
    def run(self) -> Finished:
        """Runs it for what it does; its stdout is logged."""
        return programs.run(self.raw())

    @host_call
    def capture(self, max_bytes: int = 1 << 20) -> Captured:
        """Runs it and returns its stdout: at most `max_bytes`, which is at most 16 MiB."""
        return programs.run_and_capture(self.raw(), max_bytes)

    @host_call
    def into_artifact(self) -> Finished:
        """Runs it and appends its stdout: what `Artifact.append_stdout` calls when its buffer is written."""
        return programs.run_into_artifact(self.raw())

    @host_call
    def feed(self, offset: int, length: int) -> Finished:
        """Runs it with a range of the backup as its standard input."""
        return programs.feed(self.raw(), offset, length)

    def raw(self) -> programs.Program:
        """The record of the raw interface."""
        return programs.Program(self.argv, list(self.env.items()), self.workdir, self.accept)


def planned(argv: list[str]) -> str:
    """An argument vector as the text that stands for it in a plan."""
    return "argv:" + json.dumps(argv)
