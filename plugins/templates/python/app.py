"""my_strategy: makes a backup with a command, and begins it with a greeting."""

from typing import Any

import sidecar_sdk
from sidecar_sdk import Artifact, Command, Failure, Plan, Run, log


class Strategy(sidecar_sdk.Strategy):
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
        # What `sidecar module test` tries.
        "examples": [
            {"command": "cat letter.txt"},
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
        finished = artifact.append_stdout(Command(run.config["command"]))
        log.info(f"the command printed {finished.stdout_bytes} bytes")
