"""What IT does: policy files good and bad, questions over D-Bus, the gate opened, the product removed; and what is never judged."""

import json
import re
import shlex

from harness import keys, teacher
from harness.disks import Blank, Copy, Fat
from harness.gadget import Keyboard, Storage
from harness.host import REPO
from harness.machine import Drive, Machine
from harness.product import POLICY, Product, allow, kernel_name

MINUTES = 7
MACHINE = Machine(drives=(Drive("ahci", Blank(64)),))
HEAD = "[policy]\nversion = 1\n"
LAST_GOOD = "/var/lib/lekdicht/policy.last-good.ini"
AGENT = "org.lekdicht.Agent1 /org/lekdicht/Agent1 org.lekdicht.Agent1"
SERIAL = "ADM0000001"
STRANGER = "nobody"
LOOPS = 20
# As documented in cli/exit.h.
WELL, WRONG, USAGE, ABSENT, REFUSED = range(5)

# What is wrong with the text of a policy: what it is, the text, the line, a part of the reason.
WRONG_TEXTS = (
    ("a key with blanks before it", HEAD + "[storage]\nusb-disk = block\n  optical = allow\n", 5, "blanks before the first word"),
    ("a section with blanks before it", HEAD + "  [storage]\nusb-disk = allow\n", 3, "blanks before the first word"),
    ("a comment behind a value", HEAD + "[school]\nname = Teams ; OneDrive\n", 4, "begin a comment in the value"),
    ("a line that is too long", HEAD + f"[school]\nname={'x' * 186}\n", 4, "the line has 191 bytes"),
    ("a comment that is too long", HEAD + f"[storage]\n#{'0' * 198} usb-disk = allow\n", 4, "the line has"),
    ("a header that is too long", HEAD + f"[{'0' * 200}]\nmode = audit\n", 3, "the line has 202 bytes"),
    ("a device's name that is too long", HEAD + f"[device {'0' * 41}]\nclass = optical\naccess = allow\n", 3, "more than 40 characters"),
    ("a section that is opened again", HEAD + "[storage]\nusb-disk = block\n[school]\n[storage]\nusb-disk = allow\n", 6,
     "[storage] stands in line 3 already"),
    ("two devices of one name", HEAD + "[device a]\nclass = optical\naccess = allow\n[device a]\nclass = sd-card\naccess = allow\n", 6,
     "choose another name"),
    ("a key that is repeated", HEAD + "[storage]\nusb-disk = block\noptical = block\nusb-disk = allow\n", 6, "stands in line 4 already"),
    ("an unknown section without keys", HEAD + "[nothing]\n", 3, "unknown section"),
    ("a key before the first section", "usb-disk = allow\n" + HEAD, 1, "a key before the first section"),
    ("a colon for a sign", HEAD + "mode: audit\n", 3, "':' after the key"),
    ("neither key nor section", HEAD + "this is text\n", 3, "neither a section, a key nor a comment"),
    ("a value without a key", HEAD + "= audit\n", 3, "no key before '='"),
    ("a key without a value", HEAD + "mode =\n", 3, "has no value"),
    ("a key in capitals", HEAD + "Mode = audit\n", 3, "may hold only small letters"),
    ("a header without its end", HEAD + "[storage\nusb-disk = allow\n", 3, "without its ']'"),
    ("text after a header", HEAD + "[storage] x\nusb-disk = allow\n", 3, "text after ']'"),
    ("blanks in a header", HEAD + "[ storage ]\nusb-disk = allow\n", 3, "blanks in a section header"),
    ("a character that is not to be seen", HEAD + "\ufeff[storage]\n", 3, "cannot be seen"),
    ("bytes that are not UTF-8", HEAD.encode() + b"# caf\xe9\n", 3, "is not UTF-8"),
    ("a NUL byte", HEAD.encode() + b"[storage]\nusb-disk = allow\0ed\n", 4, "a NUL byte"),
    ("a carriage return in a line", HEAD + "mode = au\rdit\n", 3, "a control character"),
    ("a last line that is cut", HEAD + "mode = audi", 3, "mode cannot be"),
    ("no section [policy]", "[storage]\nusb-disk = allow\n", 0, "there is no section [policy]"),
    ("an empty file", "", 0, "there is no section [policy]"),
    ("no version", "[policy]\nmode = audit\n", 1, "has no version"),
    ("a version that is no number", "[policy]\nversion = 1.0\n", 2, "is no version"),
    ("an unknown key", HEAD + "[storage]\nusbdisk = allow\n", 4, 'did you mean "usb-disk"?'),
    ("an unknown access", HEAD + "[storage]\nusb-disk = encryptd\n", 4, ""),
    ("a disc that would have to be encrypted", HEAD + "[storage]\noptical = encrypted\n", 4, ""),
    ("a person under users", HEAD + "[device a]\nclass = optical\naccess = allow\nusers = @exam jan\n", 6, "has a name without @"),
    ("a day that does not exist", HEAD + "[device a]\nclass = optical\naccess = allow\nuntil = 2027-02-30\n", 6, "until cannot be"),
    ("an unknown key of clients", HEAD + "[clients]\nanything = at all\n", 4, "unknown key \"anything\""),
    ("a section of a later version", HEAD + "[privacy]\nanything = at all\n", 3, "only by a later version"),
    ("chat that is to be stopped", HEAD + "[clients]\nchat = stop\n", 4, "write flag or ignore"),
    ("a client that is killed at once", HEAD + "[clients]\nkill-after = 0\n", 4, "from 1 to 3600"),
    ("an address for a server", HEAD + "[service x]\nverdict = allow\nhost = https://a.example\n", 5, "the names of servers"),
    ("a device that is none", HEAD + "[device a]\naccess = allow\nreason = x\n", 3, "does not say which device"),
    ("a device without access", HEAD + "[device a]\nclass = optical\n", 3, "has no access"),
    ("a product without its vendor", HEAD + "[device a]\nproduct = 1666\naccess = allow\n", 4, "vendor"),
    ("a vendor that is no number", HEAD + "[device a]\nvendor = 0x951\naccess = allow\n", 4, "vendor"),
    ("a place without an address", HEAD + "[place one]\nlabel = One\n", 3, "url"),
    ("an address that is a program", HEAD + "[place one]\nlabel = One\nurl = javascript:alert(1)\n", 5, ""),
    ("words for a notice that there is not", HEAD + "[notice tape.nl]\ntitle = x\n", 3, "is no notice"),
    ("a policy for a later lekdicht", HEAD + "min-agent = 99.0\n", 3, "99.0"),
)
# What is wrong with the file itself: what, the command that makes it, a part of the reason.
GOOD_TEXT = shlex.quote(HEAD)
WRONG_FILES = (
    ("no file", "true", "no such file"),
    ("a symbolic link", f"printf %s {GOOD_TEXT} >/tmp/other.ini; ln -s /tmp/other.ini $FILE", "symbolic link"),
    ("a pipe", "mkfifo $FILE", "not a regular file"),
    ("a directory", "mkdir $FILE", "directory"),
    ("a file that the group may write", f"printf %s {GOOD_TEXT} >$FILE; chmod 664 $FILE", "others than root may write"),
    ("a file of teacher's", f"printf %s {GOOD_TEXT} >$FILE; chown teacher $FILE", "not to root"),
    ("a file that is too large", f"printf %s {GOOD_TEXT} >$FILE; truncate -s 1048577 $FILE", "more than 1048576 bytes"),
)


def bytes_of(text):
    return text if isinstance(text, bytes) else text.encode()


def writes(text):
    """A shell command that writes TEXT to $FILE, whatever is in it."""
    return "printf '{}' >$FILE".format("".join(f"\\x{byte:02x}" for byte in bytes_of(text)))


def check_wrong_policies(vm):
    """a wrong policy of every kind: `policy check` names file, line and reason; the running agent keeps the old one and says so"""
    product = Product.of(vm)
    product.begin()
    version, place_in_journal = product.set_policy(allow("lesson", serial=SERIAL)), product.here()
    kinds = [*((what, writes(text), line, reason) for what, text, line, reason in WRONG_TEXTS),
             *((what, command, 0, reason) for what, command, reason in WRONG_FILES)]
    trial = vm.run(product.tool("policy-trial.py"), timeout=600, data=json.dumps([kind[1:] for kind in kinds]).encode())
    results, failures = json.loads(trial.out), []
    for (what, _, line, reason), result in zip(kinds, results):
        place, check, policy = f"{POLICY}:{line}: " if line else f"{POLICY}: ", result["check"], result["policy"]
        if check["code"] != WRONG or not any(text.startswith(place) and reason in text for text in check["out"].splitlines()):
            failures.append(f"{what}: `policy check` ended with {check['code']} and said {check['out']!r} {check['err']!r}")
        if (policy["source"], policy["version"]) != ("file", version) or not policy["error"].startswith(place) or reason not in policy["error"]:
            failures.append(f"{what}: after a reload the agent says {policy}")
    words = results[-1]["status"]
    if words["code"] != WRONG or POLICY not in words["out"] or kinds[-1][3] not in words["out"]:
        failures.append(f"`lekdicht status` ended with {words['code']} and said {words['out']}")
    assert not failures, "\n".join(failures)
    product.here()
    rejected = len(product.events(place_in_journal, "lekdicht.policy.rejected"))
    assert rejected == len(kinds), f"{rejected} of {len(kinds)} wrong policies are in the journal"
    assert product.status()["policy"] == {"source": "file", "version": version, "error": ""}, f"in the end: {product.status()}"


def check_restart_with_wrong_policy(vm):
    """started with a wrong policy it uses the last good one, and without that the built-in rules, which refuse all"""
    product = Product.of(vm)
    product.begin()
    version = product.set_policy(allow("lesson", serial=SERIAL))
    image = Copy(Fat().create(vm.directory))
    for breaks in (f"echo nonsense >>{POLICY}", f"rm {POLICY}"):
        vm.run(breaks)
        product.agent("restart")
        told = product.status()["policy"]
        assert (told["source"], told["version"]) == ("last-good", version), f"after `{breaks}` and a restart: {told}"
        assert told["error"].startswith(POLICY), f"it does not say what is wrong: {told}"
    stick = vm.usb.stick(image, serial=SERIAL)
    product.wait_open(stick)
    for breaks in (f"echo nonsense >{LAST_GOOD}", f"rm {LAST_GOOD}"):
        product.agent("stop")
        vm.run(breaks)
        product.agent("start")
        told = product.status()["policy"]
        assert told["source"] == "built-in", f"after `{breaks}` and a restart: {told}"
    product.wait_refused(stick)
    result = vm.run("lekdicht status", check=False)
    assert result.code == WRONG and "built-in" in result.out, f"{result}"
    product.set_policy(allow("lesson", serial=SERIAL))
    product.wait_state(kernel_name(stick.wait_usb()), "allowed")
    assert vm.run("lekdicht status", check=False).code == WELL, "a good policy again, and status is not well"
    assert vm.run(f"cmp {POLICY} {LAST_GOOD}", check=False).code == 0, "the good policy is not kept"


def answer(vm, command, user="root"):
    """The Result of COMMAND as USER; a JSON answer is checked to be one."""
    result = vm.run(command, user=user, check=False)
    if "--json" in command and result.code != USAGE:
        json.loads(result.out)
    return result


def assert_codes(vm, user, codes):
    """`lekdicht WORDS` as USER ends as CODES (words -> code) say, and says something when it is not well."""
    wrong = []
    for words, code in codes.items():
        result = answer(vm, f"lekdicht {words}", user)
        if result.code != code or (code != WELL and not (result.out + result.err).strip()):
            wrong.append(f"{user}: {result}, not {code}")
    assert not wrong, "; ".join(wrong)


def check_answers(vm):
    """D-Bus and `lekdicht`: who may ask and do what, exit codes, JSON, clear words; teacher, a stranger, root"""
    product = Product.of(vm)
    product.begin()
    stick = vm.usb.stick(serial=SERIAL)
    name = product.wait_refused(stick)
    asks = {"status": WELL, "status --json": WELL, "devices": WELL, "devices --json": WELL,
            f"policy explain {name}": WELL, f"policy explain --json {name}": WELL,
            "policy explain 99-9": WRONG, "policy explain --json 99-9": WRONG,
            f"policy check {POLICY}": WELL, f"policy check --json {POLICY}": WELL,
            "policy check --json /dev/null": WRONG, "": USAGE, "devices --all": USAGE, "gate": USAGE, "policy check": USAGE, "help": WELL, "--version": WELL}
    assert_codes(vm, "root", asks)
    assert_codes(vm, teacher.NAME, {**asks, "gate open": REFUSED, "gate close": REFUSED})
    denied = {"devices": REFUSED, "devices --json": REFUSED, f"policy explain {name}": REFUSED, "gate open": REFUSED}
    assert_codes(vm, STRANGER, {"status": WELL, "status --json": WELL, **denied})
    for user in (teacher.NAME, STRANGER):
        for call in ("SetGate s open", "SetGate s closed", "ReloadPolicy"):
            result = vm.run(f"busctl --timeout=20 call {AGENT} {call}", user=user, check=False)
            assert result.code != 0 and re.search(r"may|allowed|administrator|denied", result.err), f"{user}: {result}"
    assert product.gate("status"), "the gate is not closed"
    result = vm.run("lekdicht gate open", user=teacher.NAME, check=False)
    assert "may not" in result.out + result.err, f"teacher is not told why: {result}"
    raw = vm.out(f"busctl call {AGENT} ListDevices; busctl call {AGENT} Explain s {name}; lekdicht devices --json; lekdicht policy explain {name}")
    assert SERIAL not in raw, f"the serial number is told: {raw}"
    for call, argument, error in (("Explain", "99-9", "org.lekdicht.Error.UnknownDevice"), ("SetGate", "ajar", "org.lekdicht.Error.InvalidArgument")):
        result = vm.run(f"dbus-send --system --print-reply --dest=org.lekdicht.Agent1 /org/lekdicht/Agent1 org.lekdicht.Agent1.{call} "
                        f"string:{argument}", check=False)
        assert result.code != 0 and error in result.err, f"{result}"
    product.agent("stop")
    for user in ("root", teacher.NAME, STRANGER):
        assert_codes(vm, user, {"status": ABSENT, "status --json": ABSENT, "devices --json": ABSENT, "gate open": ABSENT,
                                f"policy check {POLICY}": WELL})
    words = vm.run("lekdicht status", check=False)
    assert re.search("not running", words.out + words.err) and re.search("shut|closed", words.out + words.err), f"{words}"


def check_not_judged(vm):
    """20 loop devices, zram, LUKS on the internal disk: they work, nothing is judged, nothing is held"""
    product = Product.of(vm)
    product.begin()
    place, refused = product.here(), product.status()["refused"]
    vm.run(f"""set -e
for number in $(seq {LOOPS}); do truncate -s 4M /tmp/loop$number; losetup -f /tmp/loop$number; done
loop=$(losetup -nO NAME -j /tmp/loop1)
mkfs.vfat $loop >/dev/null; mount $loop /mnt; echo text >/mnt/file; umount /mnt
modprobe zram; echo 16M >/sys/block/zram0/disksize; mke2fs -q /dev/zram0; mount /dev/zram0 /mnt; echo text >/mnt/file; umount /mnt
disk=$(for disk in /sys/block/sd*; do case $(readlink -f $disk) in */ata*) echo /dev/${{disk##*/}};; esac; done)
test "$(stat -c '%a %U %G' $disk)" = '660 root disk'
printf secret | cryptsetup luksFormat --batch-mode --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file - $disk
printf secret | cryptsetup open --key-file - $disk home
mke2fs -q -t ext4 /dev/mapper/home; mount /dev/mapper/home /home; mkdir /home/child; echo text >/home/child/file
udevadm settle; udevadm trigger --subsystem-match=block; udevadm settle
cat /home/child/file; test "$(stat -c '%a %U %G' $disk $loop | sort -u)" = '660 root disk'
umount /home; cryptsetup close home; losetup -D; rm /tmp/loop*
""", timeout=180)
    product.wait_quiet()
    product.here()
    said = [entry["MESSAGE"] for entry in product.events(place)]
    assert not said, f"the agent said: {said}"
    assert product.status()["refused"] == refused and not product.devices(), f"listed: {product.devices()}"


def shut_devices(vm, product):
    """A stick, a CD drive, a UAS disk and a keyboard with storage, all refused."""
    devices = [vm.usb.stick(Copy(Fat().create(vm.directory))), vm.usb.cd(), vm.usb.uas(),
               vm.gadgets.plug(Storage(), Keyboard(), serial="GADGET02")]
    for device in devices:
        product.wait_refused(device)
    return devices


def assert_all_open(vm, devices):
    """Each has its disk, with the nodes that Debian gives it; teacher uses the stick; the keyboard types."""
    stick, cd, _, gadget = devices
    for device in devices:
        name = kernel_name(device.wait_usb())
        vm.wait_for(f"ls -d /sys/bus/usb/devices/{name}/{name}:*/host*/target*/*:*/block/*")
        assert vm.out(f"cat /sys/bus/usb/devices/{name}/authorized") == "1", f"{name} is not authorised"
    vm.run("udevadm settle")
    for device in devices:
        name = kernel_name(device.wait_usb())
        disk = vm.out(f"ls /sys/bus/usb/devices/{name}/{name}:*/host*/target*/*:*/block")
        mode, group = vm.out(f"stat -c '%a %G' /dev/{disk}").split()
        wanted = "cdrom" if device is cd else "disk"
        assert (mode, group) == ("660", wanted), f"/dev/{disk} is {mode} {group}"
    vm.wait_for("getfacl -p /dev/sr0 | grep -q ^user:teacher:rw")
    name = kernel_name(stick.wait_usb())
    teacher.assert_uses(vm, "/dev/" + vm.out(f"ls /sys/bus/usb/devices/{name}/{name}:*/host*/target*/*:*/block") + "1")
    keys.assert_gadget_keyboard(vm, gadget)


def check_gate_open(vm):
    """`lekdicht gate open` gives everything back and says so, `gate close` shuts it again"""
    product = Product.of(vm)
    product.begin()
    devices = shut_devices(vm, product)
    vm.run("lekdicht gate open")
    assert_all_open(vm, devices)
    told = product.status()
    assert (told["gate"], told["wish"], told["well"]) == ("open", "open", True), f"status: {told}"
    assert {device["state"] for device in product.devices().values()} == {"gate-open"}, f"devices: {product.devices()}"
    since = vm.evidence.mark()
    vm.run("lekdicht gate close")
    for device in devices:
        product.wait_refused(device)
    product.assert_equals_sys()
    vm.evidence.assert_no_disk(since)
    keys.assert_gadget_keyboard(vm, devices[3])


def check_uninstall(vm):
    """`make uninstall`: all that was shut opens, a mounted stick stays mounted, modes as before, nothing dead, no reboot"""
    product = Product.of(vm)
    product.begin(allow("lesson", serial=SERIAL))
    mounted = vm.usb.stick(Copy(Fat().create(vm.directory)), serial=SERIAL)
    disk = product.wait_open(mounted)
    vm.wait_for(f"udisksctl mount --no-user-interaction -b {disk}1", user=teacher.NAME)
    devices = shut_devices(vm, product)
    for path in ("Makefile", *(f"{folder}/{path.name}" for folder in ("systemd", "docs/man") for path in (REPO / folder).iterdir()
                               if path.is_file())):
        vm.put(f"/tmp/source/{path}", (REPO / path).read_bytes(), (REPO / path).stat().st_mode & 0o777)
    vm.run("make -C /tmp/source uninstall", timeout=120)
    # The bed's collector belongs to no laptop, and has an uninstall of its own.
    left = vm.out("ls -d /usr/sbin/lekdicht* /usr/bin/lekdicht* /usr/libexec/lekdicht /run/lekdicht /usr/lib/udev/rules.d/*lekdicht* "
                  "/usr/lib/systemd/system/*lekdicht* /etc/systemd/system/*/*lekdicht* /usr/lib/modprobe.d/*lekdicht* "
                  "/usr/share/dbus-1/system.d/*lekdicht* /usr/share/polkit-1/actions/*lekdicht* /etc/xdg/autostart/*lekdicht* "
                  "/usr/share/man/man?/lekdicht* 2>/dev/null | grep -v collector", check=False)
    assert not left, f"left behind: {left}"
    running = vm.run("pgrep -l lekdicht | grep -v collec", check=False).out
    assert not running, f"still running: {running}"
    assert vm.run(f"test -s {POLICY}", check=False).code == 0, "the school's policy file is gone"
    assert vm.out(f"findmnt -no SOURCE {disk}1 || findmnt -nS {disk}1 -o SOURCE") == f"{disk}1", "the mounted stick is not mounted any more"
    assert_all_open(vm, devices)
    for bus in ("scsi", "mmc", "memstick"):
        assert vm.out(f"cat /sys/bus/{bus}/drivers_autoprobe") == "1", f"the bus {bus} is closed"
    vm.run("udevadm settle")
    # TAGS is the history of CURRENT_TAGS and stays.
    seats = vm.out("udevadm info --export-db | awk '/^P:/ { path = $2 } /^E: (ID_SEAT|CURRENT_TAGS)=.*seat-lekdicht-held/ { print path, $2 }'")
    assert not seats, f"on the seat of what was held: {seats}"
    nodes = vm.out("for node in /dev/bus/usb/*/*; do [ $(stat -c %a:%U:%G $node) = 664:root:root ] || "
                   "stat -c '%n: %a %U %G' $node; done")
    assert not nodes, f"usbfs nodes: {nodes}"
    fresh = vm.usb.stick(Copy(Fat().create(vm.directory)))
    fresh_disk = fresh.wait_disk()
    vm.wait_for(f"test -b {fresh_disk}1")
    teacher.assert_uses(vm, f"{fresh_disk}1")
    keyboard = vm.usb.keyboard()
    keys.assert_keyboard(vm, keyboard)
    failed = vm.out("systemctl --failed --plain --no-legend")
    assert not failed, f"failed units: {failed}"
