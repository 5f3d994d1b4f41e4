"""my_strategy: makes a backup with a command, begins it with a greeting, and restores it as a file."""

from typing import Any

import sidecar_sdk
from sidecar_sdk import Artifact, Command, Failure, Findings, Plan, Run, log, restore
from sidecar_sdk.restore import Outcome, Request, target


class Strategy(sidecar_sdk.Strategy, restore.Restorable):
    name = "my_strategy"
    version = "0.1.0"
    summary = "Makes a backup with a command."
    config_schema = {
        "type": "object",
        "properties": {
            "command": {
                "type": "string",
                "description": "The command whose output is the backup.",
                "pattern": r"\S",
            },
            "greeting": {"type": "string", "description": "What the backup begins with."},
        },
        "required": ["command"],
        "additionalProperties": False,
        # Used by `sidecar module test`.
        "examples": [
            {"command": 'cat "$SIDE_CAR_WORKDIR/letter.txt"'},
            {"command": "date -u", "greeting": "Hello"},
        ],
    }

    def plan(self, config: dict[str, Any]) -> Plan:
        if "rm " in config["command"]:
            raise Failure(
                "command-removes",
                "strategy.config.command removes files, which no backup should",
                hint="write a command that only reads",
            )
        return Plan(commands=[config["command"]])

    def make(self, run: Run, artifact: Artifact) -> None:
        if "greeting" in run.config:
            artifact.write(f"{run.config['greeting']}\n".encode())
        with artifact.part("output"):
            finished = artifact.append_stdout(Command(run.config["command"]))
        log.info(f"the command printed {finished.stdout_bytes} bytes")

    def check(self, config: dict[str, Any]) -> Findings:
        # Whether what a run needs is there: does the server answer, may the account read?
        if config["command"] == "false":
            raise Failure("command-fails", "strategy.config.command is false, which always fails")
        return Findings()

    def plan_restore(self, request: Request) -> restore.Plan:
        if request.into is None and not request.is_of_any_backup():
            raise Failure("no-directory", "the backup is restored into a directory", hint="name one: --into /restored")
        selected = request.selected()
        return restore.Plan(
            directory=request.into,
            parts=[part.name for part, _ in selected],
            steps=[f"writes the file {name}" for _, name in selected],
        )

    def restore(self, run_id: str, request: Request) -> list[Outcome]:
        outcomes = []
        for part, name in request.selected():
            try:
                # The bytes never enter the module; a table would be fed to a command: `part.feed(Command(…))`.
                target.make_file(target.Node(name), part.content())
                outcomes.append(Outcome(part.name, f"as {name}"))
            except Failure as failure:
                outcomes.append(Outcome(part.name, failure=failure))
        return outcomes


Preflight = sidecar_sdk.preflight(Strategy)
Restore = restore.exported(Strategy)
RestorePreflight = restore.exported_preflight(Strategy)
Refusals = restore.exported_refusals(Strategy)
