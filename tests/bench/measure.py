"""How long something takes, how much memory it needs, and how that is written down."""
import dataclasses
import os
import pathlib
import platform
import statistics
import subprocess
import time

# How far the peer's own runs may lie apart, of their median, for a verdict.
STEADY = 0.3


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
    spread: float = 0  # how far the peer's own runs lie apart, of their median

    def ratio(self):
        return self.ours / self.peer if self.peer else float("nan")

    def reached(self):
        if self.spread > STEADY:
            return f"unclear: the peer's own runs differ by {self.spread:.0%}"
        return "yes" if self.good else "**no**"

    def cells(self):
        ratio = f"{self.ratio():.2f}" if self.peer else ""
        peer = f"{self.peer:.3g} {self.unit}" if self.peer else ""
        return [self.name, self.work, f"{self.ours:.3g} {self.unit}", peer, ratio, self.goal, self.reached(), self.note]

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


def spread(runs):
    """How far the runs of a side lie apart, of their median."""
    seconds = [run.seconds for run in runs]
    return (max(seconds) - min(seconds)) / statistics.median(seconds)


def beside(name, work, ours, peer, most, note=""):
    """The row of a side beside its peer, of which it may take `most` times the seconds."""
    row = Row(name, work, median(ours), median(peer), "s", f"≤ {most} ×", False, note, spread(peer))
    row.good = row.ratio() <= most
    return row


def machine(folder):
    """What was measured on: cores, model, memory, the file system of `folder`, kernel."""
    about = pathlib.Path("/proc/cpuinfo").read_text()
    model = next((line.split(":", 1)[1].strip() for line in about.splitlines() if line.startswith("model name")), "?")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    disk = subprocess.run(["findmnt", "-no", "FSTYPE,SOURCE", "--target", folder], capture_output=True, text=True)
    return (f"{len(os.sched_getaffinity(0))} cores, {model}; {memory:.0f} GiB; {' '.join(disk.stdout.split()) or '?'}; "
            f"Linux {platform.release()}")


def table(rows):
    head = ["", "work", "sidecar", "peer", "ratio", "goal", "reached", ""]
    lines = [head, ["---"] * len(head)] + [row.cells() for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
