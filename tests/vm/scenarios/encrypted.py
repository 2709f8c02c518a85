"""`encrypted`: what is LUKS, all of it, opens and is used as ever; all else stays shut, also what is formatted while it is open.

The sticks are made in the guest, with its own cryptsetup, while the gate is open.
"""

import json
from pathlib import Path

from harness import teacher
from harness.disks import Blank, Fat
from harness.lab import Lab
from harness.product import Product, kernel_name

MINUTES = 3
OPEN_TIMEOUT = 60       # seconds for agent, gate and udev on a busy host
ENCRYPTED = "[storage]\nusb-disk = encrypted\nsd-card = encrypted\n"
PASSWORD = "geheim"
UDISKS = "busctl --timeout=20 call org.freedesktop.UDisks2 /org/freedesktop/UDisks2/block_devices"
LUKS = f"""set -e
luks() {{ # TYPE NODE
        printf {PASSWORD} | cryptsetup luksFormat --batch-mode --type $1 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file - $2
        printf {PASSWORD} | cryptsetup open --key-file - $2 new
        mkfs.vfat -n SECRET /dev/mapper/new
        cryptsetup close new
}}
"""
LAYOUTS = {
    "whole": "luks luks2 $disk",
    "parts": "printf 'size=24MiB\\ntype=5\\nsize=24MiB, type=83\\n' | sfdisk --quiet --label=dos $disk; udevadm settle; "
             "luks luks1 ${disk}1; luks luks2 ${disk}5",
    "mixed": "printf 'size=24MiB\\nsize=24MiB, type=c\\n' | sfdisk --quiet --label=dos $disk; udevadm settle; "
             "luks luks2 ${disk}1; mkfs.vfat ${disk}2",
}


class Sticks(Lab):
    """The sticks that the checks try: encrypted all over, in part, not all of it."""

    STICKS = {name: f"{LUKS}{make}; sync; udevadm settle" for name, make in LAYOUTS.items()}
    PUT_AWAY = "for d in $(dmsetup ls --target crypt | cut -f1 | grep -v '^No'); do cryptsetup close $d; done"

    def open(self, name):
        """The stick, opened for being encrypted; with the path of its disk's node."""
        self.product.begin(ENCRYPTED)
        stick = self.plug(name)
        self.product.wait_state(kernel_name(stick.wait_usb()), "allowed", OPEN_TIMEOUT)
        disk = stick.wait_disk()
        self.vm.wait_for(f'test "$(stat -c %a:%G {disk})" = 660:disk', OPEN_TIMEOUT)
        return stick, disk


def watch_nodes(vm):
    """A watcher of all block nodes; it tells each that is not root's alone."""
    watcher = vm.start(Product.of(vm).tool("watch-nodes.py"))
    watcher.wait_output("ready\n")
    return watcher


def seen_by(watcher):
    """End WATCHER; the nodes that anybody but root could have opened."""
    watcher.kill()
    return {json.loads(line)["node"] for line in watcher.result().out.splitlines()[1:]}


def unlock_and_write(vm, node):
    """NODE is unlocked, teacher writes a file into it and finds it again; it is locked. (The guest's udisks has no plugin for it.)"""
    for deed in ("date >~/witness; cp ~/witness /mnt/witness.txt", "cmp ~/witness /mnt/witness.txt"):
        vm.run(f"printf {PASSWORD} | cryptsetup open --key-file - {node} inside && "
               f"mount -o uid={teacher.NAME} /dev/mapper/inside /mnt")
        vm.run(deed, user=teacher.NAME)
        vm.run("umount /mnt; cryptsetup close inside")


def check_opens(vm):
    """a stick that is one LUKS container opens; unlocked, teacher writes to it, and it may be pulled and come back"""
    lab = Sticks.of(vm)
    watcher, place = watch_nodes(vm), lab.product.here()
    stick, disk = lab.open("whole")
    name = kernel_name(stick.wait_usb())
    entry = lab.product.wait_event("lekdicht.device.opened", place, LEKDICHT_PORT=name)
    assert entry["LEKDICHT_REASON"] == "opened as encrypted by [storage] usb-disk", f"it opened by {entry['LEKDICHT_REASON']}"
    vm.wait_for(f"udisksctl info -b {disk} | grep -q 'IdType: *crypto_LUKS'", OPEN_TIMEOUT, user=teacher.NAME)
    unlock_and_write(vm, disk)
    lab.product.assert_equals_sys()
    lab.pull(stick)
    # The bed: what the other checks rely on, the watcher sees here.
    assert disk in (shown := seen_by(watcher)), f"the watcher has not seen {disk}: {shown}"
    stick, disk = lab.open("whole")
    lab.pull(stick)


def check_partitions(vm):
    """a stick with a LUKS partition and a LUKS logical drive opens; the extended partition between them is nobody's"""
    lab = Sticks.of(vm)
    stick, disk = lab.open("parts")
    for part in ("1", "5"):
        vm.wait_for(f'test "$(stat -c %a:%G {disk}{part})" = 660:disk', OPEN_TIMEOUT)
        vm.wait_for(f"udisksctl info -b {disk}{part} | grep -q 'IdType: *crypto_LUKS'", OPEN_TIMEOUT, user=teacher.NAME)
        unlock_and_write(vm, f"{disk}{part}")
    teacher.assert_root_only(vm, f"{disk}2")
    lab.product.wait_state(kernel_name(stick.wait_usb()), "allowed")
    lab.pull(stick)


def refused_and_never_seen(vm, plug):
    """PLUG a stick that is not encrypted: refused with that reason, and no node of it ever anybody's but root's."""
    product = Product.of(vm)
    product.begin(ENCRYPTED)
    watcher, place = watch_nodes(vm), product.here()
    stick = plug()
    disk = stick.wait_disk()
    name = product.wait_refused(stick)
    entry = product.wait_event("lekdicht.device.refused", place, LEKDICHT_PORT=name)
    assert entry["LEKDICHT_REASON"] == "refused by [storage] usb-disk: it is not encrypted", entry["LEKDICHT_REASON"]
    assert not product.events(place, "lekdicht.device.opened"), "it was said to be open"
    assert vm.run(f"test -e {disk}", check=False).code != 0, f"{disk} is still there"
    shown = seen_by(watcher)
    assert not shown, f"for a moment these were not root's alone: {shown}"
    listed = product.devices()[name]
    assert "not encrypted" in listed["reason"], f"it is listed with {listed['reason']}"
    product.assert_equals_sys()
    stick.unplug()
    stick.wait_gone()


def check_plain_is_refused(vm):
    """a FAT stick is refused, says why, and was root's alone in every moment"""
    refused_and_never_seen(vm, lambda: vm.usb.stick(Fat(), serial="ENC-fat"))


def check_mixed_is_refused(vm):
    """one LUKS partition and one FAT partition: all of it stays shut"""
    lab = Sticks.of(vm)
    refused_and_never_seen(vm, lambda: lab.plug("mixed"))


def check_empty_is_refused(vm):
    """a stick of zeros, without partitions, is not encrypted"""
    refused_and_never_seen(vm, lambda: vm.usb.stick(Blank(32), serial="ENC-zero"))


def check_reformatted_is_shut(vm):
    """what teacher formats while it is open is hidden before it can be mounted, and then refused"""
    lab = Sticks.of(vm)
    stick, disk = lab.open("parts")
    name, place = kernel_name(stick.wait_usb()), lab.product.here()
    block = f"{UDISKS}/{Path(disk).name}1 org.freedesktop.UDisks2.Block"
    vm.wait_for(f"udisksctl info -b {disk}1 | grep -q 'IdType: *crypto_LUKS'", OPEN_TIMEOUT, user=teacher.NAME)
    mounter = vm.start(f"while :; do udisksctl mount --no-user-interaction -b {disk}1 && echo MOUNTED; sleep 0.05; done",
                       user=teacher.NAME)
    said = teacher.run(vm, f"{block} Format 'sa{{sv}}' vfat 0")
    state = vm.run(f"blkid -p {disk}1; ls -l {disk}1", check=False)
    assert lab.product.events(place, "lekdicht.device.refused") or "vfat" in state.out or state.code != 0, \
        f"the bed: udisks has not formatted it: {said}; {state}"
    lab.product.wait_event("lekdicht.device.refused", place, OPEN_TIMEOUT, LEKDICHT_PORT=name)
    lab.product.wait_state(name, "refused")
    mounter.kill()
    assert "MOUNTED" not in mounter.result().out, "teacher has mounted what was formatted"
    lab.pull(stick)
    del lab.images["parts"]


def check_rewritten_by_root_is_shut(vm):
    """root writes a FAT file system over the container: hidden by the event of that write, and refused"""
    lab = Sticks.of(vm)
    stick, disk = lab.open("whole")
    name, place = kernel_name(stick.wait_usb()), lab.product.here()
    vm.run(f"mkfs.vfat -I {disk}; udevadm settle", check=False)
    entry = lab.product.wait_event("lekdicht.device.refused", place, OPEN_TIMEOUT, LEKDICHT_PORT=name)
    assert entry["LEKDICHT_REASON"].endswith("it is not encrypted"), entry["LEKDICHT_REASON"]
    lab.product.wait_state(name, "refused")
    lab.pull(stick)
    del lab.images["whole"]


def check_policy_change(vm):
    """an allowed FAT stick in use is hidden at once and shut when its file is closed; allowed again it is back"""
    product = Product.of(vm)
    product.begin("[storage]\nusb-disk = allow\n")
    stick = vm.usb.stick(Fat(), serial="ENC-allowed")
    disk, name = product.wait_open(stick), kernel_name(stick.wait_usb())
    essay = teacher.Essay(vm, f"{disk}1")
    product.set_policy(ENCRYPTED)
    product.wait_state(name, "busy")
    essay.close()
    product.wait_state(name, "refused", timeout=90)
    product.set_policy("[storage]\nusb-disk = allow\n")
    product.wait_state(name, "allowed")
    disk = product.wait_open(stick, 2)
    teacher.assert_essay(vm, f"{disk}1")
    stick.unplug()
    stick.wait_gone()
