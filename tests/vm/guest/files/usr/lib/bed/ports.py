"""The virtio-serial ports between the guest and the harness, found by the name QEMU gave them."""

import glob
import os
import time

POLL = 0.02     # seconds between looks for a port; there is one before virtio_console is loaded


def open_port(name):
    """Wait for the port NAME and open it, as a file descriptor for reading and writing.

    udev's links in /dev/virtio-ports may not exist yet this early, the kernel's own node does.
    """
    while True:
        for attribute in glob.glob("/sys/class/virtio-ports/*/name"):
            with open(attribute) as file:
                if file.read().strip() == name:
                    node = attribute.split("/")[-2]
                    return os.open(f"/dev/{node}", os.O_RDWR)
        time.sleep(POLL)


def send(fd, data):
    """Write all of DATA; the port takes what fits its queue."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view):]
