"""USB devices that are plugged into the guest and pulled again, over QMP.

Every method of Usb puts one device into a port and returns its Device at once, before the kernel
has seen it: plug several, then wait for each. Kernel time is mostly waiting (usb-storage sleeps a
second before it looks at a stick), so devices that are plugged together cost little more than one.
"""

import itertools
import re
from dataclasses import dataclass

from . import block
from .disks import Blank
from .host import BedError
from .machine import HEADS, ROOT_USB_PORT, USB_PORTS
from .plugged import Plugged

PULL_TIMEOUT = 20       # seconds until QEMU has let go of a device
HUB_PORTS = 8           # of QEMU's hub, which is a slow USB 1.1 one


@dataclass(frozen=True)
class Disk:
    """A logical unit that is a disk; vendor and product are what SCSI INQUIRY says."""
    image: object = Blank()
    removable: bool = False
    vendor: str = None
    product: str = None
    serial: str = None

    driver = "scsi-hd"
    read_only = False

    def properties(self):
        return {"removable": self.removable, "vendor": self.vendor, "product": self.product, "serial": self.serial}


@dataclass(frozen=True)
class Cd:
    """A logical unit that is a CD drive with a disc in it."""
    image: object = Blank()

    driver = "scsi-cd"
    read_only = True

    def properties(self):
        return {}


class Device(Plugged):
    """Something in a USB port of the guest's xHCI controller."""

    def __init__(self, usb, name, port, undo, head=None):
        super().__init__(name, rf"^/devices/pci.*/usb\d+/(.+/)?\d+-{re.escape(port)}(?![\d.])", usb.evidence)
        self.usb = usb
        self.port = port        # "3", or "3.1" behind a hub
        self.undo = undo        # QMP commands that remove what it was made of, in this order
        self.head = head        # the display whose keys and buttons go to it

    def unplug(self):
        """Pull it out."""
        self.usb.pull(self)


class Usb:
    """The USB ports of one guest."""

    def __init__(self, qmp, evidence, directory):
        self.qmp, self.evidence, self._directory = qmp, evidence, directory
        self._numbers = itertools.count(1)
        self._taken = {}                # port or head -> the Device in it

    # Devices

    def stick(self, image=Blank(), port=None, serial=None, removable=True, bytes_per_second=None):
        """A plain stick (bulk-only transport). Throttled, it answers late and blocks who asks it."""
        node, undo = block.add(self.qmp, image.create(self._directory), bytes_per_second=bytes_per_second)
        return self._plug("usb-storage", self._name("stick"), port, undo,
                          drive=node, serial=serial, removable=removable)

    def bot(self, *luns, port=None, serial=None):
        """A bulk-only device with several logical units; without LUNS, with one disk."""
        return self._scsi("usb-bot", luns, port, serial)

    def uas(self, *luns, port=None, serial=None):
        """A device that speaks UAS (a USB SSD), with these logical units; without LUNS, one disk."""
        return self._scsi("usb-uas", luns, port, serial)

    def cd(self, image=Blank(), port=None, serial=None):
        """A USB CD drive."""
        return self.bot(Cd(image), port=port, serial=serial)

    def hub(self, port=None):
        """A hub; plug something behind it by naming the hub as its port."""
        return self._plug("usb-hub", self._name("hub"), port, [], ports=HUB_PORTS)

    def keyboard(self, port=None, serial=None):
        """A keyboard; keys.py sends it keys."""
        return self._input("usb-kbd", self._name("keyboard"), port, serial)

    def tablet(self, port=None, serial=None):
        """A drawing tablet, to the kernel a pointer with absolute positions."""
        return self._input("usb-tablet", self._name("tablet"), port, serial)

    def phone(self, directory, port=None, serial=None):
        """A phone that shows the host's DIRECTORY over MTP (USB class 06:01:01)."""
        return self._plug("usb-mtp", self._name("phone"), port, [], rootdir=str(directory), serial=serial)

    def pull(self, device):
        """Take DEVICE out of its port and let go of what it was made of."""
        block.remove(self.qmp, device.name, device.undo, PULL_TIMEOUT)
        self._taken = {place: other for place, other in self._taken.items() if other is not device}

    def plugged(self):
        """What is in a port now; what was plugged later comes first, so that a hub comes after what is behind it."""
        return list(reversed(dict.fromkeys(self._taken.values())))

    # Their making

    def _input(self, driver, name, port, serial):
        """An input device bound to a display of its own, because QEMU addresses input by display."""
        head = self._free((f"head{number}" for number in range(1, HEADS + 1)), "display for an input device")
        return self._plug(driver, name, port, [], head, display=head, serial=serial)

    def _scsi(self, controller, luns, port, serial):
        """A controller with logical units: to the guest they are there at once, when it is attached."""
        device = self._plug(controller, self._name(controller.removeprefix("usb-")), port, [], serial=serial)
        for number, lun in enumerate(luns or (Disk(),)):
            node, undo = block.add(self.qmp, lun.image.create(self._directory), read_only=lun.read_only)
            self.qmp.execute("device_add", driver=lun.driver, id=f"{device.name}-lun{number}", bus=f"{device.name}.0",
                             drive=node, lun=number, **lun.properties())
            device.undo += undo
        self.qmp.execute("qom-set", path=f"/machine/peripheral/{device.name}", property="attached", value=True)
        return device

    def _plug(self, driver, name, port, undo, head=None, **properties):
        port = self._port(port)
        device = Device(self, name, port, undo, head)
        self.qmp.execute("device_add", driver=driver, id=name, bus="xhci.0", port=port, **properties)
        for place in filter(None, (port, head)):
            self._taken[place] = device
        return device

    def _name(self, kind):
        return f"{kind}{next(self._numbers)}"

    def _port(self, port):
        """PORT, or a free one; a hub as port means a free one behind it."""
        if isinstance(port, Device):
            return self._free((f"{port.port}.{number}" for number in range(1, HUB_PORTS + 1)), "port of the hub")
        if port is None:
            root = range(1, USB_PORTS + 1)
            return self._free((str(number) for number in root if number != ROOT_USB_PORT), "USB port")
        return str(port)

    def _free(self, places, kind):
        for place in places:
            if place not in self._taken:
                return place
        raise BedError(f"no {kind} is free: unplug something first")
