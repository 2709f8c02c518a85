"""`sudo make run` on a machine with USB: the real gate, in the foreground, and everything given back.

The demo's programs are put where a developer would have them, and nothing is installed.
"""

import io
import tarfile
from pathlib import Path

from harness import keys

FOLLOWS = "bed"
PRODUCT = False
ROOT = Path(__file__).resolve().parents[3]
PLACE = "/root/lekdicht"
FILES = ("tests/demo", "tests/bed/privatebus.py", "systemd", "policy/policy.ini", "build/lekdicht", "build/lekdicht-gate",
         "build/lekdicht-collector", "build/lekdicht-reporter", "build/tests/demo/lekdichtd-demo")
PAGE = "python3 -c 'import urllib.request; print(urllib.request.urlopen(\"http://127.0.0.1:4318/\").read().decode())'"
# All that the demo may not leave changed.
STATE = ("cd /sys/bus && grep . scsi/drivers_autoprobe mmc/drivers_autoprobe memstick/drivers_autoprobe; "
         "ls -A -d /run/* /run/udev/* /run/udev/rules.d/* /run/modprobe.d/* /etc/* /etc/dbus-1/system.d/* /tmp/*; "
         "find /dev -maxdepth 1 -type b; ps -eo args | grep -E '^[^ ]*(lekdicht|python3.*guardian)'")
# With a terminal, as somebody sits there.
START = f"cd {PLACE} && exec script -qefc 'env -u CI tests/demo/run' /dev/null"


def state(vm):
    vm.run("udevadm settle")
    return set(vm.run(STATE, check=False).out.splitlines())


def assert_state(vm, before):
    after = state(vm)
    assert after == before, f"new: {sorted(after - before)}, gone: {sorted(before - after)}"


def start(vm):
    """The demo up to where a person is asked to plug something in."""
    demo = vm.start(START)
    demo.wait_output("== plug in a stick", timeout=180)
    return demo


def main_pid(vm):
    return vm.out("pgrep -f 'python3 tests/demo/run'").split()[-1]


def check_put(vm):
    """the demo's files are put in place"""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name in FILES:
            tar.add(ROOT / name, name)
    vm.run(f"mkdir -p {PLACE} && tar -x -C {PLACE}", data=archive.getvalue())
    # The kernel's modules that a stick brings along stay; load them first.
    stick = vm.usb.stick()
    stick.wait_disk()
    stick.unplug()
    stick.wait_gone()


def check_once(vm):
    """without a terminal it closes the gate, shows it, and opens it again"""
    before = state(vm)
    out = vm.out(f"cd {PLACE} && tests/demo/run </dev/null", timeout=120)
    (vm.logs / "once.txt").write_text(out)
    assert "Removable storage is SHUT" in out and "This machine is as it was" in out, out
    assert "SIMULATED" not in out and "FAILED" not in out, out
    assert_state(vm, before)


def check_stick_and_keyboard(vm):
    """while it runs a stick stays shut and comes to the page, a keyboard types; Ctrl-C gives the stick back"""
    before = state(vm)
    demo = start(vm)
    here = vm.evidence.here()
    stick = vm.usb.stick(serial="DEMO-1")
    demo.wait_output("refused by [storage] usb-disk", timeout=20)
    keyboard = vm.usb.keyboard()
    keys.assert_keyboard(vm, keyboard)
    vm.evidence.assert_no_disk(here)
    vm.wait_for(f"{PAGE} | grep -q 'Device refused'")
    page = vm.out(PAGE)
    assert page.count("Device refused") == 1 and ">simulated<" not in page, page
    keyboard.unplug()
    vm.run(f"kill -INT {main_pid(vm)}")
    out = demo.wait(60).out
    (vm.logs / "screen.txt").write_text(out)
    assert "This machine is as it was" in out, out
    stick.wait_disk()
    stick.unplug()
    stick.wait_gone()
    assert_state(vm, before)


def check_killed(vm):
    """killed with SIGKILL, the guardian gives everything back"""
    before = state(vm)
    start(vm)
    stick = vm.usb.stick(serial="DEMO-2")
    vm.wait_for("ls /run/lekdicht/refused | grep -q .")
    vm.run(f"kill -KILL {main_pid(vm)}")
    stick.wait_disk()
    vm.wait_for("! pgrep -f '[/]guardian[.]py'")
    stick.unplug()
    stick.wait_gone()
    assert_state(vm, before)


def check_present_before(vm):
    """a stick that was open before is closed and then open again"""
    stick = vm.usb.stick(serial="DEMO-3")
    node = stick.wait_disk()
    demo = start(vm)
    vm.wait_for(f"! test -e {node}")
    vm.run(f"kill -INT {main_pid(vm)}")
    demo.wait(60)
    vm.wait_for(f"test -e {node}")
    stick.unplug()
