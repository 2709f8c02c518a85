#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The built lekdicht-notifier in a session of its own, under Xvfb, with dunst as the real notification server and an agent
that is played by this file. What the teacher reads is asserted in dunst's history, in English and Dutch; pictures go to
BUILD/screenshots. Prints TAP. BUILD names the directory with the programs (default: build).
"""

import sys
import tempfile

from notifier_bed import PLACES, Desktop, wait_for

ENGLISH = ("This USB stick stays shut",
           "USB sticks and disks get lost easily, so your school keeps files off them. Please use OneDrive or Teams instead.\n"
           "Questions? Servicedesk, room 1.04, telephone 1234 (mention code 7Q3XYZ)\nDe Regenboog · “DataTraveler 3.0”")
DUTCH = ("Deze usb-stick gaat niet open",
         "Usb-sticks en losse schijven raak je makkelijk kwijt. Daarom zet je school er geen bestanden op. "
         "Gebruik liever OneDrive of Teams.\n"
         "Vragen? Servicedesk, lokaal 1.04, telefoon 1234 (noem code 7Q3XYZ)\nDe Regenboog · ‘DataTraveler 3.0’")


def text(entry):
    return entry["summary"], entry["body"]


def told(folder, language, words, buttons, name, **changes):
    """One notice in one language: its words, its buttons, a press, a picture."""
    with Desktop(folder, language) as desktop:
        desktop.agent.tell(**changes)
        desktop.shows(1)
        desktop.screenshot(name)
        offered = desktop.choose("Teams")
        assert offered == sorted(buttons), offered
        wait_for("xdg-open", desktop.opened)
        assert desktop.opened() == [[PLACES[1][2]]], desktop.opened()
        entries = desktop.history()
        assert [text(entry) for entry in entries] == [words], entries
        assert entries[0]["appname"] == "lekdicht", entries


def english(folder):
    """English: title, text, buttons; the button opens the place"""
    told(folder, None, ENGLISH, ["OneDrive", "Teams", "Ask the servicedesk", "Report a data leak"], "notice-en")


def dutch(folder):
    """Dutch: title, text, buttons; the button opens the place"""
    told(folder, "nl_NL", DUTCH, ["OneDrive", "Teams", "Vraag het de servicedesk", "Datalek melden"], "notice-nl",
         Servicedesk="Servicedesk, lokaal 1.04, telefoon 1234")


TESTS = [english, dutch]


def main():
    failed = 0
    wanted = [test for test in TESTS if not sys.argv[1:] or test.__name__ in sys.argv[1:]]
    print("1..%d" % len(wanted))
    for number, test in enumerate(wanted, 1):
        try:
            with tempfile.TemporaryDirectory(prefix="lekdicht-notifier-") as folder:
                test(folder)
            print("ok %d - notifier: %s" % (number, test.__doc__), flush=True)
        except Exception as problem:  # pylint: disable=broad-except
            failed += 1
            print("not ok %d - notifier: %s" % (number, test.__doc__))
            print("# %s: %s" % (type(problem).__name__, str(problem).replace("\n", "\n# ")), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
