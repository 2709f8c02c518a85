"""A virtual laptop: power, commands, files, and the record of what its kernel said."""

import base64
import os
import re
import shlex
import shutil
import tempfile
import time
from pathlib import Path

from . import initrd
from .evidence import Evidence
from .gadget import Gadgets
from .host import BUILD, BedError
from .image import image, ssh_key
from .machine import Machine, command_line
from .pci import Pci
from .qemu import Process
from .qmp import Qmp
from .sd import Slot
from .shell import RUN_TIMEOUT, CommandFailed, Shell
from .tree import tree
from .usb import Usb

BOOT_TIMEOUT = 240      # seconds to the agent's first word; 18 on two idle cores, ten times that on busy ones
REBOOT_TIMEOUT = 480    # a second boot of one QEMU is slower: it keeps the translated code of the first
LOGIN_TIMEOUT = 240     # more until systemd has started everything and teacher is logged in
ATTEMPTS = 2            # one boot in twenty oopses early with two CPUs: try again once, and say so
POLL = 0.1
PANIC = re.compile(r"Kernel panic|---\[ end trace|BUG: unable to handle")
DIRECTORY = "lekdicht-vm-"      # in the temporary directory, then the owner's process id
SSH_USER_PORT = 22


def private_directory():
    """A directory for one machine's sockets and disks; those of runs that were killed are removed."""
    temporary = Path(tempfile.gettempdir())     # not the build directory: a socket's path has 107 bytes
    for path in temporary.glob(f"{DIRECTORY}*"):
        owner = path.name.removeprefix(DIRECTORY).partition("-")[0]
        if not Path(f"/proc/{owner}").exists():
            shutil.rmtree(path, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{DIRECTORY}{os.getpid()}-"))


class BootFailed(BedError):
    """The guest gave no answer in time."""


class Guest:
    """One laptop, from power-on to power-off; use it as a context manager.

        with Guest("name", Machine(), product=False) as vm:
            vm.boot()
            vm.run("lsusb")
    """

    def __init__(self, name, machine=None, product=True, logs=None, say=print):
        self.name, self.machine, self.product, self.say = name, machine or Machine(), product, say
        self.logs = Path(logs or BUILD / "logs" / name)
        shutil.rmtree(self.logs, ignore_errors=True)
        self.logs.mkdir(parents=True)
        self.directory = private_directory()
        self.console = self.logs / "console.log"
        self._console_read = 0          # bytes of it that are of a boot before
        self.process = self.qmp = self.shell = self.evidence = self.usb = self.pci = self.sd = self.gadgets = None

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.power_off()
        shutil.rmtree(self.directory, ignore_errors=True)

    # Power

    def boot(self, before_power_on=None):
        """Start the machine and wait for the desktop; BEFORE_POWER_ON(vm) may plug USB devices in.

        A kernel that dies early is started again once: QEMU's TCG does that, not the product.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self.power_on(before_power_on)
                self.wait_login()
                return
            except BootFailed as failure:
                if attempt == ATTEMPTS:
                    raise
                self.power_off()
                aside = self.logs / f"attempt{attempt}"
                aside.mkdir()
                for log in self.logs.glob("*.log"):
                    log.rename(aside / log.name)
                self.say(f"{self.name}: {failure}; starting it once more, its logs are in {aside}")

    def power_on(self, before_power_on=None):
        """Start QEMU and the guest in it, and wait until its agent answers."""
        boot = tree() / "boot"
        ramdisk = initrd.with_files(boot / f"initrd-{self.machine.initrd}.img", self.machine.files,
                                    self.directory / "initrd")
        argv = command_line(self.machine, image(self.product), boot, ramdisk, self.directory, self.console)
        self._console_read = 0
        self.process = Process(argv, self.directory, self.logs / "qemu.log")
        sockets = [self.directory / name for name in ("qmp", "agent", "events")]
        self.process.wait_sockets(*sockets)
        self.qmp, self.shell = Qmp(sockets[0]), Shell(sockets[1])
        self.evidence = Evidence(sockets[2], self.logs / "kernel.log", self.shell)
        self.usb = Usb(self.qmp, self.evidence, self.directory)
        self.pci = Pci(self.qmp, self.evidence, self.directory)
        self.sd = Slot(self.qmp, self.evidence, self.directory)
        self.gadgets = Gadgets(self)
        if before_power_on:
            before_power_on(self)
        self.qmp.execute("cont")
        self._wait_agent(None, BOOT_TIMEOUT)

    def power_off(self):
        """Pull the plug. What the guest's journal has is saved by `save_journal()` before."""
        for part in (self.evidence, self.shell, self.qmp):
            if part:
                part.close()
        if self.process:
            self.process.stop()
            for socket in ("qmp", "agent", "events"):
                (self.directory / socket).unlink(missing_ok=True)
        self.process = self.qmp = self.shell = self.evidence = self.usb = self.pci = self.sd = self.gadgets = None

    def reboot(self):
        """Reboot the guest in the same QEMU, so that its disk keeps what was written, and wait.

        A kernel that dies early, or never comes up, is reset once: see boot().
        """
        before = self.shell.boot_id
        self.shell.start("systemctl reboot")
        try:
            self._wait_agent(before, REBOOT_TIMEOUT)
        except BootFailed as failure:
            self.say(f"{self.name}: {failure}; resetting it once")
            self._console_read = self.console.stat().st_size
            self.qmp.execute("system_reset")
            self._wait_agent(before, REBOOT_TIMEOUT)
        self.wait_login()

    def wait_login(self):
        """Wait until systemd has started all there is to start, and teacher is logged in."""
        try:
            self.run("systemctl is-system-running --wait", timeout=LOGIN_TIMEOUT, check=False)
            # logind calls a session active before its scope exists; its own file says `opening` until then.
            self.wait_for("grep -qs ^STATE=active /run/systemd/sessions/*", LOGIN_TIMEOUT)
        except CommandFailed as failure:
            raise BootFailed(f"nobody is logged in: {failure}") from failure

    def _wait_agent(self, other_than, timeout):
        deadline = time.monotonic() + timeout
        while not self.shell.wait_boot(other_than, timeout=POLL):
            if not self.process.alive():
                raise BedError(f"QEMU ended: {self.process.log.read_text().strip()}")
            said = self.console.read_bytes()[self._console_read:] if self.console.exists() else b""
            panic = PANIC.search(said.decode(errors="replace"))
            if panic:
                raise BootFailed(f"the kernel died early ({panic.group()}, see {self.console})")
            if time.monotonic() > deadline:
                raise BootFailed(f"no answer within {timeout} s (see {self.console})")

    # Commands and files

    def run(self, command, user="root", timeout=RUN_TIMEOUT, check=True, data=b""):
        """Run COMMAND with bash; the Result has code, out and err. CHECK: code 0 or the check fails.

        As `teacher` it runs inside the session on the seat, as a program of the desktop would.
        """
        return self.shell.run(command, user, timeout, check, data)

    def start(self, command, user="root", data=b""):
        """Start COMMAND and return its Job: wait(), wait_output(text), kill()."""
        return self.shell.start(command, user, data)

    def out(self, command, **options):
        """What COMMAND writes, without the last newline."""
        return self.run(command, **options).out.rstrip("\n")

    def wait_for(self, condition, timeout=RUN_TIMEOUT, user="root"):
        """Wait until CONDITION holds: a shell command that ends with 0, or a function that is true."""
        deadline = time.monotonic() + timeout
        if callable(condition):
            while not (value := condition()):
                assert time.monotonic() < deadline, f"{condition.__doc__ or condition} not within {timeout} s"
                time.sleep(POLL)
            return value
        # The guest itself loops: many times cheaper than a command for each look.
        return self.run(f"until {condition}; do sleep {POLL}; done", user=user, timeout=timeout)

    def put(self, path, content, mode=0o644):
        """Write CONTENT (text or bytes) to PATH in the guest, its directory made when it is missing."""
        data = content.encode() if isinstance(content, str) else content
        target = shlex.quote(str(path))
        self.run(f'mkdir -p "$(dirname {target})" && cat >{target} && chmod {mode:o} {target}', data=data)

    def get(self, path):
        """The bytes of the file PATH in the guest."""
        return base64.b64decode(self.run(f"base64 -w0 {shlex.quote(str(path))}").out)

    def uptime(self):
        """The guest's CLOCK_MONOTONIC in seconds, the clock of all evidence and of the journal.

        /proc/uptime also counts the time of a suspend; what TCG can do of one never stops the clock.
        """
        return float(self.out("cut -d' ' -f1 /proc/uptime"))

    # For people

    def save_journal(self):
        """Copy the guest's journal to the logs; a guest that does not answer has none to give."""
        journal = self.run("journalctl -b all -o short-monotonic --no-pager", check=False)
        (self.logs / "journal.log").write_text(journal.out + journal.err)

    def ssh_command(self):
        """Start sshd in the guest; the command line that logs in, for a person to use."""
        self.run("systemctl restart bed-network ssh")
        self.qmp.execute("human-monitor-command", command_line=f"hostfwd_add net tcp:127.0.0.1:0-:{SSH_USER_PORT}")
        table = self.qmp.execute("human-monitor-command", command_line="info usernet")
        port = re.search(r"TCP\[HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)", table).group(1)
        return (f"ssh -i {ssh_key()} -p {port} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null "
                "root@127.0.0.1")
