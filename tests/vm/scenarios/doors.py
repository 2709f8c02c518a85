"""The doors that are not USB sticks: an SD slot, a port for external disks, a reader of four slots, a SCSI host of another kind.

Its firmware calls the PCIe slots external, as it does Thunderbolt's. A disk there is on no bus that can be held: it has
its driver, and what is shut is its node.
"""

from harness import teacher
from harness.disks import Copy, Ext4, Fat
from harness.gadget import Storage
from harness.gate import assert_closed, removable_disks, wait_off
from harness.machine import Drive, Machine
from harness.plugs import PLUGS
from harness.product import Product, kernel_name

MINUTES = 4
MACHINE = Machine(drives=(Drive("sd"),), external=True)
REFUSED, OPENED, INVENTORY = (f"lekdicht.device.{what}" for what in ("refused", "opened", "inventory"))
LABEL = "EXTERN"
LINK = f"/dev/disk/by-label/{LABEL}"
SLOTS = 4
DEBUG = "/sys/bus/pseudo/drivers/scsi_debug/add_host"
SLOW = 60               # seconds for what waits that long, on a busy host


# The SD slot

def card_in(vm):
    """A card is put in, and its kernel name."""
    card = vm.sd.insert(Fat())
    return card, kernel_name(card.wait_card())


def take_out(card):
    card.unplug()
    card.wait_gone()


def check_sd_plugs(vm):
    """20 SD cards put into a PCIe reader: no block device, each refused once by [storage] sd-card; with the gate open one opens"""
    agent = Product.of(vm)
    agent.begin()
    vm.sd.remove()
    vm.wait_for("! ls -d /sys/bus/mmc/devices/mmc* 2>/dev/null")
    since, place = vm.evidence.mark(), agent.here()
    for count in range(1, PLUGS + 1):
        card, name = card_in(vm)
        vm.wait_for(lambda: len(agent.events(place, REFUSED, LEKDICHT_PORT=name)) >= count)
        take_out(card)
    vm.evidence.assert_no_disk(since)
    agent.here()
    refused = agent.events(place, REFUSED)
    assert len(refused) == PLUGS, f"{PLUGS} cards, and {len(refused)} refusals"
    assert {entry["LEKDICHT_RULE"] for entry in refused} == {"[storage] sd-card"}, refused
    agent.gate("open", "--until-reboot")
    card, _ = card_in(vm)
    card.wait_disk()
    agent.gate("close")
    vm.wait_for("! ls /sys/block/mmcblk* 2>/dev/null")
    take_out(card)


def check_sd_held(vm):
    """a card without lekdichtd is held, also when its controller and the card driver are taken away and brought back"""
    agent = Product.of(vm)
    agent.begin()
    agent.agent("stop")
    since = vm.evidence.mark()
    card, _ = card_in(vm)
    controller = "$(basename $(readlink -f /sys/class/mmc_host/mmc*/device))"
    vm.run(f"controller={controller}; cd /sys/bus/pci/drivers/sdhci-pci; echo $controller >unbind; echo $controller >bind")
    vm.wait_for("ls -d /sys/bus/mmc/devices/mmc*")
    vm.run("modprobe -r mmc_block; modprobe mmc_block; udevadm trigger --action=add --subsystem-match=mmc; udevadm settle")
    vm.evidence.assert_no_disk(since)
    assert_closed(vm)
    # The control: the same card, opened by hand.
    agent.gate("open", "--until-reboot")
    card.wait_disk()
    agent.gate("close")
    agent.agent("start")
    card.unplug()


def check_sd_allowed(vm):
    """with sd-card = allow a user mounts, writes and reads a card; another card after it is judged anew"""
    agent = Product.of(vm)
    agent.begin("[storage]\nsd-card = allow\n")
    card, _ = card_in(vm)
    disk = card.wait_disk()
    agent.wait_granted(disk)
    teacher.assert_uses(vm, f"{disk}p1")
    take_out(card)
    agent.set_policy()
    since = vm.evidence.mark()
    card, name = card_in(vm)
    agent.wait_state(name, "refused")
    vm.evidence.assert_no_disk(since)
    take_out(card)


# External PCIe

def assert_hidden(vm, disk):
    """Nobody but root may open the disk, no program finds it by what is on it, and udisks mounts it for nobody."""
    vm.run("udevadm settle")
    teacher.assert_root_only(vm, disk)
    assert vm.run(f"test -e {LINK}", check=False).code != 0, f"{LINK} is there"
    facts = vm.out(f"udevadm info --query=property {disk}")
    for fact in ("LEKDICHT_HELD=1", "SYSTEMD_READY=0", "UDISKS_IGNORE=1"):
        assert fact in facts.split(), f"{disk} has not {fact}: {facts}"
    for fact in ("ID_FS_TYPE", "ID_FS_UUID", "ID_FS_LABEL", "ID_PART_TABLE_TYPE"):
        assert f"{fact}=" not in facts, facts


def assert_shown(vm, disk):
    vm.wait_for(f"udevadm settle; test \"$(stat -c %a:%G {disk})\" = 660:disk && test -e {LINK}", SLOW)


def check_nvme_plugs(vm):
    """an NVMe disk at an external port is hidden in each of 20 plugs, one event each: root's node, no link, no mount; shown when the gate opens, hidden again when it closes"""
    agent = Product.of(vm)
    agent.begin()
    image = Copy(Ext4(label=LABEL).create(vm.directory))
    for _ in range(PLUGS):
        place = agent.here()
        card = vm.pci.nvme(image)
        disk = card.wait_disk()
        assert vm.out("cat /sys/bus/pci/devices/0000:01:00.0/removable") == "removable", "the bed: its port is not external"
        assert_hidden(vm, disk)
        name = disk.rsplit("/", 1)[1]
        agent.wait_event("lekdicht.device.refused", place, LEKDICHT_PORT=name, LEKDICHT_RULE="[storage] external-disk")
        card.unplug()
        agent.wait_event("lekdicht.device.removed", place, LEKDICHT_PORT=name)
        vm.wait_for(f"! test -e {disk}")
    card = vm.pci.nvme(image)
    disk = card.wait_disk()
    assert_hidden(vm, disk)
    for way in (f"udisksctl mount --no-user-interaction -b {disk}", f"mount {disk} /mnt"):
        teacher.assert_denied(vm, way)
    agent.gate("open", "--until-reboot")
    assert_shown(vm, disk)
    agent.gate("close")
    assert_hidden(vm, disk)
    card.unplug()
    vm.wait_for(f"! test -e {disk}")


def check_nvme_comes_while_open(vm):
    """one that is plugged while the gate is open is shown, and hidden when it closes"""
    agent = Product.of(vm)
    agent.begin()
    agent.gate("open", "--until-reboot")
    card = vm.pci.nvme(Ext4(label=LABEL))
    disk = card.wait_disk()
    assert_shown(vm, disk)
    agent.gate("close")
    assert_hidden(vm, disk)
    card.unplug()
    vm.wait_for(f"! test -e {disk}")


# Readers and other hosts

def check_reader_plugs(vm):
    """20 plugs of a USB reader with four slots and a card in each: no block device, each refused once; with the gate open all four open"""
    agent = Product.of(vm)
    agent.begin()
    since, place = vm.evidence.mark(), agent.here()
    reader = vm.gadgets.plug(Storage(luns=SLOTS), title="Card Reader")
    for plug in range(PLUGS):
        if plug:
            reader.put_back()
        name = kernel_name(reader.wait_usb())
        wait_off(reader)
        reader.take_out()
        reader.wait_gone()
    reader.unplug()
    vm.evidence.assert_no_disk(since)
    agent.here()
    assert len(agent.events(place, REFUSED, LEKDICHT_PORT=name)) == PLUGS, agent.events(place, REFUSED)
    agent.gate("open", "--until-reboot")
    reader = vm.gadgets.plug(Storage(luns=SLOTS), title="Card Reader")
    reader.wait_disk(SLOTS)
    agent.gate("close")
    vm.wait_for("! ls /sys/bus/usb/devices/*:*/host*/target*/*/block >/dev/null 2>&1", SLOW)
    reader.unplug()
    reader.wait_gone()
    assert not removable_disks(vm)


def check_scsi_host_plugs(vm):
    """a SCSI host that is neither USB nor FireWire: its disks are let through and not judged, its CD drives are held and opened by optical"""
    agent = Product.of(vm)
    agent.begin()
    place = agent.here()
    vm.run("modprobe scsi_debug max_luns=1")
    vm.wait_for("ls /sys/devices/pseudo_*/adapter*/host*/target*/*/block", SLOW)
    agent.wait_quiet(1.0)
    vm.wait_for("rmmod scsi_debug", SLOW)      # udev may still be looking at it
    agent.here()
    assert not agent.events(place), agent.events(place)

    since = vm.evidence.mark()
    vm.run("modprobe scsi_debug ptype=5 max_luns=1")
    for _ in range(PLUGS - 1):
        vm.run(f"echo -1 >{DEBUG}; echo 1 >{DEBUG}")
    agent.wait_event(INVENTORY, place, LEKDICHT_KIND="optical", LEKDICHT_RULE="[storage] optical")
    vm.evidence.assert_no_disk(since)
    agent.set_policy("[storage]\noptical = allow\n")
    vm.wait_for("test -b /dev/sr0", SLOW)
    vm.wait_for("rmmod scsi_debug", SLOW)      # udev may still be looking at it
