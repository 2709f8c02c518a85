#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole way of a refused stick: from the kernel's announcement to verdict, durable record, notice and collector.

Everything runs in one virtual machine, the collector too. The moments: the kernel's announcement of the USB interface (read
from a netlink socket by a third program), the agent's verdict (its own figure), the signals Recorded (sent after the commit)
and Notice (as a program in the teacher's session gets them), and when the collector took it in. All are the guest's
CLOCK_REALTIME.
"""

import argparse
import json
import pathlib
import statistics
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "vm"))

from harness.disks import Fat                    # noqa: E402
from harness.guest import Guest                  # noqa: E402
from harness.host import BUILD                   # noqa: E402
from harness.machine import Machine              # noqa: E402
from harness.product import Product, kernel_name  # noqa: E402

PLUGS = 20
TIMEOUT = 60            # seconds for one plug to arrive at the collector of a busy guest
POLL = 0.2
SUBSCRIBER = "/root/subscriber"
STEPS = ("verdict", "recorded", "notice", "collector")
PROGRAMS = ("lekdichtd", "lekdicht-reporter", "lekdicht-collector")
QUERY = ("import json, sqlite3; print(json.dumps(sqlite3.connect('file:/var/lib/lekdicht-collector/collector.db?mode=ro', uri=True)"
         ".execute('SELECT uid, received FROM events').fetchall()))")


def set_up(vm):
    """A collector, and a laptop that is enrolled there; the subscriber's Job."""
    vm.run("systemctl restart lekdicht-collector")
    vm.run("lekdicht-collector token add 'the benchmark' | lekdicht enroll http://127.0.0.1:4318 - --label L-0421")
    vm.run("systemctl restart lekdicht-reporter")
    vm.put("/usr/local/bin/subscriber", (BUILD.parent / "bench/subscriber").read_bytes(), 0o755)
    job = vm.start("exec subscriber", user="teacher")
    job.wait_output("subscribed")
    return job


def signals(job):
    """(moment, name, code) of each signal so far."""
    *lines, _ = job.output["out"].split(b"\n")
    return [(float(moment), name, code) for moment, name, code in (line.decode().split() for line in lines)]


def received(vm, uid):
    """When the collector took it in, or None."""
    return dict(json.loads(vm.out(f'python3 -c "{QUERY}"'))).get(uid)


def measure(vm, product, job, offset):
    """Seconds from the announcement to each step, for one plug."""
    place, heard = len(product.entries()), len(signals(job))
    stick = vm.usb.stick(Fat())
    announced = stick.wait_add("usb", tail=r"/.*:", DEVTYPE="usb_interface").time + offset
    verdict = product.wait_event("lekdicht.device.refused", place, LEKDICHT_PORT=kernel_name(stick.wait_usb()))
    uid = verdict["LEKDICHT_UID"]
    deadline = time.monotonic() + TIMEOUT
    while True:
        notice = next((moment for moment, name, code in signals(job)[heard:] if name == "notice" and uid.endswith(code)), None)
        recorded = next((moment for moment, name, _ in signals(job)[heard:] if name == "recorded" and moment > announced), None)
        arrived = received(vm, uid)
        if notice and recorded and arrived:
            break
        if time.monotonic() > deadline:
            sys.exit(f"{uid}: recorded {recorded}, notice {notice}, arrived {arrived} after {TIMEOUT} s")
        time.sleep(POLL)
    stick.unplug()
    stick.wait_gone()
    return {"verdict": int(verdict["_SOURCE_REALTIME_TIMESTAMP"]) / 1e6 - announced, "recorded": recorded - announced,
            "notice": notice - announced, "collector": arrived / 1e9 - announced}


def memory(vm, program):
    """(Rss, Anonymous) in kB of the program's processes."""
    pids = " ".join(vm.out(f"pgrep -f '(^|/){program}( |$)'").split())
    return vm.out(f"for pid in {pids}; do cat /proc/$pid/smaps_rollup; done | "
                  "awk '/^Rss/ { rss += $2 } /^Anonymous/ { anonymous += $2 } END { print rss, anonymous }'").split()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plugs", type=int, default=PLUGS)
    options = parser.parse_args()
    with Guest("bench-way", Machine(), product=True, say=lambda text: print(f"<!-- {text} -->")) as vm:
        vm.boot()
        product = Product.of(vm)
        product.begin()
        job = set_up(vm)
        offset = float(vm.out("python3 -c 'import time; print(time.time() - time.monotonic())'"))
        taken = [measure(vm, product, job, offset) for _ in range(options.plugs)]
        kernel, used = vm.out("uname -r"), {program: memory(vm, program) for program in PROGRAMS}
    print(f"Kernel {kernel} in QEMU (TCG, 2 CPUs), {options.plugs} plugs of a stick, collector in the same machine.\n")
    print("| from the announcement to | median | spread |\n| --- | ---: | ---: |")
    for step in STEPS:
        values = sorted(one[step] * 1000 for one in taken)
        print(f"| {step} | {statistics.median(values):.0f} ms | {values[0]:.0f} to {values[-1]:.0f} ms |")
    print("\n| program | resident | anonymous |\n| --- | ---: | ---: |")
    for program, (resident, anonymous) in used.items():
        print(f"| {program} | {resident} kB | {anonymous} kB |")
    print("\nWhat this does not show: the drawing of the notice by a desktop, a network, and a real processor: this one is emulated "
          "and some ten times slower than a laptop's.")


if __name__ == "__main__":
    main()
