#!/usr/bin/python3
"""Talk to a USB device past every driver, by its usbfs node, as libusb and virtual machines do.

usbfs.py NODE [reset] [configure=N ...] [claim=INTERFACE ...]

The deeds happen in the order given. One line for each: its name and `ok`, or what the kernel said.
Exit code 0: all were done, a claim held until the end; 1: one was refused.
"""

import fcntl
import os
import struct
import sys

# linux/usbdevice_fs.h: _IOR('U', n, unsigned int) and _IO('U', n)
USBDEVFS_SETCONFIGURATION = 0x80045505
USBDEVFS_CLAIMINTERFACE = 0x8004550F
USBDEVFS_RESET = 0x5514
REQUESTS = {"configure": USBDEVFS_SETCONFIGURATION, "claim": USBDEVFS_CLAIMINTERFACE, "reset": USBDEVFS_RESET}


def attempt(words, deed):
    """Do DEED and tell how it went; whether it was done."""
    try:
        deed()
    except OSError as error:
        print(f"{words}: {error.strerror}")
        return False
    print(f"{words}: ok")
    return True


def main():
    opened = []
    if not attempt("open", lambda: opened.append(os.open(sys.argv[1], os.O_RDWR))):
        return 1
    done = True
    for word in sys.argv[2:]:
        name, _, value = word.partition("=")
        argument = struct.pack("=i", int(value)) if value else 0
        done &= attempt(word, lambda: fcntl.ioctl(opened[0], REQUESTS[name], argument))
    return 0 if done else 1


sys.exit(main())
