# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands that README, the other documents (TEXTS) and the man pages tell somebody to type."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TEXTS = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/roll-out.md", "docs/threat-model.md", "docs/architecture.md")
# What a command begins with; other words in literal type are names, keys and lines of a policy.
FIRST = r"(?:sudo|sudoedit|make|man|df|lsblk|pgrep|journalctl|systemctl|ansible-playbook|lekdicht-(?:gate|collector)|lekdicht)"
COMMAND = re.compile(rf"{FIRST}(?: \S.*)")
REMARK = re.compile(r"\s+# .*| {3,}.*")


def of_text(path):
    """Indented lines, and what stands between `backquotes`. A name with nothing behind it is no command, but for make."""
    text = path.read_text(encoding="utf-8").partition("<!-- zoo -->")
    text = text[0] + text[2].partition("<!-- /zoo -->")[2]
    lines = [REMARK.sub("", line) for line in re.findall(r"^ {4}(\S.*)$", text, re.M)]
    quoted = [" ".join(words.replace("\\|", "|").split()) for words in re.findall(r"`([^`]+)`", text)]
    return [line for line in lines if COMMAND.fullmatch(line) or line == "make"] + [words for words in quoted if COMMAND.fullmatch(words)]


def plain(roff):
    """A line of mdoc without its escapes."""
    return roff.replace("\\e", "\\").replace("\\-", "-").replace("\\&", "").strip()


def of_page(path):
    """Lines of a display that begin with a prompt, with those they go on in; and what .Ql quotes."""
    found, display, unfinished = [], False, False
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith((".Bd", ".Ed")):
            display = line.startswith(".Bd")
        elif display and unfinished:
            found[-1] = found[-1].removesuffix("\\") + plain(line)
        elif display and re.match(r"[$#] ", line):
            found.append(plain(line[2:]))
        elif line.startswith(".Ql "):
            words = re.sub(r"(?: [.,:;)]+)+$", "", plain(line[4:]).strip('"'))
            if COMMAND.fullmatch(words):
                found.append(words)
            continue
        else:
            continue
        unfinished = display and found and found[-1].endswith("\\")
    return found


def commands():
    """{command: the files that have it}"""
    found = {}
    for path in [ROOT / name for name in TEXTS] + sorted((ROOT / "docs/man").glob("*.[1-9]")):
        for command in of_text(path) if path.suffix == ".md" else of_page(path):
            found.setdefault(command, set()).add(str(path.relative_to(ROOT)))
    return found
