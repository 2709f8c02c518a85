"""The Debian packages on a running laptop: first installed, upgraded, rebooted, removed, purged, and installed again.

Then as schools do it: every command that the documents tell, a golden image, and Ansible.
"""

import json

from harness import keys, teacher
from harness.ansible import Ansible
from harness.disks import Copy, Fat
from harness.gate import assert_closed, assert_nothing_failed, assert_open, assert_refuses
from harness.packages import FOLDER, OLDER, Packages, where
from harness.present import AtBoot, name_at_boot
from harness.product import POLICY, Product, allow, kernel_name, policy_text

PRODUCT = False
SERIAL = "PACK000001"
WRITES = "/tmp/writes"
WRITTEN = "essay.bin"
GATE_SINCE = "systemctl show --value --property=ActiveEnterTimestampMonotonic lekdicht-gate.service"
AGENT_PID = "systemctl show --value --property=MainPID lekdichtd.service"
present = {}


def plugged(vm, name, **how):
    """A stick with one disk for all plugs in this scenario."""
    images = vm.__dict__.setdefault("pack_images", {})
    return vm.usb.stick(images.setdefault(name, Copy(Fat().create(vm.directory))), **how)


def mounted(vm, disk):
    """Where udisks mounts the first partition of DISK for teacher."""
    vm.wait_for(f"udisksctl mount --no-user-interaction -b {disk}1", user=teacher.NAME)
    return vm.out(f"findmnt -no TARGET {disk}1")


def start_writing(vm, folder):
    """teacher writes to a file below FOLDER until told to end; the job."""
    vm.put(WRITES, f"""#!/bin/bash
set -e
rm -f /tmp/ends ~/copy
exec 3>'{folder}/{WRITTEN}'
echo begun
until [ -e /tmp/ends ]; do head -c 4096 /dev/urandom | tee -a ~/copy >&3; sleep 0.1; done
exec 3>&-
echo ended
""", 0o755)
    vm.run("rm -f /tmp/ends")
    job = vm.start(WRITES, user=teacher.NAME)
    job.wait_output("begun\n")
    return job


def end_writing(vm, job):
    vm.run("touch /tmp/ends")
    job.wait_output("ended\n")


def events(vm):
    """The uids of what `lekdicht events` lists."""
    records = [json.loads(line) for line in vm.out("lekdicht events --json -n 1000").splitlines()]
    return {attribute["value"]["stringValue"] for record in records for attribute in record["attributes"]
            if attribute["key"] == "log.record.uid"}


def leftovers(vm):
    """Every file, process and user of lekdicht's there is, but for the packages that were put there and udev's own memory of who
    ever had which tag."""
    return vm.out("find / /run -xdev -iname '*lekdicht*' -not -path '/root/packages*' -not -path '/run/udev/tags/*'; "
                  "pgrep -l lekdicht; getent passwd | grep lekdicht; getent group | grep lekdicht", check=False)


def unplug_all(vm):
    for device in vm.usb.plugged():
        device.unplug()


def host_id(vm):
    """By what the collector knows this laptop; the agent must be stopped."""
    return vm.out("""python3 -c 'import sqlite3; print(sqlite3.connect("file:/var/lib/lekdicht/spool.db?mode=ro", uri=True)"""
                  """.execute("SELECT value FROM meta WHERE key = ?", ("host_id",)).fetchone()[0])'""")


def check_first_install(vm):
    """a first install with a stick mounted only looks on: nothing is unmounted or refused, and everything runs"""
    packages = Packages.of(vm)
    assert not leftovers(vm), f"before the install: {leftovers(vm)}"
    stick = plugged(vm, "first", serial=SERIAL)
    disk = stick.wait_disk()
    folder = mounted(vm, disk)
    writing = start_writing(vm, folder)
    place = vm.evidence.mark()
    packages.install("old")
    product = Product.of(vm)
    product.wait_event("lekdicht.agent.started", 0)
    told = product.status()
    assert (told["mode"], told["gate"], told["problems"]) == ("audit", "open", []), f"status: {told}"
    gone = [event for event in vm.evidence.since(place) if event.action == "remove" and event.env.get("SUBSYSTEM") == "block"]
    assert not gone, f"the install took away {gone}"
    end_writing(vm, writing)
    vm.run(f"findmnt {disk}1 && cmp ~teacher/copy '{folder}/{WRITTEN}'")
    vm.run(f"umount {disk}1")
    said = vm.out("journalctl -b -u lekdicht-gate.service -o cat")
    assert "closed scsi" not in said and "audit mode" in said, f"the gate said: {said}"
    assert_open(vm)
    assert_nothing_failed(vm)
    assert vm.out("systemctl is-enabled lekdicht-gate lekdicht-gate-rescue lekdichtd lekdicht-reporter lekdicht-collector").split() == ["enabled"] * 5
    assert vm.out("systemctl is-active lekdichtd lekdicht-collector").split() == ["active"] * 2


def check_upgrade(vm):
    """an upgrade keeps policy, spool, identity, refusals and grants; the gate is never open, and a stick of that moment is refused"""
    packages, product = Packages.of(vm), Product.of(vm)
    product.begin(allow("lesson", serial=SERIAL))
    refused, allowed, lent = plugged(vm, "second"), plugged(vm, "first", serial=SERIAL), plugged(vm, "lent", serial="PACK000004")
    name, disk = product.wait_refused(refused), product.wait_open(allowed)
    granted = product.wait_refused(lent)
    vm.run(f"lekdicht allow {granted} --for 2h --reason 'guest lesson'")
    product.wait_open(lent)
    folder = mounted(vm, disk)
    writing = start_writing(vm, folder)
    product.wait_quiet()
    kept = f"sha256sum {POLICY} /var/lib/lekdicht/policy.last-good.ini; stat -c '%n %i' /run/lekdicht/grant/* /run/lekdicht/refused/*"
    before, was, gate_since, pid = vm.out(kept), events(vm), vm.out(GATE_SINCE), vm.out(AGENT_PID)
    assert was and packages.version() == OLDER
    since, place = vm.evidence.mark(), product.here()
    late = plugged(vm, "third", serial="PACK000003")
    packages.install()
    assert packages.version() != OLDER
    assert vm.out(AGENT_PID) != pid, "the old agent still runs"
    product.wait_event("lekdicht.agent.started", place)
    product.wait_refused(late)
    product.wait_quiet()
    vm.evidence.assert_no_disk(since)
    lost = set(before.splitlines()) - set(vm.out(kept).splitlines())
    assert not lost, f"lost or written anew: {lost}"
    assert vm.out(GATE_SINCE) == gate_since, "the gate's unit was started anew"
    assert not product.events(place, "lekdicht.gate.opened") and not product.events(place, "lekdicht.gate.drift")
    assert_closed(vm)
    product.wait_state(name, "refused")
    product.wait_state(kernel_name(allowed.wait_usb()), "allowed")
    product.wait_state(granted, "allowed")
    vm.run(f"lekdicht revoke {granted}")        # the new agent knows of the grant
    product.wait_state(granted, "refused")
    missing = was - events(vm)
    assert not missing, f"of {len(was)} events in the spool {len(missing)} are gone"
    end_writing(vm, writing)
    vm.run(f"findmnt {disk}1 && cmp ~teacher/copy '{folder}/{WRITTEN}' && umount {disk}1")
    assert_nothing_failed(vm)
    for device in (refused, allowed, late, lent):
        device.unplug()


def check_reboot(vm):
    """after a reboot a stick that was in is refused, a stick that is plugged too, and a keyboard types"""
    product = Product.of(vm)
    product.begin()
    present["stick"], present["keyboard"] = plugged(vm, "second"), vm.usb.keyboard()
    product.wait_refused(present["stick"])
    vm.reboot()
    vm.lekdicht = product = Product(vm)
    product.wait_state(name_at_boot(vm, present["stick"]), "refused")
    assert_closed(vm)
    assert_nothing_failed(vm)
    assert vm.run("lekdicht status", check=False).code == 0
    keys.assert_keyboard(vm, AtBoot(vm, present["keyboard"]))
    assert_refuses(product)


def check_remove(vm):
    """removed: the stick that was refused opens without a reboot, a new one and the keyboard work; policy and spool stay"""
    # Nobody's desktop is here to start the notifier in; what stands in for it ends when it is asked to.
    vm.run("cp /bin/sleep /usr/libexec/lekdicht/lekdicht-notifier")
    notifier = vm.start("exec /usr/libexec/lekdicht/lekdicht-notifier 600", user=teacher.NAME)
    vm.wait_for("pgrep lekdicht-notif")
    Packages.of(vm).apt(f"{where.REMOVE} && sudo apt remove lekdicht-collector")
    notifier.wait()
    stick, keyboard = present["stick"], present["keyboard"]
    place = f"/sys/bus/usb/devices/{name_at_boot(vm, stick)}"
    vm.wait_for(f"ls -d {place}/*:*/host*/target*/*:*/block/*")
    teacher.assert_uses(vm, "/dev/" + vm.out(f"ls {place}/*:*/host*/target*/*:*/block") + "1")
    fresh = plugged(vm, "third")
    disk = fresh.wait_disk()
    vm.wait_for(f"test -b {disk}1")
    teacher.assert_uses(vm, f"{disk}1")
    keys.assert_keyboard(vm, AtBoot(vm, keyboard))
    assert_open(vm)
    assert_nothing_failed(vm)
    left = vm.out("find /usr /lib/udev /lib/systemd /lib/modprobe.d /run /etc/systemd -xdev -iname '*lekdicht*' -not -type l "
                  "-not -path '/run/udev/tags/*'", check=False)
    assert not left, f"left behind: {left}"
    vm.run(f"test -s {POLICY} && test -s /var/lib/lekdicht/spool.db && ! pgrep lekdicht")
    fresh.unplug()


def check_purge(vm):
    """purged: not one file, process or user of lekdicht's is left"""
    Packages.of(vm).apt(f"{where.PURGE} && sudo apt purge lekdicht-collector")
    assert not leftovers(vm), f"left behind: {leftovers(vm)}"


def check_install_in_force(vm):
    """installed where a policy says enforce: a mounted stick is shut when it is not in use, one that is being written to when that ends"""
    unplug_all(vm)
    idle, busy = plugged(vm, "first", serial=SERIAL), plugged(vm, "second")
    idle_disk, disk = idle.wait_disk(), busy.wait_disk()
    mounted(vm, idle_disk)
    place = mounted(vm, disk)
    vm.put(f"{FOLDER}/new/policy.ini", policy_text(version=77))
    writing = start_writing(vm, place)
    Packages.of(vm).apt(where.POLICY)
    Packages.of(vm).apt(where.INSTALL)
    vm.lekdicht = product = Product(vm)
    idle_name, name = (kernel_name(device.wait_usb()) for device in (idle, busy))
    product.wait_state(idle_name, "refused")
    product.wait_state(name, "busy")
    assert product.status()["policy"]["version"] == 77, "the policy that was there is not in force"
    assert_closed(vm)
    end_writing(vm, writing)
    product.wait_state(name, "refused", timeout=90)
    assert_refuses(product)
    # All that was written is there.
    vm.run("lekdicht gate open")
    for port in (idle_name, name):
        vm.wait_for(f"ls -d /sys/bus/usb/devices/{port}/*:*/host*/target*/*:*/block/*/*1")
    again = mounted(vm, "/dev/" + vm.out(f"ls /sys/bus/usb/devices/{name}/*:*/host*/target*/*:*/block"))
    vm.run(f"cmp ~teacher/copy '{again}/{WRITTEN}' && umount '{again}'")
    vm.run("lekdicht gate close")
    product.wait_state(name, "refused")


def check_golden_image(vm):
    """a golden image: what is documented takes the identity and the records away, the gate stays shut, a clone begins its own"""
    product = Product.of(vm)
    stop, clean = where.IMAGE
    vm.put("/etc/lekdicht/enrolment", "[collector]\n", 0o640)
    vm.run(stop)
    was = host_id(vm)
    vm.run(clean)
    assert not vm.out("ls -A /var/lib/lekdicht /etc/lekdicht | grep -v policy.ini | grep -v :", check=False)
    assert_closed(vm)
    place = product.here()
    vm.run("sudo systemctl start lekdichtd")
    product.wait_event("lekdicht.agent.started", place)
    vm.run(stop)
    assert host_id(vm) not in ("", was), f"the clone still has the identity {was}"
    vm.run("sudo systemctl start lekdichtd")
    assert vm.run("lekdicht status", check=False).code == 0


def check_documented(vm):
    """every command of README, docs/roll-out.md and the man pages that is for a laptop does what it should there"""
    Packages.of(vm).apt(where.COLLECTOR)
    product = Product.of(vm)
    product.begin()
    stick = plugged(vm, "first", serial=SERIAL)
    name = product.wait_refused(stick)
    wrong, tokens = [], []
    for command in where.LAPTOP:
        if " revoke L-0421" in command:
            vm.wait_for("lekdicht-collector audit | grep -q L-0421")
        disk = vm.out(f"ls /sys/bus/usb/devices/{name}/*:*/host*/target*/*:*/block", check=False)
        result = vm.run(f"cd /root && export USER=root SUDO_EDITOR=true && {where.on_laptop(command, name, f'/dev/{disk}', tokens)}", check=False)
        if " token add " in command and result.code == 0:
            tokens.append(result.out.split()[-1])
        if result.code not in where.CODES.get(command, (0,)):
            wrong.append(f"{command}: {result.code} {result.out[-300:]} {result.err[-300:]}")
    assert not wrong, "\n".join(wrong)
    # The section that was learnt lets it in.
    product.wait_state(name, "allowed")


def check_ansible(vm):
    """Ansible, as documented: packages, policy in force, enrolment; again: nothing changes, and a bad policy is kept out"""
    packages = Packages.of(vm)
    packages.apt(where.PURGE)
    unplug_all(vm)
    ansible = Ansible(vm, vm.directory / "ansible", packages.files)
    ansible.put("files/policy.ini", policy_text(version=7))
    token = vm.out("lekdicht-collector token add 'De Esdoorn' 2>/dev/null")
    ansible.put("group_vars/all.yml", f"lekdicht_collector: http://127.0.0.1:4318\nlekdicht_token: {token}\n")
    changed, failed, said = ansible.roll_out()
    assert changed and not failed, said
    vm.lekdicht = product = Product(vm)
    told = product.status()
    assert (told["gate"], told["mode"], told["policy"]["version"]) == ("closed", "enforce", 7), f"status: {told}"
    assert vm.out("stat -c '%a %U %G' /etc/lekdicht/enrolment /etc/lekdicht/policy.ini").split("\n") == ["640 root lekdicht-report", "644 root root"]
    vm.run("systemctl is-active lekdicht-reporter")
    assert_refuses(product)
    ansible.put("files/policy.ini", policy_text("[storage]\nusb-disk = perhaps\n", version=8))
    changed, failed, said = ansible.roll_out()
    assert (changed, failed) == (0, 1) and "perhaps" in said, said
    assert product.status()["policy"]["version"] == 7
    assert_nothing_failed(vm)
