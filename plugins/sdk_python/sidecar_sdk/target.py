"""The directory that files are restored into: the approved plan's `directory`.

Names are relative to it; no name can lead out of it.
"""

from dataclasses import dataclass

from wit_world.imports import target

from .failure import host_call


@dataclass
class Node:
    """What is made: its name, any bytes, and what POSIX knows of it."""

    name: str | bytes
    mode: int = 0o640
    uid: int = 0
    gid: int = 0
    mtime_seconds: int = 0
    mtime_nanoseconds: int = 0

    def raw(self) -> target.Node:
        """The record of the raw interface."""
        times = (self.mtime_seconds, self.mtime_nanoseconds)
        return target.Node(_raw(self.name), self.mode, self.uid, self.gid, *times)


@dataclass
class Content:
    """Where and how the backup has a file's bytes: `Content(part.offset, part.length)` for a part as it is."""

    offset: int
    length: int
    #: Bytes of the file; left out: as many as in the backup.
    size: int | None = None
    #: "stored" or "deflated".
    method: str = "stored"
    #: Compared if given.
    crc32: int | None = None

    def raw(self) -> target.Content:
        """The record of the raw interface."""
        size = self.length if self.size is None else self.size
        return target.Content(self.offset, self.length, size, self.method, self.crc32)


@host_call
def make_file(node: Node, content: Content) -> None:
    """A file whose bytes the host takes from the backup: they never enter the module."""
    target.make_file(node.raw(), content.raw())


@host_call
def make_directory(node: Node) -> None:
    """A directory; one that is there stays."""
    target.make_directory(node.raw())


@host_call
def make_symlink(node: Node, text: str | bytes) -> None:
    """A symbolic link; nothing follows it."""
    target.make_symlink(node.raw(), _raw(text))


@host_call
def make_hard_link(name: str | bytes, existing: str | bytes) -> None:
    """Another name of a file that this restore made."""
    target.make_hard_link(_raw(name), _raw(existing))


@host_call
def make_fifo(node: Node) -> None:
    """A FIFO."""
    target.make_fifo(node.raw())


def _raw(name: str | bytes) -> bytes:
    return name.encode() if isinstance(name, str) else name
