#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""steady-writer.py FILE: write a line to FILE ten times a second, as a program does that saves as it goes, and never ask
that it reaches the disk. Each line is the time since boot at which it was written. Says when it began, and how it ended."""

import os
import sys
import time

PAUSE = 0.1

descriptor = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
print("writing", flush=True)
written = 0
try:
    while True:
        written += os.write(descriptor, f"{time.clock_gettime(time.CLOCK_MONOTONIC):.3f}\n".encode())
        time.sleep(PAUSE)
except OSError as error:
    print(f"stopped after {written} bytes: {error.strerror}", flush=True)
