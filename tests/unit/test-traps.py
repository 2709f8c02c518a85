#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has led others who look for clients astray, and the test that shows that it does not us: each is there, and is run."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/bed"))

from tapout import Tap  # noqa: E402

CATALOGUE, PROCESS = "tests/unit/test-catalogue.c", "tests/unit/test-watcher-process.c"
QUESTIONS, STOP = "tests/unit/test-watcher-questions.c", "tests/unit/test-watcher-stop.c"
CLIENTS = "tests/integration/test-agent-clients.c"
TRAPS = (
    ("names that others have: drive, box, sync, the game Celeste, Druva inSync, dropbear", CATALOGUE, "look_alikes_are_not"),
    ("every program of the machine that the tests run on", CATALOGUE, "programs_of_this_machine_are_not"),
    ("a downloader is no client, and an account for mail is none", CLIENTS, "what_is_only_downloaded_is_not_set_up"),
    ("Deja Dup reaches a cloud by an rclone with variables", "tests/unit/test-watcher-rclone.c", "places_are_found"),
    ("a file .grive is Grive2's or CloudCross's", CLIENTS, "what_is_only_downloaded_is_not_set_up"),
    ("a path ends in (deleted), and a file is called so", PROCESS, "deleted_is_not_a_name"),
    ("Dropbox goes through other folders when it updates itself", CATALOGUE, "clients_are_found"),
    ("one notice a day, whatever the path and however often it is started", CLIENTS, "once_a_day_is_enough"),
    ("interpreters: which argument counts", CATALOGUE, "clients_are_found"),
    ("arguments without an end", PROCESS, "long_arguments_are_cut"),
    ("a wrapper starts several times as one process", CLIENTS, "a_wrapper_is_what_it_becomes"),
    ("a question to a client is over soon", CLIENTS, "a_question_to_a_client_is_no_client"),
    ("a process's number is used again", STOP, "a_number_that_is_somebody_elses_now_is_left_alone"),
    ("a process becomes another program", STOP, "what_has_become_another_program_is_left_alone"),
    ("a process's name has a parenthesis and a line feed", PROCESS, "start_comes_after_the_last_parenthesis"),
    ("a home is its user's: FIFO, link, huge file, somebody else's", QUESTIONS, "only_ordinary_files_of_the_user_are_read"),
    ("a home that does not answer", QUESTIONS, "nobody_waits_for_a_child"),
    ("root's rights in a user's home", QUESTIONS, "a_child_is_its_user_and_nothing_else"),
    ("homes that are linked elsewhere are passed over", CLIENTS, "whatever_is_in_a_home_stops_nobody"),
    ("the home of who is not there is never touched", CLIENTS, "who_comes_and_goes_is_noticed"),
    ("mountinfo: other users' mounts, octal characters", "tests/unit/test-watcher-fusemounts.c", "a_line_is_read"),
    ("control groups of both versions, or none", PROCESS, "flatpak_is_in_the_control_group"),
    ("a snap runs programs that others have, too", CATALOGUE, "snaps_are_found"),
    ("in its unit it sees other users' processes still", CLIENTS, "four_rights_are_enough"),
    ("a program that was renamed mounts as what it is", CATALOGUE, "mounts_are_found"),
    ("several people at one laptop", CLIENTS, "a_client_is_recorded_and_told_to_its_user_alone"),
    ("what runs as root or as a service is nobody's doing", CLIENTS, "what_runs_as_root_is_nobodys"),
    ("a server of the school's own", CLIENTS, "the_schools_own_server_is_approved"),
    ("a catalogue that grows old is corrected by a later file", CATALOGUE, "a_later_file_corrects_an_earlier_one"),
    ("a catalogue with a mistake is used for nothing", CATALOGUE, "bad_files_are_refused_whole"),
)


def problems(path, function):
    """Why it cannot be said that this test is run."""
    text = (ROOT / path).read_text(encoding="utf-8")
    if not re.search(rf"^static void {function}\(void \*\*state\)$", text, re.M):
        yield f"{path} has no test {function}"
    elif not re.search(rf"\b(TEST|cmocka_unit_test\w*)\(\s*{function}\b", text):
        yield f"{path}: {function} is not among the tests that are run"


def main():
    tap = Tap("traps")
    for trap, path, function in TRAPS:
        tap.check(f"{trap} ({function})", problems(path, function))
    return tap.end()


sys.exit(main())
