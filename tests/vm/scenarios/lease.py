"""A grant for a while: a refused stick opens for its time and no longer, and no byte that was written in time is lost.

The long check waits for real minutes: the time of a grant is the kernel's own, and cannot be set.
"""

import hashlib
import json
import re
from pathlib import Path

from harness import teacher
from harness.disks import PARTITION_START, Copy, Fat
from harness.host import call
from harness.product import Product, kernel_name

MINUTES = 7
LENT, READ, BUSY, KEPT, OTHER, GONE = (f"LEASE{number}" for number in (41207, 52318, 63429, 74531, 85642, 96753))
GRANT_MINUTES = 3       # the shortest grant there is
EXTENSION = 120         # seconds that what is in use gets at its end
FLUSHED = 10            # seconds from the last write-back to the record of the end, on a busy host
SLACK = 60              # seconds more, on a busy host
UNTIL = re.compile(r"opened (?:read-only )?by grant until \d\d:\d\d: (.*)")


def image(vm):
    """A new stick's disk, kept over its plugs."""
    return Copy(Fat().create(vm.directory))


def begin(vm, serial):
    """The product, and a stick that it has refused: with its image and its name."""
    product = Product.of(vm)
    product.begin()
    copy = image(vm)
    stick = vm.usb.stick(copy, serial=serial)
    return product, copy, stick, product.wait_refused(stick)


def allow(vm, name, *options, minutes=60, reason="les 4"):
    """`lekdicht allow` as root; what it said."""
    return vm.out(f"lekdicht allow {name} --for {minutes}m --reason '{reason}' {' '.join(options)}")


def opened(vm, product, stick):
    """Wait until a stick that was refused is open again; the path of its disk's node."""
    disk = vm.wait_for(lambda: vm.run(f"ls -d /sys/bus/usb/devices/{kernel_name(stick.wait_usb())}/*/host*/target*/*/block/sd*",
                                      check=False).out.strip() or None, SLACK)
    disk = f"/dev/{Path(disk).name}"
    product.wait_granted(disk)
    return disk


def mount(vm, disk):
    """teacher mounts the stick; where."""
    vm.wait_for(f"udisksctl mount --no-user-interaction -b {disk}1", SLACK, user=teacher.NAME)
    return vm.out(f"findmnt -no TARGET {disk}1")


def on_image(vm, copy, name):
    """What is in the file NAME on the stick itself, in bytes."""
    found = Path(vm.directory) / "found"
    call("mcopy", "-n", "-o", "-i", f"{copy.path}@@{PARTITION_START}", f"::{name}", found)
    return found.read_bytes()


def pull(stick):
    stick.unplug()
    stick.wait_gone()


def check_in_use_at_its_end(vm):
    """in use at its end it is warned of twice, gets two minutes, and is cut off; all that was written by the last warning is on it"""
    product, copy, stick, name = begin(vm, BUSY)
    place = product.here()
    allow(vm, name, minutes=GRANT_MINUTES)
    where = mount(vm, opened(vm, product, stick))
    writer = vm.start(f"{product.tool('steady-writer.py')} '{where}/werk.txt'", user=teacher.NAME)
    writer.wait_output("writing\n")
    vm.run(f"cp /bin/busybox '{where}/groot'", user=teacher.NAME)
    given = product.wait_event("lekdicht.grant.given", place)
    warned = product.wait_event("lekdicht.grant.ending", place, timeout=60 * GRANT_MINUTES + SLACK)
    product.wait_state(name, "busy", timeout=EXTENSION + SLACK)
    vm.wait_for(lambda: len(product.events(place, "lekdicht.grant.ending")) == 2, SLACK)
    last = product.events(place, "lekdicht.grant.ending")[-1]
    assert "a little longer" in last["LEKDICHT_REASON"], f"the last warning is {last['LEKDICHT_REASON']}"
    ended = product.wait_event("lekdicht.grant.ended", place, timeout=EXTENSION + SLACK)
    assert "cut off" in ended["LEKDICHT_REASON"], f"it ended so: {ended['LEKDICHT_REASON']}"
    product.wait_refused(stick)
    writer.wait_output("stopped after")
    moments = [product.moment(entry) for entry in (given, warned, last, ended)]
    assert moments[2] - moments[0] >= 60 * GRANT_MINUTES, f"it ended early: {moments}"
    assert EXTENSION - 1 <= moments[3] - moments[2] <= EXTENSION + SLACK, f"the extension was another: {moments}"
    vm.wait_for(f"! findmnt -no TARGET '{where}'")
    pull(stick)
    lines = [float(line) for line in on_image(vm, copy, "werk.txt").split(b"\n")[:-1]]
    assert lines and lines[-1] >= moments[2], f"of what was written by {moments[2]} there is only what was by {lines[-1:]}"
    # Long before the kernel would have written it by itself.
    assert lines[-1] >= moments[3] - FLUSHED, f"cut off at {moments[3]}, and there is only what was by {lines[-1]}"
    gaps = [after - before for before, after in zip(lines, lines[1:])]
    assert all(gap > 0 for gap in gaps), "the file is not what was written"
    sums = hashlib.sha256(on_image(vm, copy, "groot")).hexdigest(), vm.out("sha256sum /bin/busybox").split()[0]
    assert sums[0] == sums[1], f"the other file is not what was copied: {sums}"
    stick = vm.usb.stick(copy, serial=BUSY)
    product.wait_refused(stick)
    pull(stick)


def check_open_and_back(vm):
    """root opens it for an hour: it says until when, teacher uses it, also plugged in anew; taken back it is unmounted whole"""
    product, copy, stick, name = begin(vm, LENT)
    place = product.here()
    teacher.assert_denied(vm, f"lekdicht allow {name} --for 1h --reason nieuwsgierig")
    said = allow(vm, name)
    assert "until" in said, f"it said: {said}"
    disk = opened(vm, product, stick)
    entry = product.wait_state(name, "allowed")
    assert entry["until"] and entry["rule"] == "grant", f"listed as {entry}"
    assert UNTIL.match(entry["reason"]).group(1) == "les 4", f"the reason is {entry['reason']}"
    teacher.assert_uses(vm, f"{disk}1")
    for event in ("requested", "given", "used"):
        product.wait_event(f"lekdicht.grant.{event}", place)
    pull(stick)
    other = vm.usb.stick(Fat(), serial=OTHER)
    product.wait_refused(other)
    pull(other)
    stick = vm.usb.stick(copy, serial=LENT)
    disk = opened(vm, product, stick)
    where = mount(vm, disk)
    vm.run(f"echo nog niet weggeschreven >'{where}/essay.txt'", user=teacher.NAME)
    vm.run(f"lekdicht revoke {name}")
    product.wait_refused(stick)
    product.wait_event("lekdicht.grant.ended", place)
    pull(stick)
    text = on_image(vm, copy, "essay.txt")
    assert text == b"nog niet weggeschreven\n", f"on the stick is {text!r}"
    stick = vm.usb.stick(copy, serial=LENT)
    product.wait_refused(stick)
    pull(stick)


def check_read_only(vm):
    """for reading only is that: it is mounted and read, and the stick's image is the same afterwards"""
    product, copy, stick, name = begin(vm, READ)
    before = hashlib.sha256(Path(copy.path).read_bytes()).hexdigest()
    allow(vm, name, "--read-only")
    disk = vm.wait_for(lambda: next(iter(product.devices()[name]["nodes"]), None), SLACK)
    product.wait_state(name, "read-only")
    disk = f"/dev/{disk}"
    vm.wait_for(f'test "$(stat -c %a:%G {disk}1)" = 440:disk', SLACK)
    where = mount(vm, disk)
    assert "persoonsgegevens" in vm.out(f"cat '{where}/cijfers.txt'", user=teacher.NAME)
    teacher.assert_denied(vm, f"touch '{where}/x'")
    vm.run(f"lekdicht revoke {name}")
    product.wait_refused(stick)
    pull(stick)
    assert hashlib.sha256(Path(copy.path).read_bytes()).hexdigest() == before, "the stick's image is another"


def check_reboot(vm):
    """a reboot ends it, but for the one that was to be kept"""
    product, _, _, lent_name = begin(vm, GONE)
    kept = vm.usb.stick(image(vm), serial=KEPT)
    kept_name = product.wait_refused(kept)
    allow(vm, lent_name)
    allow(vm, kept_name, "--keep")
    for name in (lent_name, kept_name):
        product.wait_state(name, "allowed")
    vm.wait_for("grep -q . /var/lib/lekdicht/leases")
    assert vm.out("stat -c '%a %U' /var/lib/lekdicht/leases /run/lekdichtd/leases").split("\n") == ["600 root"] * 2
    vm.reboot()
    del vm.lekdicht
    product = Product.of(vm)
    product.wait_state(lent_name, "refused", timeout=SLACK)
    entry = product.wait_state(kept_name, "allowed", timeout=SLACK)
    assert entry["rule"] == "grant" and entry["until"], f"listed as {json.dumps(entry)}"
