"""notes_python: each note of a folder is a part of the backup, and is restored as a file, alone or with the others."""

from typing import Any

import sidecar_sdk
from sidecar_sdk import Artifact, Failure, Findings, Plan, Run, files, restore
from sidecar_sdk.restore import Outcome, Request, target


class Strategy(sidecar_sdk.Strategy, restore.Restorable):
    name = "notes_python"
    version = "0.1.0"
    summary = "Backs up the notes of a folder."
    config_schema = {
        "type": "object",
        "properties": {
            "folder": {
                "type": "string",
                "description": "The folder with the notes: an absolute path.",
                "pattern": r"^/[^\p{Cc}]*$",
            },
        },
        "required": ["folder"],
        "additionalProperties": False,
        "examples": [{"folder": "${SIDE_CAR_WORKDIR}/folder"}],
    }

    def plan(self, config: dict[str, Any]) -> Plan:
        return Plan(read=[config["folder"]])

    def make(self, run: Run, artifact: Artifact) -> None:
        artifact.write(b"notes\n")
        for note in files.list_directory(run.config["folder"]):
            if note.kind == "file":
                with artifact.part(_name(note)):
                    artifact.append_file(note.path, follow=False)

    def check(self, config: dict[str, Any]) -> Findings:
        files.inspect(config["folder"])
        return Findings()

    def plan_restore(self, request: Request) -> restore.Plan:
        selected = request.selected()
        return restore.Plan(
            directory=request.into,
            parts=[part.name for part, _ in selected],
            steps=[f"writes the file {name}" for _, name in selected],
        )

    def restore(self, run_id: str, request: Request) -> list[Outcome]:
        return [self._restored(part, name) for part, name in request.selected()]

    def _restored(self, part: restore.Part, name: str) -> Outcome:
        try:
            target.make_file(target.Node(name), part.content())
        except Failure as failure:
            return Outcome(part.name, failure=failure)
        return Outcome(part.name, f"as {name}")


def _name(note: files.Entry) -> str:
    return note.path.rsplit(b"/", 1)[-1].decode()


Preflight = sidecar_sdk.preflight(Strategy)
Restore = restore.exported(Strategy)
RestorePreflight = restore.exported_preflight(Strategy)
Refusals = restore.exported_refusals(Strategy)
