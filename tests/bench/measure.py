"""How long something takes, how much memory it needs, and how that is written down."""
import dataclasses
import os
import statistics
import subprocess
import time


@dataclasses.dataclass
class Run:
    """One run of one side."""

    seconds: float
    peak: int = 0  # bytes of resident memory, of the process that was started
    size: int = 0  # bytes of what it made
    files: int = 0  # in which they lie


@dataclasses.dataclass
class Row:
    """A line of the table: our median beside the peer's."""

    name: str
    work: str
    ours: float
    peer: float
    unit: str
    goal: str
    good: bool
    note: str = ""

    def ratio(self):
        return self.ours / self.peer if self.peer else float("nan")

    def cells(self):
        ratio = f"{self.ratio():.2f}" if self.peer else ""
        peer = f"{self.peer:.3g} {self.unit}" if self.peer else ""
        reached = "yes" if self.good else "**no**"
        return [self.name, self.work, f"{self.ours:.3g} {self.unit}", peer, ratio, self.goal, reached, self.note]

    def line(self):
        return "  ".join(cell for cell in self.cells() if cell)


def timed(command, output=None, **options):
    """Runs a command to its end; a failure is an error."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, **options)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"failed with {process.returncode}: {command}")
    size = output.stat().st_size if output else 0
    return Run(seconds, usage.ru_maxrss * 1024, size)


def alternate(pairs, ours, peer):
    """Each side in turn, so that what else happens on the machine hits both."""
    mine, theirs = [], []
    for _ in range(pairs):
        mine.append(ours())
        theirs.append(peer())
    return mine, theirs


def median(runs, what="seconds"):
    return statistics.median(getattr(run, what) for run in runs)


def table(rows):
    head = ["", "work", "sidecar", "peer", "ratio", "goal", "reached", ""]
    lines = [head, ["---"] * len(head)] + [row.cells() for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
