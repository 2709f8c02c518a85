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
            except OSError:
                continue
            mode = stat.S_IMODE(status.st_mode)
            if (mode & 0o077 or status.st_gid) and (node, sequence) not in seen:
                seen.add((node, sequence))
                print(json.dumps({"node": node, "mode": f"{mode:o}", "gid": status.st_gid, "diskseq": sequence}), flush=True)
        time.sleep(LOOK)


main()
