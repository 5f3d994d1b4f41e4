"""P1 to P9: each gives rows of the table."""
import json
import os
import pathlib
import shutil
import statistics
import subprocess

import bucket
import export
import inputs
from measure import Row, alternate, beside, median, spread, timed

MIB = 1 << 20
# It is never read back: its key was thrown away.
ENCRYPTION = {"age": {"recipients": ["age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"]}}

CODECS = ("none", "gz", "bz2", "xz", "zst", "zip")


class Bench:
    """The binary, a folder for everything, and the inputs that were made so far."""

    def __init__(self, binary, folder, options):
        self.binary, self.folder, self.options = binary, folder, options
        self.made = {}

    def input(self, make, *arguments):
        key = (make.__name__, *arguments)
        if key not in self.made:
            name = "-".join(pathlib.Path(str(part)).name for part in key)
            self.made[key] = make(self.folder / name, *arguments)
        return self.made[key]

    def config(self, strategy, config, **artifact):
        """A configuration file of its own folder; the artifact is its artifacts/out."""
        home = self.folder / "home"
        shutil.rmtree(home, ignore_errors=True)
        for name in ("work", "artifacts", "tmp"):
            (home / name).mkdir(parents=True)
        file = home / "config.yaml"
        file.write_text(json.dumps({
            "app": {"host": "127.0.0.1", "port": export.free_port(), "export": {"first_byte_within": "0"}},
            "capabilities": {"version": "v1", "types": ["bench"]},
            "strategy": {"type": strategy, "artifact": {"filename": "out", **artifact}, "config": config},
            "paths": {"workdir": str(home / "work"), "artifacts": str(home / "artifacts"),
                      "temp_dump": str(home / "tmp/dump")},
            "secrets": {"api_token": export.TOKEN},
        }))
        return file

    def backup(self, file):
        output = file.parent / "artifacts/out"
        output.unlink(missing_ok=True)
        return timed([self.binary, "--quiet", "--config", file, "backup"], output)

    def shell(self, line):
        output = self.folder / "peer-out"
        output.unlink(missing_ok=True)
        return timed(["bash", "-c", f"set -o pipefail; {line}"], output, env={**os.environ, "OUT": str(output)})

    def compare(self, name, work, file, line, goal):
        """Our backup beside a shell line that writes to $OUT."""
        self.backup(file), self.shell(line)
        ours, peer = alternate(self.options.pairs, lambda: self.backup(file), lambda: self.shell(line))
        more = median(ours, "size") / max(1, median(peer, "size")) - 1
        return beside(name, work, ours, peer, goal, f"size {more:+.1%}, peak {median(ours, 'peak') / MIB:.0f} MiB")


def p1(bench):
    file = bench.input(inputs.mixed_file, bench.options.size)
    config = bench.config("database_dump", {"command": f"cat {file}"})
    yield bench.compare("P1", f"dump of {bench.options.size} MiB, beside `cat \\| tee \\| sha256sum`", config,
                        f"cat {file} | tee $OUT | sha256sum", 1.0)


def p2(bench):
    tree = bench.input(inputs.mixed_tree, bench.options.size)
    config = bench.config("file_archive", {"base_dir": str(tree), "paths": ["*"], "compression": "gz"})
    row = bench.compare("P2", f"tar.gz of {bench.options.size} MiB, beside `tar \\| pigz -6`", config,
                        f"tar -C {tree} -cf - . | pigz -6 > $OUT", 0.75)
    yield row


def p3(bench):
    for count, goal in [(30_000, 1.2)] + ([(300_000, 1.2)] if bench.options.large else []):
        tree = bench.input(inputs.small_files, count)
        config = bench.config("file_archive", {"base_dir": str(tree), "paths": ["*"], "compression": "store"})
        yield bench.compare("P3", f"tar of {count:,} small files, beside GNU tar", config,
                            f"tar -C {tree} -cf $OUT .", goal)


def p4(bench):
    size = bench.options.size // 4
    tree = bench.input(inputs.mixed_tree, size)
    for codec, peer in [("xz", "xz -T0 -6"), ("bz2", "pbzip2"), ("zst", "zstd -q -T0 -3")]:
        config = bench.config("file_archive", {"base_dir": str(tree), "paths": ["*"], "compression": codec})
        yield bench.compare("P4", f"tar.{codec} of {size} MiB, beside `tar \\| {peer}`", config,
                            f"tar -C {tree} -cf - . | {peer} > $OUT", 1.0)
    config = bench.config("file_archive", {"base_dir": str(tree), "paths": ["*"], "format": "zip"})
    yield bench.compare("P4", f"zip of {size} MiB, beside Info-ZIP", config,
                        f"cd {tree} && zip -q -r - . > $OUT", 0.5)


def p5(bench):
    """Encrypted, and exported to a slow client."""
    quarter = bench.input(inputs.calm_file, 256)
    sizes = (1, 10) if bench.options.large else (0.25, 1)
    for codec in CODECS:
        peaks = {}
        for gib in sizes:
            times = int(gib * 4)
            if codec == "zip":
                tree = bench.input(inputs.links_to, quarter, times)
                config = bench.config("file_archive", {"base_dir": str(tree), "paths": ["*"], "format": "zip"},
                                      encryption=ENCRYPTION)
            else:
                line = f"for i in $(seq {times}); do cat {quarter}; done"
                config = bench.config("database_dump", {"command": line}, compression=codec, encryption=ENCRYPTION)
            # The first run of a component compiles it, which takes memory of its own.
            timed([bench.binary, "--config", config, "check"], stderr=subprocess.DEVNULL)
            with export.Server(bench.binary, config) as server:
                peaks[gib] = server.peak_of_slow_export(bench.options.slow).peak / MIB
        small, large = peaks.values()
        note = f"{small:.0f} MiB for {min(peaks)} GiB"
        yield Row("P5", f"peak memory, {codec}, {max(peaks)} GiB, encrypted, to a slow client", large, 0, "MiB",
                  "≤ 64 MiB, flat", large <= 64 and abs(large - small) < 5, note)


def p6(bench):
    """`cat` costs nothing, so that all of the way is to be seen; gzip works about as hard as a dump does."""
    file = bench.input(inputs.mixed_file, bench.options.size)
    packed = bench.input(inputs.packed, file)
    for line, what in [(f"cat {file}", "`cat`"), (f"gzip -dc {packed}", "`gzip -dc`")]:
        config = bench.config("database_dump", {"command": line})
        with export.Server(bench.binary, config) as server, export.PlainSocket(line) as plain:
            server.export()
            ours, peer = alternate(bench.options.pairs, server.export, plain.export)
        row = Row("P6", f"export of {what}, streaming, beside the command on a plain socket", median(ours),
                  median(peer), "s", "≥ 0.9 × its throughput", False, spread=spread(peer))
        row.good = row.ratio() <= 1 / 0.9
        yield row
    config = bench.config("database_dump", {"command": "printf 'first'; sleep 0.2; printf 'last'"})
    with export.Server(bench.binary, config) as server, export.PlainSocket("printf 'first'; sleep 0.2") as plain:
        server.export()
        ours, peer = alternate(bench.options.pairs, server.first_byte, plain.first_byte)
    late = (median(ours) - median(peer)) * 1000
    yield Row("P6", "first byte of an export, after the command's own", late, 0, "ms", "≤ 20 ms", late <= 20)


def p7(bench):
    config = bench.config("custom", {"command": "echo x", "capture_stdout": True})
    bench.backup(config)
    pairs = bench.options.pairs * 4
    ours, peer = alternate(pairs, lambda: bench.backup(config), lambda: timed(["sh", "-c", "echo x"]))
    whole = median(ours) * 1000
    yield Row("P7", "`sidecar backup` of nothing, warm", whole, 0, "ms", "≤ 60 ms", whole <= 60)
    with export.Server(bench.binary, config) as server:
        server.export()
        ours = [server.export() for _ in range(pairs)]
    more = (median(ours) - median(peer)) * 1000
    yield Row("P7", "the same in a running server, over `sh -c`", more, 0, "ms", "≤ 5 ms", more <= 5)


def p8(bench):
    """What rclone is given is ready; what the sidecar uploads, it dumps, hashes and spools meanwhile."""
    if not shutil.which("rclone"):
        raise SystemExit("P8 needs rclone: apt-get install rclone")
    file = bench.input(inputs.mixed_file, bench.options.size)
    with bucket.Bucket() as server:
        keys = {"access_key_id": "bench", "secret_access_key": "bench"}
        options = {"type": "s3", "provider": "Other", "endpoint": server.url, "no_check_bucket": "true", **keys}
        remote = {f"RCLONE_CONFIG_BENCH_{name.upper()}": value for name, value in options.items()}
        # Whatever the machine says about AWS is not about this bucket.
        plain = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        environment = {**plain, **remote, "RCLONE_CONFIG": "/dev/null"}
        store = {"name": "bench", "type": "s3", "bucket": "backups", "endpoint": server.url, **keys}
        # Parts of the same size, and as many at once.
        copy = ["rclone", "copyto", file, "bench:backups/peer", "--s3-chunk-size", "8M", "--s3-upload-concurrency", "3"]

        def ours(work, compression):
            config = bench.config("database_dump", {"command": f"cat {work}"}, compression=compression)
            whole = json.loads(config.read_text())
            config.write_text(json.dumps({**whole, "stores": [store]}))
            server.empty()
            return timed([bench.binary, "--quiet", "--config", config, "backup"])

        def peer():
            server.empty()
            return timed(copy, env=environment)

        for compression in ("none", "zst"):
            ours(file, compression), peer()
            mine, theirs = alternate(bench.options.pairs, lambda: ours(file, compression), peer)
            how = "" if compression == "none" else f", compressing ({compression})"
            peaks = f"peak {median(mine, 'peak') / MIB:.0f} MiB, rclone {median(theirs, 'peak') / MIB:.0f} MiB"
            yield beside("P8", f"dump of {bench.options.size} MiB into a bucket{how}, beside `rclone copy` of the file",
                         mine, theirs, 1.1, peaks)


def set_of_three(bench, line):
    """A configuration whose three members archive what `line` prints."""
    file = bench.config("custom", {})
    whole = json.loads(file.read_text())
    member = {"type": "custom", "config": {"command": line, "capture_stdout": True}}
    del whole["strategy"]
    file.write_text(json.dumps({**whole, "strategies": {name: member for name in ("one", "two", "three")}}))
    return file


def p9(bench):
    """A set of three members, beside the members' own times, as the journal has both; and its memory."""
    with export.Server(bench.binary, set_of_three(bench, "echo x")) as server:
        for _ in range(bench.options.pairs * 4 + 1):
            server.export()
        runs = server.jobs()
    sets = [run for run in runs if "member" not in run][:-1]
    own = [sum(run["duration_ms"] for run in runs if run["set_id"] == one["id"] and "member" in run) for one in sets]
    more = statistics.median(one["duration_ms"] - members for one, members in zip(sets, own))
    yield Row("P9", "a set, over its three members", more, 0, "ms", "≤ 5 ms", more <= 5)
    config = set_of_three(bench, f"cat {bench.input(inputs.calm_file, 256)}")
    timed([bench.binary, "--config", config, "check"], stderr=subprocess.DEVNULL)
    with export.Server(bench.binary, config) as server:
        server.export()
        peak = server.peak() / MIB
    yield Row("P9", "peak memory, a set of three times 256 MiB, exported", peak, 0, "MiB", "≤ 64 MiB", peak <= 64)


ALL = {"P1": p1, "P2": p2, "P3": p3, "P4": p4, "P5": p5, "P6": p6, "P7": p7, "P8": p8, "P9": p9}
