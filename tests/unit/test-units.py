#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the units leave open: systemd's own judgement of each, held to a bound, and a reason for each right that is kept."""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/bed"))

from tapout import Tap  # noqa: E402

UNITS = ROOT / "systemd"
# Exposure as `systemd-analyze security` reckons it, 0 to 10. The gate's own have no mount namespace, since they unmount for
# everybody; in rescue mode nothing may stand in the way.
BOUNDS = {
    "lekdichtd.service": 2.0,
    "lekdicht-reporter.service": 1.3,
    "lekdicht-collector.service": 1.3,
    "lekdicht-gate.service": 4.2,
    "lekdicht-helper.service": 4.8,
    "lekdicht-watch.service": 2.0,
    "lekdicht-gate-rescue.service": 10.0,
}
# Settings whose words are rights; each word has to stand in a comment of the unit, by its name or as said here.
RIGHTS = ("CapabilityBoundingSet", "RestrictAddressFamilies", "ReadWritePaths", "DeviceAllow", "SystemCallFilter")
SPOKEN_OF = {"AF_INET6": "AF_INET", "char-sg": "SCSI generic"}
# Rights that every service has, and words that are none.
PLAIN = {"@system-service", "none", "r"}
LAST_WORD = {"Restart": "always", "StartLimitIntervalSec": "0"}

tap = Tap("units")
check = tap.check


def settings(text):
    """(key, value) of each line."""
    return re.findall(r"^([A-Za-z]+)=(.*)$", text, re.M)


def exposure(unit):
    """As one number; the programs that it names need not be installed."""
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory) / unit
        copy.write_text(re.sub(r"@[A-Z]+@/[a-z-]+", "/bin/true", (UNITS / unit).read_text(encoding="utf-8")), encoding="utf-8")
        said = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", copy], capture_output=True, text=True,
                              check=False, stdin=subprocess.DEVNULL)
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", said.stdout)
    if not found:
        raise ValueError(f"{unit}: systemd-analyze said {said.stdout[-200:]} {said.stderr}")
    return float(found.group(1))


def unexplained(unit):
    """Rights of the unit of which no comment speaks."""
    text = (UNITS / unit).read_text(encoding="utf-8")
    comments = " ".join(line.lstrip("# ") for line in text.splitlines() if line.startswith("#"))
    for key, value in settings(text):
        for word in value.split() if key in RIGHTS and not value.startswith("~") else ():
            name = SPOKEN_OF.get(word, word.removeprefix("CAP_"))
            if word not in PLAIN and name not in comments:
                yield f"{unit}: {key}={word} is kept, and no comment says why"


def main():
    units = sorted(path.name for path in UNITS.glob("*.service"))
    check("each has a bound", [f"{unit}: not in this test's table" for unit in set(units) ^ set(BOUNDS)])
    for unit in units:
        if shutil.which("systemd-analyze"):
            reckoned, bound = exposure(unit), BOUNDS.get(unit, 0)
            check(f"{unit} is exposed {bound} at most", [f"{reckoned}"] if reckoned > bound else [])
        else:
            check(f"{unit} # SKIP there is no systemd-analyze here", [])
        check(f"{unit} says why it keeps each right", unexplained(unit))
    # What udev says of phones does not come into another network; systemd 252 may leave /run, where grants are, out of strict.
    found = dict(settings((UNITS / "lekdichtd.service").read_text(encoding="utf-8")))
    check("lekdichtd has udev's events, and /run for reading only",
          [f"{key}={found.get(key)}" for key, value in (("PrivateNetwork", None), ("ProtectSystem", "strict"), ("ReadOnlyPaths", "/run"))
           if found.get(key) != value])
    for unit in units:
        found = dict(settings((UNITS / unit).read_text(encoding="utf-8")))
        if found["Type"] == "oneshot":
            # What closes the gate opens nothing when it is stopped or fails.
            check(f"{unit} undoes nothing", [f"{unit}: {key}" for key in ("ExecStop", "ExecStopPost", "OnFailure") if key in found])
        else:
            check(f"{unit} is never given up", [f"{unit}: {key}={found.get(key)}" for key, value in LAST_WORD.items() if found.get(key) != value])
            check(f"{unit} gains no rights", [f"{unit}: NoNewPrivileges={found.get('NoNewPrivileges')}"] if found.get("NoNewPrivileges") != "yes" else [])
    sys.exit(tap.end())


if __name__ == "__main__":
    main()
