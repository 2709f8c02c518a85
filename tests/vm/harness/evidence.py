"""What the guest's kernel said: every uevent and every message, in order, since the boot began.

The recorder in the guest (guest/files/usr/lib/bed/recorder) sends them as they happen, so a check
can wait for an event instead of sleeping, and "nothing appeared" is read from a complete record.
The record is complete up to a `mark()`: it puts an event and a message of its own through the
kernel and waits until both have come back.
"""

import json
import re
import threading
import time
import uuid
from dataclasses import dataclass, field

from .host import BedError
from .stream import Stream

SETTLE = 2.0            # seconds: disks are probed asynchronously, up to 1 s after their SCSI device
MARK_TIMEOUT = 30       # seconds for a mark to come back from a busy guest
EVENT_TIMEOUT = 60      # seconds a plugged device may take to show up on a busy host

# The kernel's lines about a disk that opened. "Attached scsi generic" is not among them: a held
# device has an sg node as well.
DISK_MESSAGE = re.compile(r"\bAttached SCSI (removable )?disk|\bAttached scsi CD-ROM|\] Attached SCSI"
                          r"|^\s*mmcblk\d|^\s*sd[a-z]+: sd[a-z]|^\s*mspblk\d|nvme\d+n\d+: ")
COMPLAINT = re.compile(r"BUG:|Oops|WARNING: CPU|general protection|blocked for more than|Call Trace|soft lockup"
                       r"|refcount_t|list_(add|del) corruption")
VIRTUAL = "/devices/virtual/"


@dataclass(frozen=True)
class Event:
    """One line of the record; `time` is CLOCK_MONOTONIC of the guest in seconds."""
    source: str             # hello, present, uevent, klog, lost
    time: float
    fields: dict = field(repr=False)

    @property
    def env(self):
        return self.fields.get("env", {})

    @property
    def action(self):
        return self.env.get("ACTION")

    @property
    def subsystem(self):
        return self.env.get("SUBSYSTEM")

    @property
    def devpath(self):
        return self.env.get("DEVPATH") or self.fields.get("devpath", "")

    @property
    def text(self):
        return self.fields.get("text", "")

    @property
    def synthetic(self):
        """Somebody wrote to a `uevent` file: nothing appeared."""
        return "SYNTH_UUID" in self.env

    def adds(self, subsystem, below=""):
        """Whether the kernel made a device of SUBSYSTEM, its path matching the pattern BELOW."""
        return (self.action == "add" and self.subsystem == subsystem and not self.synthetic
                and re.search(below, self.devpath) is not None)

    def __str__(self):
        if self.source == "klog":
            return f"[{self.time:.6f}] {self.text}"
        what = " ".join(filter(None, (self.action, self.subsystem, self.devpath)))
        return f"[{self.time:.6f}] {self.source} {what or json.dumps(self.fields)}"


class Evidence:
    """The record of one virtual machine, over all its boots. Places in it are plain numbers."""

    def __init__(self, path, log, shell):
        self._shell = shell
        self._events = []
        self._changed = threading.Condition()
        self._log = open(log, "w", buffering=1)
        self.boot = 0           # where the record of the running boot begins
        self._stream = Stream(path, self._take, lambda: None)

    def mark(self):
        """This moment as a place in the record; all that happened before it is in the record."""
        token = str(uuid.uuid4())
        start = self.here()
        self._shell.run(f"echo change {token} >/sys/devices/virtual/mem/null/uevent; echo bed-mark {token} >/dev/kmsg")
        seen = {"uevent": None, "klog": None}

        def find(event, place):
            if event.env.get("SYNTH_UUID") == token or token in event.text:
                seen[event.source] = place
            return all(seen.values())

        if self._wait(find, start, MARK_TIMEOUT) is None:
            raise BedError(f"the recorder did not bring back a mark within {MARK_TIMEOUT} s")
        return max(seen.values()) + 1

    def here(self):
        """The end of what has arrived so far, as a place; unlike `mark()`, no more than that."""
        with self._changed:
            return len(self._events)

    def since(self, place):
        """The events from PLACE to now."""
        with self._changed:
            return self._events[place:]

    def wait(self, test, since, timeout=EVENT_TIMEOUT, what="an event"):
        """The first event from SINCE on that passes TEST; an assertion names WHAT did not come."""
        event = self._wait(lambda event, place: test(event), since, timeout)
        assert event is not None, f"{what} did not come within {timeout} s"
        return event

    def klog(self, since=None):
        """The kernel's messages of this boot, or from SINCE on."""
        return [event for event in self.since(self.boot if since is None else since) if event.source == "klog"]

    def disks(self, since):
        """Every sign of a disk that opened: block devices on hardware, and the kernel's words."""
        return [event for event in self.since(since)
                if (event.adds("block") and not event.devpath.startswith(VIRTUAL))
                or (event.source == "klog" and DISK_MESSAGE.search(event.text))]

    def assert_no_disk(self, since, settle=SETTLE):
        """No block device appeared from SINCE to SETTLE seconds from now, not even for an instant."""
        time.sleep(settle)
        end = self.mark()
        self.assert_complete(since)
        opened = self.disks(since)
        assert not opened, "opened: " + "; ".join(map(str, opened))
        return end

    def assert_complete(self, since):
        lost = [event for event in self.since(since) if event.source == "lost"]
        assert not lost, f"the record has gaps, it shows nothing: {'; '.join(map(str, lost))}"

    def assert_kernel_calm(self, since=None):
        """The kernel reported no bug, warning or hung task in this boot, or from SINCE on."""
        complaints = [str(event) for event in self.klog(since) if COMPLAINT.search(event.text)]
        assert not complaints, "; ".join(complaints[:10])

    def close(self):
        self._stream.close()
        self._log.close()

    def _wait(self, test, since, timeout):
        """The first event that passes TEST(event, place), each looked at once; None at timeout."""
        deadline = time.monotonic() + timeout
        place = since
        with self._changed:
            while True:
                while place < len(self._events):
                    if test(self._events[place], place):
                        return self._events[place]
                    place += 1
                remaining = deadline - time.monotonic()
                if remaining <= 0:
                    return None
                self._changed.wait(remaining)

    def _take(self, message):
        event = Event(message.pop("source"), message.pop("time"), message)
        with self._changed:
            if event.source == "hello":
                self.boot = len(self._events)
            self._events.append(event)
            self._log.write(f"{event}\n")
            self._changed.notify_all()
