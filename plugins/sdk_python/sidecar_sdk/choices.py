"""What the operator decided about this restore beyond its request. It answers in `plan_restore` and in `restore`."""

from wit_world.imports import choices


def restore_id() -> str:
    """Ten lowercase letters and digits that only this restore has, for what it makes beside what is there."""
    return choices.id()


def is_drill() -> bool:
    """Whether the backup is only tried, and what comes back is thrown away."""
    return choices.purpose() == "drill"


def accepted(word: str) -> bool:
    """Whether the operator accepted a consequence that `replace` does not cover: "end-sessions".

    A refusal names the word in its hint, as `--accept WORD`.
    """
    return choices.accepted(word)


def wait() -> int:
    """How many seconds the restore may wait for others to let go of what it replaces."""
    return choices.wait()
