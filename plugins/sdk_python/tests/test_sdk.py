"""What a strategy sees of the host: every failure is a `Failure`, wherever it is met."""

import io
import zlib
from collections.abc import Callable
from typing import Any
from unittest import TestCase

import sidecar_sdk
from componentize_py_types import Err
from sidecar_sdk import (
    Artifact,
    Command,
    Failure,
    Findings,
    Plan,
    Program,
    Run,
    deflate,
    files,
    omissions,
    restore,
    temp_dump,
)
from sidecar_sdk.restore import Outcome, Request, choices, source, target
from sidecar_sdk.testing import Host

#: Loads a part.
LOAD = Program(["psql", "--dbname", "app; x"])


def strategy(make: Callable[[Run, Artifact], Any], **plan: Any) -> type[sidecar_sdk.Strategy]:
    """A strategy that does that, with that plan."""

    class Strategy(sidecar_sdk.Strategy, restore.Restorable):
        name, version, summary = "test", "1", "Is for a test."
        config_schema = {"type": "object"}

        def plan(self, config: dict[str, Any]) -> Plan:
            return Plan(**plan)

        def make(self, run: Run, artifact: Artifact) -> None:
            make(run, artifact)

    return Strategy


class Failures(TestCase):
    def fails(self, code: str, make: Callable[[Run, Artifact], Any], host: Host | None = None, **plan: Any) -> Failure:
        """The run fails with that, and the strategy has met it as a `Failure`."""
        met = []

        def watched(run: Run, artifact: Artifact) -> None:
            try:
                make(run, artifact)
            except BaseException as error:
                met.append(error)
                raise

        with self.assertRaises(Failure) as failed:
            (host or Host()).backup(strategy(watched, **plan), {})
        self.assertEqual(failed.exception.code, code)
        self.assertIsInstance(met[0], Failure)
        return failed.exception

    def test_of_commands(self) -> None:
        self.fails("not-granted", lambda run, artifact: Command("id").run())
        self.fails("not-granted", lambda run, artifact: Command("id", env={"A": "1"}).run(), commands=["id"])
        self.fails("command-failed", lambda run, artifact: artifact.append_stdout(Command("x")), Host().fails("x"), commands=["x"])
        self.fails("output-too-large", lambda run, artifact: Command("x").capture(1), Host().prints("x", "xx"), commands=["x"])

    def test_of_programs(self) -> None:
        dump = Program(["pg_dump", "--dbname", "a'; rm -rf /"])
        registered = Host().fails(dump.planned())
        self.fails("not-granted", lambda run, artifact: dump.run(), registered)
        self.fails("not-granted", lambda run, artifact: dump.run(), registered, commands=[Program(["pg_dump"]).planned()])
        self.fails("command-failed", lambda run, artifact: artifact.append_stdout(dump), registered, commands=[dump.planned()])

    def test_of_a_part_and_of_what_is_in_it(self) -> None:
        def command_in_a_part(run: Run, artifact: Artifact) -> None:
            with artifact.part("dump"):
                artifact.append_stdout(Command("x"))

        def twice(run: Run, artifact: Artifact) -> None:
            for _ in range(2):
                with artifact.part("dump"):
                    artifact.write(b"x")

        def nested(run: Run, artifact: Artifact) -> None:
            with artifact.part("one"), artifact.part("two"):
                artifact.write(b"x")

        self.fails("command-failed", command_in_a_part, Host().fails("x", 3), commands=["x"])
        self.fails("bad-part", twice)
        self.fails("bad-part", nested)

    def test_of_files(self) -> None:
        host = Host().file("/data/a", "1")
        self.fails("not-granted", lambda run, artifact: files.inspect("/etc/passwd"))
        self.fails("not-found", lambda run, artifact: artifact.append_file("/data/b"), host, read=["/data"])
        self.fails("not-a-file", lambda run, artifact: files.open_file("/data"), host, read=["/data"])
        self.fails("not-a-directory", lambda run, artifact: list(files.list_directory("/data/a")), host, read=["/data"])

    def test_of_a_file_that_becomes_shorter(self) -> None:
        class Shrinking(Artifact):
            def append_open_file(self, file: files.File, length: int) -> int:
                return super().append_open_file(file, length) - 1

        host = Host().file("/data/a", "12")
        self.fails("file-shrank", lambda run, artifact: Shrinking().append_file("/data/a"), host, read=["/data"])

    def test_of_the_temporary_dump(self) -> None:
        self.fails("nothing-generated", lambda run, artifact: artifact.append_temp_dump())
        yesterday = Host().left_over(b"old").temp_dump(b"new")
        self.fails("temp-dump-not-prepared", lambda run, artifact: artifact.append_temp_dump(), yesterday)

    def test_an_error_of_the_system_is_one_too(self) -> None:
        with self.assertRaises(Failure) as failed:
            Host().backup(strategy(lambda run, artifact: open("/nowhere/file")), {})
        self.assertEqual(failed.exception.code, "io")
        self.assertEqual(str(failed.exception), "/nowhere/file: No such file or directory")

    def test_a_mistake_stays_what_it_is(self) -> None:
        with self.assertRaises(ZeroDivisionError):
            Host().backup(strategy(lambda run, artifact: 1 / 0), {})

    def test_one_that_is_swallowed_fails_the_run_all_the_same(self) -> None:
        def swallows(run: Run, artifact: Artifact) -> None:
            try:
                Command("x").run()
            except Failure:
                artifact.write(b"all is well")

        with self.assertRaises(Failure) as failed:
            Host().fails("x").backup(strategy(swallows, commands=["x"]), {})
        self.assertEqual(failed.exception.code, "command-failed")

    def test_what_is_exported_raises_the_records_of_the_interface(self) -> None:
        def refuses(run: Run, artifact: Artifact) -> None:
            raise Failure("no-match", "nothing matches", hint="write another")

        from wit_world.exports.strategy import Run as RawRun

        with self.assertRaises(Err) as raised:
            strategy(refuses)().backup(RawRun("1", "{}", []))
        raw = raised.exception.value
        self.assertEqual((raw.code, raw.message, raw.hint), ("no-match", "nothing matches", "write another"))


class Backups(TestCase):
    def test_everything_keeps_its_order(self) -> None:
        def make(run: Run, artifact: Artifact) -> None:
            artifact.write(b"begin\n")
            with artifact.part("file"):
                artifact.append_file("/data/a")
            with files.open_file("/data/b") as file, artifact.part("zipped"):
                self.assertIsNone(deflate.prepare(file, 3, 6))
                facts = artifact.append_file_deflated(file, 3, 6)
                self.assertEqual(facts.crc32, zlib.crc32(b"two"))
            temp_dump.prepare()
            artifact.append_temp_dump()
            omissions.report("/data/c", "shrank", "it shrank")

        host = Host().file("/data/a", "one").file("/data/b", "two").left_over(b"old").temp_dump(b"new")
        made = host.backup(strategy(make, read=["/data"]), {})
        self.assertEqual(made.artifact, b"begin\nonetwonew")
        self.assertEqual(made.parts, {"file": b"one", "zipped": b"two"})
        self.assertEqual(made.omissions[0].code, "shrank")

    def test_a_directory_is_listed_in_the_order_of_its_names(self) -> None:
        def make(run: Run, artifact: Artifact) -> None:
            for entry in files.list_directory("/data"):
                artifact.write(entry.path + b" " + entry.kind.encode() + b"\n")

        host = Host().file("/data/b/c", "").file("/data/a", "")
        made = host.backup(strategy(make, read=["/data"]), {})
        self.assertEqual(made.artifact, b"/data/a file\n/data/b directory\n")

    def test_a_preflight_writes_nothing(self) -> None:
        class Writes(strategy(lambda run, artifact: None)):  # type: ignore[misc]
            def check(self, config: dict[str, Any]) -> Findings:
                temp_dump.prepare()
                return Findings()

        found = Host().check(Writes, {})
        self.assertEqual([failure.code for failure in found.failures], ["not-in-preflight"])


class Restores(TestCase):
    def restored(self, restore_it: Callable[[Request], list[Outcome]], **plan: Any) -> Any:
        def make(run: Run, artifact: Artifact) -> None:
            for name in ("one", "two"):
                with artifact.part(name):
                    artifact.write(name.encode() * 2)

        class Strategy(strategy(make)):  # type: ignore[misc]
            def plan_restore(self, request: Request) -> restore.Plan:
                return restore.Plan(**plan)

            def restore(self, run_id: str, request: Request) -> list[Outcome]:
                return restore_it(request)

        host = Host().prints("psql").prints(LOAD.planned()).accepts("end-sessions")
        return host.restore(Strategy, {}, host.backup(Strategy, {}), into="/restored")

    def test_a_part_is_read_fed_and_made_a_file(self) -> None:
        def restore_it(request: Request) -> list[Outcome]:
            one, two = request.parts
            self.assertEqual(one.open().read(), b"oneone")
            self.assertEqual(io.BufferedReader(two.open()).read(3), b"two")
            two.feed(Command("psql"))
            two.feed(LOAD)
            two.lay_out()
            target.make_directory(target.Node("below"))
            target.make_file(target.Node("below/one"), one.content())
            self.assertTrue(choices.accepted("end-sessions"))
            self.assertEqual(source.whole().read(), b"oneonetwotwo")
            return [Outcome("one", "as below/one"), Outcome("two")]

        restored = self.restored(restore_it, commands=["psql", LOAD.planned()], directory="/restored")
        self.assertEqual(restored.files, {"below/one": b"oneone"})
        self.assertEqual(restored.fed, [("psql", b"twotwo"), (LOAD.planned(), b"twotwo")])
        self.assertEqual(restored.notes, {"one": "as below/one", "two": ""})

    def test_a_part_that_fails_is_an_outcome(self) -> None:
        def restore_it(request: Request) -> list[Outcome]:
            try:
                target.make_file(target.Node("../out"), request.parts[0].content())
            except Failure as failure:
                return [Outcome("one", failure=failure)]
            return []

        restored = self.restored(restore_it, directory="/restored")
        self.assertEqual(restored.failures["one"].code, "outside-target")

    def test_what_was_not_planned_is_refused(self) -> None:
        for refused, code in [
            (lambda request: source.whole().read(1), "not-planned"),
            (lambda request: target.make_fifo(target.Node("fifo")), "not-granted"),
            (lambda request: request.parts[0].feed(Command("psql")), "not-planned"),
        ]:
            with self.assertRaises(Failure) as failed:
                self.restored(lambda request, refused=refused: refused(request), parts=["two"])
            self.assertEqual(failed.exception.code, code)
