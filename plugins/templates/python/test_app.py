"""What the strategy does, against a played host: `./test`, or pytest."""

from unittest import TestCase

from app import Strategy
from sidecar_sdk import Failure
from sidecar_sdk.restore import Selection
from sidecar_sdk.testing import Host

CONFIG = {"command": "pg_dump app", "greeting": "Hello"}


class TheStrategy(TestCase):
    def test_the_backup_is_the_greeting_and_what_the_command_prints(self) -> None:
        made = Host().prints("pg_dump app", "the dump").backup(Strategy, CONFIG)
        self.assertEqual(made.artifact, b"Hello\nthe dump")
        self.assertEqual(made.parts, {"output": b"the dump"})

    def test_a_command_that_fails_fails_the_run(self) -> None:
        with self.assertRaises(Failure) as failed:
            Host().fails("pg_dump app").backup(Strategy, CONFIG)
        self.assertEqual(failed.exception.code, "command-failed")

    def test_a_command_that_removes_is_refused(self) -> None:
        with self.assertRaises(Failure) as refused:
            Host().plan(Strategy, {"command": "rm -rf /"})
        self.assertEqual(refused.exception.code, "command-removes")

    def test_the_dump_comes_back_as_a_file(self) -> None:
        made = Host().prints("pg_dump app", "the dump").backup(Strategy, CONFIG)
        only = [Selection("output", "dump.sql")]
        restored = Host().restore(Strategy, CONFIG, made, only=only, into="/restored")
        self.assertEqual(restored.files, {"dump.sql": b"the dump"})

    def test_a_part_that_is_not_there_is_refused(self) -> None:
        made = Host().prints("pg_dump app", "the dump").backup(Strategy, CONFIG)
        with self.assertRaises(Failure) as refused:
            Host().restore(Strategy, CONFIG, made, only=[Selection("users")], into="/restored")
        self.assertEqual(refused.exception.code, "no-such-part")
