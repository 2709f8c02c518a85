#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The zoo: the devices and situations that lekdicht is tested with, one small INI file each.

    tests/zoo/zoo.py            says what is wrong with the files, and prints the table for the README
    tests/zoo/zoo.py --write    puts it there, between the markers <!-- zoo --> and <!-- /zoo -->

Scenarios read the files too, and plug what `make` describes, so that a new device is a new file:

    how = qemu      make = [hub >]... stick | keyboard | tablet | phone | bot: LUN, ... | uas: LUN, ...     LUN: disk or cd
    how = gadget    make = storage, keyboard        functions in the order of their interfaces: those, network (RNDIS) and what
                                                    phones are: mtp, ptp, adb, vendor (MTP that only udev knows), charging, iphone
    how = boot      make = what the laptop is like, in words
    how = deed      make = what is done to it, in words

What no emulator has is tested with a fake /sys: tested-by = unit/test-PROGRAM: TEST, and kernel = no.
"""

import ast
import configparser
import re
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
README = ROOT / "README.md"
OPEN, CLOSE = "<!-- zoo -->", "<!-- /zoo -->"
SECTION = "zoo"

VERDICTS = {
    "refused": "refused",               # judged, and switched off
    "opened": "opens",                  # judged, and given its driver
    "read-only": "opens for reading",   # judged, and never writable
    "held": "held",                     # nobody there to judge it: the closed gate holds it
    "untouched": "untouched",           # not lekdicht's business
    "exempt": "exempt",                 # carries the system
    "in part": "storage refused, the rest works",
    "files": "files refused, the rest works",
    "open": "opens: the gate is open",
}
EVENTS = {"none", "lekdicht.device.refused", "lekdicht.device.opened", "lekdicht.device.readonly", "lekdicht.device.inventory", "lekdicht.grant.ended", "lekdicht.gate.exempt",
          "lekdicht.gate.opened", "lekdicht.gate.closed", "lekdicht.gate.drift", "lekdicht.device.drift"}
RULE = re.compile(r"none|grant|\[storage\] (usb-disk|sd-card|optical|external-disk|phone-mtp|phone-ptp|phone-apple|phone-adb)|\[device [\w.-]+\]|built-in")
HOWS = {"qemu": "QEMU", "gadget": "dummy_hcd", "boot": "boot", "deed": "deed"}
FIELDS = ("title", "how", "make", "verdict", "rule", "event", "still-works", "tested-by", "kernel")

STORAGE = {"stick", "bot", "uas"}
OTHERS = {"keyboard", "tablet", "phone"}
LUNS = {"disk", "cd"}
FUNCTIONS = {"storage", "keyboard", "network", "mtp", "ptp", "adb", "vendor", "charging", "iphone"}


class ZooError(Exception):
    """A file of the zoo is not as it should be."""


@dataclass(frozen=True)
class Recipe:
    """What to plug: behind how many hubs, which device, with which logical units or functions."""
    hubs: int
    kind: str
    parts: tuple

    @property
    def disks(self):
        """How many block devices it would open."""
        return 1 if self.kind == "stick" else len(self.parts)


@dataclass(frozen=True)
class Animal:
    """One device or situation."""
    name: str
    title: str
    how: str
    make: str
    verdict: str
    rule: str
    event: str
    still_works: str
    tested_by: tuple        # (scenario, check) pairs
    kernel: bool

    @property
    def recipe(self):
        return parse_recipe(self.how, self.make)


def parse_recipe(how, make):
    """The Recipe that MAKE describes; ZooError when it describes none."""
    if how == "gadget":
        parts = tuple(part.strip() for part in make.split(","))
        if not set(parts) <= FUNCTIONS:
            raise ZooError(f"make = {make}: a gadget is made of {', '.join(sorted(FUNCTIONS))}")
        return Recipe(0, "gadget", parts)
    *hubs, last = (part.strip() for part in make.split(">"))
    kind, _, rest = last.partition(":")
    parts = tuple(part.strip() for part in rest.split(",") if part.strip())
    if any(hub != "hub" for hub in hubs) or kind not in STORAGE | OTHERS:
        raise ZooError(f"make = {make}: not understood")
    if bool(parts) != (kind in ("bot", "uas")) or not set(parts) <= LUNS:
        raise ZooError(f"make = {make}: bot and uas take logical units ({', '.join(sorted(LUNS))}), nothing else does")
    return Recipe(len(hubs), kind, parts)


def parse(path):
    """The Animal in the file PATH."""
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",), comment_prefixes=("#",))
    try:
        parser.read_string(path.read_text())
    except configparser.Error as error:
        raise ZooError(str(error)) from error
    if parser.sections() != [SECTION]:
        raise ZooError(f"needs one section, [{SECTION}]")
    values = dict(parser[SECTION])
    for field in FIELDS:
        if not values.get(field):
            raise ZooError(f"{field} is missing")
    for field in values:
        if field not in FIELDS:
            raise ZooError(f"{field} is not known")
    for field, known in (("how", HOWS), ("verdict", VERDICTS), ("event", EVENTS), ("kernel", ("yes", "no"))):
        if values[field] not in known:
            raise ZooError(f"{field} = {values[field]}: one of {', '.join(sorted(known))}")
    if not RULE.fullmatch(values["rule"]):
        raise ZooError(f"rule = {values['rule']}: neither a rule as the journal has it, nor none")
    if values["how"] in ("qemu", "gadget"):
        parse_recipe(values["how"], values["make"])
    tested = []
    for test in values["tested-by"].split(","):
        scenario, separator, check = (part.strip() for part in test.partition(":"))
        if not separator or not scenario or not check:
            raise ZooError(f"tested-by = {test.strip()}: SCENARIO: CHECK")
        tested.append((scenario, check))
    return Animal(path.stem, values["title"], values["how"], values["make"], values["verdict"], values["rule"],
                  values["event"], values["still-works"], tuple(tested), values["kernel"] == "yes")


def load(directory=HERE):
    """All animals, in the order of their names; ZooError names the file that is wrong."""
    animals = []
    for path in sorted(directory.glob("*.ini")):
        try:
            animals.append(parse(path))
        except ZooError as error:
            raise ZooError(f"{path.name}: {error}") from error
    titles = [animal.title for animal in animals]
    for title in titles:
        if titles.count(title) > 1:
            raise ZooError(f"two files have the title {title!r}")
    return animals


TEST = re.compile(r"^static void (\w+)\(void \*\*state\)", re.MULTILINE)


def checks_of(scenario, root=ROOT):
    """The names of the checks of a scenario, or of the tests of a program ("unit/test-x"); None when there is no such file."""
    if "/" in scenario:
        path = root / "tests" / f"{scenario}.c"
        return set(TEST.findall(path.read_text())) if path.is_file() else None
    path = root / "tests/vm/scenarios" / f"{scenario}.py"
    if not path.is_file():
        return None
    functions = (node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef))
    return {name for name in functions if name.startswith("check_")}


def untested(animal, root=ROOT):
    """What ANIMAL says it is tested by and that does not exist: one sentence each."""
    found = []
    for scenario, check in animal.tested_by:
        checks = checks_of(scenario, root)
        if checks is None:
            found.append(f"{animal.name}: there is no scenario {scenario}")
        elif check not in checks:
            found.append(f"{animal.name}: the scenario {scenario} has no check {check}")
    return found


def table(animals):
    """The README's table of ANIMALS, and the names of those that no kernel has seen."""
    lines = ["| what | verdict | rule | what goes on working | made by | scenario |", "| --- | --- | --- | --- | --- | --- |"]
    order = list(HOWS)
    for animal in sorted(animals, key=lambda animal: (order.index(animal.how), animal.title.lower())):
        scenarios = ", ".join(dict.fromkeys(scenario for scenario, _ in animal.tested_by))
        rule = "-" if animal.rule == "none" else f"`{animal.rule}`"
        works = "-" if animal.still_works == "-" else animal.still_works
        lines.append(f"| {animal.title} | {VERDICTS[animal.verdict]} | {rule} | {works} | {HOWS[animal.how]} | {scenarios} |")
    elsewhere = [animal.title for animal in animals if not animal.kernel]
    if elsewhere:
        lines += ["", "Not run on a real kernel: " + "; ".join(elsewhere) + "."]
    else:
        lines += ["", "All of them ran on a real kernel."]
    return "\n".join(lines)


def section(text):
    """Where the table is in the README's TEXT: the places after the opening and before the closing marker."""
    if text.count(OPEN) != 1 or text.count(CLOSE) != 1 or text.index(OPEN) > text.index(CLOSE):
        raise ZooError(f"{README.name} needs the markers {OPEN} and {CLOSE}, once each, in this order")
    return text.index(OPEN) + len(OPEN), text.index(CLOSE)


def main():
    try:
        animals = load()
        wrong = [sentence for animal in animals for sentence in untested(animal)]
        if wrong:
            raise ZooError("; ".join(wrong))
        if sys.argv[1:] == ["--write"]:
            text = README.read_text()
            start, end = section(text)
            README.write_text(f"{text[:start]}\n{table(animals)}\n{text[end:]}")
        else:
            print(table(animals))
    except ZooError as error:
        sys.exit(f"zoo: {error}")


if __name__ == "__main__":
    main()
