#!/usr/bin/python3
"""Do what a file manager does when it sees a phone, as fast as it can: open its node and claim its interfaces.

claim-phones.py STOP VENDOR:PRODUCT ...

Says `ready`, tries until the file STOP exists, and then says in JSON how often it found such a device, was denied its node,
opened it, and claimed an interface.
"""

import errno
import fcntl
import glob
import json
import os
import struct
import sys
import time

# linux/usbdevice_fs.h
USBDEVFS_CLAIMINTERFACE = 0x8004550F
INTERFACES = 4
EAGER = 2           # seconds without a pause after something came or left: all that can be won is won then
LOOK = 0.01         # seconds between two looks after that: on an emulated CPU they cost half of what there is


def read(path):
    with open(path) as file:
        return file.read().strip()


def attempt(device, counts):
    """Try the one device at this path in /sys."""
    try:
        node = f"/dev/bus/usb/{int(read(device + '/busnum')):03}/{int(read(device + '/devnum')):03}"
        counts["found"] += 1
        descriptor = os.open(node, os.O_RDWR)
    except OSError as error:
        counts["denied"] += error.errno == errno.EACCES
        return
    counts["opened"] += 1
    for number in range(INTERFACES):
        try:
            fcntl.ioctl(descriptor, USBDEVFS_CLAIMINTERFACE, struct.pack("=i", number))
            counts["claimed"] += 1
        except OSError:
            pass
    os.close(descriptor)


def main():
    stop, *wanted = sys.argv[1:]
    counts = dict.fromkeys(("found", "denied", "opened", "claimed"), 0)
    before, changed = [], time.monotonic()
    print("ready", flush=True)
    while not os.path.exists(stop):
        devices = glob.glob("/sys/bus/usb/devices/*-*")
        if devices != before:
            before, changed = devices, time.monotonic()
        for device in devices:
            try:
                name = f"{read(device + '/idVendor')}:{read(device + '/idProduct')}"
            except OSError:
                continue
            if name in wanted:
                attempt(device, counts)
        if time.monotonic() - changed > EAGER:
            time.sleep(LOOK)
    print(json.dumps(counts), flush=True)


main()
