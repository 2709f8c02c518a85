#!/usr/bin/python3
"""Watch the nodes of SCSI disks until killed: `ready`, then a JSON line for each that users could open.

A look every 5 ms finds what lasts longer than that: udev keeps a mode until the next event.
"""

import glob
import json
import os
import stat
import time

LOOK = 0.005


def main():
    print("ready", flush=True)
    seen = set()
    while True:
        for node in glob.glob("/dev/sd*"):
            try:
                status = os.stat(node)
                disk = os.path.basename(node).rstrip("0123456789")
                with open(f"/sys/class/block/{disk}/diskseq") as file:
                    sequence = file.read().strip()
                with open(f"/sys/class/block/{os.path.basename(node)}/ro") as file:
                    read_only = file.read().strip()
            except OSError:
                continue
            mode = stat.S_IMODE(status.st_mode)
            found = (node, sequence, mode, status.st_gid, read_only)
            if (mode & 0o077 or status.st_gid) and found not in seen:
                seen.add(found)
                print(json.dumps({"node": node, "mode": f"{mode:o}", "gid": status.st_gid, "diskseq": sequence,
                                  "ro": read_only}), flush=True)
        time.sleep(LOOK)


main()
