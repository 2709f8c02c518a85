"""What is read-only: its image has the same checksum after every way a user has to write, each of which works on an allowed one.

One stick carries all there is to try: a FAT partition, an ext4 one, an LVM volume with a file system.
The teacher is tried with the groups that a Debian may give besides: disk, cdrom, plugdev, vboxusers.
"""

import hashlib
import json
from pathlib import Path

from harness import teacher
from harness.disks import Fat
from harness.lab import Lab
from harness.product import Product, allow, kernel_name, read_only

MINUTES = 4
FOLLOWS = "grants"
OPEN_TIMEOUT = 60       # seconds for agent, gate and udev on a busy host
STICK = "stick"
SERIAL = Lab.serial(STICK)
VOLUMES = "rogroup"
READ = read_only("lesson", serial=SERIAL)
WRITE = allow("lesson", serial=SERIAL)
MAKE_STICK = f"""set -e
printf 'size=16MiB, type=c\\nsize=32MiB, type=83\\nsize=24MiB, type=8e\\n' | sfdisk --quiet --label=dos $disk
udevadm settle
mkfs.vfat -n STICK ${{disk}}1
mke2fs -q -F -t ext4 -L DATA ${{disk}}2
mount ${{disk}}1 /mnt; echo persoonsgegevens >/mnt/cijfers.txt; umount /mnt
pvcreate -q ${{disk}}3
vgcreate -q {VOLUMES} ${{disk}}3
lvcreate -q -Zn -Wn -L 8M -n volume {VOLUMES}
mkfs.vfat -n VOLUME /dev/{VOLUMES}/volume
vgchange -q -an {VOLUMES}
sync
"""
UDISKS = "busctl --timeout=20 call org.freedesktop.UDisks2 /org/freedesktop/UDisks2/block_devices"


class Stick(Lab):
    """The stick that all checks try."""

    STICKS = {STICK: MAKE_STICK}
    PUT_AWAY = f"vgchange -q -an {VOLUMES}"

    def __init__(self, vm):
        vm.run("groupadd -f vboxusers")
        super().__init__(vm)

    def plug(self, name=STICK):
        return super().plug(name)

    def checksum(self):
        return hashlib.sha256(Path(self.images[STICK]).read_bytes()).hexdigest()

    def open_read_only(self):
        """The stick, opened read-only by its rule; with the path of its disk's node."""
        self.product.begin(READ)
        stick = self.plug()
        return stick, self.wait_read_only(stick)

    def wait_read_only(self, stick):
        """Wait until STICK, and its first partition, are open for reading; the path of the disk's node."""
        return wait_node(self.vm, stick, "1")


def wait_node(vm, device, tail=""):
    """Wait until the agent says that DEVICE is read-only and udev has made its node, with TAIL, so; the path without."""
    name, product = kernel_name(device.wait_usb()), Product.of(vm)

    def opened():
        """the device is open for reading, and its node is so"""
        listed = product.devices().get(name, {})
        for node in listed.get("nodes", ()) if listed["state"] == "read-only" else ():
            if vm.run(f'test "$(stat -c %a:%U:%G /dev/{node}{tail})" = 440:root:disk', check=False).code == 0:
                return f"/dev/{node}"
        return None

    return vm.wait_for(opened, OPEN_TIMEOUT)


def as_member(vm, command):
    """Run COMMAND as teacher with more groups than the session has; the Result, whatever it is."""
    return vm.run(f"setpriv --reuid={teacher.NAME} --regid={teacher.NAME} --groups=disk,cdrom,plugdev,vboxusers "
                  f"--inh-caps=-all bash -c '{command}'", check=False)


def assert_member_fails(vm, command, words=""):
    result = as_member(vm, command)
    assert result.code != 0 and words in result.out + result.err, f"teacher in all those groups may: {result}"


def assert_read_only(vm, disk, *partitions):
    """Disk and partitions are read-only to the kernel, and no node of theirs is anybody's to write."""
    for node in (disk, *partitions):
        state = vm.out(f"blockdev --getro {node}; stat -c '%a %U %G' {node}").split("\n")
        assert state == ["1", "440 root disk"], f"{node}: read-only flag and node are {state}"
        acl = vm.out(f"getfacl --omit-header --skip-base --absolute-names {node}")
        assert not acl.strip(), f"{node} has the ACL {acl}"


def usbfs_node(device):
    return "/dev/" + device.wait_usb().env["DEVNAME"]


def generic_node(device):
    return "/dev/" + device.wait_add("scsi_generic").env["DEVNAME"]


def check_every_way_to_write(vm):
    """teacher reads it; mount rw, remount, direct writes, udisks, sg and usbfs leave every byte of it as it was"""
    lab = Stick.of(vm)
    product = lab.product
    before, place = lab.checksum(), product.here()
    stick, disk = lab.open_read_only()
    name = kernel_name(stick.wait_usb())
    entry = product.wait_event("lekdicht.device.readonly", place, LEKDICHT_PORT=name)
    assert "[device lesson]" in entry["LEKDICHT_RULE"], f"it opened by {entry['LEKDICHT_RULE']}"
    vm.run("udevadm settle")
    assert_read_only(vm, disk, f"{disk}1", f"{disk}2")

    for number in (1, 2):
        node = f"{disk}{number}"
        for options in ("", "-o rw"):
            mount = f"udisksctl mount --no-user-interaction {options} -b {node}"
            if not options:
                vm.wait_for(mount, teacher.VFAT_TIMEOUT, user=teacher.NAME)
            elif teacher.run(vm, mount).code != 0:
                continue
            where = vm.out(f"findmnt -no TARGET {node}")
            mode = vm.out(f"findmnt -no OPTIONS {node}").split(",")[0]
            assert mode == "ro", f"{node} is mounted {mode} {options}"
            if number == 1:
                text = vm.out(f"cat {where}/cijfers.txt", user=teacher.NAME)
                assert text == "persoonsgegevens", f"teacher reads {text!r}"
            teacher.assert_denied(vm, f"touch {where}/new")
            teacher.assert_denied(vm, f"mount -o remount,rw {where}")
            result = vm.run(f"mount -o remount,rw {where} && touch {where}/new", check=False)
            assert result.code != 0, f"even after root's remount it can be written: {result}"
            vm.run(f"udisksctl unmount --no-user-interaction -b {node}", user=teacher.NAME)
    for node in (disk, f"{disk}1", f"{disk}2", f"{disk}3"):
        assert_member_fails(vm, f"dd if=/dev/zero of={node} bs=512 count=1 conv=notrunc", "Permission denied")
        assert vm.run(f"dd if=/dev/zero of={node} bs=512 count=1 conv=notrunc,fsync", check=False).code != 0, \
            f"write(2) of root reaches {node}"
    for number in (1, 2):
        block = f"{UDISKS}/{Path(disk).name}{number} org.freedesktop.UDisks2"
        # The program that labels a FAT may say that it did, although no byte of it reached the disk: the checksum tells.
        teacher.run(vm, f"{block}.Filesystem SetLabel 'sa{{sv}}' NEW 0")
        for way in (f"{block}.Block Format 'sa{{sv}}' vfat 0",
                    f"{block}.Partition Delete 'a{{sv}}' 0", f"{block}.Partition SetType 'sa{{sv}}' 0x07 0",
                    f"{block}.Block OpenDevice 'sa{{sv}}' rw 0", f"{block}.Block OpenForRestore 'a{{sv}}' 0"):
            teacher.assert_denied(vm, way)
    teacher.assert_denied(vm, f"{UDISKS}/{Path(disk).name} org.freedesktop.UDisks2.Block Format 'sa{{sv}}' dos 0")
    sgio, usbfs = product.tool("sgio.py"), product.tool("usbfs.py")
    for way in (f"{sgio} {generic_node(stick)} write", f"{sgio} {disk} write", f"{usbfs} {usbfs_node(stick)} claim=0",
                f"{usbfs} {usbfs_node(stick)} configure=0 configure=1 claim=0"):
        assert_member_fails(vm, way, "open: Permission denied")
    assert_member_fails(vm, f"{sgio} {disk} write ro", "write: EPERM")
    assert_read_only(vm, disk, f"{disk}1", f"{disk}2")
    lab.pull(stick)
    assert lab.checksum() == before, "the stick's image is another"


def check_volumes(vm):
    """its LVM volume is not assembled, for device mapper writes past the flag; all of that partition stays hidden"""
    lab = Stick.of(vm)
    before = lab.checksum()
    stick, disk = lab.open_read_only()
    vm.run("udevadm settle; udevadm trigger --action=add --subsystem-match=block; udevadm settle")
    teacher.assert_root_only(vm, f"{disk}3")
    volumes = vm.run("dmsetup ls", check=False).out
    assert VOLUMES not in volumes, f"a volume on a read-only stick is active: {volumes}"
    teacher.assert_denied(vm, f"udisksctl mount --no-user-interaction -b {disk}3")
    lab.pull(stick)
    assert lab.checksum() == before, "the stick's image is another"


def check_never_writable(vm):
    """no node of it is ever open and writable: at three plugs, a rescan, new partitions, all events once more, udev started anew"""
    lab = Stick.of(vm)
    before = lab.checksum()
    watcher = vm.start(lab.product.tool("watch-nodes.py"))
    watcher.wait_output("ready\n")
    for _ in range(2):
        stick, disk = lab.open_read_only()
        lab.pull(stick)
    stick, disk = lab.open_read_only()
    start, size = vm.out(f"cat /sys/class/block/{Path(disk).name}1/start /sys/class/block/{Path(disk).name}1/size").split()
    # Whoever opens the disk while the kernel has a change of its medium noted makes it read the table anew, and 5 is gone.
    vm.wait_for(f"udevadm settle; delpart {disk} 1; addpart {disk} 5 {start} {size}; udevadm settle; test -e {disk}5")
    assert_read_only(vm, disk, f"{disk}5")
    vm.run(f"delpart {disk} 5; addpart {disk} 1 {start} {size}; udevadm settle")
    for deed in (f"echo 1 >/sys/block/{Path(disk).name}/device/rescan", f"blockdev --rereadpt {disk}",
                 f"partx -d {disk}; partx -a {disk}", "udevadm trigger --action=add --subsystem-match=block",
                 "systemctl restart systemd-udevd; udevadm trigger --action=change --subsystem-match=block"):
        result = vm.run(f"{deed}; udevadm settle", check=False)
        vm.wait_for(f"test -e {disk}1 && udevadm settle")
        state = vm.out(f"blockdev --getro {disk} {disk}1 {disk}2 | tr -d '\\n'")
        assert state == "111", f"after `{deed}` ({result}) the read-only flags are {state}"
        assert_read_only(vm, disk, f"{disk}1", f"{disk}2")
    watcher.kill()
    seen = [json.loads(line) for line in watcher.result().out.splitlines()[1:]]
    assert any(entry["node"] == f"{disk}1" for entry in seen), "the bed: the watcher saw nothing"
    writable = [entry for entry in seen if int(entry["mode"], 8) & 0o022 or entry["ro"] != "1"]
    assert not writable, f"for a moment there was {writable}"
    lab.pull(stick)
    assert lab.checksum() == before, "the stick's image is another"


def check_drift(vm):
    """what root makes writable is closed, and read-only again as another disk to the kernel"""
    lab = Stick.of(vm)
    stick, disk = lab.open_read_only()
    name, place = kernel_name(stick.wait_usb()), lab.product.here()
    sequence = vm.out(f"cat /sys/class/block/{Path(disk).name}/diskseq")
    # Somebody has it open meanwhile: to such a disk Linux 6.1 binds no driver again, and it has to be found anew.
    holder = vm.start(f"exec sleep 600 <{disk}")
    vm.run(f"blockdev --setrw {disk} {disk}1; udevadm trigger --action=change /sys/class/block/{Path(disk).name}")
    lab.product.wait_event("lekdicht.device.drift", place, LEKDICHT_PORT=name)
    vm.wait_for(f'test "$(cat /sys/block/sd*/diskseq)" != {sequence} && test "$(cat /sys/block/sd*/ro)" = 1')
    disk = lab.wait_read_only(stick)
    vm.run("udevadm settle")
    assert_read_only(vm, disk, f"{disk}1", f"{disk}2")
    holder.kill()
    lab.pull(stick)


def check_policy_change(vm):
    """allowed and in use it is not cut off, and read-only as soon as the file is closed; allowed again it can be written"""
    lab = Stick.of(vm)
    product = lab.product
    product.begin(WRITE)
    stick = lab.plug()
    disk, name = product.wait_open(stick), kernel_name(stick.wait_usb())
    essay = teacher.Essay(vm, f"{disk}1")
    product.set_policy(READ)
    product.wait_state(name, "busy")
    # A volume that LVM has assembled by itself is in use as well, until root takes it down or the stick is pulled.
    vm.run(f"udevadm settle; vgchange -q -an {VOLUMES}", check=False)
    essay.close()
    product.wait_state(name, "read-only", timeout=90)
    disk = lab.wait_read_only(stick)
    teacher.assert_essay(vm, f"{disk}1")
    assert_read_only(vm, disk, f"{disk}1")
    product.set_policy(WRITE)
    product.wait_state(name, "allowed")
    product.wait_granted(disk)
    teacher.assert_uses(vm, f"{disk}1")
    lab.pull(stick)


def check_optical(vm):
    """a CD drive under `optical = read-only`: root's and no group's to burn, no ACL of the seat; sg and usbfs are root's"""
    product = Product.of(vm)
    product.begin("[storage]\noptical = read-only\n")
    drive = vm.usb.cd(Fat())
    name = kernel_name(drive.wait_usb())
    node = wait_node(vm, drive)
    vm.run("udevadm settle")
    assert_read_only(vm, node)
    teacher.assert_root_only(vm, generic_node(drive))
    teacher.assert_root_only(vm, usbfs_node(drive))
    sgio = product.tool("sgio.py")
    for way in (f"{sgio} {node} write", f"{sgio} {generic_node(drive)} write"):
        teacher.assert_cannot_open(vm, way)
        assert_member_fails(vm, way, "open: Permission denied")
    assert vm.out(f"udevadm info -q property {node} | sed -n s/^ID_CDROM=//p") == "1", "the drive is no CD drive to the desktop"
    # The control: allowed, the group cdrom reaches the drive.
    product.set_policy("[storage]\noptical = allow\n")
    product.wait_state(name, "allowed")
    vm.wait_for(f'test "$(stat -c %a:%G {node})" = 660:cdrom')
    assert as_member(vm, f"{sgio} {node} inquiry").code == 0, "the bed: a member of cdrom does not reach an allowed drive"
    drive.unplug()
    drive.wait_gone()


def check_ended(vm):
    """`read-only until` a day that is over is block"""
    product = Product.of(vm)
    product.begin("[storage]\nusb-disk = read-only until 2020-01-31 then block\n")
    stick = vm.usb.stick(Fat(), serial="RO02")
    name = product.wait_refused(stick)
    reason = product.devices()[name]["reason"]
    assert "read-only ended with 2020-01-31" in reason, f"the reason is {reason}"
    stick.unplug()
    stick.wait_gone()


def check_each_way_works_when_allowed(vm):
    """the control: on the same stick, allowed, a mount, udisks, a direct write and the volume do write"""
    lab = Stick.of(vm)
    product = lab.product
    product.begin(WRITE)
    sums = [lab.checksum()]
    for way in ("mount", "label", "direct", "volume"):
        stick = lab.plug()
        disk = product.wait_open(stick)
        vm.run("udevadm settle")
        if way == "mount":
            teacher.assert_uses(vm, f"{disk}1")
        elif way == "label":
            block = f"{UDISKS}/{Path(disk).name}1 org.freedesktop.UDisks2"
            vm.wait_for(f"{block}.Filesystem SetLabel 'sa{{sv}}' NEW 0", user=teacher.NAME)
        elif way == "direct":
            vm.wait_for(f'test "$(stat -c %a:%G {disk}1)" = 660:disk')
            result = as_member(vm, f"echo changed | dd of={disk}2 bs=512 count=1 conv=notrunc,fsync")
            assert result.code == 0, f"the bed: {result}"
        else:
            vm.wait_for(f"dmsetup ls | grep -q {VOLUMES}")
            vm.run(f"mount /dev/{VOLUMES}/volume /mnt && date >/mnt/witness && umount /mnt")
        lab.pull(stick)
        sums.append(lab.checksum())
        assert sums[-1] != sums[-2], f"the bed: {way} has written nothing"
