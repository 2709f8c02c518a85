"""Phones on the teacher's laptop: they charge and tether, and their files stay where they are.

A program of teacher's does all the time what a file manager would: it opens the node of each phone and claims its interfaces.
"""

import json

from harness import teacher
from harness.plugs import FEW as PLUGS
from harness.product import Product, kernel_name
from harness.zoo import Stall, animals

MINUTES = 4
FOLLOWS = "reported"
REFUSED = "lekdicht.device.refused"
STOP = "/tmp/claim-phones-stop"
# The ids of QEMU's phone, of gadgets, and of harness/zoo.py.
PHONES = "46f4:0004 1d6b:0104 0fce:0166 05ac:12a8"
# Stands in for libmtp's: its table knows the phone that says nothing of itself, and it looks at "add" only.
LIBMTP = """ACTION!="add", GOTO="end"
SUBSYSTEM=="usb", ENV{DEVTYPE}=="usb_device", ATTR{idVendor}=="0fce", ATTR{idProduct}=="0166", ENV{ID_MTP_DEVICE}="1", ENV{ID_MEDIA_PLAYER}="1"
LABEL="end"
"""
# What Debian's rules for adb do; PTP and players are systemd's own 70-uaccess.
ADB = 'SUBSYSTEM=="usb", ENV{DEVTYPE}=="usb_device", ENV{ID_USB_INTERFACES}=="*:ff4201:*|*:fffe02:*", TAG+="uaccess"\n'
ALLOW = "[storage]\nphone-mtp = allow\nphone-ptp = allow\nphone-apple = allow\nphone-adb = allow\n"


def prepare(vm):
    """The laptop's other rules; the Product."""
    if not hasattr(vm, "phones_prepared"):
        vm.put("/etc/udev/rules.d/69-libmtp.rules", LIBMTP)
        vm.put("/etc/udev/rules.d/70-bed-adb.rules", ADB)
        vm.run("udevadm control --reload")
        vm.phones_prepared = True
    return Product.of(vm)


class Claimer:
    """teacher's program."""

    def __init__(self, vm):
        self.vm = vm
        vm.run(f"rm -f {STOP}")
        self._job = vm.start(f"{Product.of(vm).tool('claim-phones.py')} {STOP} {PHONES}", user=teacher.NAME)
        self._job.wait_output("ready")

    def end(self):
        """What it found, was denied, opened and claimed."""
        self.vm.run(f"touch {STOP}")
        return json.loads(self._job.wait().out.splitlines()[-1])

    def assert_claims(self, what):
        """It claims something, tried for as long as it takes to ask the guest three times; it is ended."""
        for _ in range(3):
            self.vm.run("true")
        counts = self.end()
        assert counts["claimed"] > 0, f"{what}, and teacher's program: {counts}"


def stalls_of(vm, check="check_plugs"):
    return [Stall(vm, animal) for animal in animals("phones", check)]


def plug(vm, stall):
    """Plug the phone of STALL; its name in /sys."""
    device = vm.usb.phone(vm.directory) if stall.recipe.kind == "phone" else stall.plug()
    stall.device = device
    return kernel_name(device.wait_usb())


def node_of(vm, name):
    return vm.out(f"d=/sys/bus/usb/devices/{name}; printf /dev/bus/usb/%03d/%03d $(cat $d/busnum) $(cat $d/devnum)")


def wait_files_off(vm, name):
    """Wait until an interface of the phone is deauthorised."""
    vm.wait_for(f"grep -q 0 /sys/bus/usb/devices/{name}:1.*/authorized")


def assert_charges(vm, name):
    """It is authorised and has its configuration, and so may draw the current that this asks for."""
    state = vm.out(f"cd /sys/bus/usb/devices/{name} && cat authorized bConfigurationValue").split()
    assert state == ["1", "1"], f"authorized and configuration of {name} are {state}"


def plug_refused(vm, stall):
    """Plug the phone of STALL: it is refused, its node is root's, and it charges; its name in /sys."""
    name = plug(vm, stall)
    wait_files_off(vm, name)
    Product.of(vm).wait_state(name, "refused")
    vm.run("udevadm settle")
    teacher.assert_root_only(vm, node_of(vm, name))
    assert_charges(vm, name)
    return name


def check_plugs(vm):
    """3 plugs of each kind of phone: teacher's program claims nothing, each is refused once by its key, and all charge"""
    agent = prepare(vm)
    agent.begin()
    place, claimer = agent.here(), Claimer(vm)
    stalls = stalls_of(vm)
    for _ in range(PLUGS):
        for stall in stalls:
            plug_refused(vm, stall)
            stall.pull(keep=True)
    for stall in stalls:
        stall.clear()
    counts = claimer.end()
    assert counts["found"] > 0 and counts["denied"] > 0, f"teacher's program did not try: {counts}"
    assert counts["opened"] == 0 and counts["claimed"] == 0, f"teacher's program got through: {counts}"
    agent.here()
    refused = agent.events(place, REFUSED)
    for stall in stalls:
        rule = stall.animal.rule
        expected = PLUGS * sum(other.animal.rule == rule for other in stalls)
        found = [entry for entry in refused if entry["LEKDICHT_RULE"] == rule]
        assert len(found) == expected, f"{rule}: {expected} plugs, and {[entry['MESSAGE'] for entry in found]}"
    for entry in refused:
        assert "LEKDICHT_VENDOR" not in entry and "LEKDICHT_PRODUCT" not in entry, f"it says which phone: {entry}"


def check_held_alone(vm):
    """with lekdichtd stopped nobody reaches a phone either; started, it refuses what is there"""
    agent = prepare(vm)
    agent.begin()
    agent.agent("stop")
    claimer = Claimer(vm)
    stalls = [stall for stall in stalls_of(vm)]
    names = [plug(vm, stall) for stall in stalls]
    vm.run("udevadm settle")
    for name in names:
        teacher.assert_root_only(vm, node_of(vm, name))
    # Nor does udev give them back when it is asked to look again, or is started anew.
    vm.run("udevadm trigger --action=add --subsystem-match=usb; udevadm settle; "
           "udevadm trigger --action=change --subsystem-match=usb; udevadm settle; systemctl restart systemd-udevd; "
           "udevadm trigger --subsystem-match=usb; udevadm settle")
    for name in names:
        teacher.assert_root_only(vm, node_of(vm, name))
    agent.agent("start")
    for name in names:
        agent.wait_state(name, "refused")
        wait_files_off(vm, name)
    counts = claimer.end()
    assert counts["denied"] > 0 and counts["opened"] == 0 and counts["claimed"] == 0, f"teacher's program got through: {counts}"
    for stall in stalls:
        stall.pull()


def check_tethering(vm):
    """a phone as network card carries a packet, while its files are refused"""
    agent = prepare(vm)
    agent.begin()
    stall, = stalls_of(vm, "check_tethering")
    name = plug_refused(vm, stall)
    card = vm.out(f"ls /sys/bus/usb/devices/{name}/{name}:1.0/net")
    phone = vm.out(f"cat /sys/kernel/config/usb_gadget/{stall.device.name}/functions/rndis.0/ifname")
    vm.run(f"""set -e
ip netns add phone
ip link set {phone} netns phone
ip -n phone addr add 10.9.8.1/24 dev {phone}
ip -n phone link set {phone} up
ip addr add 10.9.8.2/24 dev {card}
ip link set {card} up""")
    echo = vm.start("ip netns exec phone python3 -c 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); "
                    's.bind(("10.9.8.1", 7)); print("ready", flush=True); data, who = s.recvfrom(99); s.sendto(data, who)\'')
    echo.wait_output("ready")
    heard = vm.out("python3 -c 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(20); "
                   's.sendto(b"tethered", ("10.9.8.1", 7)); print(s.recv(99).decode())\'')
    assert heard == "tethered", f"the phone's network says {heard!r}"
    vm.run("ip netns del phone")
    stall.pull()


def check_charging(vm):
    """of a phone that only charges nothing is said, and nothing is done to it"""
    agent = prepare(vm)
    agent.begin()
    place = agent.here()
    stall, = stalls_of(vm, "check_charging")
    name = plug(vm, stall)
    vm.run("udevadm settle")
    agent.wait_quiet()
    assert_charges(vm, name)
    assert vm.out(f"cat /sys/bus/usb/devices/{name}:1.0/authorized") == "1", "its interface is off"
    agent.here()
    assert not agent.events(place), f"the agent said: {agent.events(place)[0]['MESSAGE']}"
    assert name not in agent.devices(), "it is listed"
    stall.pull()


def check_allowed(vm):
    """what the policy allows teacher's program claims, and it does not any more when the policy is changed"""
    agent = prepare(vm)
    agent.begin(ALLOW)
    for stall in stalls_of(vm):
        claimer = Claimer(vm)
        name = plug(vm, stall)
        agent.wait_state(name, "allowed")
        vm.wait_for(f"test -w {node_of(vm, name)}", user=teacher.NAME)
        claimer.assert_claims(f"{stall.animal.title} is allowed")
        if stall.animal.name == "phone-mtp":
            agent.set_policy()
            agent.wait_state(name, "refused")
            vm.run("udevadm settle")
            teacher.assert_root_only(vm, node_of(vm, name))
            assert vm.out(f"cat /sys/bus/usb/devices/{name}/authorized") == "0", "users had its node, and it is authorised"
            agent.set_policy(ALLOW)
            agent.wait_state(name, "allowed")
            vm.wait_for(f"test -w {node_of(vm, name)}", user=teacher.NAME)
        stall.pull()
    agent.assert_equals_sys()


def check_opened(vm):
    """the control: with the gate open teacher's program claims every kind; closing it takes them away, opening gives them back"""
    agent = prepare(vm)
    agent.begin()
    held = stalls_of(vm)[0]
    name = plug(vm, held)
    agent.wait_state(name, "refused")
    agent.gate("open", "--until-reboot")
    vm.wait_for(f"test -w {node_of(vm, name)}", user=teacher.NAME)
    vm.wait_for(f"! grep -q 0 /sys/bus/usb/devices/{name}:1.*/authorized")
    held.pull()
    for stall in stalls_of(vm):
        claimer = Claimer(vm)
        name = plug(vm, stall)
        vm.wait_for(f"test -w {node_of(vm, name)}", user=teacher.NAME)
        claimer.assert_claims(f"{stall.animal.title} with the gate open")
        if stall.animal.name in ("phone-mtp", "phone-vendor"):
            agent.gate("close")
            agent.wait_state(name, "refused")
            vm.run("udevadm settle")
            teacher.assert_root_only(vm, node_of(vm, name))
            agent.gate("open", "--until-reboot")
            vm.wait_for(f"test -w {node_of(vm, name)}", user=teacher.NAME)
        stall.pull()
    agent.gate("close")
