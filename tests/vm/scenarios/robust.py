"""Whatever is reloaded, rescanned, re-enumerated, put to sleep or pulled in a hurry: what is shut stays shut, what was open opens again.

And a stick so slow that it keeps the kernel waiting for seconds holds up nobody but itself.
"""

from harness import teacher
from harness.disks import Copy, Fat
from harness.product import Product, allow, disks_outside, kernel_name
from harness.usb import Cd, Disk

MINUTES = 6
ALLOWED_STICK, ALLOWED_UAS = "ROB0000001", "ROB0000002"
OPEN = (f"[device stick]\nserial = {ALLOWED_STICK}\naccess = allow\n", f"[device uas]\nserial = {ALLOWED_UAS}\naccess = allow\n")
RESCAN_TIMEOUT = 120                # seconds for what asks every driver
REOPEN_TIMEOUT = 60                 # seconds until a disk that was open is open again, on a busy host
SHORTEST, LONGEST = 0.15, 1.4       # seconds a device stays plugged in the storm
STORM = 25                          # rounds, each with a stick and a UAS disk
OPENING_STORM = 8                   # rounds with a stick that is allowed
SLOW_STICK = "SLOW000001"
SLOW_ALLOWED = allow("slow", serial=SLOW_STICK)
# Of the slow stick: 16 s for what the kernel reads at a time. Beyond its 30 s it resets the stick, and QEMU stands still
# for as long as the read would have taken.
BYTES_PER_SECOND = 256
PROMISE = 1.0                       # seconds from the event of its interface to a refused stick
ANSWER = 2.0                        # seconds in which Status is answered
PROBE_TIMEOUT = 60                  # seconds until the gate is at work on it
END_TIMEOUT = 180                   # seconds until the slow one is through
GATE_AT_WORK = "pgrep -x lekdicht-gate >/dev/null"


def on_each(names, deed):
    """A shell loop over the USB devices NAMES, each as $device."""
    return f"for device in {' '.join(names)}; do {deed}; done"


def on_interfaces(names, deed):
    """The same over their storage interfaces that have a driver: $interface, $driver."""
    return on_each(names, "for path in /sys/bus/usb/devices/$device:*; do interface=${path##*/}; [ -e $path/driver ] || continue; "
                          f"driver=$(readlink -f $path/driver); {deed}; done")


def disturbances(names, usbfs):
    """What a kernel goes through and what an administrator tries: name -> command."""
    hosts = "hosts=$(for host in /sys/bus/usb/devices/*:*/host*; do printf %s, ${host##*/host}; done)"
    scan = "for scan in /sys/class/scsi_host/host*/scan; do echo '- - -' >$scan; done"
    return {
        "reload of sd_mod and sr_mod": "modprobe -r sd_mod sr_mod; modprobe -a sd_mod sr_mod",
        "scan of every host": scan,
        "rescan of every device": "for rescan in /sys/bus/scsi/devices/*:*:*:*/rescan; do echo 1 >$rescan; done",
        # With -r it also removes what it takes for dead; the scan brings that back. The hosts without a device only take time.
        "rescan-scsi-bus.sh -r": f"{hosts}; rescan-scsi-bus.sh -r --hosts=${{hosts%,}} </dev/null >/dev/null 2>&1; {scan}",
        "udevadm trigger": "for action in add bind change; do udevadm trigger --action=$action --subsystem-match=usb "
                           "--subsystem-match=scsi --subsystem-match=scsi_host --subsystem-match=block; done; udevadm settle",
        "restart of udevd and coldplug": "systemctl restart systemd-udevd systemd-udev-trigger; udevadm settle",
        "delete and scan": on_each(names, "for delete in /sys/bus/usb/devices/$device/$device:*/host*/target*/*:*/delete; do "
                                          "[ ! -e $delete ] || echo 1 >$delete; done") + f"; {scan}",
        "usbreset": on_each(names, f"node=/dev/$(sed -n s/^DEVNAME=//p /sys/bus/usb/devices/$device/uevent); {usbfs} $node reset; true"),
        "authorized 0 and 1": on_each(names, "echo 0 >/sys/bus/usb/devices/$device/authorized; echo 1 >/sys/bus/usb/devices/$device/authorized"),
        "interfaces unbound and bound": on_interfaces(names, "echo $interface >$driver/unbind; echo $interface >$driver/bind"),
        "reload of usb-storage and uas": "modprobe -r uas usb_storage; modprobe -a usb_storage uas",
        "restart of udisks": "systemctl restart udisks2",
        "suspend to idle as far as the devices": "echo 1 >/sys/module/suspend/parameters/pm_test_delay; echo devices >/sys/power/pm_test; "
                                                 "echo freeze >/sys/power/state; echo none >/sys/power/pm_test",
    }


def disturb(vm, devices):
    """All of it, one after another; what happened when, for words about a failure."""
    names = [kernel_name(device.wait_usb()) for device in devices]
    history = []
    for name, command in disturbances(names, Product.of(vm).tool("usbfs.py")).items():
        history.append((vm.uptime(), name))
        vm.run(command, timeout=RESCAN_TIMEOUT)
        yield name, history


def told(opened, history):
    """What opened, and after what."""
    words = []
    for event in opened:
        after = [name for moment, name in history if moment <= event.time]
        words.append(f"after {after[-1] if after else 'the plug'}: {event}")
    return "opened: " + "; ".join(words)


def check_held(vm):
    """held by the kernel alone: nothing opens in drivers reloaded, hosts scanned, udevd restarted, usbreset, freeze"""
    product = Product.of(vm)
    product.begin()
    product.agent("stop")
    since = vm.evidence.mark()
    devices = (vm.usb.stick(), vm.usb.uas(), vm.usb.cd(), vm.usb.bot(Disk(), Cd()))
    for device in devices:
        device.wait_scsi()
    for _, history in disturb(vm, devices):
        closed = vm.out("cat /sys/bus/scsi/drivers_autoprobe")
        assert closed == "0", f"autoprobe of the SCSI bus is {closed} after {history[-1][1]}"
    vm.run("udevadm settle; sleep 1")
    vm.evidence.mark()
    opened = vm.evidence.disks(since)
    assert not opened, told(opened, history)
    # The control: they are all there, and open when the gate does.
    product.gate("open", "--until-reboot")
    vm.wait_for('test "$(ls -d /sys/block/sd* /sys/block/sr* | wc -l)" = 5')
    vm.evidence.assert_kernel_calm()


def is_open(device):
    """A shell condition: a disk of the device is bound and granted, and its node is the group's."""
    name = kernel_name(device.wait_usb())
    return (f"(for disk in /sys/bus/usb/devices/{name}/{name}:*/host*/target*/*:*/block/*; do "
            "[ -e /run/lekdicht/grant/$(cat $disk/diskseq) ] && [ $(stat -c %a:%G /dev/${disk##*/}) = 660:disk ] || exit 1; done) 2>/dev/null")


def disk_of(vm, device):
    name = kernel_name(device.wait_usb())
    return "/dev/" + vm.out(f"ls /sys/bus/usb/devices/{name}/{name}:*/host*/target*/*:*/block")


def check_open_again(vm):
    """with the agent: what is allowed is open and granted again after each of them, and teacher uses it; the refused stay shut"""
    product = Product.of(vm)
    product.begin(*OPEN)
    since = vm.evidence.mark()
    stick = vm.usb.stick(Copy(Fat().create(vm.directory)), serial=ALLOWED_STICK)
    disk = vm.usb.uas(serial=ALLOWED_UAS)
    refused = (vm.usb.stick(), vm.usb.uas(), vm.usb.cd())
    for device in (stick, disk):
        product.wait_open(device)
    for device in refused:
        product.wait_refused(device)
    names = {kernel_name(device.wait_usb()) for device in refused}
    failures = []
    for name, history in disturb(vm, (stick, disk, *refused)):
        try:
            vm.wait_for(f"{is_open(stick)} && {is_open(disk)}", REOPEN_TIMEOUT)
            vm.wait_for(lambda: {device["id"] for device in product.devices().values() if device["state"] == "refused"} == names)
        except AssertionError:
            states = {device["id"]: device["state"] for device in product.devices().values()}
            failures.append(f"after {name} the states are {states}")
    vm.evidence.mark()
    opened = disks_outside(vm.evidence, since, stick, disk)
    assert not opened, told(opened, history)
    assert not failures, "; ".join(failures)
    product.assert_equals_sys()
    teacher.assert_uses(vm, disk_of(vm, stick) + "1")
    vm.evidence.assert_kernel_calm()


def check_storm(vm):
    """50 plugs and pulls of sticks and UAS disks after 0.15 to 1.4 s: no disk, no stuck gate, all is as /sys says"""
    product = Product.of(vm)
    product.begin(*OPEN)
    since = vm.evidence.mark()
    for round_number in range(STORM):
        stay = SHORTEST + (LONGEST - SHORTEST) * (round_number * 7 % STORM) / (STORM - 1)
        devices = (vm.usb.stick(), vm.usb.uas())
        for device in devices:
            device.wait_usb()
        vm.run(f"sleep {stay:.2f}")
        for device in devices:
            device.unplug()
    product.wait_quiet()
    stuck = vm.out("ps -eo stat=,args= | grep '^D' || true")
    assert not stuck, f"waiting in the kernel: {stuck}"
    product.assert_equals_sys()
    vm.evidence.assert_no_disk(since)
    vm.evidence.assert_kernel_calm()


def check_opening_storm(vm):
    """an allowed stick that is pulled while it opens, again and again: no stuck gate, no stale grant, and then it opens"""
    product = Product.of(vm)
    product.begin(*OPEN)
    image = Copy(Fat().create(vm.directory))
    for round_number in range(OPENING_STORM):
        stick = vm.usb.stick(image, serial=ALLOWED_STICK)
        stick.wait_scsi()
        vm.run(f"sleep {0.05 * round_number:.2f}")
        stick.unplug()
    product.wait_quiet()
    product.assert_equals_sys()
    stick = vm.usb.stick(image, serial=ALLOWED_STICK)
    teacher.assert_uses(vm, product.wait_open(stick) + "1")
    product.assert_equals_sys()
    vm.evidence.assert_kernel_calm()


def agent_life(vm):
    return vm.out("systemctl show -p MainPID -p NRestarts -p ActiveState lekdichtd")


def refuse_meanwhile(vm):
    """Plug a stick that is refused, measured by the kernel's clock; its name and when it was shut."""
    stick = vm.usb.stick(Fat())
    added = stick.wait_add("usb", DEVTYPE="usb_interface").time
    name = kernel_name(stick.wait_usb())
    gone = vm.evidence.wait(lambda event: event.action == "remove" and event.env.get("DEVTYPE") == "usb_interface"
                            and event.devpath.endswith(f"/{name}:1.0"), stick.since, what="the end of its interface").time
    assert gone - added < PROMISE, f"it was deauthorised after {gone - added:.2f} s"
    return name, gone


def assert_recorded(product, place, name):
    """The verdict on what was refused meanwhile. journald waits for a slow device itself, so this is read afterwards."""
    verdict = product.wait_event("lekdicht.device.refused", place, END_TIMEOUT, LEKDICHT_PORT=name)
    judged = int(verdict["LEKDICHT_USEC_TO_VERDICT"]) / 1e6
    assert judged < PROMISE, f"it was judged after {judged:.2f} s"


def assert_answers(vm):
    """The agent answers; when it has."""
    start, code, end = vm.out("cut -d' ' -f1 /proc/uptime; lekdicht status >/dev/null; echo $?; cut -d' ' -f1 /proc/uptime").split()
    assert code == "0", f"lekdicht status ended with {code}"
    assert float(end) - float(start) < ANSWER, f"lekdicht status took {float(end) - float(start):.1f} s"
    return float(end)


def check_slow(vm):
    """while the kernel waits for an allowed slow stick another is refused within 1 s, Status answers, the watchdog is calm"""
    product = Product.of(vm)
    product.begin(SLOW_ALLOWED)
    life = agent_life(vm)
    slow = vm.usb.stick(Fat(), serial=SLOW_STICK, bytes_per_second=BYTES_PER_SECOND)
    slow.wait_scsi()
    vm.wait_for(GATE_AT_WORK, PROBE_TIMEOUT)
    name = kernel_name(slow.wait_usb())
    place = len(product.entries())
    other, shut = refuse_meanwhile(vm)
    answered = assert_answers(vm)
    disk = slow.wait_add("block", timeout=END_TIMEOUT, DEVTYPE="disk")
    assert disk.time > max(shut, answered), f"the bed: the slow stick was through {max(shut, answered) - disk.time:.1f} s too early"
    product.wait_state(name, "allowed", END_TIMEOUT)
    assert_recorded(product, place, other)
    assert agent_life(vm) == life, f"the agent's life changed: {life} became {agent_life(vm)}"
    vm.evidence.assert_kernel_calm()


def check_slow_refused(vm):
    """a slow stick that is refused while the kernel waits for it holds up nobody, and is refused in the end"""
    product = Product.of(vm)
    product.begin(SLOW_ALLOWED)
    life = agent_life(vm)
    slow = vm.usb.stick(Fat(), serial=SLOW_STICK, bytes_per_second=BYTES_PER_SECOND)
    slow.wait_scsi()
    vm.wait_for(GATE_AT_WORK, PROBE_TIMEOUT)
    product.set_policy()
    place = len(product.entries())
    other, shut = refuse_meanwhile(vm)
    answered = assert_answers(vm)
    name = kernel_name(slow.wait_usb())
    product.wait_state(name, "refused", END_TIMEOUT)
    gone = vm.evidence.wait(lambda event: event.action == "remove" and event.env.get("DEVTYPE") == "usb_interface"
                            and event.devpath.endswith(f"/{name}:1.0"), slow.since, what="the end of the slow one's interface")
    assert gone.time > max(shut, answered), "the bed: the slow stick was refused too early to tell"
    assert_recorded(product, place, other)
    vm.wait_for(f"! {GATE_AT_WORK}", END_TIMEOUT)
    assert vm.out(f"cat /sys/bus/usb/devices/{name}/authorized") == "0", "it is authorised"
    assert agent_life(vm) == life, f"the agent's life changed: {life} became {agent_life(vm)}"
    product.assert_equals_sys()
    vm.evidence.assert_kernel_calm()


def check_slow_pulled(vm):
    """a slow stick that is pulled while the kernel waits for it leaves no gate at work and nothing behind"""
    product = Product.of(vm)
    product.begin(SLOW_ALLOWED)
    slow = vm.usb.stick(Fat(), serial=SLOW_STICK, bytes_per_second=BYTES_PER_SECOND)
    slow.wait_scsi()
    vm.wait_for(GATE_AT_WORK, PROBE_TIMEOUT)
    slow.unplug()
    vm.wait_for(f"! {GATE_AT_WORK}", END_TIMEOUT)
    product.assert_equals_sys()
    left = vm.out("ls /run/lekdicht/grant")
    assert not left, f"grants are left: {left}"
    vm.evidence.assert_kernel_calm()
