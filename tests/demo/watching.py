# SPDX-License-Identifier: GPL-3.0-or-later
"""lekdicht-watch in the demo: what really runs on this machine, or one client that is played."""

import shutil

from stage import BUILD, ROOT

PROGRAM = BUILD / "tests/demo/lekdicht-watch-demo"
CATALOGUE = ROOT / "policy/clients.ini"
LOOK_ALIKE = ".dropbox-dist/dropbox-lnx.x86_64-200.4.7134/dropbox"     # where Dropbox puts itself in a home


def start(stage):
    stage.start("lekdicht-watch", [PROGRAM, CATALOGUE], lambda text: text.removeprefix("lekdicht-watch: "))


def start_played(stage):
    """A program that only sleeps, under Dropbox's path, and the watcher, both in a PID namespace: nobody's real one is found."""
    look_alike = stage.folder / "home" / LOOK_ALIKE
    look_alike.parent.mkdir(parents=True)
    shutil.copy("/usr/bin/sleep", look_alike)
    stage.start("lekdicht-watch", ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", "/usr/bin/python3", "-B",
                                   ROOT / "tests/demo/client.py", look_alike, PROGRAM, CATALOGUE],
                lambda text: text.removeprefix("lekdicht-watch: "))
