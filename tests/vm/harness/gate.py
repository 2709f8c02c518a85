"""The gate as the kernel shows it: the buses, the devices that are off, the disks that are there."""

import re

from .product import VERDICT_TIMEOUT, kernel_name

BUSES = ("scsi", "mmc", "memstick")


def wait_off(device, timeout=VERDICT_TIMEOUT):
    """Wait until a device that is still plugged has lost an interface: it was deauthorised."""
    def test(event):
        return (event.action == "remove" and event.env.get("DEVTYPE") == "usb_interface"
                and re.search(device.path, event.devpath))
    return device.evidence.wait(test, device.since, timeout, f"switching off {device.name}")


def assert_refuses(agent):
    """Plug a stick and take it out again: the agent (a Product) says that it is refused, it is off, and no disk came of it."""
    vm = agent.vm
    since, place = vm.evidence.mark(), agent.here()
    stick = vm.usb.stick()
    agent.wait_event("lekdicht.device.refused", place, LEKDICHT_PORT=kernel_name(stick.wait_usb()))
    wait_off(stick)
    vm.evidence.assert_no_disk(since)
    stick.unplug()


def assert_closed(vm):
    """Every gated bus is there and binds nothing by itself, by the kernel's own word."""
    for bus in BUSES:
        value = vm.out(f"cat /sys/bus/{bus}/drivers_autoprobe", check=False)
        assert value == "0", f"drivers_autoprobe of the bus {bus} is {value or 'not there'}, not 0"


def assert_open(vm):
    for bus in BUSES:
        value = vm.out(f"cat /sys/bus/{bus}/drivers_autoprobe", check=False)
        assert value in ("1", ""), f"drivers_autoprobe of the bus {bus} is {value}, not 1"


def removable_disks(vm):
    """The kernel names of all block devices on USB or that are a card, partitions too."""
    paths = vm.out("for disk in /sys/class/block/*; do readlink -f $disk; done | grep -E '/usb[0-9]+/|/mmc_host/' || true")
    return [path.rpartition("/")[2] for path in paths.split()]


def moment_of(vm, unit, what):
    """When WHAT (ExecMainStart, ActiveEnter ...) happened to UNIT in this boot, in seconds of CLOCK_MONOTONIC."""
    microseconds = vm.out(f"systemctl show {unit} --property={what}TimestampMonotonic --value")
    assert microseconds not in ("", "0"), f"{unit}: systemd knows no {what}Timestamp in this boot"
    return int(microseconds) / 1e6


def assert_nothing_failed(vm):
    """No unit of this boot has failed; an assertion names it and what it said."""
    failed = vm.out("systemctl --failed --plain --no-legend | cut -d' ' -f1").split()
    if failed:
        raise AssertionError(vm.out(f"systemctl status --no-pager --lines=20 {' '.join(failed)}", check=False))
