#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A laptop with two USB ports, played with umockdev: its /sys is a directory to which a preloaded library leads libudev.

Run it under umockdev-wrapper. It says "ready DIRECTORY" and then does what it is told on stdin, a word a line:

    stick       a USB stick is plugged in: events and attributes as the kernel gives them
    keyboard    a USB keyboard is
    pull        the stick is pulled

As the kernel does, it takes the interface of a device away when `authorized` becomes 0 and gives it back when it becomes 1
(drivers/usb/core/hub.c). A line on stdout for each thing it did. Ends with stdin.
"""

import os
import pathlib
import select
import shutil
import sys

import gi

gi.require_version("UMockdev", "1.0")
from gi.repository import UMockdev  # noqa: E402

LOOK_EVERY_SECONDS = 0.005      # at `authorized`
CONTROLLER = "/devices/pci0000:00/0000:00:14.0"
HUB = CONTROLLER + "/usb1"

# In the words of umockdev's dump format: P path, N node, E property, A attribute, H binary attribute.
HUB_TEXT = f"""P: {CONTROLLER}
E: SUBSYSTEM=pci
E: DRIVER=xhci_hcd
A: class=0x0c0330

P: {HUB}
N: bus/usb/001/001
E: SUBSYSTEM=usb
E: DEVTYPE=usb_device
E: BUSNUM=001
E: DEVNUM=001
A: idVendor=1d6b
A: idProduct=0002
A: bDeviceClass=09
A: busnum=1
A: devnum=1
A: authorized=1
A: bConfigurationValue=1
A: bNumInterfaces= 1
H: descriptors=12010002090001406B1D020001060302010109021900010100E0000904000001090000000705810304000C
"""

DEVICE = """P: {hub}/{name}
N: bus/usb/001/{devnum:03}
E: SUBSYSTEM=usb
E: DEVTYPE=usb_device
E: BUSNUM=001
E: DEVNUM={devnum:03}
E: PRODUCT={product_word}
E: TYPE=0/0/0
A: idVendor={vendor}
A: idProduct={product}
A: bDeviceClass=00
A: bDeviceSubClass=00
A: bDeviceProtocol=00
A: bNumConfigurations=1
A: bConfigurationValue=1
A: bNumInterfaces= 1
A: busnum=1
A: devnum={devnum}
A: devpath={port}
A: removable=removable
A: authorized=1
"""

INTERFACE = """P: {hub}/{name}/{name}:1.0
E: SUBSYSTEM=usb
E: DEVTYPE=usb_interface
E: PRODUCT={product_word}
E: INTERFACE={interface_word}
A: bInterfaceNumber=00
A: bAlternateSetting= 0
A: authorized=1
"""

GADGETS = {
    "stick": {
        "name": "1-2", "port": 2, "devnum": 2, "vendor": "0951", "product": "1666", "product_word": "951/1666/110",
        "interface_word": "8/6/80",
        # One configuration, one mass storage interface (SCSI, bulk only), two bulk endpoints.
        "device": "A: manufacturer=Kingston\nA: product=DataTraveler 3.0\nA: serial=60A44C413FAEE411B97A00D2\nA: speed=480\n"
                  "H: descriptors=120100020000004051096616100101020301"
                  "0902200001010080960904000002080650000705810200020007050202000200\n",
        "interface": "A: bInterfaceClass=08\nA: bInterfaceSubClass=06\nA: bInterfaceProtocol=50\nA: bNumEndpoints=02\n",
        "says": "a USB stick, 0951:1666, that calls itself \"Kingston DataTraveler 3.0\"",
    },
    "keyboard": {
        "name": "1-3", "port": 3, "devnum": 3, "vendor": "046d", "product": "c31c", "product_word": "46d/c31c/6400",
        "interface_word": "3/1/1",
        "device": "A: manufacturer=Logitech\nA: product=USB Keyboard\nA: speed=1.5\n"
                  "H: descriptors=12011001000000086D041CC3006401020001"
                  "09022200010100A02D0904000001030101000921100100012241000705810308000A\n",
        "interface": "E: DRIVER=usbhid\nA: bInterfaceClass=03\nA: bInterfaceSubClass=01\nA: bInterfaceProtocol=01\n"
                     "A: bNumEndpoints=01\n",
        "says": "a USB keyboard, 046d:c31c",
    },
}


def say(*words):
    print(*words, flush=True)


class Gadget:
    def __init__(self, bed, facts):
        self.bed, self.facts = bed, facts
        self.path = f"{HUB}/{facts['name']}"
        self.authorized = pathlib.Path(bed.get_root_dir(), "sys" + self.path, "authorized")
        self.present = self.configured = False

    def add(self, text, more):
        self.bed.add_from_string(text.format(hub=HUB, **self.facts) + more + "\n")

    def take(self, path):
        """A removed device's attributes are gone before its event comes (device_del(), drivers/base/core.c); umockdev needs two
        of them to send the event. So the directory that others may hold open goes first, and a stub is removed."""
        place = pathlib.Path(self.bed.get_root_dir(), "sys" + path)
        gone = pathlib.Path(self.bed.get_root_dir(), "gone")
        place.rename(gone)
        place.mkdir()
        (place / "subsystem").symlink_to(os.readlink(gone / "subsystem"))
        (gone / "uevent").rename(place / "uevent")
        shutil.rmtree(gone)
        self.bed.uevent("/sys" + path, "remove")
        self.bed.remove_device("/sys" + path)

    def configure(self, on):
        if on:
            self.add(INTERFACE, self.facts["interface"])
        else:
            self.take(f"{self.path}/{self.facts['name']}:1.0")
        self.configured = on

    def plug(self):
        if self.present:
            return
        say("plugged", self.facts["name"] + ":", self.facts["says"])
        self.add(DEVICE, self.facts["device"])
        self.configure(True)
        self.present = True

    def pull(self):
        if not self.present:
            return
        if self.configured:
            self.configure(False)
        self.take(self.path)
        self.present = False
        say("pulled", self.facts["name"])

    def follow(self):
        """The interface follows `authorized`. An empty file is one that is being written."""
        if not self.present:
            return
        value = self.authorized.read_text(encoding="ascii").strip()
        if value and (value != "0") != self.configured:
            self.configure(not self.configured)
            say("configured" if self.configured else "deauthorised", self.facts["name"])


def main():
    bed = UMockdev.Testbed.new()
    for name in ("scsi", "mmc", "memstick"):    # open, as they are before anything of ours ran
        bus = pathlib.Path(bed.get_root_dir(), "sys/bus", name)
        for directory in ("devices", "drivers"):
            (bus / directory).mkdir(parents=True)
        (bus / "drivers_autoprobe").write_text("1\n", encoding="ascii")
        (bus / "drivers_probe").write_text("", encoding="ascii")
    bed.add_from_string(HUB_TEXT)
    gadgets = {word: Gadget(bed, facts) for word, facts in GADGETS.items()}
    say("ready", bed.get_root_dir())

    buffer = b""
    while True:
        if select.select([0], [], [], LOOK_EVERY_SECONDS)[0]:
            chunk = os.read(0, 4096)
            if not chunk:
                break
            *words, buffer = (buffer + chunk).split(b"\n")
            for word in words:
                if word == b"pull":
                    gadgets["stick"].pull()
                elif word.decode() in gadgets:
                    gadgets[word.decode()].plug()
                else:
                    sys.exit(f"machine: what is {word!r}?")
        for gadget in gadgets.values():
            gadget.follow()
    del gadgets, bed                            # takes its directory away


if __name__ == "__main__":
    main()
