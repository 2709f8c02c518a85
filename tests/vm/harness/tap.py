"""Test Anything Protocol 13: one line a check, in the order the checks end, the plan last."""

import sys
import threading


class Skip(Exception):
    """This check cannot be made here, and why. It is reported as skipped, never as passed."""


class Tap:
    """Writes TAP to standard output; several threads may report."""

    def __init__(self, out=sys.stdout):
        self._out, self._lock = out, threading.Lock()
        self.count = self.failed = self.skipped = 0
        self._write("TAP version 13")

    def ok(self, name):
        with self._lock:
            self._result("ok", name)

    def not_ok(self, name, why):
        with self._lock:
            self.failed += 1
            self._result("not ok", name)
            self._comment(why)

    def skip(self, name, why):
        with self._lock:
            self.skipped += 1
            self._result("ok", f"{name} # SKIP {' '.join(str(why).split())}")

    def comment(self, text):
        with self._lock:
            self._comment(text)

    def end(self):
        """The plan and a summary; True when nothing failed and something was checked."""
        with self._lock:
            self._write(f"1..{self.count}")
            self._comment(f"{self.count} checks, {self.failed} failed, {self.skipped} skipped")
            return self.failed == 0 and self.count > 0

    def _result(self, verdict, name):
        self.count += 1
        self._write(f"{verdict} {self.count} - {name}")

    def _comment(self, text):
        for line in str(text).rstrip("\n").split("\n"):
            self._write(f"# {line}")

    def _write(self, line):
        print(line, file=self._out, flush=True)
