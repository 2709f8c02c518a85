#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documents point to is there: links, headings, files, targets of make; their policies pass, their tables are whole.

The commands that they tell to type are the matter of test-documented.py.
"""

import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/bed"))

from tapout import Tap  # noqa: E402

BUILD = ROOT / os.environ.get("BUILD", "build")
AREAS = ("common", "policy", "gate", "probe", "agent", "watcher", "cli", "reporter", "collector", "notifier")
# Folders by which a path of this repository begins, where one stands in a text.
FOLDERS = (*AREAS, "bench", "debian", "docs", "po", "systemd", "tests", r"\.ci")
# Of architecture.md: whose headers an area includes, besides its own and those of common/.
INCLUDES = {"agent": {"policy"}, "cli": {"policy"}, "watcher": {"policy"}, "gate": {"probe"}}
NEEDED = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "docs/threat-model.md", "docs/compare.md",
          "docs/architecture.md", "docs/privacy.md", "docs/roll-out.md", "docs/decisions.md", "docs/benchmarks.md")
# What the threat model must say is not covered.
NOT_COVERED = ("Root on the laptop", "Other boot media", "eSATA", "web browser", "Bluetooth")

tap = Tap("papers")


def documents():
    """{name: text} of every Markdown file that belongs to the project."""
    skipped = {ROOT / "build", ROOT / "build-san", ROOT / "build-coverage", ROOT / "build-mutants", ROOT / ".git"}
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in sorted(ROOT.rglob("*.md"))
            if not skipped & set(path.parents)}


def plain(text):
    """Without what is code: an indented block, or between backquotes."""
    return re.sub(r"`[^`]*`", "", re.sub(r"^ {4,}\S.*$", "", text, flags=re.M))


def anchors(text):
    """The headings as GitHub and GitLab name them."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in re.findall(r"^#+ (.*)$", text, re.M)}


def broken_links(texts):
    for name, text in texts.items():
        for target in re.findall(r"\]\(([^)\s]+)\)", plain(text)):
            if re.match(r"https?://|mailto:", target):
                continue
            path, _, anchor = target.partition("#")
            there = (ROOT / name).parent / path if path else ROOT / name
            if not there.exists():
                yield f"{name}: ({target}) is not there"
            elif not there.resolve().is_relative_to(ROOT):
                yield f"{name}: ({target}) is outside of the project"
            elif anchor and anchor not in anchors(there.read_text(encoding="utf-8")):
                yield f"{name}: ({target}): no such heading"


def lost_paths(texts):
    """A file that a text names by its path. With a * it stands for several."""
    for name, text in texts.items():
        for path in re.findall(rf"(?<![\w./-])((?:{'|'.join(FOLDERS)})/[\w./*-]*\w)", text):
            near = (ROOT / name).parent.glob(path)
            if not any(ROOT.glob(path)) and not any(near):
                yield f"{name}: {path} is not there"


def lost_targets(texts):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    known = {word for line in re.findall(r"^([\w -]+):(?![=:])", makefile, re.M) for word in line.split()}
    for name, text in texts.items():
        for command in re.findall(r"(?:^ {4}(?:sudo )?|`(?:sudo )?)make((?: [a-z][a-z-]*)+)", text, re.M):
            for target in set(command.split()) - known:
                yield f"{name}: make {target} is no target"


def wrong_policies(texts):
    """Every indented block that is a whole policy."""
    found = 0
    for name, text in texts.items():
        for block in re.findall(r"(?:^(?: {4}.*)?\n)+", text, re.M):
            policy = "\n".join(line[4:] for line in block.splitlines()).strip() + "\n"
            if not policy.startswith("[policy]"):
                continue
            found += 1
            with tempfile.NamedTemporaryFile("w", suffix=".ini") as file:
                file.write(policy)
                file.flush()
                said = subprocess.run([BUILD / "lekdicht", "policy", "check", file.name], capture_output=True, text=True, check=False)
            if said.returncode != 0:
                yield f"{name}: {said.stdout}{said.stderr}"
    if not found:
        yield "no document shows a policy"


def wrong_tables(texts):
    """Each table has as many cells in every line; those of the comparison are one of five signs."""
    for name, text in texts.items():
        for table in re.findall(r"(?:^\|.*\n)+", text, re.M):
            lines = [re.split(r"(?<!\\)\|", line.strip()[1:-1]) for line in table.splitlines()]
            for cells in lines:
                if len(cells) != len(lines[0]):
                    yield f"{name}: {len(cells)} cells instead of {len(lines[0])}: {cells[0].strip()}"
            if name == "docs/compare.md":
                for cells in lines[2:]:
                    yield from (f"{name}: {cells[0].strip()}: '{cell.strip()}'" for cell in cells[1:] if cell.strip() not in "Y P N ? -".split())


def wrong_includes():
    for area in AREAS:
        allowed = INCLUDES.get(area, set()) | {area} | ({"common"} if area != "common" else set())
        for path in sorted((ROOT / area).glob("*.[ch]")):
            for other in re.findall(r'^#include "(\w+)/', path.read_text(encoding="utf-8"), re.M):
                if other not in allowed:
                    yield f"{path.relative_to(ROOT)} includes {other}/, which docs/architecture.md does not allow"


def wrong_pictures():
    for path in sorted((ROOT / "docs/pictures").glob("*.svg")):
        try:
            xml.etree.ElementTree.parse(path)
        except xml.etree.ElementTree.ParseError as error:
            yield f"{path.name}: {error}"


def main():
    texts = documents()
    tap.check("the documents are there", [f"{name} is not there" for name in NEEDED if name not in texts])
    tap.check("every link leads somewhere", broken_links(texts))
    tap.check("every file that is named is there", lost_paths({name: text for name, text in texts.items() if name != "CHANGELOG.md"}))
    tap.check("every target of make is one", lost_targets(texts))
    tap.check("every policy that is shown is a good one", wrong_policies(texts))
    tap.check("tables are whole", wrong_tables(texts))
    tap.check("who includes whom is as the architecture says", wrong_includes())
    tap.check("pictures that are drawn are XML", wrong_pictures())
    model = texts.get("docs/threat-model.md", "").partition("## What it does not do")[2]
    tap.check("the threat model says what is not covered", [f"{words} is not said" for words in NOT_COVERED if words not in model])
    sys.exit(tap.end())


if __name__ == "__main__":
    main()
