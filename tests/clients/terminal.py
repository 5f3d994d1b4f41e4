#!/usr/bin/env python3
"""Runs a command as on a terminal: terminal.py SHOWN [--answer TEXT] COMMAND...

The terminal is the command's standard error, and where it asks for a passphrase; its other streams
stay as they are. What the terminal shows goes into the file SHOWN, as it comes.
"""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios


def main():
    shown, *command = sys.argv[1:]
    answer = None
    if command[0] == "--answer":
        _, answer, *command = command
    ours, theirs = pty.openpty()
    rows_and_columns = struct.pack("HHHH", 24, 80, 0, 0)
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, rows_and_columns)
    child = subprocess.Popen(
        command, stderr=theirs, preexec_fn=lambda: sit_down_at(theirs)
    )
    os.close(theirs)
    with open(shown, "wb", buffering=0) as file:
        for piece in pieces(ours):
            file.write(piece)
            if answer is not None and b"passphrase" in piece:
                os.write(ours, answer.encode() + b"\n")
                answer = None
    sys.exit(child.wait())


def sit_down_at(terminal):
    """The command gets a hang-up when we, who have the other end, are gone."""
    os.setsid()
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)


def pieces(terminal):
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:
            # No process has it open any longer.
            return
        yield piece


if __name__ == "__main__":
    main()
