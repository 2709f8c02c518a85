"""A laptop without a SCSI disk: arming loads the buses, and unloading them does not open the gate.

Nothing of SCSI is in its initramfs and there is no AHCI controller: the disk is NVMe, as in most laptops.
"""

from harness.gate import assert_closed, assert_nothing_failed, moment_of, wait_off
from harness.machine import Machine
from harness.product import Product, kernel_name

MACHINE = Machine(root="nvme", initrd="lean", sata=False)
REFUSED = "lekdicht.device.refused"
UNLOAD = "modprobe --remove --verbose sd_mod sr_mod sg uas usb_storage scsi_mod"
GONE = "test ! -e /sys/bus/scsi"


def check_arming_loads(vm):
    """the kernel has no SCSI until the gate is closed, and closing loads and closes all three buses"""
    begun = moment_of(vm, "lekdicht-gate.service", "ExecMainStart")
    scsi, = [event for event in vm.evidence.klog() if "SCSI subsystem initialized" in event.text]
    assert scsi.time > begun, f"SCSI was there at {scsi.time} s, before the gate was closed at {begun} s"
    assert_closed(vm)
    assert_nothing_failed(vm)


def check_refused(vm):
    """a stick and a UAS disk are refused"""
    assert_refuses(vm, vm.usb.stick, vm.usb.uas)
    assert_closed(vm)


def check_unloaded(vm):
    """with lekdichtd stopped and scsi_mod really unloaded, the bus that the next stick loads is closed"""
    agent = Product(vm)
    agent.agent("stop")
    unload(vm)
    vm.run(GONE)
    since, place = vm.evidence.mark(), agent.here()
    stick, disk = vm.usb.stick(), vm.usb.uas()
    for device in (stick, disk):
        device.wait_scsi()
    vm.evidence.assert_no_disk(since)
    assert_closed(vm)
    agent.agent("start")
    for device in (stick, disk):
        agent.wait_event(REFUSED, place, LEKDICHT_PORT=kernel_name(device.wait_usb()))
        wait_off(device)
    for device in (stick, disk):
        device.unplug()
    vm.evidence.assert_no_disk(since)


def check_unloaded_under_agent(vm):
    """the same under the running lekdichtd: the bus goes, and the next stick is refused"""
    since = vm.evidence.mark()
    unload(vm)
    vm.evidence.wait(lambda event: event.action == "remove" and event.devpath == "/bus/scsi", since, what="the end of the bus")
    assert_refuses(vm, vm.usb.stick, vm.usb.uas)
    vm.evidence.wait(lambda event: event.adds("bus", "^/bus/scsi$"), since, what="the bus that the stick loads")
    vm.wait_for("grep -qx 0 /sys/bus/scsi/drivers_autoprobe")


def check_opened(vm):
    """the control: with the gate opened the same open"""
    agent = Product(vm)
    agent.gate("open", "--until-reboot")
    devices = [vm.usb.stick(), vm.usb.uas()]
    for device in devices:
        device.wait_disk()
    agent.gate("close")
    for device in devices:
        device.unplug()


def unload(vm):
    """Unload all of SCSI; a driver that is still letting go of a device is busy for a moment."""
    vm.wait_for(UNLOAD)


def assert_refuses(vm, *kinds):
    agent = Product(vm)
    since, place = vm.evidence.mark(), agent.here()
    devices = [kind() for kind in kinds]
    for device in devices:
        agent.wait_event(REFUSED, place, LEKDICHT_PORT=kernel_name(device.wait_usb()))
        wait_off(device)
    vm.evidence.assert_no_disk(since)
    for device in devices:
        device.unplug()
