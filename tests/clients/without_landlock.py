#!/usr/bin/env python3
"""Runs a program as on a kernel without Landlock: its system calls are answered with ENOSYS.

    without_landlock.py PROGRAM [ARGUMENT]...
"""

import ctypes
import errno
import os
import struct
import sys

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, FILTER = 38, 22, 2
LOAD, AT_LEAST, ABOVE, RETURN = 0x20, 0x35, 0x25, 0x06
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
# landlock_create_ruleset, landlock_add_rule, landlock_restrict_self: the same on all machines.
FIRST, LAST = 444, 446

program = [
    (LOAD, 0, 0, 0),
    (AT_LEAST, 0, 2, FIRST),
    (ABOVE, 1, 0, LAST),
    (RETURN, 0, 0, ERRNO | errno.ENOSYS),
    (RETURN, 0, 0, ALLOW),
]
filters = b"".join(struct.pack("HBBI", *instruction) for instruction in program)


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filters", ctypes.c_char_p)]


libc = ctypes.CDLL(None, use_errno=True)
for call in [
    (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
    (PR_SET_SECCOMP, FILTER, ctypes.byref(Program(len(program), filters)), 0, 0),
]:
    if libc.prctl(*call) != 0:
        sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
os.execvp(sys.argv[1], sys.argv[1:])
