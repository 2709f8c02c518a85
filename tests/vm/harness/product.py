"""lekdicht in the guest: its policy, its agent, what it writes in the journal and says of a device."""

import json
import math
import re
import shlex
import time
from pathlib import Path

from .host import VM

POLICY = "/etc/lekdicht/policy.ini"
RUN = "/run/lekdicht"
TOOLS = "/usr/lib/bed/tools"
VERDICT_TIMEOUT = 30    # seconds for the agent on a busy host; what must be fast is measured by the guest's clock
QUIET = 2.0             # seconds without a gate at work after which nothing more is expected
POLL = 0.1              # seconds between two looks at what the host has already
LOOK = 0.25             # between two looks in the guest: each is a process, on a processor that others wait for
QEMU_VENDOR = "46f4"    # of everything that QEMU plugs in; 0001 are sticks and disks
QEMU_PRODUCT = "0001"


def kernel_name(event):
    """The name in /sys of what EVENT is about: 1-2, 3:0:0:0."""
    return event.devpath.rpartition("/")[2]


def policy_text(*sections, version=1, mode="enforce"):
    """A policy file that blocks all storage but for what SECTIONS (texts) say."""
    return "\n".join((f"[policy]\nversion = {version}\nmode = {mode}\n", *sections))


def allow(name, vendor=QEMU_VENDOR, product=QEMU_PRODUCT, serial=None, access="allow"):
    """A [device] section that opens it."""
    lines = [f"[device {name}]"]
    lines += [f"{key} = {value}" for key, value in
              (("vendor", vendor), ("product", product), ("serial", serial)) if value is not None]
    return "\n".join((*lines, f"access = {access}", ""))


def read_only(name, **criteria):
    """A [device] section that opens it for reading."""
    return allow(name, access="read-only", **criteria)


class Product:
    """The installed product in the guest VM."""

    def __init__(self, vm):
        self.vm = vm
        self._versions = iter(range(2, 1 << 30))
        self._journal = vm.start("journalctl -b -t lekdichtd -f -n all -o json --no-pager")

    @classmethod
    def of(cls, vm):
        """The one of this VM: checks share what they have read of the journal."""
        if not hasattr(vm, "lekdicht"):
            vm.lekdicht = cls(vm)
        return vm.lekdicht

    def begin(self, *sections):
        """Where a check begins: nothing plugged, the gate closed, the agent running with a policy of SECTIONS."""
        for device in (*self.vm.usb.plugged(), *self.vm.gadgets.plugged()):
            device.unplug()
        self.vm.wait_for("! ls -d /sys/bus/usb/devices/*:*/host* >/dev/null 2>&1", VERDICT_TIMEOUT)
        self.agent("start")
        self.gate("close")
        self.set_policy(*sections)
        self.wait_quiet(0.3)

    # Agent and gate

    def agent(self, verb):
        """systemctl VERB lekdichtd: stop, start, restart, reload."""
        self.vm.run(f"systemctl {verb} lekdichtd.service")

    def gate(self, *words, codes=(0,)):
        """Run lekdicht-gate; the Result."""
        result = self.vm.run(f"lekdicht-gate {shlex.join(words)}", check=False)
        assert result.code in codes, str(result)
        return result

    def is_closed(self):
        return self.vm.run("lekdicht-gate status", check=False).code == 0

    def tool(self, name):
        """The path in the guest of the program tests/vm/guest-tools/NAME, put there."""
        path = f"{TOOLS}/{name}"
        if self.vm.run(f"test -x {path}", check=False).code != 0:
            self.vm.put(path, (VM / "guest-tools" / name).read_bytes(), 0o755)
        return path

    # Policy

    def write_policy(self, *sections, mode="enforce"):
        """Put a policy in place that allows what SECTIONS say, for the agent to find at its next start; its version."""
        version = next(self._versions)
        self.vm.put(POLICY, policy_text(*sections, version=version, mode=mode))
        return version

    def set_policy(self, *sections, mode="enforce"):
        """The same, and have the running agent take it."""
        version = self.write_policy(*sections, mode=mode)
        self.agent("reload")
        # Asked, not read in the journal: journald stands still while a slow device keeps the kernel waiting.
        deadline = time.monotonic() + VERDICT_TIMEOUT
        while (running := self.status()).get("policy", {}).get("version") != version:
            assert time.monotonic() < deadline, f"policy {version} is not taken: {running}"
            time.sleep(LOOK)
        return version

    # Journal

    def entries(self, since=0):
        """The agent's journal entries of this boot, from the place SINCE on."""
        *lines, _ = self._journal.output["out"].split(b"\n")
        return [json.loads(line) for line in lines[since:]]

    def here(self):
        """The end of the journal as a place; what was said before is in it."""
        token = f"bed-mark-{time.monotonic_ns()}"
        self.vm.run(f"echo {token} | systemd-cat -t lekdichtd")
        self._journal.wait_output(token)
        return len(self.entries())

    def events(self, since, event=None, **fields):
        """The entries from SINCE on with this LEKDICHT_EVENT and FIELDS."""
        wanted = {**fields, **({"LEKDICHT_EVENT": event} if event else {})}
        return [entry for entry in self.entries(since)
                if "LEKDICHT_EVENT" in entry and wanted.items() <= entry.items()]

    def wait_event(self, event, since, timeout=VERDICT_TIMEOUT, **fields):
        """The first entry of that kind from SINCE on."""
        deadline = time.monotonic() + timeout
        while not (found := self.events(since, event, **fields)):
            said = "; ".join(str(entry.get("MESSAGE")) for entry in self.entries(since))
            assert time.monotonic() < deadline, f"no {event} {fields or ''} within {timeout} s; the agent said: {said}"
            time.sleep(POLL)
        return found[0]

    @staticmethod
    def moment(entry):
        """When an entry was written, on the clock of the kernel's events."""
        return int(entry["__MONOTONIC_TIMESTAMP"]) / 1e6

    # Devices

    def devices(self):
        """What `lekdicht devices --json` lists: id -> entry."""
        result = self.vm.run("lekdicht devices --json", check=False)
        listed = json.loads(result.out)
        assert "devices" in listed, f"{result}"
        return {device["id"]: device for device in listed["devices"]}

    def status(self):
        return json.loads(self.vm.run("lekdicht status --json", check=False).out)

    def wait_state(self, name, state, timeout=VERDICT_TIMEOUT):
        """Wait until the agent says that the device NAME is in STATE; its entry."""
        deadline = time.monotonic() + timeout
        while True:
            device = self.devices().get(name, {})
            if device.get("state") == state:
                return device
            assert time.monotonic() < deadline, \
                f"{name} is {device.get('state', 'not listed')}, not {state}, after {timeout} s: {device.get('reason')}"
            time.sleep(LOOK)

    def wait_refused(self, device):
        """Wait until the agent says that what was plugged is refused; its kernel name."""
        name = kernel_name(device.wait_usb())
        self.wait_state(name, "refused")
        return name

    def wait_open(self, device, count=1):
        """Wait until COUNT disks of what was plugged are open to users; the path of the last one's node."""
        node = device.wait_disk(count)
        self.wait_granted(node)
        return node

    def wait_granted(self, node):
        """Wait until NODE has its grant and udev has given it to the group disk."""
        name = Path(node).name
        self.vm.wait_for(f"test -e {RUN}/grant/$(cat /sys/class/block/{name}/diskseq) && "
                         f'test "$(stat -c %a:%G {node})" = 660:disk', VERDICT_TIMEOUT)

    def wait_quiet(self, seconds=QUIET):
        """Wait until no lekdicht-gate has been at work for SECONDS."""
        self.vm.run(f"n=0; until [ $n -ge {math.ceil(seconds / LOOK)} ]; do "
                    f"if pgrep -x lekdicht-gate >/dev/null; then n=0; else n=$((n+1)); fi; sleep {LOOK}; done")

    def assert_equals_sys(self, timeout=VERDICT_TIMEOUT):
        """What the agent and the gate's files say is what the kernel has, as soon as all is quiet."""
        deadline = time.monotonic() + timeout
        while differences := self._differences():
            assert time.monotonic() < deadline, "; ".join(differences)
            time.sleep(LOOK)
        self.gate("close")      # the gate sweeps at each run what it wrote about devices that have left
        differences = self._differences("swept")
        assert not differences, "; ".join(differences)

    def _differences(self, *words):
        return json.loads(self.vm.run(" ".join((self.tool("compare.py"), *words))).out)


def disks_outside(evidence, since, *allowed):
    """Signs of disks that opened from SINCE on and are not below one of the devices ALLOWED."""
    kept = []
    names = set()
    for event in evidence.disks(since):
        if event.source == "uevent" and any(re.search(device.path, event.devpath) for device in allowed):
            names.add(kernel_name(event))
            continue
        kept.append(event)
    # The kernel's messages name the disk in brackets, or the SCSI device.
    return [event for event in kept if event.source != "klog"
            or not any(f"[{name}]" in event.text or f" {name}:" in event.text for name in names)]
