"""A minimal strategy in Python: it writes a greeting, a file and the output of a command."""

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
    # Used by `sidecar module test`.
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
            summary="Writes a greeting, a file and the output of a command.",
            config_schema=json.dumps(CONFIG_SCHEMA),
        )

    def plan_run(self, config: str) -> Plan:
        values = json.loads(config)
        return Plan(
            commands=[values["command"]] if "command" in values else [],
            shell=None,
            read=[values["file"]] if "file" in values else [],
            follow_links=False,
            net=[],
            env=[],
            compression=None,
        )

    def backup(self, run: Run) -> None:
        values = json.loads(run.config)
        artifact.write(f"{values['greeting']}\n".encode())
        if "file" in values:
            with files.open_file(values["file"].encode(), follow=True) as file:
                artifact.append_file(file, file.inspect().size)
        if "command" in values:
            commands.run_into_artifact(
                Command(line=values["command"], env=[], workdir=None, accept=[])
            )
