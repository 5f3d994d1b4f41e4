"""Files and directories with what POSIX knows of them: what the plan's `read` names, and everything below.

Python's own `open` works there too; owners, modes, links and names that are no text are only here.
"""

from collections.abc import Iterator
from types import TracebackType

from wit_world.imports import files
from wit_world.imports.files import Entry

from .failure import Failure, host_call

__all__ = ["Entry", "File", "Path", "inspect", "list_directory", "open_file", "vanished"]

#: Absolute; a name may be any bytes.
Path = str | bytes

#: Entries of one call.
BATCH = 256


class File:
    """An open regular file, as a context."""

    def __init__(self, raw: files.File) -> None:
        #: The resource of the raw interface.
        self.raw = raw

    def __enter__(self) -> "File":
        self.raw.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.raw.__exit__(kind, error, trace)

    def inspect(self) -> Entry:
        """What the file was when it was opened."""
        return self.raw.inspect()

    @host_call
    def read(self, offset: int, length: int) -> bytes:
        """Bytes from `offset`: at most `length`, and at most 1 MiB; none at the end."""
        return self.raw.read(offset, length)


@host_call
def inspect(path: Path, follow: bool = False) -> Entry:
    """The entry at `path`; with `follow`, the target of a symbolic link there."""
    return files.inspect(_raw(path), follow)


@host_call
def open_file(path: Path, follow: bool = True) -> File:
    """Opens a regular file without ever waiting."""
    return File(files.open_file(_raw(path), follow))


def list_directory(path: Path, follow: bool = False) -> Iterator[Entry]:
    """The entries of a directory in the byte order of their names, links not followed."""
    with _open_directory(_raw(path), follow) as directory:
        while batch := _next(directory):
            yield from batch


def vanished(failure: Failure) -> bool:
    """Whether a failure means that the entry was removed, or replaced by one of another kind."""
    return failure.code in ("not-found", "not-a-file", "not-a-directory")


@host_call
def _open_directory(path: bytes, follow: bool) -> files.Directory:
    return files.open_directory(path, follow)


@host_call
def _next(directory: files.Directory) -> list[Entry]:
    return directory.next(BATCH)


def _raw(path: Path) -> bytes:
    return path.encode() if isinstance(path, str) else path
