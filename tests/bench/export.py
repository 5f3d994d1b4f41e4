"""An export as an orchestrator sees it, from the sidecar and from a plain socket."""
import http.client
import json
import pathlib
import re
import socket
import subprocess
import threading
import time

from measure import Run

TOKEN = "bench-token"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def drain(connection):
    """Takes all that comes, in the same way from both sides: how much, how it began, how it ended."""
    size, head, tail, buffer = 0, b"", b"", bytearray(1 << 20)
    while read := connection.recv_into(buffer):
        head = head or bytes(buffer[:min(read, 1024)])
        tail = bytes(buffer[max(0, read - 4):read]) if read >= 4 else (tail + buffer[:read])[-4:]
        size += read
    return size, head, tail


class Server:
    """A running sidecar."""

    def __init__(self, binary, config):
        self.port = json.loads(config.read_text())["app"]["port"]
        self.process = subprocess.Popen([binary, "--config", config, "serve"], stderr=subprocess.PIPE)

    def __enter__(self):
        # Its log says when it listens; the rest of it is read so that it never waits for us.
        for line in self.process.stderr:
            if b"listening" in line:
                break
        threading.Thread(target=self.process.stderr.read, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def request(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("POST", "/backup/export", headers={"Authorization": f"Bearer {TOKEN}"})
        answer = connection.getresponse()
        if answer.status != 200:
            raise SystemExit(f"export failed: {answer.read()}")
        return answer

    def export(self):
        request = (f"POST /backup/export HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {TOKEN}\r\n"
                   "Content-Length: 0\r\nConnection: close\r\n\r\n")
        start = time.perf_counter()
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            connection.sendall(request.encode())
            size, head, tail = drain(connection)
        seconds = time.perf_counter() - start
        chunked = b"transfer-encoding: chunked" in head.lower()
        if not head.startswith(b"HTTP/1.1 200 ") or chunked and not tail.endswith(b"\r\n\r\n"):
            raise SystemExit(f"export failed: {head}")
        return Run(seconds, size=size)

    def jobs(self):
        """The runs, newest first."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("GET", "/backup/jobs?limit=1000", headers={"Authorization": f"Bearer {TOKEN}"})
        return json.loads(connection.getresponse().read())["jobs"]

    def peak_of_slow_export(self, slow):
        """Reads 5 MB/s for `slow` seconds, then as fast as it comes: the server's peak, and the size."""
        answer, size, buffer = self.request(), 0, bytearray(1 << 18)
        start = time.perf_counter()
        while read := answer.readinto(buffer):
            size += read
            due = start + size / 5e6
            if due < start + slow:
                time.sleep(max(0, due - time.perf_counter()))
        return Run(0, peak=self.peak(), size=size)

    def peak(self):
        """Bytes of resident memory, at most so far."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) << 10

    def first_byte(self):
        start = time.perf_counter()
        answer = self.request()
        answer.read(1)
        run = Run(time.perf_counter() - start)
        answer.read()
        return run


class PlainSocket:
    """A command whose stdout is the connection itself: the least that can be between two."""

    def __init__(self, line):
        self.line = line
        self.listener = socket.create_server(("127.0.0.1", 0))

    def __enter__(self):
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            subprocess.run(["sh", "-c", self.line], stdout=connection.fileno())
            connection.shutdown(socket.SHUT_WR)
            connection.close()

    def connect(self):
        return socket.create_connection(self.listener.getsockname())

    def export(self):
        start = time.perf_counter()
        with self.connect() as connection:
            size, _, _ = drain(connection)
        return Run(time.perf_counter() - start, size=size)

    def first_byte(self):
        start = time.perf_counter()
        with self.connect() as connection:
            connection.recv(1)
            run = Run(time.perf_counter() - start)
            while connection.recv(1 << 16):
                pass
        return run
