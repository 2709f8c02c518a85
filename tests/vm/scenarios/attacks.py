"""A teacher at the screen, with a shell and the groups of Debian's first user, tries to reach storage that is shut.

One stick carries all there is to try: a FAT partition, a file system with the UUID of a disk in
fstab, an LVM volume. First with the gate open, to see that each way works; then held (by the kernel
alone, the agent stopped), hidden (bound by a mistaken name, not granted), refused (by the agent).
"""

from pathlib import Path

from harness import keys, teacher
from harness.gadget import Keyboard, Storage
from harness.lab import Lab
from harness.product import disks_outside, kernel_name

MINUTES = 7
ABSENT_DISK = "0b5e55ed-0000-4000-8000-00000000cafe"     # in fstab, of a disk that is not there
GROUP = "evilgroup"         # of volumes
MOUNT = "/srv/absent"       # where fstab wants it
EVIL = "evil"
# What libmtp, a printer's or a virtual machine's rules do for many devices: the user at the screen may use usbfs.
UACCESS_RULE = 'SUBSYSTEM=="usb", ENV{DEVTYPE}=="usb_device", ATTR{idVendor}=="46f4|1d6b", TAG+="uaccess"\n'
MAKE_EVIL_STICK = f"""set -e
printf 'size=16MiB, type=c\\nsize=32MiB, type=83\\ntype=8e\\n' | sfdisk --quiet --label=dos $disk
udevadm settle
mkfs.vfat -n STICK ${{disk}}1
mke2fs -q -F -t ext4 -L EVILDATA -U {ABSENT_DISK} ${{disk}}2
pvcreate -q ${{disk}}3
vgcreate -q {GROUP} ${{disk}}3
lvcreate -q -Zn -Wn -L 8M -n volume {GROUP}
vgchange -q -an {GROUP}
"""


class Attack(Lab):
    """What the checks share: the evil stick, and the devices that are plugged from check to check."""

    STICKS = {EVIL: MAKE_EVIL_STICK}

    def __init__(self, vm):
        super().__init__(vm)
        self.devices = ()
        vm.put("/etc/udev/rules.d/70-bed-uaccess.rules", UACCESS_RULE)
        vm.run(f"mkdir -p {MOUNT}; echo 'UUID={ABSENT_DISK} {MOUNT} ext4 nofail,x-systemd.device-timeout=1s 0 0' >>/etc/fstab; "
               "systemctl daemon-reload; udevadm control --reload")

    def closed_by_kernel(self):
        """Stick, CD drive and UAS disk behind the closed gate, the agent stopped."""
        product = self.product
        product.agent("stop")
        product.gate("close")
        if not set(self.devices) <= set(self.vm.usb.plugged()) or not self.devices:
            product.begin()
            product.agent("stop")
            self.devices = (self.plug(EVIL), self.vm.usb.cd(), self.vm.usb.uas())
        for device in self.devices:
            device.wait_scsi()
        return self.devices

    def refused(self):
        """The same three, refused by the agent; their kernel names with them."""
        devices = self.closed_by_kernel()
        self.product.agent("start")
        names = [self.product.wait_refused(device) for device in devices]
        self.product.wait_quiet()
        return list(zip(devices, names))

    def assert_no_traces(self):
        """Nothing that is on the stick has come up by itself: no link, no volume, no mount."""
        vm = self.vm
        links = vm.run(f"ls /dev/disk/by-uuid /dev/disk/by-label | grep -iE '{ABSENT_DISK}|EVILDATA|STICK'", check=False).out
        assert not links, f"a shut disk is to be found by {links}"
        volumes = vm.run("dmsetup ls", check=False).out
        assert GROUP not in volumes, f"a volume on a shut disk is active: {volumes}"
        mounts = vm.run(f"grep -E '^/dev/s[dr]|{MOUNT}' /proc/mounts", check=False).out
        assert not mounts, f"a shut disk is mounted: {mounts}"

    def leave_alone(self):
        """Take down what came up by itself while the stick was open."""
        self.vm.run(f"udevadm settle; umount {MOUNT}; vgchange -q -an {GROUP}", check=False)


def usbfs_node(device):
    return "/dev/" + device.wait_usb().env["DEVNAME"]


def generic_node(device):
    return "/dev/" + device.wait_add("scsi_generic").env["DEVNAME"]


def check_open_gate(vm):
    """with the gate open every way in works: mount, UUID of fstab, logical volume, CD by sg, usbfs"""
    lab = Attack.of(vm)
    product = lab.product
    product.begin()
    product.agent("stop")
    product.gate("open", "--until-reboot")
    stick, cd = lab.plug(EVIL), vm.usb.cd()
    disk, drive = stick.wait_disk(), cd.wait_disk()
    vm.wait_for(f"test -e /dev/disk/by-uuid/{ABSENT_DISK}")
    vm.wait_for(f"dmsetup ls | grep -q {GROUP}")
    vm.run("udevadm settle")
    teacher.assert_mounts(vm, f"{disk}1")
    sgio, usbfs = product.tool("sgio.py"), product.tool("usbfs.py")
    for way in (f"{sgio} {generic_node(cd)} read", f"{sgio} {drive} inquiry", f"{usbfs} {usbfs_node(stick)} reset"):
        vm.run(way, user=teacher.NAME)
    lab.leave_alone()
    for device in (stick, cd):
        device.unplug()
        device.wait_gone()
    product.gate("close")


def check_held(vm):
    """held by the kernel alone: no disk; sg and usbfs of stick, CD and UAS disk are root's, without the seat's ACL"""
    lab = Attack.of(vm)
    since = vm.evidence.mark()
    devices = lab.closed_by_kernel()
    vm.evidence.assert_no_disk(since)
    vm.run("udevadm settle")
    sgio, usbfs = lab.product.tool("sgio.py"), lab.product.tool("usbfs.py")
    for device in devices:
        generic, node = generic_node(device), usbfs_node(device)
        teacher.assert_root_only(vm, generic)
        teacher.assert_root_only(vm, node)
        for way in (f"{sgio} {generic} read", f"{sgio} {generic} read ro", f"{sgio} {generic} write",
                    f"{usbfs} {node} configure=0 configure=1 claim=0", f"{usbfs} {node} reset"):
            teacher.assert_cannot_open(vm, way)
    # For root the drive answers: it is its node that keeps teacher out.
    vm.run(f"{sgio} {generic_node(devices[1])} read")
    lab.assert_no_traces()
    vm.evidence.assert_no_disk(since, settle=0)


def check_hidden(vm):
    """bound by a mistaken name, not granted: no udisks mount, format or open, no node, no UUID, no volume"""
    lab = Attack.of(vm)
    product = lab.product
    devices = lab.closed_by_kernel()
    for device in devices:
        vm.run(f"echo {kernel_name(device.wait_scsi())} >/sys/bus/scsi/drivers_probe")
    disks = [device.wait_disk() for device in devices]
    devices[0].wait_add("block", 3, DEVTYPE="partition")
    vm.run("udevadm settle; udevadm trigger --action=change --subsystem-match=block; udevadm settle")
    sgio = product.tool("sgio.py")
    for node in (*(f"{disks[0]}{number}" for number in (1, 2, 3)), *disks):
        teacher.assert_root_only(vm, node)
        block = f"org.freedesktop.UDisks2 /org/freedesktop/UDisks2/block_devices/{Path(node).name} org.freedesktop.UDisks2.Block"
        for way in (f"udisksctl mount --no-user-interaction -b {node}",
                    f"busctl --timeout=20 call {block} Format 'sa{{sv}}' empty 0",
                    f"busctl --timeout=20 call {block} OpenDevice 'sa{{sv}}' r 0",
                    f"busctl --timeout=20 call {block} OpenForBackup 'a{{sv}}' 0",
                    f"busctl --timeout=20 call {block} OpenForRestore 'a{{sv}}' 0",
                    f"udisksctl loop-setup --no-user-interaction -f {node}"):
            teacher.assert_denied(vm, way)
        teacher.assert_cannot_open(vm, f"{sgio} {node} read ro")
    vm.run("udevadm trigger --action=add --subsystem-match=block; udevadm settle")
    lab.assert_no_traces()
    # Its grant opens it, and nothing else was in the way.
    product.gate("release", kernel_name(devices[0].wait_scsi()))
    product.wait_granted(disks[0])
    teacher.assert_mounts(vm, f"{disks[0]}1")
    lab.leave_alone()


def check_closed_again(vm):
    """closing the gate again takes the driver from what was bound by hand, and refusing takes the grant back"""
    lab = Attack.of(vm)
    product = lab.product
    devices = lab.closed_by_kernel()
    product.gate("refuse", kernel_name(devices[0].wait_scsi()))
    product.gate("close")
    vm.wait_for("! ls -d /sys/block/s[dr]* 2>/dev/null")
    assert product.gate("status"), "the gate is not closed"
    left = vm.out("ls /run/lekdicht/grant")
    assert not left, f"grants are left: {left}"


def check_refused(vm):
    """refused by the agent: no SCSI device, nothing to claim after SETCONFIGURATION, not even for root"""
    lab = Attack.of(vm)
    since = vm.evidence.mark()
    usbfs = lab.product.tool("usbfs.py")
    for device, name in lab.refused():
        assert vm.out(f"cat /sys/bus/usb/devices/{name}/authorized") == "0", f"{name} is authorised"
        node = usbfs_node(device)
        teacher.assert_root_only(vm, node)
        teacher.assert_cannot_open(vm, f"{usbfs} {node} configure=1 claim=0")
        result = vm.run(f"{usbfs} {node} configure=0 configure=1 claim=0", check=False)
        assert "claim=0: ok" not in result.out, f"what was refused can be claimed: {result}"
    generic = vm.run("ls /dev/sg*", check=False).out
    assert not generic, f"of what was refused is left: {generic}"
    vm.evidence.assert_no_disk(since)
    lab.assert_no_traces()


def check_forged_events(vm):
    """events that teacher forges reach neither udev nor the agent"""
    lab = Attack.of(vm)
    product = lab.product
    product.agent("start")
    place = product.here()
    teacher.assert_denied(vm, product.tool("forge.py"))
    teacher.assert_denied(vm, "echo add >/sys/bus/usb/devices/usb1/uevent")
    product.here()
    assert not product.events(place), f"the agent said: {product.events(place)[0]['MESSAGE']}"


def check_drift(vm):
    """what root switches on again is refused again before a disk appears, and the journal says so"""
    lab = Attack.of(vm)
    product = lab.product
    devices = lab.refused()
    since, place = vm.evidence.mark(), product.here()
    for _, name in devices:
        vm.run(f"echo 1 >/sys/bus/usb/devices/{name}/authorized")
        product.wait_event("lekdicht.device.drift", place, LEKDICHT_PORT=name)
        vm.wait_for(f'test "$(cat /sys/bus/usb/devices/{name}/authorized)" = 0')
    product.wait_quiet()
    vm.evidence.assert_no_disk(since)
    product.assert_equals_sys()


def check_composite(vm):
    """storage in a keyboard: only root may use its node; who brings its interface back sees it refused again; it types"""
    lab = Attack.of(vm)
    product = lab.product
    product.begin()
    since = vm.evidence.mark()
    gadget = vm.gadgets.plug(Storage(), Keyboard(), serial="GADGET01")
    name = product.wait_refused(gadget)
    keys.assert_gadget_keyboard(vm, gadget)
    authorized = f"/sys/bus/usb/devices/{name}:1.0/authorized"
    node, usbfs = usbfs_node(gadget), product.tool("usbfs.py")
    vm.run("udevadm settle")
    teacher.assert_root_only(vm, node)
    teacher.assert_cannot_open(vm, f"{usbfs} {node} configure=0 configure=1 claim=0")

    for how in (f"{usbfs} {node} configure=0 configure=1; true",         # busy: the keyboard's driver has its interface
                f"echo 1 >{authorized}; echo {name}:1.0 >/sys/bus/usb/drivers_probe",
                f"cd /sys/bus/usb/devices/{name}; echo 0 >bConfigurationValue; echo 1 >bConfigurationValue"):
        vm.run(how)
        vm.wait_for(f'test "$(cat {authorized})" = 0')
        product.wait_quiet()
        product.wait_state(name, "refused")
        assert vm.out(f"cat {authorized}") == "0", f"{name}:1.0 is authorised after `{how}`"
        vm.run("udevadm settle")
        teacher.assert_root_only(vm, node)
    keys.assert_gadget_keyboard(vm, gadget)
    opened = disks_outside(vm.evidence, since)
    assert not opened, "opened: " + "; ".join(map(str, opened))
    gadget.unplug()
    gadget.wait_gone()
    product.assert_equals_sys()


def check_open_at_the_end(vm):
    """and at the end of it all, with the gate open, the same stick opens for teacher"""
    lab = Attack.of(vm)
    product = lab.product
    product.begin()
    product.agent("stop")
    product.gate("open", "--until-reboot")
    stick = lab.plug(EVIL)
    teacher.assert_mounts(vm, f"{stick.wait_disk()}1")
    lab.leave_alone()
