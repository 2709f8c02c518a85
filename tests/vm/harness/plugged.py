"""A USB device that is in the guest, whoever made it, and what the kernel makes of it."""

import re

DETECT_TIMEOUT = 60     # seconds from the plug to the kernel's device, on a busy host


class Plugged:
    """The base of usb.Device and gadget.Gadget."""

    def __init__(self, name, path, evidence):
        self.name = name
        self.path = path            # a pattern that the devpath of it, and of all on it, begins with
        self.evidence = evidence
        self.since = evidence.here()

    def wait_add(self, subsystem, count=1, tail="", timeout=DETECT_TIMEOUT, **env):
        """Wait until the kernel has made COUNT devices of SUBSYSTEM on it since the plug.

        Their devpath matches TAIL and their uevent has the values of ENV; returns the last one's.
        """
        found = []

        def test(event):
            if event.adds(subsystem, self.path + tail) and env.items() <= event.env.items():
                found.append(event)
            return len(found) == count

        return self.evidence.wait(test, self.since, timeout, f"{subsystem} device of {self.name}")

    def wait_usb(self):
        """Wait for the USB device itself; the event."""
        return self.wait_add("usb", DEVTYPE="usb_device")

    def wait_scsi(self, count=1):
        """Wait until the kernel has found COUNT logical units, opened or not; the last one's event."""
        return self.wait_add("scsi", count, DEVTYPE="scsi_device")

    def wait_disk(self, count=1):
        """Wait until COUNT whole disks of it have opened; the path of the last one's node."""
        return "/dev/" + self.wait_add("block", count, DEVTYPE="disk").env["DEVNAME"]

    def wait_input(self):
        """Wait for its input device; the path of the event node."""
        return "/dev/" + self.wait_add("input", tail=r".*/event\d+$").env["DEVNAME"]

    def wait_gone(self, timeout=DETECT_TIMEOUT):
        """Wait until the kernel has removed the USB device; the event."""
        def test(event):
            return (event.action == "remove" and event.env.get("DEVTYPE") == "usb_device"
                    and re.search(self.path, event.devpath))
        return self.evidence.wait(test, self.since, timeout, f"the removal of {self.name}")
