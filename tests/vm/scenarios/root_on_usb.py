"""A laptop that runs from a USB disk: it lives, it says why, and every other stick is refused."""

import json

from harness.gate import assert_closed, assert_nothing_failed, assert_refuses, wait_off
from harness.machine import ROOT_USB_PORT, Machine
from harness.product import Product, kernel_name

MACHINE = Machine(root="usb")
REFUSED = "lekdicht.device.refused"
EXEMPT = "lekdicht.gate.exempt"


def root_usb(vm):
    """The kernel's name of the USB device that the root is on."""
    name = vm.out(f"for d in /sys/bus/usb/devices/*-{ROOT_USB_PORT}; do basename $d; done")
    path = vm.out("readlink -f /sys/dev/block/$(mountpoint --fs-devno /)")
    assert f"/{name}/" in path, f"the root is on {path}, not on the USB device {name}: this shows nothing"
    return name


def assert_lives(vm):
    """The root reads and writes, past every cache."""
    vm.run("dd if=/dev/zero of=/root/alive bs=4k count=64 conv=fsync && echo 3 >/proc/sys/vm/drop_caches && "
           "cmp --bytes=262144 /root/alive /dev/zero && rm /root/alive")


def check_says_why(vm):
    """it boots with the gate closed, and journal, status and devices say that this disk carries the system"""
    agent = Product(vm)
    name = root_usb(vm)
    assert_closed(vm)
    assert_nothing_failed(vm)
    said = agent.wait_event(EXEMPT, 0)
    assert "carries /" in said["MESSAGE"], said["MESSAGE"]
    exempt = [line for line in agent.gate("status").out.splitlines() if line.startswith("exempt: ")]
    assert len(exempt) == 1 and exempt[0].endswith(" carries /"), f"lekdicht-gate status says {exempt}"
    device = agent.devices().get(name)
    assert device, f"lekdicht devices does not list {name}: {json.dumps(agent.devices())}"
    assert device["state"] == "exempt" and "carries /" in device["reason"], f"lekdicht devices: {json.dumps(device)}"
    assert not agent.events(0, REFUSED), "something was refused"
    assert_lives(vm)


def check_other_stick(vm):
    """another stick in the same laptop is refused"""
    assert_refuses(Product(vm))


def check_refuse_is_declined(vm):
    """asked to refuse the root's own device, by any of its names, lekdicht-gate declines and changes nothing"""
    agent = Product(vm)
    name = root_usb(vm)
    lun = vm.out("basename $(readlink -f /sys/dev/block/$(mountpoint --fs-devno /)/device)")
    for argument in (name, f"{name}:1.0", lun):
        declined = agent.gate("refuse", argument, codes=(1, 5))
        assert "/" in declined.err, f"it does not say what it carries: {declined}"
    assert vm.out(f"cat /sys/bus/usb/devices/{name}/authorized") == "1"
    assert_lives(vm)


def check_closed_again(vm):
    """closed again, and opened and closed, the root stays and is exempt still"""
    agent = Product(vm)
    agent.gate("close")
    agent.gate("open", "--until-reboot")
    stick = vm.usb.stick()
    stick.wait_disk()
    place = agent.here()
    agent.gate("close")
    agent.wait_event(REFUSED, place, LEKDICHT_PORT=kernel_name(stick.wait_usb()))
    wait_off(stick)
    assert_lives(vm)
    assert " carries /" in agent.gate("status").out
    agent.agent("restart")
    assert agent.devices()[root_usb(vm)]["state"] == "exempt"
    assert_lives(vm)
    stick.unplug()
