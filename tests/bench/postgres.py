"""A PostgreSQL server of our own, which asks for no password."""
import glob
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

from export import free_port

# Root may not run it.
AS = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []


class Postgres:
    """A cluster in a folder; it goes away at the end."""

    def __enter__(self):
        programs = pathlib.Path(sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1])
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sidecar-bench-postgres-"))
        if AS:
            shutil.chown(self.folder, "postgres", "postgres")
        data, self.port = self.folder / "data", free_port()
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/"}
        subprocess.run([*AS, programs / "initdb", "--auth=trust", "--username=bench", "--no-sync", "--pgdata", data],
                       check=True, **quiet)
        self.process = subprocess.Popen(
            [*AS, programs / "postgres", "-D", data, "-p", str(self.port), "-k", self.folder, "-c", "fsync=off",
             "-c", "listen_addresses=127.0.0.1"], **quiet)
        self.url = f"postgres://bench@127.0.0.1:{self.port}/shop"
        for _ in range(300):
            if subprocess.run(["pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]).returncode == 0:
                break
            time.sleep(0.1)
        self.sql("CREATE DATABASE shop", "postgres")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def sql(self, text, database="shop"):
        subprocess.run(["psql", "-Xq", "-h", "127.0.0.1", "-p", str(self.port), "-U", "bench", "-d", database,
                        "-c", text], check=True)
