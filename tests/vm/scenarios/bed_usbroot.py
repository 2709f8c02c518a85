"""The bed's laptop with its root on a USB stick."""

from harness.machine import Machine

PRODUCT = False
MACHINE = Machine(root="usb")


def check_root(vm):
    """the root file system is on USB"""
    disk = vm.out("findmnt -no SOURCE /").removeprefix("/dev/")
    assert "/usb" in vm.out(f"readlink -f /sys/class/block/{disk}")


def check_other_stick(vm):
    """another stick opens beside it"""
    stick = vm.usb.stick()
    stick.wait_disk()
    stick.unplug()
