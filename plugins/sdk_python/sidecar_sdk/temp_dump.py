"""The file or FIFO at SIDE_CAR_TEMP_DUMP, where commands may leave the artifact."""

from wit_world.imports import temp_dump

from .failure import host_call


@host_call
def prepare() -> None:
    """Comes before the commands: removes what a crashed run left, or starts to read the FIFO there.

    `artifact.append_temp_dump()` appends what the commands leave.
    """
    temp_dump.prepare()
