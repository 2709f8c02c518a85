"""The bed's laptop with drives from power-on: /home on AHCI that the initrd cannot reach, a card, a stick."""

from harness.disks import Blank, Ext4, Fat
from harness.machine import FSTAB, Drive, Machine

PRODUCT = False
MACHINE = Machine(
    initrd="lean",
    drives=(Drive("ahci", Ext4(label="home", files={"teacher/.keep": ""})), Drive("sd", Blank(mib=64))),
    files={"/etc/fstab": FSTAB + "LABEL=home /home ext4 defaults 0 2\n"},
)


def before_power_on(vm):
    global stick
    stick = vm.usb.stick(Fat(), serial="BED-BOOT")


def check_home(vm):
    """/home is on the AHCI disk, by an fstab that was there before init started"""
    disk = vm.out("findmnt -no SOURCE /home")
    assert "/ata" in vm.out(f"readlink -f /sys/class/block/{disk.removeprefix('/dev/')}")


def check_card(vm):
    """the SD card is a disk"""
    vm.run("test -b /dev/mmcblk0")


def check_stick_at_boot(vm):
    """a stick that was there at power-on is open, with the file on it"""
    disk = stick.wait_disk()
    vm.run(f"mount -o ro {disk}1 /mnt && grep persoonsgegevens /mnt/cijfers.txt; umount /mnt")
