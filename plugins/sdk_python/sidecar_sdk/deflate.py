"""Files deflated by the host, on all cores, for the entries of a zip."""

from wit_world.imports import deflate
from wit_world.imports.deflate import Facts

from .failure import host_call
from .files import File

__all__ = ["Deflated", "Facts", "prepare"]


class Deflated:
    """A file that is being deflated, or was. `artifact.append_deflated` appends it."""

    def __init__(self, raw: deflate.Deflated) -> None:
        #: The resource of the raw interface.
        self.raw = raw

    @host_call
    def facts(self) -> Facts:
        """Waits for the result: its method, lengths and checksum, for the entry's header."""
        return self.raw.facts()


@host_call
def prepare(file: File, length: int, level: int) -> Deflated | None:
    """Deflates exactly `length` bytes of the file while the module goes on.

    None when the host has no memory left: append a prepared file and try again; when none is prepared, use
    `artifact.append_file_deflated`.
    """
    prepared = deflate.prepare(file.raw, length, level)
    return None if prepared is None else Deflated(prepared)
