#!/usr/bin/python3
"""Compare what lekdicht says with what the kernel has; a JSON list of differences, empty when there are none.

What is compared: each USB device with a storage interface, each grant and each record in
/run/lekdicht, the processes of the gate. The gate sweeps the records of what was pulled when it is
run next; with the argument `swept` there may be none of these.
"""

import glob
import json
import os
import subprocess
import sys

SYS, RUN = "/sys", "/run/lekdicht"
STORAGE = 0x08
INTERFACE_LENGTH, INTERFACE_TYPE = 9, 4     # bLength and bDescriptorType of an interface descriptor


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def has_storage(device):
    """Whether the descriptors of the USB device at this path name a storage interface."""
    data, place = read(f"{device}/descriptors"), 0
    while place + 2 <= len(data) and data[place] >= 2:
        if data[place + 1] == INTERFACE_TYPE and data[place] >= INTERFACE_LENGTH and data[place + 5] == STORAGE:
            return True
        place += data[place]
    return False


def storage_devices():
    """Kernel name -> the path of each USB device with storage."""
    paths = (path for path in glob.glob(f"{SYS}/bus/usb/devices/*") if ":" not in os.path.basename(path))
    return {os.path.basename(path): os.path.realpath(path) for path in paths if has_storage(path)}


def disks_below(path):
    return sorted(os.path.basename(disk) for disk in glob.glob(f"{SYS}/block/*")
                  if os.path.realpath(disk).startswith(path + "/"))


def listed():
    out = subprocess.run(["lekdicht", "devices", "--json"], stdout=subprocess.PIPE, check=False).stdout
    return {device["id"]: device for device in json.loads(out)["devices"]}


def names(directory):
    return set(os.listdir(f"{RUN}/{directory}")) if os.path.isdir(f"{RUN}/{directory}") else set()


def differences():
    present, said = storage_devices(), listed()
    for name in sorted(present.keys() - said.keys()):
        yield f"{name} has storage and is not listed"
    for name in sorted(name for name in said.keys() - present.keys() if "-" in name):
        yield f"{name} is listed as {said[name]['state']} and has no storage or is gone"
    for name in sorted(present.keys() & said.keys()):
        path, state = present[name], said[name]["state"]
        disks, authorized = disks_below(path), read(f"{path}/authorized").strip() == b"1"
        whole = {interface for interface in glob.glob(f"{path}/{name}:*")}
        if state == "refused":
            if disks:
                yield f"{name} is listed as refused and has {disks}"
            open_ones = [os.path.basename(interface) for interface in whole if authorized
                         and read(f"{interface}/bInterfaceClass").strip() == b"08"
                         and read(f"{interface}/authorized").strip() == b"1"]
            if open_ones:
                yield f"{name} is listed as refused and {open_ones} authorised"
        elif state in ("allowed", "read-only"):
            if not disks:
                yield f"{name} is listed as {state} and has no disk"
            writable = [disk for disk in disks if state == "read-only" and read(f"{SYS}/block/{disk}/ro").strip() != b"1"]
            if writable:
                yield f"{name} is listed as read-only and {writable} can be written"
        elif state not in ("exempt", "held"):
            yield f"{name} is {state}"
        shown = sorted(node for node in said[name]["nodes"] if os.path.exists(f"{SYS}/block/{node}"))
        if shown != disks:
            yield f"{name} is listed with {shown} and has {disks}"

    for record in sorted(names("refused")):
        path = f"{SYS}/bus/usb/devices/{record}"
        if os.path.exists(path) and read(f"{path}/authorized").strip() != b"0":
            yield f"refused/{record} is of a device that is authorised"
    gates = subprocess.run(["pgrep", "-x", "lekdicht-gate"], stdout=subprocess.PIPE, text=True, check=False).stdout.split()
    if gates:
        yield f"lekdicht-gate is at work: {gates}"
    for bus in ("scsi", "mmc", "memstick"):
        if read(f"{SYS}/bus/{bus}/drivers_autoprobe").strip() != b"0":
            yield f"bus {bus} is not closed"


def stale():
    """Records of what is not there any more."""
    sequences = {read(f"{disk}/diskseq").decode().strip() for disk in glob.glob(f"{SYS}/block/*")}
    for grant in sorted((names("grant") | names("readonly") | names("encrypted")) - sequences):
        yield f"grant {grant} is of no disk"
    for record in sorted(names("refused")):
        if not os.path.exists(f"{SYS}/bus/usb/devices/{record}"):
            yield f"refused/{record} is of no device"
    for record in sorted(names("exempt")):
        if not any(os.path.exists(f"{SYS}/bus/{bus}/devices/{record}") for bus in ("scsi", "mmc", "memstick")):
            yield f"exempt/{record} is of no device"
    for record in sorted(names("node")):
        bus, device = map(int, record.split("-"))
        if not os.path.exists(f"/dev/bus/usb/{bus:03}/{device:03}"):
            yield f"node/{record} is of no device"


print(json.dumps([*differences(), *(stale() if "swept" in sys.argv else ())]))
