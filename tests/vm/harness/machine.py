"""What laptop a scenario wants, and the QEMU command line that makes it."""

from dataclasses import dataclass, field

from . import acpi
from .disks import Blank
from .host import BedError
from .image import LABEL
from .tree import GUEST

USB_PORTS = 15              # of the xHCI controller; each takes a fast or a slow device
SLOTS = {1: 0x10, 2: 0x11}  # PCIe slots that take a disk while the guest runs, and their addresses
EXTERNAL_TABLE = "external.aml"     # in the machine's directory
HEADS = 4                   # displays, each the address of one keyboard (keys.py)
ROOT_USB_PORT = USB_PORTS   # where a root stick sits, out of the way of the checks
USB_ROOT_SERIAL = "BEDROOT"

# The root disk by bus: the QEMU device in front of the drive "root".
ROOT_DEVICES = {
    "virtio": "virtio-blk-pci,drive=root",
    "nvme": "nvme,drive=root,serial=bed-root",
    "ahci": "ide-hd,bus=ide.0,drive=root",
    "usb": f"usb-storage,bus=xhci.0,port={ROOT_USB_PORT},drive=root,serial={USB_ROOT_SERIAL}",
}
# A second drive that is there at power-on, for buses without hot-plug.
DRIVE_DEVICES = {
    "ahci": "ide-hd,bus=ide.{number},drive={id}",
    "ahci-cd": "ide-cd,bus=ide.{number},drive={id}",
    "nvme": "nvme,drive={id},serial={id}",
    "sd": "sd-card,id={id}-card,bus=sd-bus,drive={id}",
}
# All of TCG's CPU but what only costs time: nested guests (kvm loads at boot), five-level page tables, and the fast
# `rep movsb`, which TCG does byte by byte: with it the kernel copies and clears memory eight times slower than without.
CPU = "max,svm=off,la57=off,erms=off,fsrm=off"
# `quiet`, because every character on the serial console leaves the guest; the recorder has the
# whole log, and an oops is still printed.
# The stall detectors wait longer than their 21 s, because a busy host may stop a CPU for that long.
KERNEL = (f"root=LABEL={LABEL} rw console=ttyS0 quiet log_buf_len=4M mitigations=off tsc=reliable "
          "rcupdate.rcu_cpu_stall_timeout=120 watchdog_thresh=60")

# The guest's own fstab (guest/files), for scenarios that add a line to it.
FSTAB = (GUEST / "files/etc/fstab").read_text()


@dataclass(frozen=True)
class Drive:
    """A drive that is in the machine from power-on, on a bus without hot-plug: ahci, ahci-cd, nvme or sd."""
    bus: str
    image: object = Blank()


@dataclass(frozen=True)
class Machine:
    """One laptop. The default: Debian's own initrd, root on virtio, an empty AHCI controller."""
    root: str = "virtio"            # or nvme, ahci, usb
    initrd: str = "most"            # or lean: no SCSI, AHCI or USB storage in it
    sata: bool = True               # without an AHCI controller nothing loads scsi_mod at boot
    drives: tuple = ()              # of Drive: what else is in it
    files: dict = field(default_factory=dict)   # path -> text, in the root before init starts
    external: bool = False          # the firmware calls the PCIe slots external, as it does Thunderbolt's
    kernel: str = ""                # more words for the kernel's command line
    memory: int = 1024              # MiB
    cpus: int = 2


def drive_arguments(number, drive, directory):
    """QEMU's arguments for one more DRIVE, its image made in DIRECTORY."""
    if drive.bus not in DRIVE_DEVICES:
        raise BedError(f"a drive's bus is one of {', '.join(DRIVE_DEVICES)}, not {drive.bus}")
    name = f"drive{number}"
    arguments = ["-drive", f"if=none,id={name},format=raw,snapshot=on,file={drive.image.create(directory)}"]
    if drive.bus == "sd":
        arguments += ["-device", "sdhci-pci"]
    return arguments + ["-device", DRIVE_DEVICES[drive.bus].format(number=number, id=name)]


def command_line(machine, disk, boot, initrd, directory, console):
    """The argv of QEMU; its sockets are in DIRECTORY, the serial console goes to the file CONSOLE.

    -S: the machine waits, so that USB devices can be put in before it starts.
    """
    argv = [
        "-S", "-nodefaults", "-no-user-config", "-display", "none",
        # KVM is often there and broken, or not there: TCG runs everywhere, and runs the same.
        "-accel", "tcg,thread=multi", "-cpu", CPU, "-smp", machine.cpus, "-m", machine.memory,
        "-machine", f"q35,sata={'on' if machine.sata else 'off'}",
        "-kernel", boot / "vmlinuz", "-initrd", initrd, "-append", f"{KERNEL} {machine.kernel}".strip(),
        "-serial", f"file:{console}",
        "-chardev", f"socket,id=qmp,path={directory}/qmp,server=on,wait=off", "-mon", "chardev=qmp,mode=control",
        "-device", "virtio-serial-pci",
        "-netdev", "user,id=net,restrict=on", "-device", "virtio-net-pci,netdev=net,romfile=",
        "-device", f"qemu-xhci,id=xhci,p2={USB_PORTS},p3={USB_PORTS}",
        "-drive", f"if=none,id=root,format=raw,snapshot=on,file={disk}", "-device", ROOT_DEVICES[machine.root],
    ]
    for port in ("agent", "events"):
        argv += ["-chardev", f"socket,id={port},path={directory}/{port},server=on,wait=off",
                 "-device", f"virtserialport,chardev={port},name=bed.{port}"]
    for number, address in SLOTS.items():
        argv += ["-device", f"pcie-root-port,id=slot{number},chassis={number},addr={address:#x}"]
    if machine.external:
        (directory / EXTERNAL_TABLE).write_bytes(acpi.external_facing_table(SLOTS.values()))
        argv += ["-acpitable", f"file={directory / EXTERNAL_TABLE}"]
    for number in range(1, HEADS + 1):
        argv += ["-device", f"secondary-vga,id=head{number},romfile="]
    for number, drive in enumerate(machine.drives, start=1):
        argv += drive_arguments(number, drive, directory)
    return [str(argument) for argument in argv]
