"""R1 to R4: bringing a backup back, beside the tool that reads the same artifact."""
import shutil
import subprocess

import inputs
from measure import alternate, beside, median, timed
from postgres import Postgres

MIB = 1 << 20


def restored(bench, name, work, file, peer, most):
    """`sidecar restore` of the newest backup into a directory that is not there yet, beside `peer` of its artifact."""
    artifact, ours_into, peer_into = file.parent / "artifacts/out", bench.folder / "ours", bench.folder / "peer"
    bench.backup(file)

    def ours():
        shutil.rmtree(ours_into, ignore_errors=True)
        return timed([bench.binary, "--quiet", "--config", file, "restore", "latest", "--into", ours_into])

    def theirs():
        shutil.rmtree(peer_into, ignore_errors=True)
        peer_into.mkdir()
        return timed([str(word) for word in peer(artifact, peer_into)])

    ours(), theirs()
    mine, others = alternate(bench.options.pairs, ours, theirs)
    subprocess.run(["diff", "-r", "--no-dereference", ours_into, peer_into], check=True)
    return beside(name, work, mine, others, most, f"peak {median(mine, 'peak') / MIB:.0f} MiB")


def trees(name, make, size, what):
    def run(bench):
        tree = bench.input(make, size(bench.options))
        file = bench.config("file_archive", {"base_dir": str(tree), "paths": ["*"], "compression": "store"})
        yield restored(bench, name, f"restore of {what(bench.options)}, beside `tar -x`", file,
                       lambda artifact, into: ["tar", "-C", into, "-xf", artifact], 1.5)
    return run


def r3(bench):
    tree = bench.input(inputs.mixed_tree, bench.options.size // 4)
    file = bench.config("file_archive", {"base_dir": str(tree), "paths": ["*"], "format": "zip"})
    yield restored(bench, "R3", f"restore of {bench.options.size // 4} MiB from a zip, beside `unzip`", file,
                   lambda artifact, into: ["unzip", "-q", artifact, "-d", into], 1.0)


def r4(bench):
    """A table comes back into a server that has it, beside `pg_restore --clean` of the same dump."""
    rows = bench.options.rows
    with Postgres() as postgres:
        postgres.sql(f"CREATE TABLE orders AS SELECT i, md5(i::text) AS name, md5((i * 7)::text) AS note "
                     f"FROM generate_series(1, {rows}) i; ALTER TABLE orders ADD PRIMARY KEY (i)")
        file = bench.config("database_dump", {"engine": "postgres", "url": postgres.url})
        bench.backup(file)
        dump = bench.folder / "orders.dump"
        subprocess.run(["pg_dump", "-Fc", "-d", postgres.url, "-f", dump], check=True)
        ours = [bench.binary, "--quiet", "--config", file, "restore", "latest", "--replace"]
        peer = ["pg_restore", "--clean", "--if-exists", "-d", postgres.url, dump]
        mine, others = alternate(bench.options.pairs, lambda: timed(ours), lambda: timed(peer))
        yield beside("R4", f"restore of {rows:,} rows over what is there, beside `pg_restore --clean`", mine, others, 1.5,
                     f"peak {median(mine, 'peak') / MIB:.0f} MiB; ours builds the new beside the old")


ALL = {
    "R1": trees("R1", inputs.small_files, lambda options: options.files, lambda options: f"{options.files:,} small files"),
    "R2": trees("R2", inputs.mixed_tree, lambda options: options.size // 2, lambda options: f"{options.size // 2} MiB in large files"),
    "R3": r3,
    "R4": r4,
}
