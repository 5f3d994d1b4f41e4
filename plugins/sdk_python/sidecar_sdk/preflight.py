"""Whether a run would succeed now: what `sidecar check` asks before the night."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wit_world import exports
from wit_world.exports.preflight import Findings as RawFindings
from wit_world.imports.types import Failure as RawFailure

from .failure import Failure, of_system

if TYPE_CHECKING:
    from . import Strategy


@dataclass
class Findings:
    """What was found: `failures` are every reason why a run would fail now, `warnings` fail none."""

    failures: list[Failure] = field(default_factory=list)
    warnings: list[Failure] = field(default_factory=list)

    @classmethod
    def of(cls, look: "Callable[[], Findings]") -> "Findings":
        """What was found, if need be by what was raised."""
        try:
            return look()
        except Failure as failure:
            return cls(failures=[failure])
        except OSError as error:
            return cls(failures=[of_system(error)])

    def raw(self) -> tuple[list[RawFailure], list[RawFailure]]:
        """The records of the raw interface."""
        return [one.raw() for one in self.failures], [one.raw() for one in self.warnings]


def preflight(strategy: "type[Strategy]") -> type[exports.Preflight]:
    """The class that `app.py` exports as `Preflight`: it asks `strategy`, and a `Failure` that is raised is found."""

    class Preflight(exports.Preflight):
        def preflight(self, config: str) -> RawFindings:
            return RawFindings(*Findings.of(lambda: strategy().check(json.loads(config))).raw())

    return Preflight
