"""USB devices that the guest makes for itself: any vendor and product, any mix of functions.

dummy_hcd is a host controller and a device controller wired together, so what configfs describes
on one side is plugged in on the other. QEMU has no composite devices and fixes the ids of its own.
"""

import itertools
import shlex
from dataclasses import dataclass

from .host import VM, BedError
from .plugged import Plugged

CONTROLLERS = 4         # gadgets that can be plugged at once
CONFIGFS = "/sys/kernel/config/usb_gadget"
BACKING = "/run/bed/gadget"
FUNCTIONFS = "/run/bed/functionfs"
NOBODYS_PROGRAM = "functionfs.py"       # of guest-tools
LINUX_FOUNDATION, COMPOSITE = 0x1d6b, 0x0104
RELEASED = 0
REPORT_LENGTH = 8
# The boot keyboard of the HID specification, appendix B.1, without its LEDs.
KEYBOARD_REPORT = bytes.fromhex("05010906a101050719e029e71500250175019508810295017508810395067508"
                                "150025650507190029658100c0")


@dataclass(frozen=True)
class Storage:
    """A mass storage function with this many logical units of so many MiB."""
    luns: int = 1
    mib: int = 16
    cdrom: bool = False
    empty: bool = False         # slots without cards; Gadget.insert() puts one in


@dataclass(frozen=True)
class Keyboard:
    """A keyboard function."""


@dataclass(frozen=True)
class Interfaces:
    """Interfaces of any kind, "CLASS/SUBCLASS/PROTOCOL/STRING" each: they describe themselves and do nothing."""
    texts: tuple


@dataclass(frozen=True)
class Other:
    """Any function of the kernel's by its name in configfs (ncm, printer, SourceSink), with values for its attributes."""
    name: str
    values: tuple = ()          # of (attribute, value)


def escaped(data):
    """DATA as the shell's printf takes it."""
    return "".join(f"\\x{byte:02x}" for byte in data)


class Gadget(Plugged):
    """A plugged gadget."""

    def __init__(self, gadgets, name, number):
        path = rf"^/devices/platform/dummy_hcd\.{number}/usb\d+/\d+-1(?![\d.])"
        super().__init__(name, path, gadgets.vm.evidence)
        self.gadgets, self.number = gadgets, number

    def unplug(self):
        """Pull it out."""
        self.gadgets.pull(self)

    def take_out(self):
        """Pull it out and keep it as it is for put_back(): to the laptop that is unplug() and plug(), at a fraction of their cost."""
        self.gadgets.vm.run(f"echo >{CONFIGFS}/{self.name}/UDC")

    def put_back(self):
        """Plug in again what was taken out."""
        self.since = self.evidence.here()
        self.gadgets.vm.run(f"echo dummy_udc.{self.number} >{CONFIGFS}/{self.name}/UDC")

    def insert(self, card=True):
        """Put a card into the first slot of its reader, or take it out."""
        backing = f"{BACKING}/{self.name}-0"
        lun = f"{CONFIGFS}/{self.name}/functions/mass_storage.0/lun.0"
        self.gadgets.vm.run(f"echo {backing} >{lun}/file" if card else f"echo 1 >{lun}/forced_eject 2>/dev/null || echo >{lun}/file")

    def press(self, usage):
        """Report the key with the HID USAGE as pressed and then as released."""
        modifiers, reserved = 0, 0
        script = f"node=/dev/hidg$(cut -d: -f2 {CONFIGFS}/{self.name}/functions/hid.0/dev)\n"
        for key in (usage, RELEASED):
            report = bytes((modifiers, reserved, key)).ljust(REPORT_LENGTH, b"\0")
            script += f"printf '{escaped(report)}' >$node\n"
        self.gadgets.vm.run(script)


class Gadgets:
    """The gadgets of one guest."""

    def __init__(self, vm):
        self.vm = vm
        self._names = (f"gadget{number}" for number in itertools.count(1))
        self._plugged = {}      # controller's number -> Gadget

    def plug(self, *functions, vendor=LINUX_FOUNDATION, product=COMPOSITE, serial="", maker="Bed", title="Gadget"):
        """Plug a gadget with these FUNCTIONS (Storage, Keyboard, Other, Interfaces), in the order of its interfaces."""
        number = next((number for number in range(CONTROLLERS) if number not in self._plugged), None)
        if number is None:
            raise BedError("no controller for a gadget is free: unplug one first")
        name = next(self._names)
        lines = [
            "set -e",
            f"[ -e {CONFIGFS} ] || modprobe libcomposite",
            f"[ -e /sys/module/dummy_hcd ] || modprobe dummy_hcd num={CONTROLLERS}",
            f"mkdir {CONFIGFS}/{name}",
            f"cd {CONFIGFS}/{name}",
            f"echo {vendor:#06x} >idVendor; echo {product:#06x} >idProduct",
            "mkdir strings/0x409 configs/c.1",
            *(f"echo {shlex.quote(text)} >strings/0x409/{attribute}" for attribute, text in
              (("serialnumber", serial), ("manufacturer", maker), ("product", title)) if text),
        ]
        for function in functions:
            if isinstance(function, Storage):
                lines += self._storage(name, function)
            elif isinstance(function, Interfaces):
                lines += self._interfaces(name, function)
            else:
                lines += self._other(function) if isinstance(function, Other) else self._keyboard()
        if any(isinstance(function, Interfaces) for function in functions):
            self.vm.put(f"{FUNCTIONFS}.py", (VM / "guest-tools" / NOBODYS_PROGRAM).read_bytes(), 0o755)
        self.vm.run("\n".join(lines))
        gadget = Gadget(self, name, number)
        self.vm.run(f"echo dummy_udc.{number} >{CONFIGFS}/{name}/UDC")
        self._plugged[number] = gadget
        return gadget

    def pull(self, gadget):
        """Take GADGET off the bus and forget it."""
        self.vm.run("\n".join((
            "shopt -s nullglob",        # a gadget without storage has no units
            "set -e",
            f"cd {CONFIGFS}/{gadget.name}",
            "[ -z \"$(<UDC)\" ] || echo >UDC",
            "rm configs/c.1/*.*",
            f"if mountpoint -q {FUNCTIONFS}/{gadget.name}; then systemctl stop functionfs-{gadget.name}; "
            f"umount {FUNCTIONFS}/{gadget.name}; fi",
            "for unit in functions/*/lun.[1-9]*; do rmdir $unit; done",     # unit 0 goes with its function
            "rmdir functions/* configs/c.1/strings/* configs/c.1 strings/0x409",
            "cd ..",
            f"rmdir {gadget.name}",
            f"rm -f {BACKING}/{gadget.name}-*",
        )))
        del self._plugged[gadget.number]

    def plugged(self):
        """The gadgets that are on the bus now."""
        return list(self._plugged.values())

    @staticmethod
    def _storage(name, storage):
        function = "functions/mass_storage.0"
        yield f"mkdir -p {BACKING} {function}"
        for lun in range(storage.luns):
            backing = f"{BACKING}/{name}-{lun}"
            yield f"truncate -s {storage.mib}M {backing}; mkdir -p {function}/lun.{lun}"
            yield f"echo 1 >{function}/lun.{lun}/removable; echo {int(storage.cdrom)} >{function}/lun.{lun}/cdrom"
            if not storage.empty:
                yield f"echo {backing} >{function}/lun.{lun}/file"
        yield f"ln -s {function} configs/c.1/"

    @staticmethod
    def _other(other):
        function = f"functions/{other.name}.0"
        yield f"mkdir {function}"
        for attribute, value in other.values:
            yield f"echo {value} >{function}/{attribute}"
        yield f"ln -s {function} configs/c.1/"

    @staticmethod
    def _interfaces(name, interfaces):
        where = f"{FUNCTIONFS}/{name}"
        yield f"mkdir -p functions/ffs.{name} {where}; mount -t functionfs {name} {where}"
        yield (f"systemd-run --quiet --collect --unit=functionfs-{name} python3 {FUNCTIONFS}.py {where} "
               + " ".join(shlex.quote(text) for text in interfaces.texts))
        yield f"until [ -e {where}/ep1 ]; do sleep 0.1; done"
        yield f"ln -s functions/ffs.{name} configs/c.1/"

    @staticmethod
    def _keyboard():
        function = "functions/hid.0"
        yield f"mkdir {function}; echo 1 >{function}/protocol; echo 1 >{function}/subclass"
        yield f"echo {REPORT_LENGTH} >{function}/report_length"
        yield f"printf '{escaped(KEYBOARD_REPORT)}' >{function}/report_desc"
        yield f"ln -s {function} configs/c.1/"
