"""One QEMU process: started, stopped, and never left behind."""

import atexit
import os
import subprocess
import time
from pathlib import Path

from .host import BedError, require

EMULATOR = "qemu-system-x86_64"
SOCKET_TIMEOUT = 20     # seconds until QEMU has made its sockets
KILL_TIMEOUT = 10       # seconds until a killed QEMU is gone
POLL = 0.02

_running = set()


@atexit.register
def kill_all():
    """Kill every QEMU of this process; who waits for one gets an error at once."""
    for process in list(_running):
        process.kill()


class Process:
    """QEMU with the arguments ARGV, working in DIRECTORY; what it says goes to the file LOG.

    It dies with the thread that started it, however that one ends: setpriv sets PDEATHSIG, and
    atexit covers an orderly end. `snapshot=on` keeps its temporary files in DIRECTORY.
    """

    def __init__(self, argv, directory, log):
        self.log = log
        line = [require("setpriv"), "--pdeathsig", "KILL", require(EMULATOR), *argv]
        with open(log, "w") as output:
            self._process = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                             env={**os.environ, "TMPDIR": str(directory)}, start_new_session=True)
        _running.add(self._process)

    @property
    def pid(self):
        return self._process.pid

    def alive(self):
        return self._process.poll() is None

    def processor_seconds(self):
        """What it has had of the host's processors so far; unlike the clock, it does not grow because others are busy."""
        try:
            stat = Path(f"/proc/{self.pid}/stat").read_text()
        except FileNotFoundError:       # it died, and what it had died with it
            return 0.0
        # The name of the program, in brackets, may hold anything; utime and stime are the fields 14 and 15 of proc(5).
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def wait_sockets(self, *paths):
        deadline = time.monotonic() + SOCKET_TIMEOUT
        while not all(path.exists() for path in paths):
            if not self.alive():
                raise BedError(f"QEMU did not start: {self.log.read_text().strip()}")
            if time.monotonic() > deadline:
                raise BedError(f"QEMU made no sockets within {SOCKET_TIMEOUT} s")
            time.sleep(POLL)

    def stop(self):
        self._process.kill()
        self._process.wait(KILL_TIMEOUT)
        _running.discard(self._process)
