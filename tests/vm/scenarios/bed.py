"""The bed itself, without the product: what is plugged in appears, and is proved by use.

These are the positive controls of every "nothing appeared": the same calls, on a kernel that
nobody guards, do open disks. The last checks close the kernel's gate by hand.
"""

from harness import keys
from harness.gadget import Keyboard, Storage
from harness.usb import Cd, Disk

MINUTES = 2
PRODUCT = False


def check_seat(vm):
    """teacher has an active local session on seat0"""
    session = vm.out("loginctl show-seat seat0 -p ActiveSession --value")
    facts = vm.out(f"loginctl show-session {session} -p Name -p Active -p Remote").split()
    assert set(facts) == {"Name=teacher", "Active=yes", "Remote=no"}, facts


def check_session_of_commands(vm):
    """commands as teacher run inside that session"""
    session = vm.out("loginctl show-seat seat0 -p ActiveSession --value")
    cgroup = vm.out("cat /proc/self/cgroup", user="teacher")
    assert cgroup.endswith(f"/session-{session}.scope"), cgroup


def check_seat_access(vm):
    """udev gives teacher a real access list: a USB CD drive"""
    drive = vm.usb.cd()
    node = drive.wait_disk()
    vm.wait_for(f"getfacl -p {node} | grep -q ^user:teacher:rw")
    drive.unplug()


def check_stick(vm):
    """a plain stick opens, and again when it is plugged again"""
    for _ in range(2):
        stick = vm.usb.stick(serial="BED-1")
        vm.run(f"dd if={stick.wait_disk()} of=/dev/null bs=4k count=1 iflag=direct")
        stick.unplug()
        stick.wait_gone()


def check_uas(vm):
    """a UAS disk opens"""
    disk = vm.usb.uas()
    disk.wait_disk()
    assert "uas" in vm.out(f"readlink /sys{disk.wait_scsi().devpath}/../../../driver")
    disk.unplug()


def check_luns(vm):
    """every logical unit of one controller opens: disk, CD, disk; by bulk-only and by UAS"""
    for controller in (vm.usb.bot, vm.usb.uas):
        device = controller(Disk(), Cd(), Disk())
        device.wait_disk(count=3)
        device.unplug()
        device.wait_gone()


def check_behind_two_hubs(vm):
    """a stick behind two hubs opens"""
    hub = vm.usb.hub()
    inner = vm.usb.hub(port=hub)
    stick = vm.usb.stick(port=inner)
    stick.wait_disk()
    for device in (stick, inner, hub):
        device.unplug()


def check_keyboards(vm):
    """each of two keyboards types, one of them behind a hub"""
    hub = vm.usb.hub()
    keyboards = [vm.usb.keyboard(), vm.usb.keyboard(port=hub)]
    for keyboard in keyboards:
        keys.assert_keyboard(vm, keyboard)
    for device in (*keyboards, hub):
        device.unplug()


def check_tablet(vm):
    """a tablet clicks"""
    tablet = vm.usb.tablet()
    keys.assert_tablet(vm, tablet)
    tablet.unplug()


def check_composite(vm):
    """a composite gadget of storage and keyboard opens and types"""
    gadget = vm.gadgets.plug(Storage(luns=2), Keyboard(), vendor=0x0951, product=0x1666, serial="BED-2")
    gadget.wait_disk(count=2)
    keys.assert_gadget_keyboard(vm, gadget)
    gadget.unplug()
    gadget.wait_gone()


def check_throttled(vm):
    """a throttled stick keeps the kernel waiting, and another opens meanwhile"""
    slow = vm.usb.stick(bytes_per_second=512)
    slow.wait_scsi()
    other = vm.usb.stick()
    other.wait_disk()
    assert not [event for event in vm.evidence.since(slow.since) if event.adds("block", slow.path)]
    other.unplug()
    slow.unplug()


def check_closed_by_hand(vm):
    """with autoprobe off on the SCSI bus, sticks, UAS disks and CDs are found and none opens"""
    vm.run("modprobe -a scsi_mod sd_mod sr_mod && echo 0 >/sys/bus/scsi/drivers_autoprobe")
    since = vm.evidence.mark()
    devices = [vm.usb.stick(), vm.usb.uas(), vm.usb.cd(), vm.usb.stick(port=vm.usb.hub())]
    for device in devices:
        device.wait_scsi()
    keyboard = vm.usb.keyboard()
    keys.assert_keyboard(vm, keyboard)
    vm.evidence.assert_no_disk(since)
    for device in (*devices, keyboard):
        device.unplug()


def check_opened_by_hand(vm):
    """and with autoprobe on again, a stick opens"""
    vm.run("echo 1 >/sys/bus/scsi/drivers_autoprobe")
    stick = vm.usb.stick()
    stick.wait_disk()
    stick.unplug()
