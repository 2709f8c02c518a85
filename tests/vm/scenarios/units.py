"""The units on a real kernel: each right that is kept is needed, and the helper may be away, killed and outlived.

What a unit may not do is shown by all other scenarios, which run with the units as they are installed.
"""

import json
import shlex

from harness.disks import Copy, Fat
from harness.product import Product, allow, kernel_name

ALLOWED = "UNI0000001"
# As slow as in robust.py: the kernel waits for it for seconds.
SLOW, BYTES_PER_SECOND = "UNI0000002", 128
BOTH = (allow("stick", serial=ALLOWED), allow("slow", serial=SLOW))
PROBE_TIMEOUT = 60      # seconds until the gate is at work on the slow one
END_TIMEOUT = 180       # seconds until it is through
START_TIMEOUT = 30      # seconds until a new agent answers
LONG_AWAY = 18          # seconds; a deed that is done and fails is given up after 15
GATE_AT_WORK = "pgrep -x lekdicht-gate >/dev/null"
IN_USE, PLAIN = 5, 7    # exit codes of lekdicht-gate
HELPER = "lekdicht-helper.service"
TEACHERS = "/mnt/private"


def rights(vm):
    """The capabilities that the helper's unit keeps."""
    return vm.out(f"systemctl show --value -p CapabilityBoundingSet {HELPER}").split()


def gate(vm, *words, without=""):
    """Run lekdicht-gate with the helper's rights, but for one; the Result."""
    kept = rights(vm)
    assert not without or without in kept, f"{HELPER} does not keep {without}: {kept}"
    kept = " ".join(right for right in kept if right != without)
    return vm.run(f"systemd-run --quiet --wait --pipe --collect -p NoNewPrivileges=yes -p 'CapabilityBoundingSet={kept}' "
                  f"/usr/sbin/lekdicht-gate {shlex.join(words)}", check=False)


def opened(vm, product):
    """A stick that is open, with its name and node; the agent is stopped then, and leaves it alone."""
    product.begin(*BOTH)
    stick = vm.usb.stick(Copy(Fat().create(vm.directory)), serial=ALLOWED)
    node = product.wait_open(stick) + "1"
    vm.wait_for(f"test -b {node}")
    product.agent("stop")
    return stick, kernel_name(stick.wait_usb()), node


def assert_unmounts(vm, point, right):
    """What is mounted at POINT is unmounted at the refusal, but not without RIGHT."""
    product = Product.of(vm)
    stick, name, node = opened(vm, product)
    vm.run(f"install -d -o teacher -m 0700 {TEACHERS}; install -d -o teacher {point}; mount {node} {point}")
    result = gate(vm, "refuse", name, without=right)
    assert result.code == IN_USE, f"without {right}: {result}"
    vm.run(f"findmnt {point}")
    result = gate(vm, "refuse", name)
    assert result.code == 0, f"with {right}: {result}"
    assert vm.run(f"findmnt {point}", check=False).code != 0, "it is still mounted"
    stick.unplug()
    product.agent("start")


def check_mount_right(vm):
    """without CAP_SYS_ADMIN a mounted stick is not closed, with it it is"""
    assert_unmounts(vm, "/mnt", "cap_sys_admin")


def check_search_right(vm):
    """without CAP_DAC_READ_SEARCH a stick that is mounted in a directory of teacher's own is not closed, with it it is"""
    assert_unmounts(vm, f"{TEACHERS}/stick", "cap_dac_read_search")


def check_module_right(vm):
    """without CAP_SYS_MODULE the gate closes without a driver for discs, with it it loads that"""
    product = Product.of(vm)
    product.begin()
    vm.run("modprobe -r sr_mod && ! test -e /sys/bus/scsi/drivers/sr")
    gate(vm, "close", without="cap_sys_module")
    assert vm.run("test -e /sys/bus/scsi/drivers/sr", check=False).code != 0, "it was loaded: the right is not needed"
    result = gate(vm, "close")
    assert result.code == 0, f"{result}"
    vm.run("test -e /sys/bus/scsi/drivers/sr")


def check_probe_rights(vm):
    """without CAP_SETUID or CAP_SETGID nobody looks whether a stick is encrypted, with them it is seen to be plain"""
    product = Product.of(vm)
    stick, name, _ = opened(vm, product)
    unit = vm.out(f"basename $(ls -d /sys/bus/usb/devices/{name}:1.0/host*/target*/*:*:*:*)")
    for right in ("cap_setuid", "cap_setgid"):
        result = gate(vm, "encrypted", unit, without=right)
        assert result.code not in (0, PLAIN), f"without {right}: {result}"
    result = gate(vm, "encrypted", unit)
    assert result.code == PLAIN, f"with them: {result}"
    stick.unplug()
    product.agent("start")


def check_agent_writes_nothing(vm):
    """lekdichtd, as its unit has it, cannot write to /sys, /etc, /run or /home, nor see a disk; to /var/lib/lekdicht it can"""
    Product.of(vm).begin()
    inside = "nsenter --mount --target $(systemctl show --value -p MainPID lekdichtd) --"
    for command in ("sh -c 'echo 1 >/sys/bus/scsi/drivers_autoprobe'", "touch /etc/lekdicht/gate.open", "touch /run/lekdicht/open",
                    "touch /usr/sbin/lekdicht-gate", "ls /home/teacher"):
        result = vm.run(f"{inside} {command}", check=False)
        assert result.code != 0, f"{command}: {result}"
    vm.run(f"{inside} touch /var/lib/lekdicht/witness && rm /var/lib/lekdicht/witness")
    shown = vm.out("systemctl show --value -p CapabilityBoundingSet lekdichtd")
    assert shown == "cap_net_admin", shown


def starts(vm, *settings):
    """Whether lekdichtd starts with SETTINGS in its unit."""
    less = "/run/systemd/system/lekdichtd.service.d/less.conf"
    vm.put(less, "\n".join(("[Service]", *settings, "")))
    vm.run("systemctl daemon-reload")
    code = vm.run("systemctl restart lekdichtd", check=False).code
    vm.run(f"rm {less}; systemctl daemon-reload; systemctl restart lekdichtd")
    return code == 0


def check_agent_rights(vm):
    """lekdichtd does not start without CAP_NET_ADMIN or without AF_NETLINK, and asks no card reader without char-sg"""
    product = Product.of(vm)
    product.begin(*BOTH)
    assert starts(vm, "# nothing else"), "the control: it does not start as it is"
    assert not starts(vm, "CapabilityBoundingSet="), "CAP_NET_ADMIN is not needed"
    assert not starts(vm, "RestrictAddressFamilies=", "RestrictAddressFamilies=AF_UNIX"), "AF_NETLINK is not needed"
    stick = vm.usb.stick(Copy(Fat().create(vm.directory)), serial=ALLOWED)
    product.wait_open(stick)
    reader = "sh -c '</dev/sg0'"
    closed = "systemd-run --quiet --wait --pipe --collect -p DevicePolicy=closed"
    assert vm.run(f"{closed} {reader}", check=False).code != 0, "char-sg is not needed"
    vm.run(f"{closed} -p 'DeviceAllow=char-sg r' {reader}")
    stick.unplug()


# The helper

def check_helper_away(vm):
    """while the helper's service is stopped nothing opens and the agent answers; started, what was plugged meanwhile is refused"""
    product = Product.of(vm)
    product.begin()
    vm.run(f"systemctl stop {HELPER}")
    since = vm.evidence.mark()
    stick = vm.usb.stick(Fat())
    name = kernel_name(stick.wait_usb())
    stick.wait_scsi()
    assert product.status()["gate"] == "closed", product.status()
    vm.run(f"sleep {LONG_AWAY}")
    vm.run(f"systemctl start {HELPER}")
    product.wait_state(name, "refused")
    vm.evidence.assert_no_disk(since)
    stick.unplug()


def slow_at_work(vm, product):
    """A slow stick that is allowed, and the gate is opening it; with its name."""
    product.begin(*BOTH)
    slow = vm.usb.stick(Fat(), serial=SLOW, bytes_per_second=BYTES_PER_SECOND)
    slow.wait_scsi()
    vm.wait_for(GATE_AT_WORK, PROBE_TIMEOUT)
    return slow, kernel_name(slow.wait_usb())


def check_helper_killed(vm):
    """the helper's service is killed in the middle of a deed: the deed is done and told, and another stick is refused meanwhile"""
    product = Product.of(vm)
    slow, name = slow_at_work(vm, product)
    vm.run(f"systemctl kill --signal=KILL --kill-who=main {HELPER}")
    vm.run(GATE_AT_WORK)
    other = vm.usb.stick(Fat())
    product.wait_refused(other)
    product.wait_state(name, "allowed", END_TIMEOUT)
    assert vm.out(f"systemctl is-active {HELPER}") == "active"
    product.assert_equals_sys()
    slow.unplug()
    other.unplug()


def check_agent_killed(vm):
    """the agent is killed while a stick opens that the new policy refuses: its old deed does not have the last word"""
    product = Product.of(vm)
    slow, name = slow_at_work(vm, product)
    product.write_policy()
    vm.run("systemctl kill --signal=KILL --kill-who=main lekdichtd.service")
    vm.wait_for("lekdicht status >/dev/null 2>&1", START_TIMEOUT)
    vm.run(GATE_AT_WORK)
    product.wait_state(name, "refused", END_TIMEOUT)
    vm.wait_for(f"! {GATE_AT_WORK}", END_TIMEOUT)
    assert vm.out(f"cat /sys/bus/usb/devices/{name}/authorized") == "0", "it is authorised"
    left = vm.out("ls /run/lekdicht/grant")
    assert not left, f"grants are left: {left}"
    product.assert_equals_sys()
    slow.unplug()


# The doctor

def doctor(vm, user="root"):
    """The exit code of `lekdicht doctor --json`, and what is not ok: id -> state."""
    result = vm.run("lekdicht doctor --json", user=user, check=False)
    found = json.loads(result.out)["findings"]
    return result.code, {finding["id"]: finding["state"] for finding in found if finding["state"] != "ok"}


def check_doctor(vm):
    """`lekdicht doctor`: all is well, also for teacher; it names the helper when it is stopped, and a gate that was opened"""
    product = Product.of(vm)
    product.begin()
    assert doctor(vm) == (0, {}), doctor(vm)
    code, seen = doctor(vm, "teacher")
    assert code in (0, 3) and set(seen.values()) <= {"unknown"}, (code, seen)
    vm.run(f"systemctl stop {HELPER}")
    assert doctor(vm) == (2, {"helper": "problem"}), doctor(vm)
    vm.run(f"systemctl start {HELPER}")
    vm.run("lekdicht gate open")
    assert doctor(vm) == (1, {"gate": "warning"}), doctor(vm)
    vm.run("lekdicht gate close")
    vm.run("systemctl mask --now lekdichtd.service")
    assert doctor(vm) == (2, {"boot": "problem", "agent": "problem", "helper": "problem", "spool": "unknown"}), doctor(vm)
    vm.run("systemctl unmask lekdichtd.service; systemctl enable --now lekdichtd.service")
    assert doctor(vm) == (0, {}), doctor(vm)
