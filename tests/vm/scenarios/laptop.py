"""An ordinary laptop through a school day: what stores is refused, and whatever types goes on typing.

It has a stick, a UAS disk, an SD card and a keyboard in it from power-on.
"""

from harness import keys
from harness.disks import Fat
from harness.gate import assert_closed, moment_of, removable_disks, wait_off
from harness.machine import Drive, Machine
from harness.plugs import PLUGS
from harness.present import AtBoot, assert_clean, name_at_boot
from harness.product import Product, kernel_name
from harness.zoo import Stall, animals

MINUTES = 4
MACHINE = Machine(drives=(Drive("sd"),), kernel="bed.wait=sda,sdb,mmcblk0")
REFUSED = "lekdicht.device.refused"
LATE = 20               # seconds that systemd waits before it restarts lekdichtd, so that there is time without it
DROP_IN = "/run/systemd/system/lekdichtd.service.d/bed.conf"

# What was put in before power-on; and what check_plugs leaves for the checks after it.
present = {}
typing = []


def before_power_on(vm):
    present["stick"] = vm.usb.stick(Fat())
    present["UAS disk"] = vm.usb.uas()
    present["keyboard"] = vm.usb.keyboard()


def name_of(device):
    """The kernel's name of a plugged USB device."""
    return kernel_name(device.wait_usb())


# Present at boot

def check_present_at_boot(vm):
    """a stick, a UAS disk and an SD card that were there at boot are held before coldplug ends and refused before anybody can log in"""
    agent = Product(vm)
    names = {what: name_at_boot(vm, present[what]) for what in ("stick", "UAS disk")}
    names["SD card"] = vm.out("basename $(echo /sys/bus/mmc/devices/mmc*)")
    before = {event.devpath for event in vm.evidence.since(vm.evidence.boot) if event.source == "present"}
    for what, path in (("stick", rf"-{present['stick'].port}/"), ("SD card", "/mmc_host/")):
        assert any(path in devpath for devpath in before), \
            f"the initramfs did not open the {what}, so that this boot shows nothing; it opened {sorted(before)}"
    closed = moment_of(vm, "lekdicht-gate.service", "ExecMainExit")
    coldplug = moment_of(vm, "systemd-udev-trigger.service", "ExecMainStart")
    assert closed <= coldplug, f"the gate was closed at {closed} s, and coldplug began at {coldplug} s"
    login = min(moment_of(vm, "systemd-user-sessions.service", "ExecMainStart"),
                moment_of(vm, "getty@tty1.service", "ExecMainStart"))
    for what, name in names.items():
        entry = agent.wait_event(REFUSED, 0, LEKDICHT_PORT=name)
        rule = "[storage] sd-card" if what == "SD card" else "[storage] usb-disk"
        assert entry["LEKDICHT_RULE"] == rule, f"the {what} was refused by {entry['LEKDICHT_RULE']}, not {rule}"
        assert agent.moment(entry) < login, f"the {what} was refused at {agent.moment(entry)} s, and login began at {login} s"
    assert not removable_disks(vm), f"there are still disks: {removable_disks(vm)}"


def check_keyboard_at_boot(vm):
    """a keyboard that was there at boot types"""
    keys.assert_keyboard(vm, AtBoot(vm, present["keyboard"]))


def check_clean_boot(vm):
    """no unit failed, nothing removable is mounted, and the gate is closed"""
    assert_clean(vm)
    assert_closed(vm)


# Plugged

def check_plugs(vm):
    """20 plugs of each kind of storage, and of a keyboard beside them: no block device, and each plug refused once, with rule and reason"""
    agent = Product(vm)
    since, place = vm.evidence.mark(), agent.here()
    typing[:] = [Stall(vm, animal) for animal in animals("laptop", "check_keyboards")]
    for stall in typing:
        stall.plug()
    keyboard = next(stall for stall in typing if stall.animal.name == "keyboard")
    stalls = [Stall(vm, animal) for animal in animals("laptop", "check_plugs")]
    for _ in range(PLUGS):
        for stall in stalls:
            stall.plug()
        keyboard.device.wait_input()
        for stall in stalls:
            stall.name = name_of(stall.device)
            wait_off(stall.device)
        for stall in (*stalls, keyboard):
            stall.pull()
        keyboard.plug()
    vm.evidence.assert_no_disk(since)
    end = agent.here()
    refused = agent.events(place, REFUSED)
    for stall in stalls:
        of_this = [entry for entry in refused if entry["LEKDICHT_PORT"] == stall.name]
        assert len(of_this) == PLUGS, f"{PLUGS} plugs of {stall.animal.title} at {stall.name}, and {len(of_this)} entries"
        # Judged late, on a busy host, it may have shown its CD by then.
        rules = (stall.animal.rule, *(("[storage] optical",) if "cd" in stall.recipe.parts else ()))
        for entry in of_this:
            assert entry["LEKDICHT_RULE"] in rules, f"{stall.animal.title}: {entry['MESSAGE']}"
            assert "refused by" in entry["LEKDICHT_REASON"], f"{stall.animal.title}: {entry['MESSAGE']}"
        stall.clear()
    others = {entry["LEKDICHT_PORT"] for entry in refused} - {stall.name for stall in stalls}
    assert not others, f"also refused: {others}"
    assert end, "the journal is empty"


def check_keyboards(vm):
    """a keyboard, a keyboard behind a hub and a tablet, plugged in between, are used"""
    for stall in typing or [Stall(vm, animal) for animal in animals("laptop", "check_keyboards")]:
        device = stall.device or stall.plug()
        assert_used = keys.assert_tablet if stall.recipe.kind == "tablet" else keys.assert_keyboard
        assert_used(vm, device)
        stall.clear()
    typing.clear()


def check_composite(vm):
    """a keyboard with storage in it types and stays on the user's seat; its storage is off, and its usbfs node is root's"""
    agent = Product(vm)
    since, place = vm.evidence.mark(), agent.here()
    stall, = (Stall(vm, animal) for animal in animals("laptop", "check_composite"))
    gadget = stall.plug()
    name = name_of(gadget)
    entry = agent.wait_event(REFUSED, place, LEKDICHT_PORT=name)
    assert entry["LEKDICHT_RULE"] == stall.animal.rule, entry["MESSAGE"]
    vm.wait_for(f"grep -q 0 /sys/bus/usb/devices/{name}:1.0/authorized")
    keys.assert_gadget_keyboard(vm, gadget)
    authorized = vm.out(f"cd /sys/bus/usb/devices && cat {name}/authorized {name}:1.1/authorized").split()
    assert authorized == ["1", "1"], f"the device and its keyboard should be authorised, and are {authorized}"
    vm.run("udevadm settle")
    node = gadget.wait_input()
    seat = vm.out(f"udevadm info --query=property --property=ID_SEAT --value {node}")
    assert seat in ("", "seat0"), f"the keyboard's seat is {seat}"
    on_seat = vm.out("loginctl --full --no-pager seat-status seat0")
    assert f"/usb{name.split('-')[0]}/{name}/{name}:1.1/" in on_seat, f"the keyboard is not among the devices of seat0: {on_seat}"
    usbfs = vm.out(f"d=/sys/bus/usb/devices/{name}; printf /dev/bus/usb/%03d/%03d $(cat $d/busnum) $(cat $d/devnum)")
    mode = vm.out(f"stat --format %a:%U:%G {usbfs}; getfacl --omit-header --absolute-names --skip-base {usbfs}")
    assert mode.split() == ["600:root:root"], f"the usbfs node is {mode}"
    vm.evidence.assert_no_disk(since)
    stall.clear()


def check_composite_plugs(vm):
    """20 plugs of it: no block device, and each time the keyboard is there"""
    agent = Product(vm)
    since = vm.evidence.mark()
    stall, = (Stall(vm, animal) for animal in animals("laptop", "check_composite"))
    for _ in range(PLUGS):
        gadget = stall.plug()
        gadget.wait_input()
        name = name_of(gadget)
        vm.wait_for(f"grep -q 0 /sys/bus/usb/devices/{name}:1.0/authorized")
        stall.pull(keep=True)
    vm.evidence.assert_no_disk(since)
    agent.gate("open", "--until-reboot")
    stall.plug().wait_disk()
    agent.gate("close")
    stall.clear()


def check_gate_alone(vm):
    """with lekdichtd stopped every kind is found by the kernel and none opens; started again, it refuses them"""
    agent = Product(vm)
    agent.agent("stop")
    since, place = vm.evidence.mark(), agent.here()
    stalls = [Stall(vm, animal) for animal in animals("laptop", "check_plugs")]
    for stall in stalls:
        stall.plug()
    for stall in stalls:
        stall.device.wait_scsi(stall.recipe.disks)
    vm.evidence.assert_no_disk(since)
    agent.agent("start")
    for stall in stalls:
        agent.wait_event(REFUSED, place, LEKDICHT_PORT=name_of(stall.device))
        wait_off(stall.device)
    vm.evidence.assert_no_disk(since)
    for stall in stalls:
        stall.clear()


def check_plugs_opened(vm):
    """the control: with the gate opened the same kinds open, and closing it takes them away again"""
    agent = Product(vm)
    stalls = [Stall(vm, animal) for animal in animals("laptop", "check_plugs")]
    agent.gate("open", "--until-reboot")
    for stall in stalls:
        stall.plug()
    for stall in stalls:
        stall.device.wait_disk(stall.recipe.disks)
    place = agent.here()
    agent.gate("close")
    for stall in stalls:
        agent.wait_event(REFUSED, place, LEKDICHT_PORT=name_of(stall.device))
        wait_off(stall.device)
    assert not removable_disks(vm), f"there are still disks: {removable_disks(vm)}"
    assert_closed(vm)
    for stall in stalls:
        stall.clear()


# Without lekdichtd

def check_killed(vm):
    """after SIGKILL of lekdichtd a stick does not open and a keyboard types; systemd starts it again and it refuses the stick"""
    agent = Product(vm)
    vm.put(DROP_IN, f"[Service]\nRestartSec={LATE}\n")
    vm.run("systemctl daemon-reload")
    since, place = vm.evidence.mark(), agent.here()
    vm.run("systemctl kill --signal=KILL lekdichtd.service")
    stick, keyboard = vm.usb.stick(), vm.usb.keyboard()
    keys.assert_keyboard(vm, keyboard)
    stick.wait_scsi()
    alive = vm.out("pgrep -x lekdichtd || true")
    assert not alive, "lekdichtd was there again before the stick was"
    vm.evidence.assert_no_disk(since)
    entry = agent.wait_event(REFUSED, place, timeout=LATE + 30, LEKDICHT_PORT=name_of(stick))
    assert entry["LEKDICHT_RULE"] == "[storage] usb-disk", entry["MESSAGE"]
    wait_off(stick)
    vm.evidence.assert_no_disk(since)
    vm.run(f"rm {DROP_IN} && systemctl daemon-reload")
    for device in (stick, keyboard):
        device.unplug()
