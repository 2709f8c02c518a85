"""Truth is what /sys has: after lost events, a sleep, 50 re-plugs a second and another's hand, all is as after a calm start.

Another's hand (drift) is put right at once, and the journal says what it was and for how long.
"""

import re
import time
import uuid

from harness import teacher
from harness.disks import Copy, Fat
from harness.gate import BUSES, assert_closed
from harness.product import VERDICT_TIMEOUT, Product, allow, kernel_name
from harness.tap import Skip

MINUTES = 5
FOLLOWS = "robust"
ALLOWED = "STORM00001"
OPEN = allow("storm", serial=ALLOWED)
DRIFT, DEVICE_DRIFT, GATE_OPENED = "lekdicht.gate.drift", "lekdicht.device.drift", "lekdicht.gate.opened"
LOST = "events of the kernel were lost; looking at all devices"
LEAST_EVENTS = 1000
AT_A_TIME = 1000        # events between two looks at the counter
FLOOD_ROUNDS = 40
PADDING = "x" * 1500    # of 2048 bytes that an event has, so that few fill a socket
ASLEEP = 15             # seconds that the test suspend lasts
TO_FREEZE = 5           # of these, until nothing runs any more
SLEEP_TIMEOUT = 240
REPLUGS = 500
STICKS = 6              # that are re-plugged at once
PER_SECOND = 50
MEMORY_SPARE = 512      # KiB that the agent may have grown, by pages that the allocator keeps
REOPEN_TIMEOUT = 60
SETTLE_TIMEOUT = 300
GRACE = 4               # seconds, more than the agent gives lekdicht-gate to finish
RULE = "/usr/lib/udev/rules.d/61-lekdicht-hold.rules"


def agent_pid(vm):
    return vm.out("systemctl show -p MainPID --value lekdichtd")


def dropped(vm):
    """How many events the kernel could not give to the agent: of the sockets of uevents (protocol 15), the last column but one."""
    inodes = vm.out(f"ls -l /proc/{agent_pid(vm)}/fd | sed -n 's/.*socket:\\[\\([0-9]*\\)\\]/\\1/p'").split()
    rows = [line.split() for line in vm.out("cat /proc/net/netlink").splitlines()[1:]]
    counts = [int(row[8]) for row in rows if row[1] == "15" and row[9] in inodes]
    assert counts, "the bed: the agent has no socket for uevents"
    return sum(counts)


def footprint(vm):
    """The agent's descriptors, and its memory that is no file, in KiB."""
    pid = agent_pid(vm)
    files, memory = vm.out(f"ls /proc/{pid}/fd | wc -l; sed -n 's/^RssAnon:[^0-9]*\\([0-9]*\\).*/\\1/p' /proc/{pid}/status").split()
    return int(files), int(memory)


def standing(product):
    """What the agent says of each device, without times."""
    return {name: {key: value for key, value in device.items() if not key.startswith("since")}
            for name, device in product.devices().items()}


def assert_as_after_a_calm_start(vm, product):
    """An agent that starts now and finds all in /sys says the same."""
    product.wait_quiet()
    product.assert_equals_sys()
    stormy = {name: device["state"] for name, device in standing(product).items()}
    product.agent("restart")
    product.wait_quiet()
    calm = {name: device["state"] for name, device in standing(product).items()}
    assert stormy == calm, f"after the storm {stormy}, after a calm start {calm}"
    product.assert_equals_sys()


def plugged_before(vm, other):
    """A stick and what OTHER() plugs are refused, and the allowed stick is open; the image of that, the first stick, the allowed one."""
    product = Product.of(vm)
    product.begin(OPEN)
    image = Copy(Fat().create(vm.directory))
    refused, allowed = (vm.usb.stick(), other()), vm.usb.stick(image, serial=ALLOWED)
    product.wait_open(allowed)
    for device in refused:
        product.wait_refused(device)
    return image, refused[0], allowed


def check_lost_events(vm):
    """more than 1,000 events while the agent stands still, its socket overflows, sticks come and go meanwhile: the end is that of a calm start"""
    product = Product.of(vm)
    image, goes, allowed = plugged_before(vm, vm.usb.uas)
    since, place, before = vm.evidence.mark(), product.here(), dropped(vm)
    # It stands still for longer than systemd waits for its sign of life.
    vm.run("systemctl service-watchdogs no; systemctl kill --signal=STOP lekdichtd")
    events = 0
    for device in (goes, allowed):
        device.unplug()
        device.wait_gone()
    came = vm.usb.stick()
    came.wait_usb()
    while dropped(vm) == before and events < AT_A_TIME * FLOOD_ROUNDS:
        vm.run(f"for n in $(seq {AT_A_TIME}); do echo change {uuid.uuid4()} FILL={PADDING} >/sys/devices/virtual/mem/null/uevent; done")
        events += AT_A_TIME
    back = vm.usb.stick(image, serial=ALLOWED)
    back.wait_scsi()
    vm.run("udevadm trigger; udevadm trigger --action=add --subsystem-match=usb --subsystem-match=scsi --subsystem-match=block")
    assert events >= LEAST_EVENTS and dropped(vm) > before, f"the bed: {events} events, and none was lost"
    vm.run("systemctl kill --signal=CONT lekdichtd; systemctl service-watchdogs yes")
    vm.run(f"udevadm settle --timeout={SETTLE_TIMEOUT}", timeout=SETTLE_TIMEOUT)     # udevd has them all to read
    product.wait_open(back)
    product.wait_refused(came)
    assert any(entry.get("MESSAGE") == LOST for entry in product.entries(place)), "the agent did not hear that events were lost"
    assert_as_after_a_calm_start(vm, product)
    opened = [event for event in vm.evidence.disks(since) if event.source == "uevent" and not re.search(back.path, event.devpath)]
    assert not opened, "opened: " + "; ".join(map(str, opened))
    teacher.assert_uses(vm, back.wait_disk() + "1")


def check_sleep(vm):
    """a sleep with sticks plugged in before, one plugged and one pulled while asleep: refused, open again, gone, and the gate closed"""
    product = Product.of(vm)
    _, goes, _ = plugged_before(vm, vm.usb.stick)
    place = vm.evidence.here()
    vm.run(f"echo {ASLEEP} >/sys/module/suspend/parameters/pm_test_delay; echo devices >/sys/power/pm_test")
    sleep = vm.start("systemctl suspend; sleep 1; until [ \"$(systemctl is-active systemd-suspend)\" = inactive ]; do sleep 0.2; done")
    time.sleep(TO_FREEZE)
    asleep = vm.usb.stick()     # before a port is free: in that one the kernel would take it for the one that left
    goes.unplug()
    sleep.wait(SLEEP_TIMEOUT)
    vm.run("echo none >/sys/power/pm_test")
    vm.evidence.mark()
    frozen = [event for event in vm.evidence.klog(place) if "Freezing user space processes" in event.text]
    thawed = [event for event in vm.evidence.klog(place) if "Restarting tasks" in event.text]
    assert frozen and thawed, "the bed: the laptop did not sleep"
    assert asleep.wait_usb().time > frozen[0].time, "the bed: the stick was there before the sleep"
    product.wait_refused(asleep)
    vm.wait_for(lambda: kernel_name(goes.wait_usb()) not in product.devices())
    vm.wait_for(lambda: "allowed" in {device["state"] for device in product.devices().values()}, REOPEN_TIMEOUT)
    assert_as_after_a_calm_start(vm, product)
    assert_closed(vm)
    disks = vm.out("ls /sys/block | grep -c '^sd'")
    assert disks == "1", f"{disks} disks after the sleep; the allowed one is one"


def check_replugs(vm):
    """50 re-plugs a second: the end is right, and the agent's memory and descriptors are what they were"""
    product = Product.of(vm)
    product.begin()
    sticks = [vm.usb.stick() for _ in range(STICKS)]
    names = [product.wait_refused(stick) for stick in sticks]
    allowed = allow("replugged")

    def replug(times):
        """What a re-plug is to the agent: interfaces and disks leave and come, on all sticks at once."""
        start, end = vm.out("cut -d' ' -f1 /proc/uptime; "
                            f"for name in {' '.join(names)}; do (cd /sys/bus/usb/devices/$name; for n in $(seq {times // len(names)}); do "
                            "echo 0 >authorized; echo 1 >authorized; done) & done; wait; cut -d' ' -f1 /proc/uptime",
                            timeout=REOPEN_TIMEOUT).split()
        return times / (float(end) - float(start))

    def wait_all(state):
        for name in names:
            product.wait_state(name, state, REOPEN_TIMEOUT)

    since, slow = vm.evidence.mark(), False
    for sections, state in (((allowed,), "allowed"), ((), "refused")):
        product.set_policy(*sections)
        wait_all(state)
        if state == "refused":
            since = vm.evidence.mark()
        replug(PER_SECOND)              # so that what is kept for later is there
        product.wait_quiet()
        files, memory = footprint(vm)
        speed = replug(REPLUGS)
        vm.say(f"{speed:.0f} re-plugs a second, {state}")
        if state == "allowed":
            wait_all(state)
        slow = slow or speed < PER_SECOND
        product.wait_quiet()
        files_after, memory_after = footprint(vm)
        assert files_after <= files, f"{files} descriptors became {files_after}"
        assert memory_after <= memory + MEMORY_SPARE, f"{memory} KiB became {memory_after}"
        vm.say(f"descriptors {files} to {files_after}, memory {memory} to {memory_after} KiB")
    product.set_policy()        # all is judged anew, and who switched it on so often is forgiven
    wait_all("refused")
    vm.evidence.assert_no_disk(since)
    for stick in sticks:
        stick.unplug()
    product.wait_quiet()
    product.assert_equals_sys()
    vm.evidence.assert_kernel_calm()
    if slow:
        raise Skip(f"this host is too slow for {PER_SECOND} a second; the rest of it was as it should be")


# Drift

def seconds_of(entry):
    """For how long it was so at most, as an event says it."""
    found = re.search(r"for (\d+) s at most", entry["LEKDICHT_REASON"])
    assert found, f"it does not say for how long: {entry['LEKDICHT_REASON']}"
    return int(found.group(1))


def check_drivers_autoprobe(vm):
    """who opens a bus by hand sees it closed again at once, before a disk appears, and the journal names the bus and the time"""
    product = Product.of(vm)
    product.begin()
    time.sleep(GRACE)
    since = vm.evidence.mark()
    for bus in BUSES:
        place = product.here()
        vm.run(f"echo 1 >/sys/bus/{bus}/drivers_autoprobe")
        disk = vm.usb.uas()
        entry = product.wait_event(DRIFT, place)
        assert f"{bus} open" in entry["LEKDICHT_REASON"], entry["LEKDICHT_REASON"]
        assert seconds_of(entry) <= 2, entry["LEKDICHT_REASON"]
        vm.wait_for(f"grep -qx 0 /sys/bus/{bus}/drivers_autoprobe")
        product.wait_quiet()
        product.wait_refused(disk)
        disk.unplug()
    vm.evidence.assert_no_disk(since)
    assert_closed(vm)


def check_drift_while_away(vm):
    """a bus opened and a stick plugged while the agent was stopped: closed, refused, and said for how long"""
    product = Product.of(vm)
    product.begin()
    product.agent("stop")
    place = product.here()
    vm.run("echo 1 >/sys/bus/scsi/drivers_autoprobe")
    stick = vm.usb.stick(Fat())
    stick.wait_disk()           # the control: this is what drift does
    product.agent("start")
    entry = product.wait_event(DRIFT, place)
    assert "scsi open" in entry["LEKDICHT_REASON"] and seconds_of(entry) > 0, entry["LEKDICHT_REASON"]
    product.wait_refused(stick)
    vm.wait_for("! ls -d /sys/block/sd* 2>/dev/null", VERDICT_TIMEOUT)
    assert_closed(vm)


def check_bound_by_hand(vm):
    """a driver bound by hand opens no node for anybody, and is taken away when the gate looks again"""
    product = Product.of(vm)
    product.begin()
    place = product.here()
    stick = vm.usb.stick(Fat())
    name = product.wait_refused(stick)
    vm.run(f"echo 1 >/sys/bus/usb/devices/{name}/authorized")
    product.wait_event(DEVICE_DRIFT, place, LEKDICHT_PORT=name)
    vm.wait_for(f'test "$(cat /sys/bus/usb/devices/{name}/authorized)" = 0')
    product.agent("stop")
    vm.run(f"echo 1 >/sys/bus/usb/devices/{name}/authorized")
    lun = kernel_name(stick.wait_scsi())
    vm.run(f"echo {lun} >/sys/bus/scsi/drivers_probe")
    disk = stick.wait_disk()
    vm.run("udevadm settle")
    teacher.assert_root_only(vm, disk)
    product.agent("start")
    vm.wait_for(f"! test -e {disk}", VERDICT_TIMEOUT)
    product.wait_state(name, "refused")


def check_stopped_unit(vm):
    """stopping the unit that closed the gate opens nothing, and started again it closes what is closed"""
    product = Product.of(vm)
    product.begin()
    since = vm.evidence.mark()
    vm.run("systemctl stop lekdicht-gate.service lekdichtd.service")
    stick = vm.usb.stick()
    stick.wait_scsi()
    assert_closed(vm)
    vm.evidence.assert_no_disk(since)
    vm.run("systemctl start lekdicht-gate.service lekdichtd.service")
    product.wait_refused(stick)


def check_rule_removed(vm):
    """a udev rule of lekdicht's that is taken away is told; one that is replaced is not"""
    product = Product.of(vm)
    product.begin()
    place = product.here()
    vm.run(f"install -m 644 {RULE} /root/rule && install -m 644 /root/rule {RULE}")
    time.sleep(GRACE)
    product.here()
    assert not product.events(place, DRIFT), product.events(place, DRIFT)
    vm.run(f"mv {RULE} /root/rule")
    entry = product.wait_event(DRIFT, place)
    assert "61-lekdicht-hold.rules is missing" in entry["LEKDICHT_REASON"] and seconds_of(entry) <= GRACE, entry["LEKDICHT_REASON"]
    vm.run(f"mv /root/rule {RULE}; udevadm control --reload")


def check_command_is_no_drift(vm):
    """`lekdicht gate open` and `close` are no drift"""
    product = Product.of(vm)
    product.begin()
    place = product.here()
    vm.run("lekdicht gate open")
    product.wait_event(GATE_OPENED, place)
    product.wait_quiet()
    vm.run("lekdicht gate close")
    vm.wait_for(product.is_closed)
    product.gate("open", "--until-reboot")
    product.wait_quiet()
    product.gate("close")
    time.sleep(GRACE)
    product.here()
    assert not product.events(place, DRIFT), product.events(place, DRIFT)
