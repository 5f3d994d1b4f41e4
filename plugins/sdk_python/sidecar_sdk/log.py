"""What the operator sees of a run while it goes on."""

from wit_world.imports import progress


def error(message: str) -> None:
    """Something failed that the run does not raise."""
    progress.log("error", message)


def warn(message: str) -> None:
    """Something was left out that the operator might miss."""
    progress.log("warn", message)


def info(message: str) -> None:
    """What is being done."""
    progress.log("info", message)


def report(done: int, total: int | None = None, note: str | None = None) -> None:
    """How far the work is, in bytes; `note` is a few words."""
    progress.report(done, total, note)
