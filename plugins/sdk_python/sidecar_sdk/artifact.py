"""The bytes that the run produces."""

import io
from collections.abc import Iterator
from contextlib import contextmanager

from wit_world.imports import artifact, commands, files, temp_dump

from .commands import Command, Finished

#: Pieces of 64 to 256 KiB cross the border fastest.
BUFFER = 128 * 1024


class Artifact(io.RawIOBase):
    """The artifact, buffered: small writes are collected, and everything keeps its order.

    It is a file to write to: `json.dump`, `csv.writer` (through `io.TextIOWrapper`) and their like take it.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        """Appends all of `data`."""
        self._buffer += data
        if len(self._buffer) >= BUFFER:
            self.flush()
        return len(data)

    def flush(self) -> None:
        """Hands on what was collected."""
        pending, self._buffer = self._buffer, bytearray()
        for start in range(0, len(pending), BUFFER):
            artifact.write(bytes(pending[start : start + BUFFER]))

    def append_file(self, path: str | bytes, follow: bool = True) -> int:
        """Appends the file at an absolute path, without its bytes entering the module; returns their number."""
        self.flush()
        raw = path.encode() if isinstance(path, str) else path
        with files.open_file(raw, follow=follow) as file:
            return artifact.append_file(file, file.inspect().size).length

    def append_stdout(self, command: Command) -> Finished:
        """Runs a command and appends its stdout while it is written."""
        self.flush()
        return commands.run_into_artifact(command.raw())

    def append_temp_dump(self) -> int:
        """Appends what the commands left in SIDE_CAR_TEMP_DUMP; returns the number of bytes."""
        self.flush()
        return temp_dump.collect()

    def position(self) -> int:
        """Bytes written so far, before compression."""
        return artifact.position() + len(self._buffer)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """What is written inside of `with artifact.part(name):` can be fetched, checked and restored alone."""
        self.flush()
        artifact.begin_part(name)
        yield
        self.flush()
        artifact.end_part()
