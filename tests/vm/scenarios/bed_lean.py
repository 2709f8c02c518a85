"""The bed's laptop without SCSI: root on NVMe, no AHCI; the first stick loads scsi_mod."""

from harness.machine import Machine

PRODUCT = False
MACHINE = Machine(root="nvme", initrd="lean", sata=False)


def check_no_scsi(vm):
    """the SCSI bus is not there before something is plugged in"""
    vm.run("test ! -e /sys/bus/scsi")


def check_first_uas(vm):
    """a UAS disk brings the bus and opens, and the bus goes again with its drivers"""
    disk = vm.usb.uas()
    disk.wait_disk()
    vm.run("test -e /sys/bus/scsi")
    disk.unplug()
    disk.wait_gone()
    vm.wait_for("modprobe -qr uas usb_storage sd_mod sg; test ! -e /sys/bus/scsi")


def check_external_nvme(vm):
    """an NVMe disk that is plugged into a slot opens"""
    disk = vm.pci.nvme()
    disk.wait_disk()
    disk.unplug()


def check_reboot(vm):
    """what is written outlives a reboot, and the record knows of two boots"""
    vm.put("/etc/bed-was-here", "yes\n")
    vm.reboot()
    assert vm.get("/etc/bed-was-here") == b"yes\n"
    assert [event.source for event in vm.evidence.since(0)].count("hello") == 2
