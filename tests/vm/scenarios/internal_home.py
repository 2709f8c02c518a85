"""A second internal disk as /home, found late and without lekdichtd: the boot reaches the login.

AHCI is not in the initramfs, so the disk appears behind the closed gate; fstab names it by UUID and without nofail, so
that a disk that stays shut would end the boot in emergency mode. An empty unit file masks lekdichtd.
"""

from dataclasses import dataclass

from harness.disks import Ext4
from harness.gate import assert_closed, assert_nothing_failed, assert_open, moment_of
from harness.host import call
from harness.machine import FSTAB, Drive, Machine

HOME_UUID = "1e4d1c47-0000-4000-8000-000000000002"
RULE = "/usr/lib/udev/rules.d/60-lekdicht-internal.rules"


@dataclass(frozen=True)
class Home(Ext4):
    """The disk that is /home."""

    def fill(self, path):
        super().fill(path)
        call("tune2fs", "-U", HOME_UUID, path)


MACHINE = Machine(
    initrd="lean",
    drives=(Drive("ahci", Home(label="HOME", files={"teacher/bewijs.txt": "thuis\n"})),),
    files={
        "/etc/fstab": f"{FSTAB}UUID={HOME_UUID} /home ext4 defaults 0 2\n",
        "/etc/systemd/system/lekdichtd.service": "",
    })


def check_home_is_mounted(vm):
    """/home is mounted behind the closed gate, and nothing failed"""
    assert vm.run("pgrep -x lekdichtd", check=False).code == 1, "lekdichtd runs though it is masked"
    assert_home(vm)
    assert_closed(vm)
    closed = moment_of(vm, "lekdicht-gate.service", "ExecMainExit")
    disk = vm.evidence.wait(lambda event: event.adds("block", r"/ata\d+/.*/sd[a-z]$"), vm.evidence.boot, what="the internal disk")
    assert disk.time > closed, f"the disk was there at {disk.time} s, before the gate was closed at {closed} s: this shows nothing"


def check_stick_is_held(vm):
    """in the same laptop a stick is found and does not open; with the gate open it does"""
    since = vm.evidence.mark()
    stick = vm.usb.stick()
    stick.wait_scsi()
    vm.evidence.assert_no_disk(since)
    vm.run("lekdicht-gate open --until-reboot")
    stick.wait_disk()
    vm.run("lekdicht-gate close")
    assert_home(vm)
    stick.unplug()


def check_without_the_rule(vm):
    """without the rule that lets internal disks through the unit does not close the gate; with it again it does"""
    vm.run(f"lekdicht-gate open --until-reboot && mv {RULE} /root")
    refused = vm.run("systemctl restart lekdicht-gate.service", check=False)
    assert refused.code != 0, "the unit closes the gate although the rule is missing"
    assert_open(vm)
    vm.run(f"mv /root/{RULE.rpartition('/')[2]} {RULE} && systemctl restart lekdicht-gate.service")
    assert_closed(vm)
    assert_home(vm)


def assert_home(vm):
    assert_nothing_failed(vm)
    assert vm.out("cat /home/teacher/bewijs.txt") == "thuis"
    source = vm.out("readlink -f /sys/dev/block/$(mountpoint --fs-devno /home)")
    assert "/ata" in source, f"/home is on {source}, not on AHCI: this shows nothing"
