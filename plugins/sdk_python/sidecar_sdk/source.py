"""The backup that is being restored."""

import io

from wit_world.imports import source

from .failure import host_call

#: Reads of 64 to 256 KiB are fastest.
BUFFER_SIZE = 128 * 1024
#: The most bytes of one call.
LARGEST_READ = 1 << 20


class Source(io.RawIOBase):
    """A range of the backup, for reading and seeking: `io.BufferedReader(part.open(), BUFFER_SIZE)` reads lines."""

    def __init__(self, offset: int, length: int) -> None:
        self._start, self._length, self._position = offset, length, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def length(self) -> int:
        """Bytes of the range."""
        return self._length

    def offset(self) -> int:
        """The offset of the next byte in the whole backup: for `target.make_file`."""
        return self._start + self._position

    @host_call
    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        wanted = min(len(buffer), LARGEST_READ, max(0, self._length - self._position))
        found = source.read(self.offset(), wanted) if wanted else b""
        buffer[: len(found)] = found
        self._position += len(found)
        return len(found)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._length}[whence]
        if base + offset < 0:
            raise ValueError("a position before the start of the range")
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        return self._position


def whole() -> Source:
    """The whole backup."""
    return Source(0, source.size())


@host_call
def lay_out(offset: int, length: int) -> None:
    """Writes a range of the backup to the file at SIDE_CAR_TEMP_DUMP, in place of what another call wrote there."""
    source.lay_out(offset, length)
