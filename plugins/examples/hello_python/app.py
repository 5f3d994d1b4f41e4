"""The smallest strategy in Python: it writes a greeting, a file and what a command says."""

import json

from wit_world import exports
from wit_world.exports.strategy import Description, Plan, Run
from wit_world.imports import artifact, commands, files
from wit_world.imports.commands import Command

VERSION = "0.1.0"

CONFIG_SCHEMA = {
    "type": "object",
    "properties": {
        "greeting": {"type": "string", "description": "What the artifact begins with."},
        "file": {
            "type": "string",
            "description": "A file whose content follows the greeting: an absolute path.",
            "pattern": r"^/[^\p{Cc}]*$",
        },
        "command": {
            "type": "string",
            "description": "A command whose output ends the artifact.",
            "pattern": r"\S",
        },
    },
    "required": ["greeting"],
    "additionalProperties": False,
    # What `sidecar module test` tries.
    "examples": [
        {"greeting": "Hello"},
        {
            "greeting": "Hello",
            "file": "${SIDE_CAR_WORKDIR}/letter.txt",
            "command": "echo from a command",
        },
    ],
}


class Strategy(exports.Strategy):
    def describe(self) -> Description:
        return Description(
            name="hello_python",
            version=VERSION,
            summary="Writes a greeting, a file and what a command says.",
            config_schema=json.dumps(CONFIG_SCHEMA),
        )

    def plan_run(self, config: str) -> Plan:
        wanted = json.loads(config)
        return Plan(
            commands=[wanted["command"]] if "command" in wanted else [],
            shell=None,
            read=[wanted["file"]] if "file" in wanted else [],
            follow_links=False,
            net=[],
            env=[],
            compression=None,
        )

    def backup(self, run: Run) -> None:
        wanted = json.loads(run.config)
        artifact.write(f"{wanted['greeting']}\n".encode())
        if "file" in wanted:
            with files.open_file(wanted["file"].encode(), follow=True) as file:
                artifact.append_file(file, file.inspect().size)
        if "command" in wanted:
            commands.run_into_artifact(
                Command(line=wanted["command"], env=[], workdir=None, accept=[])
            )
