"""lekdicht=off on the kernel's command line: everything opens for this boot, and lekdicht says so."""

from harness.disks import Fat
from harness.gate import assert_closed, assert_nothing_failed, assert_open, assert_refuses
from harness.machine import Machine
from harness.product import Product

MACHINE = Machine(kernel="lekdicht=off")
WHY = "lekdicht=off on the kernel command line"


def before_power_on(vm):
    vm.usb.stick(Fat(), port=1)


def check_open(vm):
    """a stick that was there and one that is plugged open; journal and status say open, and why"""
    agent = Product(vm)
    assert_open(vm)
    assert vm.out("ls /sys/bus/usb/devices/*-1/*/host*/target*/*/block"), "the stick that was there at boot is not open"
    vm.usb.stick(port=2).wait_disk()
    said = agent.wait_event("lekdicht.gate.opened", 0)
    assert said["LEKDICHT_REASON"] == WHY, f"the journal says: {said['MESSAGE']}"
    assert "gate: open" in agent.gate("status", codes=(3,)).out
    assert agent.status()["gate"] == "open"
    assert_nothing_failed(vm)


def check_closed_by_hand(vm):
    """closed by hand in that boot, it is closed"""
    agent = Product(vm)
    agent.gate("close")
    assert_closed(vm)
    assert_refuses(agent)
