#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/privacy.md lists what can be recorded: all of it, and nothing else, and says truly what this version records."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES_A_MIB = 256           # of 4096 bytes


def keys_of_code():
    """{enum key: its name}, of the closed list."""
    return dict(re.findall(r'\[(EVENT_KEY_\w+)\] = \{ "([^"]+)"', (ROOT / "common/event.c").read_text()))


def keys_recorded():
    """The enum keys that the agent sets."""
    return {key for path in (ROOT / "agent").glob("*.c") for key in re.findall(r"\bEVENT_KEY_\w+", path.read_text())}


def keys_of_page(page):
    """{name: whether this version records it}"""
    rows = re.findall(r"^\| (`[^|]+) \|[^|]+\| (yes|no) \|$", page, re.M)
    return {name: said == "yes" for names, said in rows for name in re.findall(r"`([^`]+)`", names)}


def bound(name):
    return int(re.search(rf"#define {name}\s+(\d+)U", (ROOT / "agent/spoolstore.h").read_text())[1])


def main():
    page = (ROOT / "docs/privacy.md").read_text()
    code, recorded, told = keys_of_code(), keys_recorded(), keys_of_page(page)
    results = [
        ("every key that can be recorded is on the page, and no other", set(code.values()) ^ set(told)),
        ("the page says which of them this version records",
         {name for key, name in code.items() if told.get(name) != (key in recorded)}),
        ("the page says how long the laptop keeps them", [] if f"{bound('SPOOLSTORE_KEPT_DAYS')} days" in page else ["days"]),
        ("the page says how much of them the laptop keeps",
         [] if f"at most {bound('SPOOLSTORE_PAGES_MAX') // PAGES_A_MIB} MiB" in page else ["MiB"]),
    ]
    for number, (name, problems) in enumerate(results, 1):
        for problem in sorted(problems):
            print(f"# {problem}")
        print(f"{'not ok' if problems else 'ok'} {number} - privacy: {name}")
    print(f"1..{len(results)}")
    return any(problems for _, problems in results)


sys.exit(main())
