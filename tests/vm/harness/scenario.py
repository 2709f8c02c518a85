"""Scenarios: a laptop and the checks that share it; and the boots that they take."""

import importlib.util
import time
import traceback
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from .guest import Guest
from .host import VM, BedError
from .machine import Machine
from .tap import Skip

SCENARIOS = VM / "scenarios"
CALM = "the kernel reported no bug, warning or hung task"


class Watch:
    """Where the time of a VM goes: by the clock, and what QEMU had of the processors."""

    def __init__(self, vm):
        self._vm = vm
        self._began = self._last = self._now()

    def lap(self):
        """Words for the time since the lap before."""
        before, self._last = self._last, self._now()
        return self._words(before, self._last)

    def whole(self):
        """Words for all of it."""
        return self._words(self._began, self._now())

    def _now(self):
        return time.monotonic(), self._vm.process.processor_seconds() if self._vm.process else 0.0

    @staticmethod
    def _words(begin, end):
        return f"{end[0] - begin[0]:.0f} s ({end[1] - begin[1]:.0f} s of processors)"


class Scenario:
    """One file of scenarios/. It may say:

    PRODUCT = False                 the product is not installed (default: it is)
    MACHINE = Machine(...)          which laptop (default: Machine())
    FOLLOWS = "other"               runs on the laptop as that scenario leaves it, when both run: one boot less
    MINUTES = 4                     about how long it takes on two cores, so that the longest begin first (default: 1)
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
        self.follows = getattr(module, "FOLLOWS", None)
        self.minutes = getattr(module, "MINUTES", 1)
        self.before_power_on = getattr(module, "before_power_on", None)
        self.checks = [value for name, value in vars(module).items() if name.startswith("check_")]

    def title_of(self, check):
        if not check.__doc__:
            raise BedError(f"{self.name}: {check.__name__} does not say in its docstring what it shows")
        return f"{self.name}: {check.__doc__.strip().split(chr(10))[0].rstrip('.')}"

    def checks_of(self, only):
        """The checks whose function's name contains ONLY (one of several, separated by commas)."""
        return [check for check in self.checks if any(text in check.__name__ for text in only.split(","))]

    def run(self, tap, vm, only=""):
        """Make the checks on the laptop VM, which is on; whether all is well."""
        watch, since = Watch(vm), vm.evidence.boot if vm.name == self.name else vm.evidence.mark()
        well = True
        for check in self.checks_of(only):
            well &= self._make(tap, vm, self.title_of(check), check)
            tap.comment(f"{self.name}: {check.__name__} took {watch.lap()}")
        well &= self._make(tap, vm, f"{self.name}: {CALM}", lambda vm: vm.evidence.assert_kernel_calm(since))
        tap.comment(f"{self.name}: took {watch.whole()}; logs in {vm.logs}")
        return well

    def fail(self, tap, only, why):
        """No check of it could be made."""
        for check in self.checks_of(only):
            tap.not_ok(self.title_of(check), why)

    @staticmethod
    def _make(tap, vm, title, check):
        """One check; whether it is well. Whatever goes wrong in it fails it, and the next one runs."""
        try:
            check(vm)
        except Skip as reason:
            tap.skip(title, reason)
        except Exception as failure:        # a check is foreign code: its bug is its failure
            tap.not_ok(title, f"{type(failure).__name__}: {failure}\n{where(failure)}")
            return False
        else:
            tap.ok(title)
        return True


class Boot:
    """Scenarios that share one boot: each one but the first says that it FOLLOWS the one before."""

    def __init__(self, scenario):
        self.scenarios = [scenario]

    def add(self, scenario):
        """Let SCENARIO run on the laptop of the others, which must be the one that it asks for."""
        first = self.scenarios[0]
        if (scenario.machine, scenario.product) != (first.machine, first.product) or scenario.before_power_on:
            raise BedError(f"{scenario.name} cannot follow {scenario.follows}: it wants another laptop")
        self.scenarios.append(scenario)

    @property
    def minutes(self):
        return sum(scenario.minutes for scenario in self.scenarios)

    def run(self, tap, only="", keep=None):
        """Make the checks, report to TAP. KEEP(vm) is called before the machine is switched off.

        After a failure the next scenario gets a boot of its own, so that one failure stays one.
        """
        remaining = list(self.scenarios)
        while remaining:
            first = remaining[0]
            with Guest(first.name, first.machine, first.product, say=tap.comment) as vm:
                watch = Watch(vm)
                try:
                    vm.boot(first.before_power_on)
                except (BedError, AssertionError) as failure:
                    remaining.pop(0).fail(tap, only, f"the laptop did not boot: {failure}")
                    continue
                tap.comment(f"{first.name}: booted in {watch.whole()}")
                while remaining and remaining.pop(0).run(tap, vm, only):
                    pass
                self._save_journal(tap, vm)
                if keep:
                    keep(vm)

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


def boots_of(scenarios):
    """The boots that SCENARIOS take, the longest first, so that at the end no processor is idle for long."""
    named, boots = {scenario.name: scenario for scenario in scenarios}, {}
    after = {scenario.name: {scenario.follows} & named.keys() for scenario in scenarios}
    try:
        order = list(TopologicalSorter(after).static_order())
    except CycleError as error:
        raise BedError(f"these follow each other in a circle: {', '.join(error.args[1])}") from error
    for name in order:
        scenario = named[name]
        if after[name]:
            boots[name] = boots[scenario.follows]
            boots[name].add(scenario)
        else:
            boots[name] = Boot(scenario)
    return sorted(dict.fromkeys(boots.values()), key=lambda boot: -boot.minutes)
