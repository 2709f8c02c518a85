#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""The udev rules, run by udev itself (`udevadm test`) on loop devices that count as removable: what is hidden, shown, read-only.

In a mount namespace with a /dev and /run of its own, so that nothing of this machine is touched but a loop device, which is
given back. Skipped where loop devices, or partitions of them, cannot be had.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bed"))
from tapout import Tap, call  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
RUN = Path("/run/lekdicht")
MIB = 1 << 20
PARTITIONS = (("vfat", "mkfs.vfat"), ("ext2", "mke2fs -q -F"), ("swap", "mkswap -q"), ("crypto_LUKS", None))
FILE_SYSTEMS, OTHERS = (1, 2), (3, 4)
CONTAINERS, NO_CONTAINERS = (4,), (1, 2, 3)
# Ours, before our own rules: it is removable, and (for the second test) a CD drive; and blkid as 60-persistent-storage has it.
PRETEND = """KERNEL=="loop*", ENV{LEKDICHT_HELD}="1"
KERNEL=="loop*", TEST=="/run/is-cdrom", ENV{ID_CDROM}="1", GROUP="cdrom"
KERNEL=="loop*", IMPORT{builtin}="blkid"
"""
tap = Tap("rules")
check = tap.check


class Skip(Exception):
    """The machine cannot do what the test needs."""


class Loop:
    """A loop device on an image with PARTITIONS, and its nodes."""

    def __init__(self):
        image = Path("/run/image")
        with open(image, "wb") as file:
            file.truncate(64 * MIB)
        call(f"sfdisk --quiet {image}", "label: dos\n" + "size=12MiB\n" * len(PARTITIONS))
        try:
            self.node = call(f"losetup --find --show {image}").strip()
        except subprocess.CalledProcessError as failure:
            raise Skip(f"no loop device: {failure.stdout}") from failure
        self.name = Path(self.node).name
        self.sys = Path("/sys/block") / self.name
        set_read_only(self, False)      # the flag outlives the file that was behind the device
        try:
            self.make_partitions(image)
        except subprocess.CalledProcessError as failure:
            self.close()
            raise Skip(f"no partitions: {failure.stdout}") from failure

    def make_partitions(self, image):
        table = re.findall(r": start= *(\d+), size= *(\d+)", call(f"sfdisk --dump {image}"))
        for n, ((start, size), (_, make)) in enumerate(zip(table, PARTITIONS), 1):
            if not (self.sys / f"{self.name}p{n}").exists():
                call(f"addpart {self.node} {n} {start} {size}")
            self.make_node(n)
            if make:
                call(f"{make} {self.node}p{n}")
            else:
                Path(f"{self.node}p{n}").write_bytes(b"LUKS\xba\xbe\x00\x01")
        os.sync()

    def make_node(self, n):
        major, minor = map(int, (self.sys / f"{self.name}p{n}/dev").read_text().split(":"))
        Path(f"{self.node}p{n}").unlink(missing_ok=True)        # made anew, it has another number
        os.mknod(f"{self.node}p{n}", 0o60600, os.makedev(major, minor))

    @property
    def sequence(self):
        return (self.sys / "diskseq").read_text().strip()

    def close(self):
        for n in range(1, len(PARTITIONS) + 1):
            subprocess.run(["delpart", self.node, str(n)], stderr=subprocess.DEVNULL, check=False)
        set_read_only(self, False)
        call(f"losetup --detach {self.node}")

    def look(self, n=None, action="change"):
        """What an event makes of the disk, or of partition N: its properties, what is run, mode and group of the node."""
        path, node = (self.sys, self.node) if n is None else (self.sys / f"{self.name}p{n}", f"{self.node}p{n}")
        said = subprocess.run(["udevadm", "test", f"--action={action}", str(path)], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False).stdout
        found = dict(re.findall(r"^([A-Z_]+)=(.*)$", said, re.M))
        found["uaccess"] = "RUN 'uaccess'" in said
        found["node"] = call(f"stat -c %a:%G {node}").strip()
        return found


def hidden(found):
    wrong = []
    if found["node"] != "600:root":
        wrong.append(f"node {found['node']}")
    if found.get("ID_FS_TYPE"):
        wrong.append(f"ID_FS_TYPE {found['ID_FS_TYPE']}")
    wrong += [f"no {key}" for key, value in (("UDISKS_SYSTEM", "1"), ("SYSTEMD_READY", "0")) if found.get(key) != value]
    return wrong


def shown(found, node, kind=None):
    wrong = [] if found["node"] == node else [f"node {found['node']}"]
    if kind and found.get("ID_FS_TYPE") != kind:
        wrong.append(f"ID_FS_TYPE {found.get('ID_FS_TYPE')}, not {kind}")
    wrong += [key for key in ("UDISKS_SYSTEM", "UDISKS_IGNORE") if found.get(key)]
    return wrong


def grants(loop, *kinds):
    for kind in ("grant", "readonly", "encrypted"):
        path = RUN / kind / loop.sequence
        path.unlink(missing_ok=True)
        if kind in kinds:
            path.touch()


def set_read_only(loop, on):
    call(f"blockdev --set{'ro' if on else 'rw'} {loop.node}")


def test(loop):
    everything = (None, *FILE_SYSTEMS, *OTHERS)

    def each(numbers, judge, action="change"):
        return [f"{'disk' if n is None else f'partition {n}'}: {wrong}" for n in numbers for wrong in judge(n, loop.look(n, action))]

    def is_hidden(_, found):
        return hidden(found)

    def is_shown(node):
        return lambda n, found: shown(found, node, PARTITIONS[n - 1][0] if n else None)

    check("held: hidden, disk and partitions", each(everything, is_hidden, "add"))
    grants(loop, "readonly")
    check("a read-only grant alone shows nothing that the kernel lets be written", each(everything, is_hidden))
    set_read_only(loop, True)
    check("read-only: disk and file systems are shown, and nobody's to write",
          each((None, *FILE_SYSTEMS), is_shown("440:disk")) + each((None, *FILE_SYSTEMS), is_shown("440:disk"), "add"))
    check("read-only: what has to be assembled or unlocked stays hidden", each(OTHERS, is_hidden))
    grants(loop, "readonly", "grant")
    check("of two grants the read-only one counts", each((None, *FILE_SYSTEMS), is_shown("440:disk")))
    start, size = ((loop.sys / f"{loop.name}p1" / name).read_text().strip() for name in ("start", "size"))
    call(f"delpart {loop.node} 1; addpart {loop.node} 1 {start} {size}")
    loop.make_node(1)
    check("a partition that appears later is read-only to the kernel and to the rules",
          ([] if call(f"blockdev --getro {loop.node}p1").strip() == "1" else ["it can be written"]) + each((1,), is_shown("440:disk"), "add"))
    set_read_only(loop, False)
    check("made writable, it is hidden by its next event", each(everything, is_hidden))
    grants(loop, "grant")
    check("granted: shown, all of it", each(everything, is_shown("660:disk")))
    grants(loop, "encrypted")
    check("encrypted: the table and the container are shown", each((None, *CONTAINERS), is_shown("660:disk")))
    check("encrypted: a node that holds anything else is hidden", each(NO_CONTAINERS, is_hidden))
    grants(loop, "encrypted", "grant")
    check("of two grants the encrypted one counts", each((None, *CONTAINERS), is_shown("660:disk")) + each(NO_CONTAINERS, is_hidden))
    grants(loop, "encrypted", "readonly")
    check("of two grants the read-only one counts before the encrypted one", each(everything, is_hidden))
    grants(loop, "encrypted")
    container = Path(f"{loop.node}p4").read_bytes()
    call(f"mkfs.vfat {loop.node}p4")
    check("encrypted: what is formatted is hidden by its next event", each((4,), is_hidden))
    Path(f"{loop.node}p4").write_bytes(container)
    check("encrypted: a container again, it is shown again", each((4,), is_shown("660:disk")))
    table = Path(loop.node).read_bytes()[:MIB]
    call(f"mkfs.vfat -I {loop.node}")
    check("encrypted: a disk that is a file system itself is hidden", each((None,), is_hidden))
    with open(loop.node, "r+b") as disk:
        disk.write(table)
    (RUN / "open").touch()
    grants(loop)
    check("the gate open: shown, all of it", each(everything, is_shown("660:disk")))
    (RUN / "open").unlink()


def test_cdrom(loop):
    Path("/run/is-cdrom").touch()

    def looked(action="change"):
        found = loop.look(action=action)
        return found, [] if found.get("ID_CDROM") == "1" else ["it is no CD drive to the desktop"]

    found, wrong = looked("add")
    check("a held CD drive is nobody's, and is not tagged for the seat's user",
          wrong + hidden(found) + (["tagged uaccess"] if ":uaccess:" in found.get("TAGS", "") else []))
    grants(loop, "readonly")
    set_read_only(loop, True)
    problems = []
    for action in ("change", "add"):
        found, wrong = looked(action)
        problems += wrong + shown(found, "440:disk") + (["given to the seat's user"] if found["uaccess"] else [])
        problems += ["on the seat of what is held"] if found.get("ID_SEAT") == "seat-lekdicht-held" else []
    check("a read-only CD drive is no group's to burn with, nor the seat's user's", problems)
    set_read_only(loop, False)
    grants(loop, "grant")
    found, wrong = looked("add")
    problems = [] if found["node"] == "660:disk" or found["node"] == "660:cdrom" else [f"node {found['node']}"]
    check("a granted CD drive is the seat's user's", wrong + problems + ([] if found["uaccess"] else ["not given to the seat's user"]))


def own_machine():
    """A /dev with nothing but what is needed, a /run, and our rules."""
    call("mount --make-rprivate / && mount -t tmpfs dev /run")
    Path("/run/dev").mkdir()
    call("mount --bind /dev /run/dev && mount -t tmpfs dev /dev")
    for name in ("null", "zero", "urandom", "loop-control"):
        if Path(f"/run/dev/{name}").exists():
            call(f"cp -a /run/dev/{name} /dev/")
    for node in Path("/run/dev").glob("loop[0-9]*"):
        call(f"cp -a {node} /dev/")
    for path in ("/run/udev/rules.d", RUN / "grant", RUN / "readonly", RUN / "encrypted"):
        Path(path).mkdir(parents=True, exist_ok=True)
    call(f"cp {ROOT}/systemd/*.rules /run/udev/rules.d/")
    Path("/run/udev/rules.d/60-zz-pretend.rules").write_text(PRETEND)


def main():
    if os.geteuid() != 0 or not Path("/dev/loop-control").exists():
        print("1..0 # SKIP needs root and loop devices")
        return 0
    if "inside" not in sys.argv:
        return subprocess.run(["unshare", "--mount", sys.executable, "-B", __file__, "inside"], check=False).returncode
    own_machine()
    try:
        loop = Loop()
    except Skip as reason:
        print(f"1..0 # SKIP {str(reason).splitlines()[0]}")
        return 0
    try:
        test(loop)
        test_cdrom(loop)
    finally:
        loop.close()
    return tap.end()


sys.exit(main())
