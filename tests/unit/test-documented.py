#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every command of README, the other documents and the man pages is run by a test as it is written, or it is said why not.

Which test is in tests/documented/where.py. A command that is new in a document, or gone from all of them, fails here.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/bed"))
sys.path.insert(0, str(ROOT / "tests/documented"))

import extract  # noqa: E402
import where  # noqa: E402
from tapout import Tap  # noqa: E402

PICTURE_MAX = 100 * 1000        # bytes
tap = Tap("documented")


def check(name, problems):
    tap.check(name, sorted(problems))


def main():
    found = extract.commands()
    own = (where.POLICY, where.INSTALL, where.COLLECTOR, where.REMOVE, where.PURGE, *where.IMAGE, where.ROLL_OUT)
    known = [*own, *where.LAPTOP, *where.IN_TESTS, *where.NOT_RUN]
    check("every command is run, or it is said why not",
          [f"{', '.join(sorted(places))} tell to type, and where.py has not: {command}" for command, places in found.items() if command not in known]
          + ([] if len(found) > 60 else [f"only {len(found)} commands were found"]))
    check("every command that is run is told by a document", [f"in no document: {command}" for command in known if command not in found]
          + [f"twice: {command}" for command in set(known) if known.count(command) > 1])
    scenario = (ROOT / "tests/vm/scenarios/packages.py").read_text(encoding="utf-8")
    check("the tests that are named are there, and the scenario runs its own",
          [f"{file} is not there" for file in set(where.IN_TESTS.values()) if not (ROOT / file).is_file()]
          + [f"scenarios/packages.py does not use {name}" for name in ("POLICY", "INSTALL", "COLLECTOR", "REMOVE", "PURGE", "IMAGE", "LAPTOP") if f"where.{name}" not in scenario])

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    first = "\n".join(readme.splitlines()[:20])
    check("what is not covered stands on the first screen of the README",
          [f"{words} is not said" for words in ("Not covered", "web browser", "root on the laptop", "other systems booted") if words not in first])
    pictures = [ROOT / path for path in ("docs/pictures/notice.png", "docs/pictures/page.png")]
    check("its pictures are there and small",
          [f"{path.name} is not in the README" for path in pictures if f"({path.relative_to(ROOT)})" not in readme]
          + [f"{path.name} is missing or too large" for path in pictures if not path.exists() or not 0 < path.stat().st_size <= PICTURE_MAX])
    sys.exit(tap.end())


if __name__ == "__main__":
    main()
