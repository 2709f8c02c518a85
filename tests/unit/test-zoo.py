#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""The zoo is what it says: every file is sound, its checks exist, and the README shows it all."""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "zoo"))
import zoo  # noqa: E402

GOOD = """[zoo]
title = A stick
how = qemu
make = hub > bot: disk, cd
verdict = refused
rule = [storage] usb-disk
event = lekdicht.device.refused
still-works = the hub
tested-by = bed: check_stick
kernel = yes
"""

# What is wrong, the line of GOOD that is changed, what it becomes.
BAD = [
    ("a field is missing", "title = A stick\n", ""),
    ("a field is empty", "title = A stick", "title ="),
    ("a field is not known", "kernel = yes", "kernel = yes\ncolour = red"),
    ("a field is there twice", "kernel = yes", "kernel = yes\nkernel = no"),
    ("the section has another name", "[zoo]", "[animal]"),
    ("there is a second section", "kernel = yes", "kernel = yes\n[more]"),
    ("the verdict is not known", "verdict = refused", "verdict = shut"),
    ("the event is not known", "event = lekdicht.device.refused", "event = refused"),
    ("the rule is no rule", "rule = [storage] usb-disk", "rule = usb-disk"),
    ("the way is not known", "how = qemu", "how = usbip"),
    ("kernel is neither yes nor no", "kernel = yes", "kernel = perhaps"),
    ("the device is not known", "bot: disk, cd", "floppy"),
    ("a bot without logical units", "bot: disk, cd", "bot"),
    ("a stick with logical units", "bot: disk, cd", "stick: disk"),
    ("a logical unit that is not known", "bot: disk, cd", "bot: tape"),
    ("something else than a hub before it", "hub > bot", "dock > bot"),
    ("a gadget function that is not known", "how = qemu\nmake = hub > bot: disk, cd", "how = gadget\nmake = printer"),
    ("a test without a check", "tested-by = bed: check_stick", "tested-by = bed"),
]


def parse(text):
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "animal.ini"
        path.write_text(text)
        return zoo.parse(path)


def refused(text):
    """Why the zoo does not take TEXT; an assertion when it does."""
    try:
        parse(text)
    except zoo.ZooError as error:
        return str(error)
    raise AssertionError("it was taken")


def test_good_file():
    """a good file is read as it is meant"""
    animal = parse(GOOD)
    assert animal.recipe == zoo.Recipe(1, "bot", ("disk", "cd")), animal.recipe
    assert animal.recipe.disks == 2
    assert animal.tested_by == (("bed", "check_stick"),), animal.tested_by
    assert animal.kernel


def test_bad_files():
    """a wrong file is refused, whatever is wrong with it"""
    for what, old, new in BAD:
        assert old in GOOD, f"{what}: this changes nothing"
        try:
            refused(GOOD.replace(old, new))
        except AssertionError as error:
            raise AssertionError(f"{what}: {error}") from error


def test_untested_is_seen():
    """a check or a scenario that does not exist is told"""
    assert not zoo.untested(parse(GOOD))
    assert "no check check_tape" in zoo.untested(parse(GOOD.replace("check_stick", "check_tape")))[0]
    assert not zoo.untested(parse(GOOD.replace("bed: check_stick", "unit/test-zerocd: " + sorted(zoo.checks_of("unit/test-zerocd"))[0])))
    assert "no check check_stick" in zoo.untested(parse(GOOD.replace("bed:", "unit/test-zerocd:")))[0]
    assert "no scenario lab" in zoo.untested(parse(GOOD.replace("bed:", "lab:")))[0]


def test_every_file():
    """every file of the zoo is sound"""
    assert zoo.load(), "the zoo is empty"


def test_every_animal_is_tested():
    """each names checks that exist"""
    missing = [sentence for animal in zoo.load() for sentence in zoo.untested(animal)]
    assert not missing, "; ".join(missing)


def test_readme():
    """the README's table is the zoo's"""
    text = zoo.README.read_text()
    start, end = zoo.section(text)
    assert text[start:end].strip() == zoo.table(zoo.load()), "the table is older than the data: run tests/zoo/zoo.py --write"


def main():
    tests = [value for name, value in globals().items() if name.startswith("test_")]
    print(f"1..{len(tests)}")
    failed = False
    for number, test in enumerate(tests, start=1):
        try:
            test()
        except (AssertionError, zoo.ZooError) as failure:
            failed = True
            print(f"not ok {number} - {test.__doc__}\n# {failure}")
        else:
            print(f"ok {number} - {test.__doc__}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
