#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the kernel's announcement to the verdict, and memory: lekdicht and USBGuard, in one run of one virtual machine.

For each plug: the moment the kernel found the device, by the time stamp of its own message "New USB device found", and the
moment the program put under its own record of the verdict (journal; audit file). lekdicht judges later than USBGuard by
design: at the interface, when usb-storage and udev are at work as well; USBGuard lets no interface come to be. Sticks and
UAS disks take turns. Block devices that appeared meanwhile are counted, with a positive control: the same plugs with nobody
on guard.
"""

import argparse
import json
import pathlib
import re
import statistics
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "vm"))

from harness import keys                         # noqa: E402
from harness.guest import Guest                  # noqa: E402
from harness.machine import Machine              # noqa: E402

PLUGS = 20              # of each program; half of them sticks, half UAS disks
GONE_TIMEOUT = 30       # seconds for a pulled device to leave a busy guest
VERDICT_TIMEOUT = 30    # seconds for a record to come
POLL = 0.05
SLACK = 0.02            # seconds that the clocks of the kernel log and of the records may differ
USBGUARD_AUDIT = "/var/log/usbguard/usbguard-audit.log"
MEMORY = re.compile(r"^(Rss|Pss|Anonymous|Private_Dirty):\s+(\d+) kB", re.MULTILINE)
NODE = re.compile(r"\d+-\d+$")


class Lekdicht:
    """lekdichtd as installed."""
    name, process = "lekdicht", "lekdichtd"

    def __init__(self, vm):
        self.vm = vm

    def start(self):
        self.vm.run("lekdicht-gate close; systemctl start lekdichtd")

    def stop(self):
        self.vm.run("systemctl stop lekdichtd; lekdicht-gate open --until-reboot", check=False)

    def verdicts(self, port):
        """CLOCK_REALTIME of each record about PORT, oldest first."""
        lines = self.vm.out(f"journalctl -b -t lekdichtd LEKDICHT_EVENT=lekdicht.device.refused LEKDICHT_PORT={port} -o json "
                            "--no-pager").splitlines()
        return [int(json.loads(line)["_SOURCE_REALTIME_TIMESTAMP"]) / 1e6 for line in lines]


class Usbguard:
    """usbguard-daemon of Debian with no rules: whatever is plugged in is blocked."""
    name, process = "USBGuard", "usbguard-daemon"
    line = re.compile(r"^\[(\d+\.\d+)\].*target\.new='block'.*via-port \"([^\"]+)\"")

    def __init__(self, vm):
        self.vm = vm
        vm.run("install -m 600 /dev/null /etc/usbguard/rules.conf; systemctl unmask usbguard 2>/dev/null; true")

    def start(self):
        self.vm.run("systemctl start usbguard")

    def stop(self):
        # It leaves authorized_default=0 behind.
        self.vm.run("systemctl stop usbguard; for hub in /sys/bus/usb/devices/usb*; do echo 1 >$hub/authorized_default; done")

    def verdicts(self, port):
        found = (self.line.match(line) for line in self.vm.out(f"cat {USBGUARD_AUDIT}").splitlines())
        return [float(match.group(1)) for match in found if match and match.group(2) == port]


def found(vm, device):
    """When the kernel found it (seconds since boot, by the stamp of its message), and its port."""
    port = NODE.search(device.wait_usb().devpath).group()
    words = f"usb {port}: New USB device found"
    event = vm.evidence.wait(lambda event: event.source == "klog" and event.text.startswith(words), device.since, what=words)
    return event.time, port


def measure(vm, guard, plugs, offset):
    """Seconds from the kernel's message to the verdict for each plug."""
    taken = []
    for number in range(plugs):
        device = vm.usb.stick() if number % 2 else vm.usb.uas()
        start, port = found(vm, device)
        deadline = time.monotonic() + VERDICT_TIMEOUT
        while not (later := [moment for moment in guard.verdicts(port) if moment >= start + offset - SLACK]):
            if time.monotonic() > deadline:
                sys.exit(f"{guard.name} recorded no verdict about {port} within {VERDICT_TIMEOUT} s")
            time.sleep(POLL)
        taken.append(later[0] - start - offset)
        device.unplug()
        device.wait_gone(GONE_TIMEOUT)
    return taken


def memory(vm, process):
    """Kilobytes by /proc/PID/smaps_rollup, summed over all processes of that name."""
    total = {}
    for pid in vm.out(f"pgrep -f {process}").split():
        text = vm.run(f"cat /proc/{pid}/smaps_rollup", check=False).out
        for key, value in MEMORY.findall(text):
            total[key] = total.get(key, 0) + int(value)
    return total


def keyboard_after_kill(vm, guard):
    """Does a keyboard that is plugged in type after the guard was killed with SIGKILL and is not started again?"""
    vm.run(f"systemctl mask --runtime {'lekdichtd' if guard.name == 'lekdicht' else 'usbguard'}; "
           f"pkill -KILL -f {guard.process}", check=False)
    keyboard = vm.usb.keyboard()
    try:
        keys.assert_keyboard(vm, keyboard)
        return "types"
    except AssertionError:
        return "dead"
    finally:
        keyboard.unplug()
        vm.run(f"systemctl unmask --runtime {'lekdichtd' if guard.name == 'lekdicht' else 'usbguard'}", check=False)


def disks_of(vm, since):
    """How many whole disks the kernel made, from SINCE on."""
    vm.evidence.mark()
    return sum(event.env.get("DEVTYPE") == "disk" for event in vm.evidence.disks(since) if event.source == "uevent")


def row(label, *cells):
    print(f"| {label} | " + " | ".join(cells) + " |", flush=True)


def spread(values, unit, factor):
    ordered = sorted(value * factor for value in values)
    return f"{statistics.median(ordered):.1f} {unit} ({ordered[0]:.1f} to {ordered[-1]:.1f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plugs", type=int, default=PLUGS)
    options = parser.parse_args()
    with Guest("bench-gate", Machine(), product=True, say=lambda text: print(f"<!-- {text} -->")) as vm:
        vm.boot()
        offset = float(vm.out("python3 -c 'import time; print(time.time() - time.monotonic())'"))
        kernel = vm.out("uname -r")
        results = {}
        guards = [Lekdicht(vm), Usbguard(vm)]
        guards[0].stop()
        for guard in guards:
            guard.start()
            since = vm.evidence.mark()
            taken = measure(vm, guard, options.plugs, offset)
            results[guard.name] = (taken, disks_of(vm, since), memory(vm, guard.process), keyboard_after_kill(vm, guard))
            if guard is guards[0]:
                inside = [int(json.loads(line)["LEKDICHT_USEC_TO_VERDICT"]) / 1e6 for line in vm.out(
                    "journalctl -b -t lekdichtd LEKDICHT_EVENT=lekdicht.device.refused -o json --no-pager").splitlines()]
            guard.stop()
        since = vm.evidence.mark()
        for number in range(options.plugs):
            device = vm.usb.stick() if number % 2 else vm.usb.uas()
            device.wait_disk()
            device.unplug()
            device.wait_gone(GONE_TIMEOUT)
        control = disks_of(vm, since)
    print(f"Kernel {kernel} in QEMU (TCG, 2 CPUs), {options.plugs} plugs each, bulk-only and UAS in turn; median (spread).\n")
    row("", *results)
    row("---", *("---:" for _ in results))
    row("device found to verdict", *(spread(taken, "ms", 1000) for taken, _, _, _ in results.values()))
    row("of that in lekdichtd, from the interface's event on", spread(inside, "ms", 1000), "")
    row("block devices that appeared", *(str(disks) for _, disks, _, _ in results.values()))
    for key, label in (("Rss", "resident memory"), ("Pss", "its proportional share"), ("Anonymous", "anonymous memory")):
        row(label, *(f"{used.get(key, 0)} kB" for _, _, used, _ in results.values()))
    row("keyboard plugged in after SIGKILL", *(keyboard for _, _, _, keyboard in results.values()))
    print(f"\nPositive control: with nobody on guard {control} of {options.plugs} plugs made a block device.\n"
          "What this does not show: other hardware, and how long a person waits. The emulated CPU is some ten times slower "
          "than a laptop's.")


if __name__ == "__main__":
    main()
