#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""What bash and zsh offer behind `lekdicht`, `lekdicht-gate` and `lekdicht-collector` is what their --help says.

The completions are run by the shells themselves. A verb or option that is forgotten in one of them fails here.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/bed"))

from tapout import Tap  # noqa: E402

BUILD = ROOT / os.environ.get("BUILD", "build")
COMPLETION = ROOT / "cli/completion"
# Program: the file that completes it, less what the shells add to its name; and its function in bash.
FILES = {"lekdicht": ("lekdicht", "_lekdicht"), "lekdicht-gate": ("lekdicht", "_lekdicht_gate"),
         "lekdicht-collector": ("lekdicht-collector", "_lekdicht_collector")}
# Taken by the programs and not worth a line of their --help; test-man.py runs them.
UNSAID = {"--help", "--version"}

tap = Tap("completion")
check = tap.check


def said(program):
    return subprocess.run([BUILD / program, "--help"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True,
                          timeout=20).stdout


def shell(command, script):
    return set(subprocess.run([*command, "-c", script], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True,
                              timeout=20, cwd=COMPLETION).stdout.split())


def bash(words):
    """What bash offers for the empty word behind WORDS."""
    typed = " ".join(map(shlex.quote, (*words, "")))
    name, function = FILES[words[0]]
    return shell(["bash", "--norc"], f". {COMPLETION}/{name}.bash; COMP_WORDS=({typed}); COMP_CWORD={len(words)}; "
                 f"{function}; printf '%s\\n' \"${{COMPREPLY[@]}}\"")


def zsh(words):
    typed = " ".join(map(shlex.quote, (*words, "")))
    return shell(["zsh", "-f"], "compadd() { shift; print -l -- $@ }; _files() { print -l * }; "
                 f"words=({typed}); CURRENT={len(words) + 1}; service={words[0]}; . {COMPLETION}/_{FILES[words[0]][0]}")


def usb():
    return {path.name for path in Path("/sys/bus/usb/devices").glob("[0-9]*-*") if ":" not in path.name}


def after(argument):
    """What is offered where --help says ARGUMENT."""
    return {"DEVICE": usb(), "FILE": {path.name for path in COMPLETION.iterdir()}}.get(argument, set())


def of_lekdicht():
    """(words typed, what must be offered)"""
    verbs, alone = {}, set()
    for line in re.findall(r"^  (lekdicht .*)$", said("lekdicht"), re.M):
        if "|" in line:
            alone = set(line.replace("lekdicht", "").replace("|", " ").split())
            continue
        words = re.match(r"lekdicht ((?:[a-z]+(?:-[a-z]+)* ?)+)", line).group(1).split()
        argument = re.search(r"(?<!\S)([A-Z]+)(?!\S)", re.sub(r"\[.*?\]", "", line))
        options = set(re.findall(r"(?<![\w-])(--?[A-Za-z][\w-]*)", line))
        verbs[tuple(words)] = (options, argument.group(1) if argument else None)
    yield ("lekdicht",), {words[0] for words in verbs} | alone | UNSAID
    for first in {words[0] for words in verbs if len(words) > 1}:
        own, _ = verbs.get((first,), (set(), None))
        yield ("lekdicht", first), own | {words[1] for words in verbs if words[0] == first and len(words) > 1}
    for words, (options, argument) in verbs.items():
        if words in {also[:1] for also in verbs if len(also) > 1}:
            continue                            # a verb with words of its own behind it: above
        offered = after(argument) | (options if argument != "FILE" else set())
        yield ("lekdicht", *words), offered
        if argument:
            yield ("lekdicht", *words, "1-2"), options


def of_gate():
    verbs = dict(re.findall(r"^  ([a-z]+) +(\[\S+\]|DEVICE)? ", said("lekdicht-gate"), re.M))
    yield ("lekdicht-gate",), set(verbs) | UNSAID
    for verb, argument in verbs.items():
        yield ("lekdicht-gate", verb), after(argument) | set(re.findall(r"--[\w-]+", argument))


def of_collector():
    text = said("lekdicht-collector")
    lines = re.findall(r"^  ([a-z]+)(?: ([a-z]+))?(.*)$", text, re.M)

    def mine(*words):
        return {option for first, second, rest in lines if (first, second) == words for option in re.findall(r"(--[a-z]+)", rest)}

    of_verbs = {option for first, second, _ in lines for option in mine(first, second)}
    options = set(re.findall(r"^  (-\w|--[a-z]+)", text, re.M)) | set(re.findall(r"^  -\w, (--[a-z]+)", text, re.M))
    yield ("lekdicht-collector",), {verb for verb, _, _ in lines} | (options - of_verbs)
    yield ("lekdicht-collector", "--config"), after("FILE")
    yield ("lekdicht-collector", "token"), {second for verb, second, _ in lines if verb == "token"}
    yield ("lekdicht-collector", "token", "add", "Esdoorn"), mine("token", "add")
    yield ("lekdicht-collector", "adduser", "jan"), mine("adduser", "")
    yield ("lekdicht-collector", "adduser", "jan", "--role"), \
        set(re.findall(r"[a-z-]+", re.sub(r"\(.*?\)", "", re.search(r"--role ROLE .*?: (.*)", text)[1])))
    for verb in ("adduser", "deluser", "passwd", "users", "audit"):
        yield ("lekdicht-collector", verb), set()


def main():
    for name, ask in (("bash", bash), ("zsh", zsh)):
        for program, wanted in (("lekdicht", of_lekdicht), ("lekdicht-gate", of_gate), ("lekdicht-collector", of_collector)):
            title = f"{name} offers what {program} --help says"
            if not shutil.which(name):
                check(f"{title} # SKIP there is no {name} here", [])
                continue
            problems = []
            for words, offered in wanted():
                found = ask(words)
                # zsh offers options before files; bash when a - is typed.
                extra = {"--json"} if name == "zsh" and words[1:] == ("policy", "check") else set()
                if found != offered | extra:
                    problems.append(f"behind `{' '.join(words)}`: {sorted(found - offered - extra)} too many, "
                                    f"{sorted((offered | extra) - found)} missing")
            check(title, problems)
    sys.exit(tap.end())


if __name__ == "__main__":
    main()
