"""Runs a command where the only name server is this program, and prints every name that was asked for.

Usage: unshare --net --mount python3 resolver.py COMMAND…   (root)

Standard output: {"code": …, "stdout": …, "stderr": …, "names": […]}. Every name is 127.0.0.1.
"""

import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading

SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1


def loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(probe, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(probe, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | IFF_UP))


def instead_of(path: str, text: str) -> None:
    with tempfile.NamedTemporaryFile("w", delete=False) as file:
        file.write(text)
    subprocess.run(["chmod", "644", file.name], check=True)
    subprocess.run(["mount", "--bind", file.name, path], check=True)
    os.unlink(file.name)


def name_in(query: bytes) -> tuple[str, int]:
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode())
        at += 1 + query[at]
    return ".".join(labels), at + 5


def answer(server: socket.socket, names: list[str]) -> None:
    while True:
        query, client = server.recvfrom(4096)
        name, end = name_in(query)
        names.append(name)
        is_address = query[end - 4 : end - 2] == b"\0\1"
        header = query[:2] + b"\x81\x80\0\1" + (b"\0\1" if is_address else b"\0\0") + b"\0\0\0\0"
        record = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x7f\0\0\1" if is_address else b""
        server.sendto(header + query[12:end] + record, client)


def main() -> None:
    loopback_up()
    instead_of("/etc/resolv.conf", "nameserver 127.0.0.1\n")
    instead_of("/etc/nsswitch.conf", "hosts: files dns\n")
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    names: list[str] = []
    threading.Thread(target=answer, args=(server, names), daemon=True).start()
    done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
    print(json.dumps({"code": done.returncode, "stdout": done.stdout, "stderr": done.stderr, "names": names}))


main()
