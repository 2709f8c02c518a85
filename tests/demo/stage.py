# SPDX-License-Identifier: GPL-3.0-or-later
"""The processes of the demo, and what they say on one screen."""

import os
import pathlib
import queue
import select
import subprocess
import sys
import tempfile
import threading
import time

import privatebus
from guardian import start_of

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = (ROOT / os.environ.get("BUILD", "build")).resolve()
WAIT_SECONDS = 30               # for anything that should take milliseconds, on a machine that is busy

# On a bus in a folder that only root can enter, unless there is a desktop whose user is to see the notice.
OWNERS = '<policy user="root"><allow own="org.lekdicht.Agent1"/></policy>'


class Failed(Exception):
    """The demo could not show what it is for."""


def say(text=""):
    try:
        print(text, flush=True)
    except OSError:                 # nobody reads this any more: go on, and give everything back at the end
        sys.stdout = open(os.devnull, "w", encoding="utf-8")


def heading(text):
    say(f"\n== {text} ".ljust(100, "="))


def until(test, what, seconds=WAIT_SECONDS):
    """What test() gives, as soon as that is something."""
    end = time.monotonic() + seconds
    while True:
        result = test()
        if result:
            return result
        if time.monotonic() > end:
            raise Failed(f"{what} did not come within {seconds} s")
        time.sleep(0.02)


class Stage:
    def __init__(self, guardian, simulated):
        self.guardian, self.simulated = guardian, simulated
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lekdicht-demo-"))
        guardian.undo("remove", self.folder)
        self.lines = queue.Queue()      # (who, time, text) of all that was said
        self.heard = []
        self.environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
                            "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self.folder}/bus"}
        for name in ("TZ", "TMPDIR"):
            if name in os.environ:
                self.environment[name] = os.environ[name]
        self.processes = {}

    def start(self, who, command, show, mark=True, environment=None):
        """Start a process that ends with us; what it says is kept, and shown as show(text) says (None: not). mark: it is
        part of the play, where one is played."""
        process = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", *map(str, command)], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", bufsize=1,
                                   env={**self.environment, **(environment or {})}, start_new_session=True, cwd="/")
        self.guardian.undo("stop", process.pid, start_of(process.pid))
        self.processes[who] = process

        def listen():
            for text in process.stdout:
                moment = time.monotonic()
                shown = show(text.rstrip())
                if shown:
                    say(f"  {'SIMULATED ' if self.simulated and mark else ''}{who} | {shown}")
                self.lines.put((who, moment, text.rstrip()))
            self.lines.put((who, time.monotonic(), None))
        threading.Thread(target=listen, daemon=True).start()
        return process

    def wait_line(self, who, part, seconds=WAIT_SECONDS):
        """When `who` said something with `part` in it (also earlier, if nobody waited for it yet)."""
        end = time.monotonic() + seconds
        while True:
            for i, (speaker, moment, text) in enumerate(self.heard):
                if speaker == who and text is not None and part in text:
                    del self.heard[i]
                    return moment, text
                if text is None and speaker == who:
                    raise Failed(f"{who} has ended")
            try:
                self.heard.append(self.lines.get(timeout=max(0, end - time.monotonic())))
            except queue.Empty:
                raise Failed(f"{who} did not say \"{part}\" within {seconds} s") from None

    def ask(self, *words):
        """Run the command in silence; returns (exit code, what it said)."""
        done = subprocess.run([BUILD / "lekdicht", *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, env=self.environment, timeout=60, check=False)
        return done.returncode, done.stdout

    def lekdicht(self, *words, code=0):
        """Run the command and show it as a user sees it."""
        say(f"\n$ lekdicht {' '.join(words)}")
        got, out = self.ask(*words)
        say(out.rstrip())
        if got != code:
            raise Failed(f"lekdicht {' '.join(words)}: exit {got} instead of {code}")
        return out

    def start_bus(self):
        command = privatebus.command(self.folder / "bus.conf", self.folder / "bus", owners=OWNERS)
        self.start("bus", command, lambda text: None)
        until((self.folder / "bus").exists, "the demo's own bus")

    def start_agent(self, run, gate, environment=None):
        """lekdichtd with the default policy."""
        etc, state = self.folder / "etc", self.folder / "var"
        etc.mkdir(mode=0o755, exist_ok=True)
        state.mkdir(mode=0o700)
        # The first policy of a laptop only looks on; what is shown here is what comes after.
        text = (ROOT / "policy/policy.ini").read_text(encoding="utf-8")
        (etc / "policy.ini").write_text(text.replace("\nmode = audit\n", "\nmode = enforce\n"), encoding="utf-8")
        (etc / "policy.ini").chmod(0o644)
        words = [run, etc, state, gate] + (["simulated"] if self.simulated else [])
        self.start("lekdichtd", [BUILD / "tests/demo/lekdichtd-demo", *words], lambda text: text.removeprefix("lekdichtd: "),
                   environment=environment)

        def answers():
            if self.processes["lekdichtd"].poll() is not None:
                raise Failed("lekdichtd has ended")
            return self.ask("status", "--json")[0] not in (3, 4)
        until(answers, "an answer of lekdichtd")

    def from_another_terminal(self, *words):
        """How to run the command beside the demo."""
        return f"sudo DBUS_SYSTEM_BUS_ADDRESS=unix:path={self.folder}/bus {BUILD}/lekdicht {' '.join(words)}"

    def stay(self, *who):
        """Until Ctrl-C, or one of them ends."""
        while True:
            for name in who:
                if self.processes[name].poll() is not None:
                    raise Failed(f"{name} has ended")
            select.select([], [], [], 0.5)
