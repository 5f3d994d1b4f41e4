"""What the operator sees of a run in progress."""

from wit_world.imports import progress


def error(message: str) -> None:
    """Logs an error that the run does not raise."""
    progress.log("error", message)


def warn(message: str) -> None:
    """Logs that something was left out or is not as expected."""
    progress.log("warn", message)


def info(message: str) -> None:
    """Logs what is being done."""
    progress.log("info", message)


def report(done: int, total: int | None = None, note: str | None = None) -> None:
    """Reports progress in bytes; `note` is a few words."""
    progress.report(done, total, note)
