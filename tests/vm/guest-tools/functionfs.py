#!/usr/bin/python3
"""Be the interfaces of a USB gadget, by FunctionFS (linux/usb/functionfs.h), until killed.

functionfs.py DIRECTORY CLASS/SUBCLASS/PROTOCOL[/STRING] ...

DIRECTORY is where functionfs is mounted. The numbers are hexadecimal. Each interface has one bulk endpoint, which nothing is
ever sent to.
"""

import os
import struct
import sys

DESCRIPTORS, STRINGS = 3, 2             # magic numbers of version 2
HAS_FS, HAS_HS = 1, 2
INTERFACE, ENDPOINT, BULK, IN = 4, 5, 2, 0x80
ENGLISH = 0x0409


def descriptors(interfaces, size):
    """The descriptors of all INTERFACES at a speed whose bulk packets have SIZE bytes."""
    text, strings = b"", 0
    for number, (numbers, string) in enumerate(interfaces):
        strings += bool(string)
        text += struct.pack("<9B", 9, INTERFACE, number, 0, 1, *numbers, strings if string else 0)
        text += struct.pack("<BBBBHB", 7, ENDPOINT, IN | (number + 1), BULK, size, 0)
    return text


def main():
    directory, *words = sys.argv[1:]
    interfaces = []
    for word in words:
        *numbers, string = (word + "/" * (3 - word.count("/"))).split("/", 3)
        interfaces.append((tuple(int(number, 16) for number in numbers), string))
    count = 2 * len(interfaces)
    body = struct.pack("<II", count, count) + descriptors(interfaces, 64) + descriptors(interfaces, 512)
    strings = [string.encode() + b"\0" for _, string in interfaces if string]
    said = struct.pack("<H", ENGLISH) + b"".join(strings) if strings else b""
    control = os.open(f"{directory}/ep0", os.O_RDWR)
    os.write(control, struct.pack("<III", DESCRIPTORS, 12 + len(body), HAS_FS | HAS_HS) + body)
    os.write(control, struct.pack("<IIII", STRINGS, 16 + len(said), len(strings), 1 if strings else 0) + said)
    while True:
        os.read(control, 4096)          # events: bound, enabled, asked something that it does not know


main()
