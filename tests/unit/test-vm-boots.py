#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which scenarios of tests/vm share a boot, and what a failure does to those behind it: without a virtual machine."""

import io
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS / "vm"), str(TESTS / "bed")]
from harness import scenario as tested      # noqa: E402
from harness import tap as vm_tap           # noqa: E402
from harness.host import BedError           # noqa: E402
from tapout import Tap                      # noqa: E402

CHECK = 'def check_it(vm):\n    """it is so"""\n    assert vm.name != BREAKS\n'


class Machine:
    """Stands in for a Guest: booted, it remembers for whom; the one that is to fail has the name BROKEN."""

    BROKEN = ()
    booted = []

    def __init__(self, name, *_, **__):
        self.name, self.logs, self.process, self.evidence = name, "", None, self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def boot(self, _):
        self.booted.append(self.name)
        if self.name in self.BROKEN:
            raise BedError("it is broken")

    def mark(self):
        return 0

    def assert_kernel_calm(self, since):
        pass

    def save_journal(self):
        pass


def scenarios(**texts):
    """Scenarios of these names, with these lines in them and one check that fails in a boot of the name BREAKS."""
    with tempfile.TemporaryDirectory() as directory:
        found = []
        for name, text in texts.items():
            path = Path(directory) / f"{name}.py"
            path.write_text(f'"""{name}"""\nfrom harness.machine import Machine\nBREAKS = None\n{text}\n{CHECK}')
            found.append(tested.Scenario(path))
        return found


def rows(**texts):
    return [[scenario.name for scenario in boot.scenarios] for boot in tested.boots_of(scenarios(**texts))]


def run(**texts):
    """Run them; who booted, and the results."""
    Machine.booted.clear()
    said = io.StringIO()
    report = vm_tap.Tap(said)
    for boot in tested.boots_of(scenarios(**texts)):
        boot.run(report)
    results = [line.split(" - ")[1] for line in said.getvalue().splitlines() if line.startswith("not ok")]
    return list(Machine.booted), results, report.count


def unlike(found, wanted):
    return [] if found == wanted else [f"{found}, not {wanted}"]


def refused(word, **texts):
    try:
        return [f"it was taken: {rows(**texts)}"]
    except BedError as error:
        return [] if word in str(error) else [f"it says {error}"]


def main():
    tested.Guest = Machine
    tap = Tap("vm boots")
    tap.check("one that follows another shares its boot, in whatever order they come",
              unlike(rows(a='FOLLOWS = "b"', b='FOLLOWS = "c"', c="", d=""), [["c", "b", "a"], ["d"]]))
    tap.check("without the other it boots by itself", unlike(rows(a='FOLLOWS = "b"'), [["a"]]))
    tap.check("the row that takes longest begins first",
              unlike(rows(a="MINUTES = 3", b="MINUTES = 2", c='FOLLOWS = "b"\nMINUTES = 2'), [["b", "c"], ["a"]]))
    tap.check("one that wants another laptop cannot follow",
              refused("another laptop", a="", b='FOLLOWS = "a"\nMACHINE = Machine(root="usb")')
              + refused("another laptop", a="", b='FOLLOWS = "a"\nPRODUCT = False')
              + refused("another laptop", a="", b='FOLLOWS = "a"\ndef before_power_on(vm):\n    pass'))
    tap.check("nor can they follow each other in a circle", refused("circle", a='FOLLOWS = "b"', b='FOLLOWS = "a"'))
    follows = {"b": 'FOLLOWS = "a"', "c": 'FOLLOWS = "b"'}
    tap.check("all is well: one boot", unlike(run(a="", **follows), (["a"], [], 6)))
    tap.check("after a failure the next one boots anew, and the others follow that",
              unlike(run(a='BREAKS = "a"', **follows), (["a", "b"], ["a: it is so"], 6)))
    Machine.BROKEN = ("a",)
    tap.check("a boot that fails is a failure of the first alone; none goes unmade",
              unlike(run(a="", **follows), (["a", "b"], ["a: it is so"], 5)))
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
