"""A sidecar in a folder of its own, for the long forms: what they configure, run and require."""
import json
import os
import subprocess
import sys

RETENTION = 3
TOKEN = "a-token-that-only-tests-know"
STRATEGY = {"type": "custom", "config": {"command": "seq 1 1000", "capture_stdout": True}}


class Sidecar:
    """`config` is the configuration as it is written before each call."""

    def __init__(self, folder, cache, binary):
        self.folder, self.cache, self.binary = folder, cache, os.path.abspath(binary)
        for name in ("work", "artifacts", "tmp", "store"):
            os.makedirs(f"{folder}/{name}", exist_ok=True)
        self.config = {
            "app": {"host": "127.0.0.1", "port": 0},
            "capabilities": {"version": "v1", "types": ["database"]},
            "strategy": STRATEGY,
            "paths": {"workdir": f"{folder}/work", "artifacts": f"{folder}/artifacts", "temp_dump": f"{folder}/tmp/dump"},
            "secrets": {"api_token": TOKEN},
            "stores": [{"name": "local", "type": "fs", "path": f"{folder}/store", "prefix": "app"}],
            "retention": {"daily": {"last": RETENTION}},
        }

    def command(self, *arguments, before=()):
        path = f"{self.cache}/config.yaml"
        with open(path, "w") as file:
            json.dump(self.config, file)
        return [*before, self.binary, *arguments, "--config", path]

    @property
    def environment(self):
        return {**os.environ, "SIDECAR_SPEC_MARK": self.folder, "XDG_CACHE_HOME": self.cache}

    def run(self, *arguments, before=(), timeout=120):
        command = self.command(*arguments, before=before)
        return subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=timeout)

    def start(self, *arguments, **options):
        return subprocess.Popen(self.command(*arguments), cwd=self.folder, env=self.environment, **options)

    def succeeds(self, what, *arguments):
        run = self.run(*arguments)
        require(run.returncode == 0, what, run)
        return run

    def listed(self, is_clean=True):
        """The ids of the backups; `is_clean` says that nothing else may lie there."""
        listed = self.run("list", "--json")
        require(listed.returncode == 0 or not is_clean, "the store cannot be listed", listed)
        return {backup["manifest"]["id"] for backup in json.loads(listed.stdout)["backups"]}

    def processes(self):
        """Those that were started by this sidecar, itself included."""
        mark, found = f"SIDECAR_SPEC_MARK={self.folder}".encode(), []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/environ", "rb") as file:
                    if mark in file.read().split(b"\0"):
                        found.append(pid)
            except OSError:
                pass  # It has ended meanwhile.
        return found


def require(holds, what, run=None):
    if not holds:
        sys.exit(f"{what}\n{run.stdout}{run.stderr}" if run else what)
