"""G1: what a run, a list and a prune cost beside how many backups lie in the bucket."""
import datetime
import json
import re
import shutil
import uuid

from bucket import PAGE, Bucket
from measure import Row, median, timed

COUNTS = (10, 1000, 5000)
# A page of each listing: three tiers and their verdicts.
LISTINGS = 6


def filled(server, count):
    """Leaves the newest backup of the bucket, and copies of it of every hour before, until there are `count`."""
    manifests = sorted(key for key in server.objects if key.endswith(".manifest.json"))
    for key in manifests[:-1]:
        del server.objects[key], server.objects[key.removesuffix(".manifest.json")]
    newest = manifests[-1]
    manifest = json.loads(server.objects[newest][2])
    manifest.pop("manifest_sha256")
    began = datetime.datetime.fromisoformat(manifest["started_at"][:19])
    artifact = newest.removesuffix(".manifest.json")
    for hours in range(1, count):
        at = began - datetime.timedelta(hours=hours)
        stamp = at.isoformat() + "Z"
        copy = {**manifest, "id": str(uuid.uuid4()), "seq": -hours + count, "started_at": stamp, "finished_at": stamp}
        key = re.sub(r"\d{8}_\d{6}(_\d+)?", at.strftime("%Y%m%d_%H%M%S"), artifact)
        text = json.dumps(copy).encode()
        server.objects[key] = server.objects[artifact]
        server.objects[f"{key}.manifest.json"] = (len(text), uuid.uuid4().hex, text)
    text = json.dumps({**manifest, "seq": count}).encode()
    server.objects[newest] = (len(text), uuid.uuid4().hex, text)


def g1(bench):
    with Bucket() as server:
        file = bench.config("custom", {"command": "echo x", "capture_stdout": True})
        keys = {"access_key_id": "bench", "secret_access_key": "bench"}
        store = {"name": "bench", "type": "s3", "bucket": "backups", "endpoint": server.url, **keys}
        retention = {"daily": {"days": 3650}}
        file.write_text(json.dumps({**json.loads(file.read_text()), "stores": [store], "retention": retention}))

        def run(*words):
            before = server.requests
            took = timed([bench.binary, "--quiet", "--config", file, *words])
            return took, server.requests - before

        run("backup")
        first = None
        for count in COUNTS:
            filled(server, count)
            known = file.parent / "artifacts/.sidecar"
            for name in known.glob("known-objects.sqlite*"):
                name.unlink()
            cold, _ = run("list")
            yield Row("G1", f"`list` of {count:,} backups in a bucket, cold", cold.seconds, 0, "s", "≤ 3 s", cold.seconds <= 3)
            for words in (("list",), ("prune", "--dry-run")):
                warm = median([run(*words)[0] for _ in range(bench.options.pairs)])
                yield Row("G1", f"`{' '.join(words)}` of {count:,} backups in a bucket, warm", warm, 0, "s", "≤ 0.5 s", warm <= 0.5)
            run("backup")
            took, requests = run("backup")
            first = first or requests
            pages = 3 * LISTINGS * (count * 2 // PAGE)
            yield Row("G1", f"requests of a run beside {count:,} backups", requests, first, "", "the same, and pages",
                      requests <= first + pages, f"{took.seconds * 1000:.0f} ms")
        shutil.rmtree(file.parent)


ALL = {"G1": g1}
