"""What belongs in the backup and is not in it, for its manifest."""

from wit_world.imports import omissions
from wit_world.imports.omissions import Omission


def report(what: str, code: str, message: str) -> None:
    """Reports one: a path or a name, a kebab-case word, one sentence.

    The run can still succeed: only what the operator has allowed to be missing is reported, anything else is raised.
    """
    omissions.report(Omission(what, code, message))
