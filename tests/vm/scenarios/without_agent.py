"""Booted with lekdichtd masked: what is there and what is plugged stays shut, and keyboards type.

An empty unit file masks lekdichtd, as `systemctl mask` does.
"""

from harness import keys
from harness.disks import Fat
from harness.gate import assert_closed, removable_disks
from harness.machine import Drive, Machine
from harness.present import AtBoot, assert_clean

MACHINE = Machine(drives=(Drive("sd"),), files={"/etc/systemd/system/lekdichtd.service": ""}, kernel="bed.wait=sda,sdb,mmcblk0")
present = {}


def before_power_on(vm):
    present["stick"] = vm.usb.stick(Fat())
    present["UAS disk"] = vm.usb.uas()
    present["keyboard"] = vm.usb.keyboard()


def check_present_at_boot(vm):
    """a stick, a UAS disk and an SD card that the initramfs opened are shut, and the keyboard types"""
    assert vm.run("pgrep -x lekdichtd", check=False).code == 1, "lekdichtd runs though it is masked"
    before = [event.devpath for event in vm.evidence.since(vm.evidence.boot) if event.source == "present"]
    for path in (f"-{present['stick'].port}/", "/mmc_host/"):
        assert any(path in devpath for devpath in before), f"the initramfs opened only {before}: this boot shows nothing"
    assert_clean(vm)
    assert_closed(vm)
    assert not removable_disks(vm), f"there are disks: {removable_disks(vm)}"
    keys.assert_keyboard(vm, AtBoot(vm, present["keyboard"]))


def check_plugged(vm):
    """a stick and a UAS disk that are plugged do not open, and a keyboard types"""
    since = vm.evidence.mark()
    devices = [vm.usb.stick(), vm.usb.uas()]
    keyboard = vm.usb.keyboard()
    keys.assert_keyboard(vm, keyboard)
    for device in devices:
        device.wait_scsi()
    vm.evidence.assert_no_disk(since)
    for device in (*devices, keyboard):
        device.unplug()


def check_opened(vm):
    """the control: with the gate opened what was there and what is plugged opens"""
    vm.run("lekdicht-gate open --until-reboot")
    vm.usb.stick().wait_disk()
    disks = [disk for disk in removable_disks(vm) if disk[:2] in ("sd", "mm")]
    assert len(disks) >= 4, f"open are only {disks}"
