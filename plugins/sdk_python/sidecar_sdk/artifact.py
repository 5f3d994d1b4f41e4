"""The bytes that a run produces."""

import io
from types import TracebackType

from wit_world.imports import artifact, deflate, temp_dump

from .commands import Command, Finished
from .deflate import Deflated, Facts
from .failure import Failure, host_call
from .files import File, Path, open_file
from .programs import Program

#: Writes of 64 to 256 KiB are fastest.
BUFFER_SIZE = 128 * 1024


class Artifact(io.RawIOBase):
    """The artifact, buffered: small writes are collected, and everything keeps its order.

    It is a writable file object: `json.dump`, `csv.writer` (through `io.TextIOWrapper`) accept it.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        """Appends all of `data`."""
        self._buffer += data
        if len(self._buffer) >= BUFFER_SIZE:
            self.flush()
        return len(data)

    @host_call
    def flush(self) -> None:
        """Writes what is buffered."""
        buffered, self._buffer = self._buffer, bytearray()
        for start in range(0, len(buffered), BUFFER_SIZE):
            artifact.write(bytes(buffered[start : start + BUFFER_SIZE]))

    def append_file(self, path: Path, follow: bool = True) -> int:
        """Appends the file at an absolute path, without its bytes entering the module; returns their number.

        One that becomes shorter meanwhile is a Failure: zeros in its place would be no backup.
        """
        with open_file(path, follow=follow) as file:
            size = file.inspect().size
            appended = self.append_open_file(file, size)
        if appended < size:
            text = path if isinstance(path, str) else path.decode(errors="replace")
            raise Failure("file-shrank", f"{text} became shorter while it was read")
        return appended

    @host_call
    def append_open_file(self, file: File, length: int) -> int:
        """Appends exactly `length` bytes of an open file; returns how many it had: the rest is zeros."""
        self.flush()
        return artifact.append_file(file.raw, length).length

    @host_call
    def append_deflated(self, deflated: Deflated) -> None:
        """Appends a file that was deflated in advance."""
        self.flush()
        deflate.append_deflated(deflated.raw)

    @host_call
    def append_file_deflated(self, file: File, length: int, level: int) -> Facts:
        """Appends exactly `length` bytes of an open file, deflated at `level`; stored at 0."""
        self.flush()
        return deflate.append_file_deflated(file.raw, length, level)

    @host_call
    def append_stdout(self, command: Command | Program) -> Finished:
        """Runs a command or a program and appends its stdout while it is written."""
        self.flush()
        return command.into_artifact()

    @host_call
    def append_temp_dump(self) -> int:
        """Appends what the commands left in SIDE_CAR_TEMP_DUMP; returns the number of bytes.

        `temp_dump.prepare()` comes before the commands: the host refuses a file that lay there before the run.
        """
        self.flush()
        return temp_dump.collect()

    def position(self) -> int:
        """Bytes written so far, before compression."""
        return artifact.position() + len(self._buffer)

    def part(self, name: str) -> "Part":
        """A part: what is written inside of `with artifact.part(name):` can be fetched, checked and restored alone."""
        return Part(self, name)


class Part:
    """A part of the artifact, as a context. A block that fails leaves it open, which fails the run as the block did."""

    def __init__(self, to: Artifact, name: str) -> None:
        self._artifact, self._name = to, name

    @host_call
    def __enter__(self) -> None:
        self._artifact.flush()
        artifact.begin_part(self._name)

    @host_call
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._artifact.flush()
            artifact.end_part()
