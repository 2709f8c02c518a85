#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The played sync client: `client.py PROGRAM WORD...`, as the first process of a PID namespace, starts PROGRAM as a user that no
machine has, and becomes WORD..., which sees these two processes and nobody else's.
"""

import os
import sys

TEACHER = 60000                 # a person's number, above those that are given out


def main():
    # Opened by root: the demo's folder is closed to anybody else, and what runs still has its path.
    program = os.open(sys.argv[1], os.O_RDONLY | os.O_CLOEXEC)
    if os.fork() == 0:
        os.setgroups([])
        os.setgid(TEACHER)
        os.setuid(TEACHER)
        os.execve(program, ["dropbox", "600"], {})
    os.execv(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    main()
