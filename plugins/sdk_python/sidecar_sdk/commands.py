"""Commands, run by the host if the approved plan names their line."""

from dataclasses import dataclass, field

from wit_world.imports import commands
from wit_world.imports.commands import Captured, Finished

__all__ = ["Captured", "Command", "Finished"]


@dataclass
class Command:
    """A shell line, exactly as the plan names it."""

    line: str
    #: Added to its environment; the plan's `env` must name them.
    env: dict[str, str] = field(default_factory=dict)
    #: An absolute directory that was granted; left out: the run's own.
    workdir: str | None = None
    #: Exit codes that are not a failure, beside 0.
    accept: list[int] = field(default_factory=list)

    def run(self) -> Finished:
        """Runs it for what it does; its stdout is logged."""
        return commands.run(self.raw())

    def capture(self, max_bytes: int = 1 << 20) -> Captured:
        """Runs it and returns its stdout: at most `max_bytes`, which is at most 16 MiB."""
        return commands.run_and_capture(self.raw(), max_bytes)

    def raw(self) -> commands.Command:
        """As the host wants it."""
        return commands.Command(self.line, list(self.env.items()), self.workdir, self.accept)
