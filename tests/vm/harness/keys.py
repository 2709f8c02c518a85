"""Proof by use: a key that is pressed on the device is read from the guest's /dev/input."""

import itertools
from contextlib import contextmanager
from dataclasses import dataclass

READ_TIMEOUT = 20       # seconds from the press to the program that reads it, on a busy host
READER = "/usr/lib/bed/keys"


@dataclass(frozen=True)
class Key:
    """One key under its three names: QEMU's, Linux's, and the HID usage a keyboard reports."""
    qcode: str
    code: int
    usage: int


# Function keys, because nothing in the guest minds them. Each press takes the next one, so that a
# key of an earlier proof cannot pass for this one.
FUNCTION_KEYS = [Key(f"f{number}", 58 + number, 0x39 + number) for number in range(1, 11)]
LEFT_BUTTON = 272       # BTN_LEFT
_next_key = itertools.cycle(FUNCTION_KEYS).__next__


@contextmanager
def reader(vm, node):
    """A program in the guest that has NODE open and prints what is pressed."""
    job = vm.start(f"{READER} {node}")
    try:
        job.wait_output("ready\n", READ_TIMEOUT)
        yield job
    finally:
        job.kill()


def send(vm, device, kind, **data):
    """Press and release over QMP, to the display that DEVICE is bound to."""
    for down in (True, False):
        vm.qmp.execute("input-send-event", device=device.head, events=[{"type": kind, "data": {"down": down, **data}}])


def assert_keyboard(vm, keyboard):
    """A key sent to the USB keyboard arrives in the guest."""
    key = _next_key()
    with reader(vm, keyboard.wait_input()) as job:
        send(vm, keyboard, "key", key={"type": "qcode", "data": key.qcode})
        job.wait_output(f"key {key.code}\n", READ_TIMEOUT)


def assert_tablet(vm, tablet):
    """A click with the USB tablet arrives in the guest."""
    with reader(vm, tablet.wait_input()) as job:
        send(vm, tablet, "btn", button="left")
        job.wait_output(f"key {LEFT_BUTTON}\n", READ_TIMEOUT)


def assert_gadget_keyboard(vm, gadget):
    """A key that the gadget reports arrives in the guest by way of the USB bus."""
    key = _next_key()
    with reader(vm, gadget.wait_input()) as job:
        gadget.press(key.usage)
        job.wait_output(f"key {key.code}\n", READ_TIMEOUT)
