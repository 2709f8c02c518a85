"""What was in the laptop at power-on: its devices are older than the record, so /sys is asked for them."""

from .gate import assert_nothing_failed


def name_at_boot(vm, device):
    """The kernel's name of a USB device; QEMU's port N is port N of one of the root hubs."""
    return vm.out(f"for d in /sys/bus/usb/devices/*-{device.port}; do basename $d; done")


class AtBoot:
    """A keyboard that was there, for keys.py."""

    def __init__(self, vm, keyboard):
        self.vm, self.head, self.name = vm, keyboard.head, name_at_boot(vm, keyboard)

    def wait_input(self):
        return self.vm.out(f"echo /dev/input/$(basename /sys/bus/usb/devices/{self.name}/*/*/input/input*/event*)")


def assert_clean(vm):
    """No unit failed, and nothing removable is mounted."""
    assert_nothing_failed(vm)
    mounted = vm.out("findmnt --noheadings --list --output SOURCE | grep -E '^/dev/(sd|sr|mmcblk)' || true")
    assert not mounted, f"mounted: {mounted}"
