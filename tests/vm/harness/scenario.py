"""Scenarios: one boot of one laptop each, with the checks that share it."""

import importlib.util
import time
import traceback
from pathlib import Path

from .guest import Guest
from .host import VM, BedError
from .machine import Machine
from .tap import Skip

SCENARIOS = VM / "scenarios"
CALM = "the kernel reported no bug, warning or hung task"


class Watch:
    """Where the time goes: by the clock, and what QEMU had of the processors."""

    def __init__(self):
        self._began = self._last = (time.monotonic(), 0.0)

    def lap(self, vm):
        """Words for the time since the lap before."""
        before, self._last = self._last, self._now(vm)
        return self._words(before, self._last)

    def whole(self, vm):
        """Words for all of it."""
        return self._words(self._began, self._now(vm))

    @staticmethod
    def _now(vm):
        return time.monotonic(), vm.process.processor_seconds()

    @staticmethod
    def _words(begin, end):
        return f"{end[0] - begin[0]:.0f} s ({end[1] - begin[1]:.0f} s of processors)"


class Scenario:
    """One file of scenarios/. It may say:

    PRODUCT = False                 the product is not installed (default: it is)
    MACHINE = Machine(...)          which laptop (default: Machine())
    def before_power_on(vm):        plug USB devices that are there at boot
    def check_something(vm):        one check; its docstring's first line is its name in the TAP
    """

    def __init__(self, path):
        self.name = path.stem
        spec = importlib.util.spec_from_file_location(f"scenarios.{self.name}", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        if not module.__doc__:
            raise BedError(f"{path} does not say in its docstring what it shows")
        self.title = module.__doc__.split("\n")[0]
        self.product = getattr(module, "PRODUCT", True)
        self.machine = getattr(module, "MACHINE", Machine())
        self.before_power_on = getattr(module, "before_power_on", None)
        self.checks = [value for name, value in vars(module).items() if name.startswith("check_")]

    def title_of(self, check):
        if not check.__doc__:
            raise BedError(f"{self.name}: {check.__name__} does not say in its docstring what it shows")
        return f"{self.name}: {check.__doc__.strip().split(chr(10))[0].rstrip('.')}"

    def run(self, tap, only="", keep=None):
        """Boot, make every check whose function name contains ONLY (one of several, separated by commas), report to TAP.

        KEEP(vm) is called before the machine is switched off.
        """
        checks = [check for check in self.checks if any(text in check.__name__ for text in only.split(","))]
        watch = Watch()
        with Guest(self.name, self.machine, self.product, say=tap.comment) as vm:
            try:
                vm.boot(self.before_power_on)
            except (BedError, AssertionError) as failure:
                for check in checks:
                    tap.not_ok(self.title_of(check), f"the laptop did not boot: {failure}")
                return
            tap.comment(f"{self.name}: booted in {watch.lap(vm)}")
            for check in checks:
                self._make(tap, vm, self.title_of(check), check)
                tap.comment(f"{self.name}: {check.__name__} took {watch.lap(vm)}")
            self._make(tap, vm, f"{self.name}: {CALM}", lambda vm: vm.evidence.assert_kernel_calm())
            self._save_journal(tap, vm)
            if keep:
                keep(vm)
            whole = watch.whole(vm)
        tap.comment(f"{self.name}: took {whole}; logs in {vm.logs}")

    @staticmethod
    def _make(tap, vm, title, check):
        """One check. Whatever goes wrong in it fails it, and the next one runs."""
        try:
            check(vm)
        except Skip as reason:
            tap.skip(title, reason)
        except Exception as failure:        # a check is foreign code: its bug is its failure
            tap.not_ok(title, f"{type(failure).__name__}: {failure}\n{where(failure)}")
        else:
            tap.ok(title)

    @staticmethod
    def _save_journal(tap, vm):
        try:
            vm.save_journal()
        except (BedError, AssertionError) as failure:
            tap.comment(f"no journal: {failure}")


def where(failure):
    """The lines of the scenario and the harness that led to FAILURE, one each."""
    frames = traceback.extract_tb(failure.__traceback__)[1:]
    return "\n".join(f"at {Path(frame.filename).name}:{frame.lineno}: {frame.line}" for frame in frames)


def all_scenarios():
    """Every scenario there is, by name."""
    return [Scenario(path) for path in sorted(SCENARIOS.glob("*.py"))]
