"""What a stick's rule does not fit: built-in drives, empty slots, network sticks that show a CD first, devices that do not say that they store."""

from harness.disks import Fat
from harness.gate import removable_disks
from harness.gadget import Other, Storage
from harness.machine import Drive, Machine
from harness.product import Product, kernel_name
from harness.usb import Cd, Disk

MINUTES = 2
MACHINE = Machine(drives=(Drive("ahci", Fat()), Drive("ahci-cd", Fat())))
INVENTORY, REFUSED, OPENED = (f"lekdicht.device.{what}" for what in ("inventory", "refused", "opened"))
# A modem that the kernel does not ignore while it shows its CD, as it does with some (unusual_devs.h).
MAKER, ZEROCD, RADIO = 0x07d1, 0xa800, 0x3e02
SLOW = 60               # seconds for what waits that long, on a busy host


def authorized(vm, path):
    return vm.out(f"cat /sys/bus/usb/devices/{path}/authorized")


def assert_refused(agent, device, since, place, **fields):
    """The device is refused by an entry with FIELDS from PLACE on, is off, and opened no disk since SINCE; it is pulled."""
    vm, name = agent.vm, kernel_name(device.wait_usb())
    entry = agent.wait_event(REFUSED, place, SLOW, LEKDICHT_PORT=name)
    assert fields.items() <= entry.items(), entry
    vm.wait_for(f"test $(cat /sys/bus/usb/devices/{name}/authorized) = 0", SLOW)
    vm.evidence.assert_no_disk(since)
    device.unplug()
    device.wait_gone()


def check_internal_cd(vm):
    """a built-in CD drive follows optical: held and hidden, in the inventory and not refused; opened by the rule, and the disk beside it was never touched"""
    agent = Product.of(vm)
    entry = agent.wait_event(INVENTORY, 0, LEKDICHT_KIND="optical")
    assert entry["LEKDICHT_RULE"] == "[storage] optical", entry
    drive = entry["LEKDICHT_PORT"]
    device = f"/sys/bus/scsi/devices/{drive}"
    assert "/ata" in vm.out(f"readlink -f {device}"), "the drive is not on ATA: this shows nothing"
    assert vm.out(f"cat {device}/type") == "5"
    assert vm.run(f"test -e {device}/driver", check=False).code != 0, "the drive has its driver"
    assert not vm.out("ls /dev/sr* 2>/dev/null || true"), "a held drive has a node"
    vm.run("udevadm settle")
    mode = vm.out(f"stat -c '%a %G' /dev/$(ls {device}/scsi_generic)")
    assert mode == "600 root", f"the node of the held drive is {mode}"
    assert vm.out("lsblk -dno TRAN /dev/sda") == "sata", "the internal disk is not there: this shows nothing"
    assert not agent.events(0, REFUSED), agent.events(0, REFUSED)

    place = agent.here()
    agent.set_policy("[storage]\noptical = allow\n")
    agent.wait_event(OPENED, place, LEKDICHT_PORT=drive)
    vm.wait_for("test -b /dev/sr0 && udevadm settle && test \"$(stat -c '%a %G' /dev/sr0)\" = '660 cdrom'", SLOW)
    vm.run("dd if=/dev/sr0 of=/dev/null bs=2048 count=16")
    agent.set_policy()
    vm.wait_for("! test -e /dev/sr0", SLOW)
    assert vm.out("lsblk -dno TRAN /dev/sda") == "sata", "the internal disk went with it"


def check_section_covers_the_stick(vm):
    """a [device] section for a disk opens the CD of the same stick too; without the section neither opens"""
    agent = Product.of(vm)
    agent.begin("[device lesson]\nclass = usb-disk\nvendor = 46f4\naccess = allow\n")
    stick = vm.usb.bot(Cd(), Disk())
    stick.wait_scsi(2)
    stick.wait_disk(2)
    stick.unplug()
    stick.wait_gone()
    agent.begin()
    since, place = vm.evidence.mark(), agent.here()
    stick = vm.usb.bot(Cd(), Disk())
    agent.wait_event(REFUSED, place, LEKDICHT_PORT=kernel_name(stick.wait_usb()))
    vm.evidence.assert_no_disk(since)
    stick.unplug()


def check_zerocd(vm):
    """a network stick that shows a CD first is held, not switched off; as a network device it is one inventory event; one that stays a CD is refused"""
    agent = Product.of(vm)
    agent.begin()
    since, place = vm.evidence.mark(), agent.here()
    cd = vm.gadgets.plug(Storage(cdrom=True), vendor=MAKER, product=ZEROCD, title="DISK")
    name = kernel_name(cd.wait_usb())
    cd.wait_scsi()
    assert authorized(vm, name) == "1", "it was switched off before it could be asked"
    assert not agent.events(place, REFUSED), "it was refused before it could be asked"
    cd.unplug()
    cd.wait_gone()
    radio = vm.gadgets.plug(Other("ncm"), vendor=MAKER, product=RADIO, title="WLAN")
    entry = agent.wait_event(INVENTORY, place, LEKDICHT_PORT=name)
    assert "network device" in entry["LEKDICHT_REASON"], entry
    radio.wait_add("net")
    assert not agent.events(place, REFUSED), agent.events(place, REFUSED)
    radio.unplug()
    radio.wait_gone()

    place = agent.here()
    cd = vm.gadgets.plug(Storage(cdrom=True), vendor=MAKER, product=ZEROCD, title="DISK")
    assert_refused(agent, cd, since, place, LEKDICHT_KIND="optical")


def check_unusual_device(vm):
    """a device that does not say that it stores is refused by the driver that the kernel gave it"""
    agent = Product.of(vm)
    agent.begin()
    since, place = vm.evidence.mark(), agent.here()
    vm.run("modprobe usb_storage && echo 1d6b 0105 >/sys/bus/usb/drivers/usb-storage/new_id")
    odd = vm.gadgets.plug(Other("SourceSink"), product=0x0105)
    assert_refused(agent, odd, since, place, LEKDICHT_PRODUCT="0105")
    vm.run("echo 1d6b 0105 >/sys/bus/usb/drivers/usb-storage/remove_id")
    # The control: the same device, without that driver.
    place = agent.here()
    plain = vm.gadgets.plug(Other("SourceSink"), product=0x0105)
    name = kernel_name(plain.wait_usb())
    agent.wait_quiet()
    assert not agent.events(place, REFUSED), "a device without storage was refused"
    assert authorized(vm, name) == "1"
    plain.unplug()


def check_empty_slot(vm):
    """an empty slot in a printer stays on, without a refusal; each card that is put in is refused, and opens when the gate does"""
    agent = Product.of(vm)
    agent.begin()
    since, place = vm.evidence.mark(), agent.here()
    printer = vm.gadgets.plug(Other("printer", (("q_len", 10),)), Storage(empty=True), title="Printer")
    name = kernel_name(printer.wait_usb())
    entry = agent.wait_event(INVENTORY, place, LEKDICHT_PORT=name)
    assert "without a card" in entry["LEKDICHT_REASON"], entry
    assert not agent.events(place, REFUSED), agent.events(place, REFUSED)
    assert authorized(vm, f"{name}:1.1") == "1", "the slot was switched off"
    for _ in range(2):
        place = agent.here()
        printer.insert()
        agent.wait_event(REFUSED, place, LEKDICHT_PORT=name)
        printer.insert(False)
        agent.wait_state(name, "held")
    assert authorized(vm, f"{name}:1.1") == "1", "the slot was switched off"
    vm.evidence.assert_no_disk(since)
    printer.insert()
    agent.gate("open", "--until-reboot")
    printer.wait_disk()
    agent.gate("close")
    vm.wait_for("! ls /sys/bus/usb/devices/*:*/host*/target*/*/block >/dev/null 2>&1", SLOW)
    printer.unplug()
    assert not removable_disks(vm)
