"""What the policy allows opens for the teacher, and nothing that takes its place does."""

import json
import re
from pathlib import Path

from harness import teacher
from harness.disks import Copy, Fat
from harness.product import Product, allow, disks_outside, kernel_name

MINUTES = 3
FOLLOWS = "encrypted"
HIDDEN_SEAT = "seat-lekdicht-held"
ALLOWED = "LES0000001"
PORT = "4"
SLOW = 256              # bytes a second: the kernel's first look at the disk then takes seconds
LESSON = allow("lesson", serial=ALLOWED)
UDEVD = "systemd-udevd-kernel.socket systemd-udevd-control.socket systemd-udevd.service"
PULL_DELAYS = (0.0, 0.5)            # seconds from the LUN of the allowed stick to the pull
GATE = "/usr/sbin/lekdicht-gate"
# Stands in the gate's way: each verb waits while there is a file of its name, and is then the real gate.
WAITING_GATE = f"""#!/bin/sh
[ ! -e /run/hold-$1 ] || touch /run/waits-$1
while [ -e /run/hold-$1 ]; do sleep 0.1; done
exec {GATE}.real "$@"
"""


def allowed_image(vm):
    """The allowed stick's disk, one for all checks."""
    if not hasattr(vm, "allowed_image"):
        vm.allowed_image = Copy(Fat().create(vm.directory))
    return vm.allowed_image


def check_allowed(vm):
    """vendor, product and serial in a [device]: the stick opens, teacher mounts it, writes and reads; serial 0 and others stay shut"""
    product = Product.of(vm)
    product.begin(LESSON, allow("zero", serial="0"))
    since, place = vm.evidence.mark(), product.here()
    stick = vm.usb.stick(allowed_image(vm), serial=ALLOWED, port=PORT)
    others = [vm.usb.stick(Fat(), serial=serial) for serial in ("LES0000002", "0")]
    disk, name = product.wait_open(stick), kernel_name(stick.wait_usb())
    entry = product.wait_event("lekdicht.device.opened", place, LEKDICHT_PORT=name)
    assert "[device lesson]" in entry["LEKDICHT_RULE"], f"it opened by {entry['LEKDICHT_RULE']}"
    for other in others:
        product.wait_refused(other)
    product.wait_quiet()
    opened = disks_outside(vm.evidence, since, stick)
    assert not opened, "another serial, or serial 0, opened: " + "; ".join(map(str, opened))
    listed = product.wait_state(name, "allowed")["nodes"]
    assert Path(disk).name in listed, f"listed with the nodes {listed}"
    seat = vm.out(f"udevadm info -q property {disk}1 | sed -n s/^ID_SEAT=//p")
    assert seat != HIDDEN_SEAT, "an allowed stick is on the seat of what is held"
    teacher.assert_uses(vm, f"{disk}1")
    product.assert_equals_sys()


def check_policy_change(vm):
    """a policy that no longer allows it shuts the stick, one that does opens it again, without a plug"""
    product = Product.of(vm)
    product.begin(LESSON)
    stick = vm.usb.stick(allowed_image(vm), serial=ALLOWED, port=PORT)
    product.wait_open(stick)
    product.set_policy()
    product.wait_refused(stick)
    vm.wait_for("! ls -d /sys/block/sd* 2>/dev/null")
    product.assert_equals_sys()
    again = vm.evidence.here()
    product.set_policy(LESSON)
    event = vm.evidence.wait(lambda event: event.adds("block", stick.path), again, what="the disk of the stick, allowed again")
    disk = "/dev/" + re.search(r"/block/(sd[a-z]+)", event.devpath).group(1)
    product.wait_granted(disk)
    teacher.assert_uses(vm, f"{disk}1")


def check_learn(vm):
    """what `lekdicht learn` writes, pasted below the policy, opens that stick and no other of its model"""
    product = Product.of(vm)
    product.begin()
    stick, other = vm.usb.stick(allowed_image(vm), serial=ALLOWED, port=PORT), vm.usb.stick(Fat(), serial="LES0000003")
    name, other_name = product.wait_refused(stick), product.wait_refused(other)
    section = vm.out(f"lekdicht learn {name}")
    assert ALLOWED in section, f"root got no serial: {section}"
    told = vm.run(f"lekdicht learn {name}", user=teacher.NAME)
    assert ALLOWED not in told.out, f"teacher got the serial: {told.out}"
    product.set_policy(section)
    disk = product.wait_open(stick)
    teacher.assert_uses(vm, f"{disk}1")
    product.wait_state(name, "allowed")
    product.wait_state(other_name, "refused")


def check_busy(vm):
    """a policy that shuts a stick on which teacher has a file open cuts nothing off: it is shut when the file is closed"""
    product = Product.of(vm)
    product.begin(LESSON)
    stick = vm.usb.stick(allowed_image(vm), serial=ALLOWED, port=PORT)
    disk, name = product.wait_open(stick), kernel_name(stick.wait_usb())
    essay = teacher.Essay(vm, f"{disk}1")
    product.set_policy()
    product.wait_state(name, "busy")
    assert vm.run(f"test -b {disk}", check=False).code == 0, "the disk was cut off under an open file"
    essay.close()
    product.wait_state(name, "refused", timeout=90)
    stick.unplug()
    stick.wait_gone()
    product.set_policy(LESSON)
    stick = vm.usb.stick(allowed_image(vm), serial=ALLOWED, port=PORT)
    disk = product.wait_open(stick)
    teacher.assert_essay(vm, f"{disk}1")


def check_swapped(vm):
    """swapped at the same port while udevd is stopped, and bound by hand: the new disk is hidden and gets no grant"""
    product = Product.of(vm)
    product.begin(LESSON)
    stick = vm.usb.stick(allowed_image(vm), serial=ALLOWED, port=PORT)
    disk = product.wait_open(stick)
    name = Path(disk).name
    sequence = vm.out(f"cat /sys/class/block/{name}/diskseq")
    product.agent("stop")
    vm.run(f"systemctl stop {UDEVD}")
    try:
        stick.unplug()
        stick.wait_gone()
        other = vm.usb.stick(Fat(), serial="LES0000003", port=PORT)
        vm.run(f"echo {kernel_name(other.wait_scsi())} >/sys/bus/scsi/drivers_probe")
        assert other.wait_disk() == disk, "the bed: the other stick did not get the name of the first"
        assert vm.out(f"cat /sys/class/block/{name}/diskseq") != sequence, "the sequence number was given twice"
    finally:
        vm.run(f"systemctl start {UDEVD}")
    for action in ("add", "change"):
        vm.run(f"udevadm trigger --action={action} --subsystem-match=block; udevadm settle")
        for node in (disk, f"{disk}1"):
            teacher.assert_root_only(vm, node)
            teacher.assert_denied(vm, f"udisksctl mount --no-user-interaction -b {node}")
    product.agent("start")
    product.wait_refused(other)
    vm.wait_for(f"! test -e /sys/block/{name}")
    other.unplug()
    other.wait_gone()
    product.assert_equals_sys()


def check_pinned(vm):
    """the gate is to open a stick, and before it does another one has its port, its SCSI address and its name: that one stays shut"""
    product = Product.of(vm)
    product.begin(LESSON)
    vm.run(f"mv {GATE} {GATE}.real")
    vm.put(GATE, WAITING_GATE, 0o755)
    try:
        vm.run("touch /run/hold-release")
        stick = vm.usb.stick(allowed_image(vm), serial=ALLOWED, port=PORT)
        lun = kernel_name(stick.wait_scsi())
        vm.wait_for("test -e /run/waits-release")
        vm.run("touch /run/hold-refuse")
        stick.unplug()
        stick.wait_gone()
        since, place = vm.evidence.mark(), product.here()
        other = vm.usb.stick(Fat(), serial="LES0000007", port=PORT)
        assert kernel_name(other.wait_scsi()) == lun, "the bed: the other stick did not get the address of the first"
        vm.wait_for("test -e /run/waits-refuse")
        vm.run("rm /run/hold-release; while pgrep -xf '.*lekdicht-gate(.real)? release.*' >/dev/null; do sleep 0.1; done")
        vm.evidence.assert_no_disk(since)
        left = vm.out("ls /run/lekdicht/grant")
        assert not left, f"there is a grant: {left}"
    finally:
        vm.run(f"rm -f /run/hold-* /run/waits-*; mv {GATE}.real {GATE}")
    product.wait_refused(other)
    said = [entry["MESSAGE"] for entry in product.events(place, "lekdicht.device.opened")]
    assert not said, f"the agent said: {said}"
    other.unplug()
    other.wait_gone()
    product.assert_equals_sys()


def check_address_taken(vm):
    """pulled while the gate opens it, and another stick put into its port at once: that one is never shown to anybody"""
    product = Product.of(vm)
    product.begin(LESSON)
    watcher = vm.start(product.tool("watch-nodes.py"))
    watcher.wait_output("ready\n")
    of_others = set()
    for delay in PULL_DELAYS:
        since, place = vm.evidence.mark(), product.here()
        slow = vm.usb.stick(allowed_image(vm), serial=ALLOWED, port=PORT, bytes_per_second=SLOW)
        slow.wait_scsi()
        vm.run(f"sleep {delay}")
        slow.unplug()
        other = vm.usb.stick(Fat(), serial="LES0000009", port=PORT)
        plugged = other.wait_usb()
        product.wait_refused(other)
        product.wait_quiet()
        said = [entry["MESSAGE"] for entry in product.events(place, "lekdicht.device.opened") if product.moment(entry) > plugged.time]
        assert not said, f"pulled after {delay} s, after the swap the agent said: {said}"
        assert vm.out(f"cat /sys/bus/usb/devices/{kernel_name(plugged)}/authorized") == "0", f"pulled after {delay} s: it is authorised"
        of_others |= {event.env["DISKSEQ"] for event in vm.evidence.since(since)
                      if event.adds("block", other.path) and event.time > plugged.time}
        left = vm.out("ls /run/lekdicht/grant")
        assert not left, f"pulled after {delay} s: grants are left: {left}"
        other.unplug()
        other.wait_gone()
    watcher.kill()
    seen = [json.loads(line) for line in watcher.result().out.splitlines()[1:]]
    shown = [entry for entry in seen if entry["diskseq"] in of_others]
    assert not shown, f"users could open the other stick's node: {shown}"
    product.assert_equals_sys()
    # The control: in its place the allowed one does open, and is seen by the same watcher.
    watcher = vm.start(product.tool("watch-nodes.py"))
    stick = vm.usb.stick(allowed_image(vm), serial=ALLOWED, port=PORT)
    disk = product.wait_open(stick)
    watcher.wait_output(disk)
    watcher.kill()
