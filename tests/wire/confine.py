#!/usr/bin/python3
"""confine.py ERRNO COMMAND...: runs a command as nobody (when root starts it), under a seccomp
filter that answers every call of io_uring with ERRNO, as containers do."""
import ctypes
import os
import struct
import sys

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
LOAD_WORD, JUMP_IF_AT_LEAST, JUMP_IF_ABOVE, RETURN = 0x20, 0x35, 0x25, 0x06
RETURN_ERRNO, RETURN_ALLOW = 0x00050000, 0x7FFF0000
# io_uring_setup, _enter and _register have the same numbers on every processor.
FIRST, LAST = 425, 427
NOBODY = 65534


def drop_privileges():
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)


def forbid_uring(errno):
    steps = [(LOAD_WORD, 0, 0, 0),  # the number of the call
             (JUMP_IF_AT_LEAST, 0, 2, FIRST), (JUMP_IF_ABOVE, 1, 0, LAST),
             (RETURN, 0, 0, RETURN_ERRNO | errno), (RETURN, 0, 0, RETURN_ALLOW)]
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    header = ctypes.create_string_buffer(
        struct.pack("HxxxxxxP", len(steps), ctypes.addressof(program)))
    libc = ctypes.CDLL(None, use_errno=True)
    for call in ((PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
                 (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(header), 0, 0)):
        if libc.prctl(call[0], *(ctypes.c_ulong(word) for word in call[1:])) < 0:
            sys.exit(f"confine: {os.strerror(ctypes.get_errno())}")


if __name__ == "__main__":
    drop_privileges()
    if int(sys.argv[1]) != 0:
        forbid_uring(int(sys.argv[1]))
    os.execv(sys.argv[2], sys.argv[2:])
