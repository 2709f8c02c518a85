#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our udev rules about phones, run by udevadm among Debian's own, on devices that are made of files.

In a mount namespace of its own: /sys, /run and /dev are empty but for what a test puts there, and the rules are a copy. Prints
TAP.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SYSTEM_RULES = pathlib.Path("/usr/lib/udev/rules.d")
NEEDED = ("50-udev-default.rules", "70-uaccess.rules", "73-seat-late.rules")
DEVPATH = "devices/pci0000:00/usb1/1-2"
DATABASE = "c189:4"             # bus 1, device 5
GRANT, OPEN = "phone/001-005", "open"
# Stands in for libmtp's rules: a phone that says nothing of itself, at "add" only. And for usbmuxd's and adb's.
OTHERS = """SUBSYSTEM!="usb", GOTO="end"
ENV{DEVTYPE}!="usb_device", GOTO="end"
ENV{ID_USB_INTERFACES}=="*:ff4201:*", MODE="0660", GROUP="plugdev", TAG+="uaccess"
ACTION=="add", ATTR{idVendor}=="05ac", OWNER="nobody"
ACTION=="add", ATTR{idVendor}=="0fce", ENV{ID_MTP_DEVICE}="1", ENV{ID_MEDIA_PLAYER}="1"
LABEL="end"
"""
HELD_BEFORE = "I:1\nE:LEKDICHT_PHONE=mtp\nE:LEKDICHT_NODE=1\nG:lekdicht-phone\nQ:lekdicht-phone\nV:1\n"
GIVEN_BEFORE = "I:1\nE:LEKDICHT_PHONE=mtp\nE:LEKDICHT_PHONE_GIVEN=1\nG:lekdicht-phone\nQ:lekdicht-phone\nV:1\n"

# vendor, product, interfaces
MTP = (0x18d1, 0x4ee1, ((6, 1, 1),))
ADB = (0x18d1, 0x4ee2, ((1, 1, 0), (0xff, 0x42, 1)))
FASTBOOT = (0x18d1, 0x4ee0, ((0xff, 0x42, 3),))
VENDOR = (0x0fce, 0x0166, ((0xff, 0xff, 0),))
IPHONE = (0x05ac, 0x12a8, ((6, 1, 1), (0xff, 0xfe, 2)))
IPAD = (0x05ac, 0x1300, ((0xff, 0xfe, 2),))
IPHONE_BY_NUMBER = (0x05ac, 0x12a8, ((3, 0, 0),))
KEYBOARD = (0x05ac, 0x0250, ((3, 1, 1),))
TETHERING = (0x18d1, 0x4ee3, ((0xe0, 1, 3), (0x0a, 0, 0)))
FINGERPRINT = (0x138a, 0x0097, ((0xff, 0, 0),))
PLAYER_AS_STICK = (0x0fce, 0x0e00, ((8, 6, 0x50),))
WITH_STORAGE = (0x18d1, 0x4ee1, ((6, 1, 1), (8, 6, 0x50)))

# What, device, action, somebody asked for the event, files below /run/lekdicht, database before, held, kind.
CASES = (
    ("a phone that comes is held", MTP, "add", False, (), "", True, "1"),
    ("and so is one with debugging", ADB, "add", False, (), "", True, "1"),
    ("one in its boot loader", FASTBOOT, "add", False, (), "", True, "1"),
    ("one that only libmtp knows", VENDOR, "add", False, (), "", True, "mtp"),
    ("an iPhone", IPHONE, "add", False, (), "", True, "1"),
    ("an iPad with a new number", IPAD, "add", False, (), "", True, "1"),
    ("an iPhone that offers nothing yet", IPHONE_BY_NUMBER, "add", False, (), "", True, "1"),
    ("a keyboard of Apple's is not", KEYBOARD, "add", False, (), "", False, None),
    ("nor a phone that only tethers", TETHERING, "add", False, (), "", False, None),
    ("nor a fingerprint reader", FINGERPRINT, "add", False, (), "", False, None),
    ("a player that is a stick is held as a stick", PLAYER_AS_STICK, "add", False, (), "", True, None),
    ("a grant of the number's last owner opens nothing", MTP, "add", False, (GRANT,), "", True, "1"),
    ("nor does it at bind", VENDOR, "bind", False, (GRANT,), HELD_BEFORE, True, "mtp"),
    ("what is held stays so though libmtp is silent", VENDOR, "change", True, (), HELD_BEFORE, True, "mtp"),
    ("also when udev is asked to begin anew", VENDOR, "add", True, (), HELD_BEFORE, True, "mtp"),
    ("with a grant it is given", VENDOR, "add", True, (GRANT,), HELD_BEFORE, False, "mtp"),
    ("also at a change", VENDOR, "change", True, (GRANT,), HELD_BEFORE, False, "mtp"),
    ("and stays so at bind", VENDOR, "bind", False, (GRANT,), GIVEN_BEFORE, False, "mtp"),
    ("without its grant it is held again", VENDOR, "change", True, (), GIVEN_BEFORE, True, "mtp"),
    ("with the gate open nothing is held", MTP, "add", False, (OPEN,), "", False, "1"),
    ("and what was is given back", VENDOR, "add", True, (OPEN,), HELD_BEFORE, False, "mtp"),
    ("storage keeps the node whatever the phone may", WITH_STORAGE, "add", True, (GRANT,), HELD_BEFORE, True, "mtp"),
)


def descriptors(vendor, product, interfaces):
    body = b"".join(bytes((9, 4, number, 0, 1, *numbers, 0, 7, 5, 0x81 + number, 2, 0, 2, 0))
                    for number, numbers in enumerate(interfaces))
    return (bytes((18, 1, 0, 2, 0, 0, 0, 64)) + vendor.to_bytes(2, "little") + product.to_bytes(2, "little")
            + bytes((0, 1, 1, 2, 3, 1, 9, 2, 9 + len(body), 0, len(interfaces), 1, 0, 0x80, 250)) + body)


def make(top, device, asked, files, database):
    """A /sys with that one device, and a /run, below TOP."""
    vendor, product, _ = device
    for part in ("sys", "run"):
        shutil.rmtree(top / part, ignore_errors=True)
    at = top / "sys" / DEVPATH
    at.mkdir(parents=True)
    uevent = (f"MAJOR=189\nMINOR=4\nDEVNAME=bus/usb/001/005\nDEVTYPE=usb_device\nPRODUCT={vendor:x}/{product:x}/100\n"
              f"TYPE=0/0/0\nBUSNUM=001\nDEVNUM=005\n{'SYNTH_UUID=0' if asked else ''}\n")
    for name, text in (("busnum", "1"), ("devnum", "5"), ("idVendor", f"{vendor:04x}"), ("idProduct", f"{product:04x}"),
                       ("product", "Phone"), ("dev", "189:4"), ("uevent", uevent)):
        (at / name).write_text(text + "\n")
    (at / "descriptors").write_bytes(descriptors(*device))
    (top / "sys/bus/usb/devices").mkdir(parents=True)
    (top / "sys/dev/char").mkdir(parents=True)
    (at / "subsystem").symlink_to("/sys/bus/usb")
    (top / "sys/dev/char/189:4").symlink_to(f"/sys/{DEVPATH}")
    for directory in ("run/udev/data", "run/lekdicht/phone", "run/lekdicht/node"):
        (top / directory).mkdir(parents=True)
    for file in files:
        (top / "run/lekdicht" / file).touch()
    if database:
        (top / "run/udev/data" / DATABASE).write_text(database)


def udev(top, action):
    """What udevadm says of the one device."""
    script = f"""set -e
mount --make-rprivate /
mount --bind {top}/sys /sys
mount --bind {top}/rules {SYSTEM_RULES}
mount -t tmpfs tmpfs /etc/udev/rules.d
mount --bind {top}/run /run
mount -t tmpfs tmpfs /dev
mknod -m 666 /dev/null c 1 3
SYSTEMD_DEVICE_VERIFY_SYSFS=0 SYSTEMD_LOG_LEVEL=debug exec udevadm test --action={action} /sys/{DEVPATH} 2>&1"""
    return subprocess.run(["unshare", "--mount", "sh", "-c", script], capture_output=True, text=True, check=False).stdout


def properties(said):
    return dict(line.split("=", 1) for line in said[said.index("\nDEVPATH="):].splitlines() if "=" in line)


def fault(said, held, kind):
    """What is wrong with what udevadm SAID, or None."""
    if "\nDEVPATH=" not in said:
        return f"udevadm: {said[-500:]}"
    found = properties(said)
    if found.get("LEKDICHT_PHONE") != kind:
        return f"it is said to be {found.get('LEKDICHT_PHONE')}"
    if kind and ":lekdicht-phone:" not in found.get("CURRENT_TAGS", ""):
        return "it has not our tag, and the agent does not hear of it"
    if (found.get("LEKDICHT_NODE") == "1") != held:
        return f"LEKDICHT_NODE is {found.get('LEKDICHT_NODE')}"
    modes = re.findall(r"rules:\d+ MODE (\d+)", said)
    owners = re.findall(r"rules:\d+ OWNER (\d+)", said)
    groups = re.findall(r"rules:\d+ GROUP (\d+)", said)
    if held and (modes[-1:] != ["0600"] or owners[-1:] != ["0"] or groups[-1:] != ["0"]):
        return f"its node has mode {modes}, owner {owners}, group {groups}"
    if not held and modes and modes[-1] == "0600":
        return "its node is root's"
    if (found.get("ID_SEAT") == "seat-lekdicht-held") != held:
        return f"its seat is {found.get('ID_SEAT')}"
    if kind and held and any(found.get(name) for name in ("ID_MTP_DEVICE", "ID_MEDIA_PLAYER", "ID_GPHOTO2")):
        return "file managers hear of it"
    return None


def main():
    if os.geteuid() != 0 or not shutil.which("udevadm") or not all((SYSTEM_RULES / name).exists() for name in NEEDED):
        print("1..0 # SKIP only root may, with udev and its rules")
        return 0
    number, failed = 0, 0
    with tempfile.TemporaryDirectory() as directory:
        top = pathlib.Path(directory)
        (top / "rules").mkdir()
        for rules in (*SYSTEM_RULES.glob("*.rules"), *(ROOT / "systemd").glob("*.rules")):
            shutil.copy(rules, top / "rules" / rules.name)
        (top / "rules/69-libmtp.rules").write_text(OTHERS)
        make(top, MTP, False, (), "")
        if "\nDEVPATH=" not in udev(top, "add"):
            print("1..0 # SKIP a mount namespace of its own is not allowed here")
            return 0
        for number, (what, device, action, asked, files, database, held, kind) in enumerate(CASES, 1):
            make(top, device, asked, files, database)
            wrong = fault(udev(top, action), held, kind)
            failed += wrong is not None
            print(f"{'not ok' if wrong else 'ok'} {number} - {what}" + (f"\n# {wrong}" if wrong else ""), flush=True)
        make(top, MTP, False, (GRANT,), HELD_BEFORE)
        number += 1
        removes = f"run: '/bin/rm -f /run/lekdicht/{GRANT}'" in udev(top, "remove")
        failed += not removes
        print(f"{'ok' if removes else 'not ok'} {number} - a grant goes with its device")
    print(f"1..{number}")
    return 1 if failed else 0


sys.exit(main())
