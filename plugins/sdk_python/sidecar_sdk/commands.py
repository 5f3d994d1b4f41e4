"""Commands, run by the host if the approved plan names their line."""

from dataclasses import dataclass, field

from wit_world.imports import commands, source
from wit_world.imports.commands import Captured, Finished

from .failure import host_call

__all__ = ["Captured", "Command", "Finished"]


@dataclass
class Command:
    """A shell line, exactly as the plan names it.

    What varies from run to run is a variable: the line `pg_dump "$NAME"` stays the same, the plan's `env` names
    "NAME", and `env={"NAME": name}` sets it. Nothing in it can become another command.
    """

    line: str
    #: Added to its environment; the plan's `env` must name them.
    env: dict[str, str] = field(default_factory=dict)
    #: An absolute directory that was granted; left out: the run's own.
    workdir: str | None = None
    #: Exit codes that are not a failure, beside 0.
    accept: list[int] = field(default_factory=list)

    @host_call
    def run(self) -> Finished:
        """Runs it for what it does; its stdout is logged."""
        return commands.run(self.raw())

    @host_call
    def capture(self, max_bytes: int = 1 << 20) -> Captured:
        """Runs it and returns its stdout: at most `max_bytes`, which is at most 16 MiB."""
        return commands.run_and_capture(self.raw(), max_bytes)

    @host_call
    def into_artifact(self) -> Finished:
        """Runs it and appends its stdout: what `Artifact.append_stdout` calls when its buffer is written."""
        return commands.run_into_artifact(self.raw())

    @host_call
    def feed(self, offset: int, length: int) -> Finished:
        """Runs it with a range of the backup as its standard input."""
        return source.feed(self.raw(), offset, length)

    def raw(self) -> commands.Command:
        """The record of the raw interface."""
        return commands.Command(self.line, list(self.env.items()), self.workdir, self.accept)
