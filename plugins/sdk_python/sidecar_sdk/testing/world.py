"""What a test has registered, what was granted, and what a strategy did with it."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

from componentize_py_types import Err
from wit_world.exports import restore as raw_restore
from wit_world.imports.commands import Captured, Command, Finished
from wit_world.imports.files import Entry
from wit_world.imports.omissions import Omission
from wit_world.imports.programs import Program

from ..failure import Failure
from ..programs import planned

if TYPE_CHECKING:
    from .. import Plan


@dataclass
class World:
    """The state of a played host."""

    commands: dict[str, tuple[int, bytes]]
    files: dict[bytes, bytes]
    temp_dump: bytes | None
    left_over: bytes | None
    accepted: list[str]
    planned: "Plan"
    backup: bytes = b""
    #: The ranges of the backup that were planned.
    readable: list[tuple[int, int]] = field(default_factory=list)
    directory: str | None = None
    looks_only: bool = False
    artifact: bytearray = field(default_factory=bytearray)
    #: The part that is being written: its name, and where it begins.
    part: tuple[str, int] | None = None
    parts: dict[str, tuple[int, int]] = field(default_factory=dict)
    ran: list[str] = field(default_factory=list)
    fed: list[tuple[str, bytes]] = field(default_factory=list)
    log: list[tuple[str, str]] = field(default_factory=list)
    omissions: list[Omission] = field(default_factory=list)
    made: dict[str, bytes] = field(default_factory=dict)
    #: The first failure that fails the run, whatever the strategy returns.
    failure: Failure | None = None

    def refuse(self, code: str, message: str) -> NoReturn:
        """A failure that fails the run, raised as the raw interface raises it."""
        failure = Failure(code, message)
        if self.failure is None:
            self.failure = failure
        raise Err(failure.raw())

    def tell(self, code: str, message: str) -> NoReturn:
        """A failure that the strategy may go on after."""
        raise Err(Failure(code, message).raw())

    def grant_restore(self, plan: raw_restore.Plan, parts: list[raw_restore.Part]) -> None:
        """Grants what a restore asks for."""
        self.planned.commands, self.planned.env, self.planned.read = plan.commands, plan.env, plan.read
        self.directory = plan.directory
        chosen = [part for part in parts if part.name in plan.parts]
        self.readable = [(part.offset, part.offset + part.length) for part in chosen]
        if not plan.parts:
            self.readable = [(0, len(self.backup))]

    def write(self, bytes: bytes) -> None:
        """Appends to the artifact."""
        if self.looks_only:
            self.refuse("not-in-preflight", "a preflight only looks: it writes neither an artifact nor the temporary dump")
        self.artifact += bytes

    def begin_part(self, name: str) -> None:
        if self.part is not None:
            self.refuse("bad-part", f"part {name!r} begins before part {self.part[0]!r} has ended")
        if name in self.parts:
            self.refuse("bad-part", f"there are two parts called {name!r}")
        self.part = (name, len(self.artifact))

    def end_part(self) -> None:
        if self.part is None:
            self.refuse("bad-part", "no part was begun")
        name, start = self.part
        self.part, self.parts[name] = None, (start, len(self.artifact))

    def add_part(self, name: str, offset: int, length: int) -> None:
        if offset + length > len(self.artifact):
            self.refuse("bad-part", f"part {name!r} ends behind what was written")
        self.parts[name] = (offset, offset + length)

    def run(self, command: Command | Program, most: int | None = None) -> Captured:
        """Runs a command or a program that was planned and registered."""
        line = name_of(command)
        if line not in self.planned.commands:
            self.refuse("not-granted", f"the command is not in the approved plan: {line}")
        for name, _ in command.env:
            if name not in self.planned.env:
                self.refuse("not-granted", f"the environment variable {name} is not in the approved plan")
        if line not in self.commands:
            self.refuse("command-not-found", f"no command was registered: {line}")
        code, stdout = self.commands[line]
        self.ran.append(line)
        if code != 0 and code not in command.accept:
            self.refuse("command-failed", f"`{line}` ended with exit code {code}")
        if most is not None and len(stdout) > most:
            self.refuse("output-too-large", f"a command wrote more than the {most} bytes that were to be captured")
        return Captured(Finished(code, len(stdout), ""), stdout)

    def prepare(self) -> None:
        """Removes what an earlier run left."""
        if self.looks_only:
            self.refuse("not-in-preflight", "a preflight only looks")
        self.left_over = None

    def collect(self) -> int:
        """Appends what the commands left."""
        if self.left_over is not None:
            self.refuse("temp-dump-not-prepared", "the file at SIDE_CAR_TEMP_DUMP lay there before the run")
        if not self.temp_dump:
            self.refuse("nothing-generated", "nothing was left at SIDE_CAR_TEMP_DUMP")
        content, self.temp_dump = self.temp_dump, None
        self.write(content)
        return len(content)

    def read_backup(self, offset: int, length: int) -> bytes:
        """Bytes of the backup, if the plan names them."""
        within = any(start <= offset and offset + length <= end for start, end in self.readable)
        if not within:
            self.refuse("not-planned", f"the plan does not name the bytes {offset} to {offset + length} of the backup")
        return self.backup[offset : offset + length]

    def make(self, name: bytes, content: bytes) -> None:
        """A file of the target."""
        text = name.decode(errors="surrogateescape")
        if self.directory is None:
            self.refuse("not-granted", "the approved plan has no directory to restore into")
        if text.startswith("/") or ".." in text.split("/"):
            self.refuse("outside-target", f"{text} leads out of the directory")
        if text in self.made:
            self.refuse("exists", f"{text} is there already")
        self.made[text] = content

    def entry(self, path: bytes) -> Entry:
        """What stands at a path that was granted."""
        roots = (root.rstrip("/").encode() for root in self.planned.read)
        if not any(path == root or path.startswith(root + b"/") for root in roots):
            self.tell("not-granted", f"{_text(path)} is not in the plan's read")
        if path in self.files:
            return _entry(path, "file", len(self.files[path]))
        if any(file.startswith(path + b"/") for file in self.files):
            return _entry(path, "directory", 0)
        self.tell("not-found", f"there is nothing at {_text(path)}")

    def entries(self, path: bytes) -> list[Entry]:
        """What stands in a directory, in the byte order of the names."""
        if self.entry(path).kind != "directory":
            self.tell("not-a-directory", f"{_text(path)} is not a directory")
        below = (file[len(path) + 1 :] for file in self.files if file.startswith(path + b"/"))
        names = sorted({rest.split(b"/")[0] for rest in below})
        return [self.entry(path + b"/" + name) for name in names]


def name_of(command: Command | Program) -> str:
    """What stands for it in a plan."""
    return command.line if isinstance(command, Command) else planned(command.argv)


def _text(path: bytes) -> str:
    return path.decode(errors="replace")


def _entry(path: bytes, kind: str, size: int) -> Entry:
    mode = 0o644 if kind == "file" else 0o755
    return Entry(path, kind, mode, 0, 0, 0, 0, size, None, 0, 0, 1)
