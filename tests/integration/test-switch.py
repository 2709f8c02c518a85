#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""systemd/switch with a systemd, a udev and a gate that are played: in which order lekdicht begins and ends, and that nothing
that fails keeps dpkg from ending. It runs in a mount namespace of its own, with an empty /etc and /run.

What the real ones do is shown by tests/vm/scenarios/packages.py.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLAYED = ("systemctl", "systemd-sysusers", "udevadm", "lekdicht-gate", "lekdicht")
# Writes down how it was called, and fails when FAIL has that between bars.
PLAYER = """#!/bin/sh
called="${0##*/} $*"
echo "$called" >>"$FOLDER/calls"
[ "$called" != "lekdicht policy check --json /etc/lekdicht/policy.ini" ] || printf '{\\n  "mode": "%s"\\n}\\n' "$MODE"
case "$FAIL" in *"|$called|"*) exit 1 ;; esac
"""
INSIDE = """set -e
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /etc
mkdir -p /run/systemd/system /run/udev /run/lekdicht /etc/lekdicht
python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("/run/udev/control")' 2>/dev/null || true
echo > /etc/lekdicht/gate.open
code=0; "$SWITCH" "$VERB" || code=$?
[ ! -e /etc/lekdicht/gate.open ] || echo "the wish is still there"
exit $code
"""
ACTIVE = "systemctl --quiet is-active lekdicht-gate.service"
number, failed = 0, False


def check(name, test):
    global number, failed
    number += 1
    try:
        test()
        print(f"ok {number} - switch: {name}")
    except AssertionError as failure:
        failed = True
        print("\n".join(f"# {line}" for line in str(failure).splitlines()))
        print(f"not ok {number} - switch: {name}")


def switch(verb, mode="enforce", fail=()):
    """(exit code, what was said, the calls in their order)"""
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        for name in PLAYED:
            (folder / name).write_text(PLAYER)
            (folder / name).chmod(0o755)
        done = subprocess.run(["unshare", "--mount", "sh", "-c", INSIDE], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False,
                              env={"PATH": f"{folder}:{os.environ['PATH']}", "FOLDER": directory, "FAIL": "|" + "|".join(fail) + "|",
                                   "MODE": mode, "SBINDIR": directory, "BINDIR": directory, "VERB": verb,
                                   "SWITCH": str(ROOT / "systemd/switch")})
        calls = (folder / "calls").read_text().splitlines() if (folder / "calls").exists() else []
        return done.returncode, done.stdout, calls


def in_order(calls, *wanted):
    """Each of WANTED was called, in this order."""
    places = [calls.index(call) if call in calls else -1 for call in wanted]
    assert -1 not in places and places == sorted(places), f"wanted {wanted}\ngot {calls}"


def first_install():
    code, said, calls = switch("start", fail=[ACTIVE])
    assert code == 0, said
    in_order(calls, "systemd-sysusers lekdicht.conf", "udevadm control --reload", "systemctl daemon-reload",
             "systemctl restart lekdicht-gate.service", "systemctl restart lekdichtd.service")
    assert not any(call.startswith("lekdicht-gate") for call in calls), calls


def only_looks_on():
    code, said, calls = switch("start", mode="audit", fail=[ACTIVE])
    assert code == 0, said
    in_order(calls, "lekdicht-gate open --audit", "systemctl restart lekdicht-gate.service")


def upgrade():
    for mode in ("enforce", "audit"):
        code, said, calls = switch("start", mode=mode)
        assert code == 0, said
        in_order(calls, "systemctl daemon-reload", "systemctl restart lekdichtd.service")
        assert not [call for call in calls if "gate" in call and call != ACTIVE], calls


def failures():
    for fail, words in (("systemctl restart lekdichtd.service", "the agent does not run"),
                        ("systemctl restart lekdicht-gate.service", "not all is shut yet"),
                        ("systemd-sysusers lekdicht.conf", "could not be made"),
                        ("systemctl reload dbus.service", ""), ("systemctl try-restart lekdicht-reporter.service", "")):
        code, said, calls = switch("start", fail=[ACTIVE, fail])
        assert code == 0 and words in said, f"{fail}: {code} {said}"
        assert "systemctl restart lekdichtd.service" in calls, calls
    code, said, calls = switch("stop", fail=["lekdicht-gate open --until-reboot"])
    assert code == 0 and "not all could be opened" in said, f"{code} {said}"


def removal():
    code, said, calls = switch("stop")
    assert (code, said) == (0, ""), f"{code} {said}"
    in_order(calls, "systemctl stop lekdichtd.service lekdicht-watch.service lekdicht-reporter.service",
             "lekdicht-gate open --until-reboot")


def main():
    if os.geteuid() != 0 or not shutil.which("unshare") or subprocess.run(
            ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/run"], check=False, capture_output=True).returncode:
        print("1..0 # SKIP nothing can be mounted here")
        return
    check("a first install closes the gate, then starts the agent", first_install)
    check("where the policy only looks on, the gate is opened before its unit runs", only_looks_on)
    check("an upgrade starts the agent anew and leaves the gate alone", upgrade)
    check("what fails is said and keeps nothing from ending", failures)
    check("a removal stops the agent, then opens the gate", removal)
    print(f"1..{number}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
