"""The raw interfaces, played: their functions are those of a `World` for as long as a test calls a strategy."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from wit_world.imports import (
    artifact,
    choices,
    commands,
    deflate,
    files,
    omissions,
    programs,
    progress,
    source,
    target,
    temp_dump,
)
from wit_world.imports.artifact import Appended
from wit_world.imports.commands import Command, Finished
from wit_world.imports.files import Entry
from wit_world.imports.programs import Program

from .world import World, name_of


class _Resource:
    def __enter__(self) -> Any:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


class File(_Resource):
    """A registered file that is open."""

    def __init__(self, entry: Entry, content: bytes) -> None:
        self.entry, self.content = entry, content

    def inspect(self) -> Entry:
        return self.entry

    def read(self, offset: int, length: int) -> bytes:
        return self.content[offset : offset + length]


class Directory(_Resource):
    """A directory that is being read."""

    def __init__(self, entries: list[Entry]) -> None:
        self.entries = entries

    def next(self, max: int) -> list[Entry]:
        batch, self.entries = self.entries[:max], self.entries[max:]
        return batch


@contextmanager
def playing(world: World) -> Iterator[None]:
    """Puts the world's functions in place of the raw ones."""
    before = []
    for module, functions in _functions(world).items():
        for name, function in functions.items():
            before.append((module, name, getattr(module, name)))
            setattr(module, name, function)
    try:
        yield
    finally:
        for module, name, function in before:
            setattr(module, name, function)


def _functions(world: World) -> dict[Any, dict[str, Any]]:
    return {
        artifact: {
            "write": world.write,
            "append_file": lambda file, length: _append(world, file, length),
            "position": lambda: len(world.artifact),
            "add_part": world.add_part,
            "begin_part": world.begin_part,
            "end_part": world.end_part,
        },
        choices: {
            "id": lambda: "0123456789",
            "purpose": lambda: "restore",
            "accepted": lambda word: word in world.accepted,
            "wait": lambda: 10,
        },
        commands: {
            "run": lambda command: world.run(command).finished,
            "run_into_artifact": lambda command: _into_artifact(world, command),
            "run_and_capture": world.run,
        },
        # Nothing is deflated ahead: a strategy goes on with `append_file_deflated`, which stores.
        deflate: {
            "prepare": lambda file, length, level: None,
            "append_file_deflated": lambda file, length, level: _stored(world, file, length),
        },
        files: {
            "inspect": lambda path, follow: world.entry(path),
            "open_file": lambda path, follow: _open(world, path),
            "open_directory": lambda path, follow: Directory(world.entries(path)),
        },
        omissions: {"report": world.omissions.append},
        progress: {
            "log": lambda level, message: world.log.append((level, message)),
            "report": lambda done, total, note: None,
            "is_cancelled": lambda: False,
        },
        programs: {
            "run": lambda program: world.run(program).finished,
            "run_into_artifact": lambda program: _into_artifact(world, program),
            "run_and_capture": world.run,
            "feed": lambda program, offset, length: _feed(world, program, offset, length),
        },
        source: {
            "size": lambda: len(world.backup),
            "read": world.read_backup,
            "feed": lambda command, offset, length: _feed(world, command, offset, length),
            "lay_out": world.read_backup,
        },
        target: {
            "make_file": lambda node, content: world.make(node.name, _content(world, content)),
            "make_directory": lambda node: None,
            "make_symlink": lambda node, text: world.make(node.name, text),
            "make_hard_link": lambda name, existing: world.make(name, world.made[existing.decode()]),
            "make_fifo": lambda node: world.make(node.name, b""),
        },
        temp_dump: {"prepare": world.prepare, "collect": world.collect},
    }


def _append(world: World, file: File, length: int) -> Appended:
    content = file.content[:length]
    world.write(content.ljust(length, b"\0"))
    return Appended(len(content), len(content) < length)


def _stored(world: World, file: File, length: int) -> deflate.Facts:
    appended = _append(world, file, length)
    content = file.content[:length].ljust(length, b"\0")
    return deflate.Facts("stored", zlib.crc32(content), length, length, appended.short)


def _into_artifact(world: World, command: Command | Program) -> Finished:
    captured = world.run(command)
    world.write(captured.stdout)
    return captured.finished


def _open(world: World, path: bytes) -> File:
    entry = world.entry(path)
    if entry.kind != "file":
        world.tell("not-a-file", f"{path.decode(errors='replace')} is not a regular file")
    return File(entry, world.files[path])


def _feed(world: World, command: Command | Program, offset: int, length: int) -> Finished:
    content = world.read_backup(offset, length)
    finished = world.run(command).finished
    world.fed.append((name_of(command), content))
    return finished


def _content(world: World, content: target.Content) -> bytes:
    found = world.read_backup(content.offset, content.length)
    if content.method == "deflated":
        found = zlib.decompress(found, -15)
    if len(found) != content.size or content.crc32 not in (None, zlib.crc32(found)):
        world.refuse("damaged", "the file in the backup is not what its entry says")
    return found
