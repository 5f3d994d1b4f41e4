"""N1 to N3: two nights of a repository beside restic and borg, on the same input."""
import json
import os
import random
import shutil
import subprocess

import inputs
from measure import Row, beside, median, timed
from postgres import Postgres

MIB = 1 << 20
PASSWORD = "bench"


class Side:
    """A tool with a repository of its own, which is made anew for each pair."""

    def __init__(self, folder):
        self.folder = folder
        self.nights = ([], [])

    def begin(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "store").mkdir(parents=True)
        self.make()

    def back_up(self, night):
        """Runs it, and notes what it has added."""
        before = self.stored()
        run = timed(self.command(), env={**os.environ, **self.environment()}, cwd=self.folder)
        after = self.stored()
        run.size, run.files = after[0] - before[0], after[1] - before[1]
        self.nights[night].append(run)

    def stored(self):
        """Bytes and number of the files there."""
        sizes = [file.stat().st_size for file in (self.folder / "store").rglob("*") if file.is_file()]
        return sum(sizes), len(sizes)

    def make(self):
        pass

    def environment(self):
        return {}

    def middle(self, night, what="seconds"):
        return median(self.nights[night], what)


class Sidecar(Side):
    def __init__(self, folder, bench, strategy, config):
        super().__init__(folder)
        self.bench, self.strategy, self.config = bench, strategy, config

    def make(self):
        # Nothing but the files of the backup is counted: the repository is the store.
        self.file = self.bench.config(self.strategy, self.config)
        whole = json.loads(self.file.read_text())
        store = {"name": "bench", "type": "fs", "path": str(self.folder / "store"), "layout": "repository",
                 "repository": {"password": PASSWORD}}
        whole["strategy"]["timeout"] = "1h"
        self.file.write_text(json.dumps({**whole, "stores": [store]}))

    def command(self):
        return [self.bench.binary, "--quiet", "--config", self.file, "backup"]


class Restic(Side):
    """`take` is what follows `restic backup`; `source` a command whose output it is given."""

    def __init__(self, folder, take, source=None):
        super().__init__(folder)
        self.take, self.source = take, source

    def make(self):
        subprocess.run(["restic", "init", "-q", "--repository-version", "2"], check=True, stdout=subprocess.DEVNULL,
                       env={**os.environ, **self.environment()})

    def environment(self):
        return {"RESTIC_REPOSITORY": str(self.folder / "store"), "RESTIC_PASSWORD": PASSWORD,
                "RESTIC_CACHE_DIR": str(self.folder / "cache")}

    def command(self):
        return piped(self.source, f"restic backup -q {self.take}")


class Borg(Side):
    def __init__(self, folder, take, source=None):
        super().__init__(folder)
        self.take, self.source = take, source

    def make(self):
        subprocess.run(["borg", "init", "-e", "repokey-blake2"], check=True, stderr=subprocess.DEVNULL,
                       env={**os.environ, **self.environment()})

    def environment(self):
        return {"BORG_REPO": str(self.folder / "store"), "BORG_PASSPHRASE": PASSWORD,
                "BORG_BASE_DIR": str(self.folder / "home")}

    def command(self):
        return piped(self.source, f"borg create --compression zstd,3 ::{{now:%s.%f}} {self.take}")


def piped(source, command):
    line = f"{source} | {command}" if source else command
    return ["bash", "-c", f"set -o pipefail; {line}"]


def compared(bench, name, work, sides, change):
    """Two nights of each, in turn; `change` is what happens between them. The rows, beside restic."""
    ours, restic, borg = sides
    for _ in range(bench.options.pairs):
        for side in sides:
            side.begin()
            side.back_up(0)
        change()
        for side in sides:
            side.back_up(1)
    for night, when in enumerate(("first night", "second night, 1 % changed")):
        others = f"borg {borg.middle(night):.3g} s"
        yield beside(name, f"{work}, {when}, beside restic", ours.nights[night], restic.nights[night], 1.0, others)
        added = [side.middle(night, "size") / MIB for side in sides]
        files = ", ".join(f"{side.middle(night, 'files'):.0f}" for side in sides)
        yield Row(name, f"{work}, {when}: bytes added", added[0], added[1], "MiB", "≤ 1.1 × restic",
                  added[0] <= 1.1 * added[1], f"borg {added[2]:.3g} MiB; files written {files}")
    peaks = [max(side.middle(0, "peak"), side.middle(1, "peak")) / MIB for side in sides]
    yield Row(name, f"{work}: peak memory", peaks[0], peaks[1], "MiB", "≤ 96 MiB", peaks[0] <= 96,
              f"borg {peaks[2]:.0f} MiB")


def trees(bench, name, work, tree, change):
    folder = bench.folder / "nights"
    sides = (
        Sidecar(folder / "sidecar", bench, "file_archive",
                {"base_dir": str(tree), "paths": ["*"], "compression": "store"}),
        Restic(folder / "restic", tree),
        Borg(folder / "borg", tree),
    )
    yield from compared(bench, name, work, sides, change)


def n1(bench):
    """30,000 files, of which 300 change."""
    count = bench.options.files
    tree = bench.input(inputs.small_files, count)
    dice = random.Random(4)

    def change():
        for index in dice.sample(range(count), max(1, count // 100)):
            file = tree / f"{index // 100:05}" / f"{index % 100:02}.txt"
            file.write_bytes(dice.randbytes(dice.randrange(8192)))

    yield from trees(bench, "N1", f"{count:,} small files", tree, change)


def n2(bench):
    """2 GiB in files of 16 MiB; in each a hundredth changes, at one place."""
    size = 2 * bench.options.size
    tree = bench.input(inputs.mixed_tree, size)
    dice = random.Random(5)

    def change():
        for path in sorted(tree.iterdir()):
            length = path.stat().st_size
            with open(path, "r+b") as file:
                file.seek(dice.randrange(length - length // 100))
                file.write(dice.randbytes(length // 100))

    yield from trees(bench, "N2", f"{size} MiB in large files", tree, change)


def n3(bench):
    """A table of which a hundredth of the rows is updated, in its youngest tenth."""
    rows = bench.options.rows
    with Postgres() as postgres:
        postgres.sql(f"CREATE TABLE orders AS SELECT i, md5(i::text) AS name, md5((i * 7)::text) AS note "
                     f"FROM generate_series(1, {rows}) i; ALTER TABLE orders ADD PRIMARY KEY (i)")

        def change():
            postgres.sql(f"UPDATE orders SET note = md5(random()::text) WHERE i > {rows - rows // 10} AND i % 10 = 0")

        folder, dump = bench.folder / "nights", f"pg_dump -d {postgres.url}"
        sides = (
            Sidecar(folder / "sidecar", bench, "database_dump", {"engine": "postgres", "url": postgres.url}),
            Restic(folder / "restic", "--stdin", dump),
            Borg(folder / "borg", "-", dump),
        )
        yield from compared(bench, "N3", f"PostgreSQL, {rows:,} rows", sides, change)
        first, second = (sides[0].middle(night, "size") / MIB for night in (0, 1))
        yield Row("N3", f"PostgreSQL, {rows:,} rows: the second night's bytes beside the first's", second, first, "MiB",
                  "≤ 15 %", second <= 0.15 * first)


ALL = {"N1": n1, "N2": n2, "N3": n3}
