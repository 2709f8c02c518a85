#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/ansible: Ansible understands it, ansible-lint finds nothing, and it installs the packages that `make deb` builds.

What it does to a laptop is shown by tests/vm/scenarios/packages.py.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/bed"))

from tapout import Tap  # noqa: E402

NEEDED = ("ansible-playbook", "ansible-lint")
ROLE = ROOT / "docs/ansible/roles/lekdicht"
tap = Tap("ansible")
check = tap.check


def said(folder, *command):
    """What a program said that did not end well, in lines."""
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, env={**os.environ, "HOME": str(folder), "NO_COLOR": "1", "ANSIBLE_NOCOLOR": "1", "LC_ALL": "C.UTF-8"})
    return [] if done.returncode == 0 else done.stdout.splitlines() or [f"{command[0]} ended with {done.returncode}"]


def packages():
    version = re.match(r"lekdicht \((\S+)\)", (ROOT / "debian/changelog").read_text(encoding="utf-8")).group(1)
    wanted = [f"lekdicht-agent_{version}_amd64.deb", f"lekdicht-notifier_{version}_amd64.deb"]
    named = re.findall(r"^  - (\S+\.deb)$", (ROLE / "defaults/main.yml").read_text(encoding="utf-8"), re.M)
    return [] if named == wanted else [f"the role installs {named}, and `make deb` builds {wanted}"]


def settings():
    """A setting that the tasks use and defaults do not have, or the other way about."""
    has = set(re.findall(r"^(lekdicht_\w+):", (ROLE / "defaults/main.yml").read_text(encoding="utf-8"), re.M))
    uses = set(re.findall(r"\b(lekdicht_\w+)\b", (ROLE / "tasks/main.yml").read_text(encoding="utf-8")))
    return [] if has == uses else [f"only one of them has: {sorted(has ^ uses)}"]


def main():
    missing = [program for program in NEEDED if not shutil.which(program)]
    if missing:
        print(f"1..0 # SKIP there is no {', '.join(missing)} here")
        return
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory) / "ansible"
        shutil.copytree(ROOT / "docs/ansible", folder)
        check("the playbook is understood", said(folder, "ansible-playbook", "--syntax-check", "--inventory", "laptops.ini", "laptops.yml"))
        check("ansible-lint finds nothing", said(folder, "ansible-lint", "--offline", "--strict"))
    check("it installs what `make deb` builds", packages())
    check("every setting has a default and is used", settings())
    sys.exit(tap.end())


if __name__ == "__main__":
    main()
