#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The built lekdicht-notifier in a session of its own, under Xvfb, with dunst as the real notification server and an agent
that is played by this file. What the teacher reads is asserted in dunst's history, in English and Dutch; pictures go to
BUILD/screenshots. Prints TAP. BUILD names the directory with the programs (default: build).
"""

import os
import pathlib
import pwd
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse

from gi.repository import GLib

from notifier_bed import (BUILD, NAME, NOTIFIER, OBJECT, PLACES, SERVER, SERVER_OBJECT, STICK, Agent, Desktop, Server, call, connect,
                          has_owner, notice, stays, wait_for)

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
NOTICES_MAX = 8               # SHOW_NOTICES_MAX
OWN_MEMORY_MAX_KB = 4 * 1024  # what nobody shares
FLOOD_MEMORY_MAX_KB = 32 * 1024  # 500 notices at once; GLib 2.74 keeps a part

ENGLISH = ("This USB stick stays shut",
           "USB sticks and disks get lost easily, so your school keeps files off them. Please use OneDrive or Teams instead.\n"
           "Questions? Servicedesk, room 1.04, telephone 1234\nData leak? Report it: 0800 1234, day and night\nDe Regenboog · “DataTraveler 3.0” · code 7Q3XYZ")
DUTCH_SERVICEDESK = "Servicedesk, lokaal 1.04, telefoon 1234"
DUTCH = ("Deze usb-stick gaat niet open",
         "Usb-sticks en losse schijven raak je makkelijk kwijt. Daarom zet je school er geen bestanden op. "
         "Gebruik liever OneDrive of Teams.\n"
         f"Vragen? {DUTCH_SERVICEDESK}\nDatalek? Meld het: 0800 1234, day and night\nDe Regenboog · ‘DataTraveler 3.0’ · code 7Q3XYZ")


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
         Servicedesk=DUTCH_SERVICEDESK)


def every_kind(folder):
    """each kind of device has its own words, in both languages"""
    kinds = ["usb-disk", "sd-card", "optical", "external-disk", "phone-mtp", "phone-ptp", "tape"]
    titles = set()
    for language, name in ((None, "notice-kinds-en"), ("nl_NL", "notice-kinds-nl")):
        with Desktop(folder, language) as desktop:
            for number, kind in enumerate(kinds):
                desktop.agent.tell(Plug=f"1-{number}#1", DeviceKind=kind, Name="",
                                   Servicedesk=DUTCH_SERVICEDESK if language else STICK["Servicedesk"])
            desktop.shows(len(kinds))
            desktop.screenshot(name)
            titles.update(entry["summary"] for entry in desktop.history())
    assert len(titles) == 2 * len(kinds), titles


def every_access(folder):
    """what opens for reading only, is not encrypted, or was opened for a while and closes, says so in both languages"""
    news = {"device-readonly": ("read", "alleen lezen"),
            "device-not-encrypted": ("It is not encrypted.", "Deze is niet versleuteld."),
            "grant-ending": ("closes in two minutes", "gaat over twee minuten dicht"),
            "grant-extended": ("still in use", "Sluit even wat er op dit apparaat nog openstaat"),
            "grant-ended": ("is closed again", "is weer dicht")}
    for place, language, name in ((0, None, "notice-access-en"), (1, "nl_NL", "notice-access-nl")):
        with Desktop(folder, language) as desktop:
            for number, kind in enumerate(news):
                desktop.agent.tell(Plug=f"1-{number}#1", Kind=kind,
                                   Servicedesk=DUTCH_SERVICEDESK if language else STICK["Servicedesk"])
            desktop.shows(len(news))
            desktop.screenshot(name)
            told = [f"{entry['summary']} {entry['body']}" for entry in desktop.history()]
            assert len(told) == len(news), told
            for words in news.values():
                assert any(words[place] in text for text in told), (words[place], told)


def preview(folder):
    """--preview shows every kind in both languages, by the words of that kind; what is not known is told"""
    def run(*words, **more):
        return subprocess.run([NOTIFIER, "--preview", *words], capture_output=True, text=True, check=False, timeout=20,
                              stdin=subprocess.DEVNULL, **more)

    kinds = run("list").stdout.split()
    assert len(kinds) == 19 and "usb-disk" in kinds and "stopped" in kinds, kinds
    told = []
    with Desktop(folder, agent=False) as desktop:
        for number, (language, kind) in enumerate((language, kind) for language in ("en", "nl") for kind in kinds):
            shown = desktop.start(NOTIFIER, "--preview", kind, "--lang", language)
            desktop.shows(1)
            desktop.ask_dunst("NotificationCloseAll")
            desktop.shows(0)
            assert desktop.stop(shown) == 0
            entry = desktop.ask_dunst("NotificationListHistory")[0][0]
            told.append(text(entry))
            assert ("Questions? " in entry["body"]) == (language == "en"), (number, entry)
        assert len(set(told)) == len(told), told
        environment = desktop.environment
        for words, code in ((["tape"], 64), (["usb-disk", "phone"], 64), (["usb-disk", "--lang", "fr"], 64)):
            done = run(*words, env=environment)
            assert done.returncode == code and done.stderr, (words, done)
        # The session's own notifier and a preview do not mind each other; all of them are one after the other.
        everything = desktop.start(NOTIFIER, "--preview")
        desktop.shows(1)
        assert everything.poll() is None and not has_owner(desktop.session, "org.lekdicht.Notifier1")
    assert subprocess.run([NOTIFIER, "--lang", "nl"], check=False, capture_output=True).returncode == 64


def one_each(folder):
    """one port, one notice: what is plugged in again replaces it, another port is another; nine are eight"""
    with Desktop(folder) as desktop:
        desktop.agent.tell()
        desktop.shows(1)
        desktop.agent.tell(Name="the same, once more")
        desktop.agent.tell(Plug="1-2#9", Name="a loose plug: the same port, again")
        desktop.agent.tell(Plug="1-2#grant1", Name="the same, once more")
        desktop.agent.tell(Plug="1-2.1#2", Name="another")
        desktop.shows(2)
        stays("the same plug is one notice", lambda: desktop.displayed() == 2)
        names = [entry["body"].split(" · ")[1] for entry in desktop.history()]
        assert names == ["“the same, once more”", "“another”"], names
        for number in range(9):
            desktop.agent.tell(Plug=f"2-{number}#1", Name=f"stick {number}", PerHour=60)
        desktop.agent.tell(Plug="2-8#1", Name="the last", PerHour=60)
        wait_for("the oldest is closed", lambda: len(desktop.ask_dunst("NotificationListHistory")[0]) == 3)
        desktop.shows(NOTICES_MAX)
        stays("no more than eight", lambda: desktop.displayed() == NOTICES_MAX)
        assert "the last" in desktop.history()[-1]["body"]
        # What was closed on the screen is told again when the agent tells it again.
        desktop.agent.tell(Plug="2-8#1", PerHour=60)
        desktop.shows(1)


def strangers(folder):
    """nobody but the agent is listened to, and to it only what it should say"""
    with Desktop(folder) as desktop:
        desktop.agent.subscribed()
        stranger = connect(desktop.address("system"))
        stranger.emit_signal(desktop.agent.subscribers[0], OBJECT, NAME, "Notice", notice(Name="of a stranger"))
        stranger.emit_signal(None, OBJECT, NAME, "Notice", notice(Name="of a stranger"))
        stranger.flush_sync(None)
        desktop.agent.send(notice(Name="another object"), path="/org/lekdicht/Other")
        desktop.agent.send(notice(Name="another interface"), interface="org.lekdicht.Other1")
        desktop.agent.send(notice(Name="another signal"), name="Notices")
        desktop.agent.tell(Kind="device-opened")
        desktop.agent.tell(Kind=None)
        desktop.agent.tell(Plug=None)
        desktop.agent.tell(Plug="2-1#1", Name="of the agent")
        desktop.shows(1)
        stays("only that of the agent", lambda: desktop.displayed() == 1)
        entries = desktop.history()
        assert len(entries) == 1 and "of the agent" in entries[0]["body"], entries
        stranger.close_sync(None)


def hostile(folder):
    """a hostile agent: markup, escapes, endless text, other types, bad links: text is text, nothing is opened"""
    name = "<b>big</b> <a href='file:///etc/passwd'>click</a> & <img src='x'/> \n\x1b[2J \u202egnol %s%n"
    links = ["file:///etc/passwd", "javascript:alert(1)", "/bin/sh", "--help", "", "https://x y", "mailto:", "x" * 10000,
             "https://" + "x" * 10000]
    with Desktop(folder) as desktop:
        desktop.agent.tell(Name=name, School=name, Servicedesk=name, LeakReport=name, Code="<i>", DeviceKind=name,
                           LeakReportUrl="file:///etc/passwd", ServicedeskUrl="javascript:alert(1)",
                           Places=[(name, name, url) for url in links] + [("good", name, PLACES[0][2])])
        desktop.shows(1)
        desktop.screenshot("notice-hostile")
        offered = desktop.choose("big")
        assert len(offered) == 1 and "<b>big</b>" in offered[0], offered
        wait_for("xdg-open", desktop.opened)
        entries = desktop.history()
        assert len(entries) == 1 and "&lt;b&gt;big&lt;/b&gt;" in entries[0]["message"], entries
        assert "<a" not in entries[0]["message"] and "\x1b" not in entries[0]["message"], entries
        assert "\u202e" not in entries[0]["message"] and "?gnol %s%n" in entries[0]["message"], entries

        for value in (GLib.Variant("(s)", ("x",)), GLib.Variant("()", ()), GLib.Variant("(a{ss})", ({"Plug": "1", "Kind": "x"},))):
            desktop.agent.send(value)
        for key in STICK:
            desktop.agent.tell(**{"Plug": "2-1#1", key: GLib.Variant("at", [1, 2, 3])})
        desktop.agent.tell(Plug="3-1#1", Name="the last")
        desktop.shows(2)
        bodies = [entry["body"] for entry in desktop.history()[1:]]
        assert len(bodies) == 2 and "the last" in bodies[1], bodies
        assert desktop.opened() == [[PLACES[0][2]]], desktop.opened()
        assert "CRITICAL" not in desktop.log() and "WARNING" not in desktop.log(), desktop.log()


def asks(folder):
    """the servicedesk gets a mail that names the kind and the code, in the teacher's language, and nothing of a device's name"""
    name = ("&bcc=x@example?subject=<a href='file:///etc/passwd'>%0d%0a\u202e" + "x" * 126)[:126]
    with Desktop(folder, "nl_NL") as desktop:
        desktop.agent.tell(Name=name, ServicedeskUrl="mailto:desk@school.example")
        desktop.shows(1)
        desktop.choose("Vraag het de servicedesk")
        wait_for("xdg-open", desktop.opened)
        link = desktop.opened()[0][0]
        address, query = link.split("?")
        asked = urllib.parse.parse_qs(query, strict_parsing=True)
        assert address == "mailto:desk@school.example" and set(asked) == {"subject", "body"}, link
        assert asked["subject"] == ["Vraag over een melding: usb-stick, code 7Q3XYZ"], link
        assert asked["body"] == ["Hallo,\r\n\r\nIk kreeg op mijn laptop een melding over: usb-stick\r\nCode: 7Q3XYZ\r\n\r\n"
                                 "Mijn vraag:\r\n"], link


def endless(folder):
    """1000 endless notices: all bounded, and memory does not grow with them"""
    def send(numbers, paced=False):
        for number in numbers:
            size = 10000 if number % 100 == 0 else 1000
            desktop.agent.tell(Plug=f"3-{number % NOTICES_MAX}#1", Name="x" * size, School="é" * size, Servicedesk="<" * size,
                               Places=[("x" * size, "&" * size, PLACES[0][2])] * (size // 100))
            told.append(number)
            if paced:
                wait_for("it is told", lambda: len(server.given) == len(told))
        wait_for("all are told", lambda: len(server.given) == len(told), 60)
        stays("it settles", lambda: True)
        return desktop.memory()[1]

    with Desktop(folder, server=False) as desktop:
        server = Server(desktop.address("session"), ["actions", "body", "body-markup"])
        told = []
        memory = [send(range(20)), send(range(20, 500), True), send(range(500, 1000))]
        print(f"# memory after 20, 500 and 1000 endless notices, the last 500 at once: {memory} KiB", flush=True)
        assert "ASAN_OPTIONS" in os.environ or memory[1] < memory[0] + 1024 and memory[2] < memory[0] + FLOOD_MEMORY_MAX_KB, memory
        longest = max(len(given["body"]) for given in server.given)
        assert longest < 3000 and all(len(given["actions"]) <= 36 for given in server.given), longest
        assert desktop.opened() == []
        server.close()


def flood(folder):
    """500 plugs: as many notices as the policy says, and one that says how many more, by the school's own words if it has any"""
    with Desktop(folder) as desktop:
        for number in range(500):
            desktop.agent.tell(Plug=f"3-{number}#1", Name=f"stick {number}", PerHour=5)
        wait_for("all are counted", lambda: desktop.displayed() == 6)
        stays("no more than that", lambda: desktop.displayed() == 6, 2)
        # What is no plug is never counted, and what is on the screen is brought up to date.
        desktop.agent.tell(Plug="5-1#grant7", Kind="grant-ending", PerHour=5)
        desktop.agent.tell(Plug="3-4#9", Name="stick 4 again", PerHour=5)
        desktop.shows(7)
        entries = desktop.history()
        assert sum("It was opened for you" in entry["body"] for entry in entries) == 1, entries
        assert sum("again" in entry["body"] for entry in entries) == 1, entries
        several = [text(entry) for entry in entries if entry["summary"] == "Several devices, told at once"]
        assert len(several) == 1 and several[0][1].startswith("495 more devices were plugged in"), several
        desktop.agent.tell(Plug="3-501#1", PerHour=5,
                           Texts=GLib.Variant("a(ssss)", [("several", "en", "Many", "Ask Jan."), ("several", "nl", "Veel", "")]))
        desktop.shows(1)
        said = desktop.history()[-1]
        assert said["summary"] == "Many" and said["body"].startswith("Ask Jan.\n"), said


def abilities(folder):
    """a server gets what it can: plain text without markup and buttons, all of it a title where there is no body, or escaped text and buttons in their order"""
    with Desktop(folder, server=False) as desktop:
        server = Server(desktop.address("session"))
        desktop.agent.tell(Name="<R&D>")
        wait_for("the notice", lambda: server.given)
        assert server.given[0]["actions"] == [] and "“<R&D>”" in server.given[0]["body"], server.given
        title = server.given[0]["title"]
        assert title.startswith(f"{ENGLISH[0]}. USB sticks and disks") and title.endswith("code 7Q3XYZ") and "\n" not in title, title
        server.close()

        server = Server(desktop.address("session"), ["actions", "body", "body-markup"])
        stays("what was told is not told again", lambda: not server.given)
        desktop.agent.tell(Name="<R&D>")
        wait_for("the notice", lambda: server.given)
        given = server.given[0]
        assert given["title"] == ENGLISH[0] and given["replaces"] == 0 and "“&lt;R&amp;D&gt;”" in given["body"], given
        assert given["actions"][1::2] == ["OneDrive", "Teams", "Ask the servicedesk", "Report a data leak"], given
        assert given["hints"]["urgency"] == 1 and given["hints"]["category"] == "device", given
        assert (given["application"], given["icon"], given["timeout"]) == ("lekdicht", "drive-removable-media", -1), given
        # Only what was offered, and only by its number.
        for number, action in ((1, "button-99"), (1, "file:///etc/passwd"), (1, "default"), (99, "button-0")):
            server.press(number, action)
        stays("nothing is opened", lambda: desktop.opened() == [])
        server.press(1, given["actions"][6])
        wait_for("xdg-open", desktop.opened)
        assert desktop.opened() == [[STICK["LeakReportUrl"]]], desktop.opened()
        server.close()


def another_server(folder):
    """Xfce's server: the same words and buttons in Dutch, a hostile name of 126 characters is text, a flood is one more notice"""
    name = ("<b>x</b> <a href='file:///etc/passwd'>\u202e & " + "y" * 126)[:126]
    with Desktop(folder, "nl_NL", server=False) as desktop:
        desktop.start_screen()
        desktop.start_xfce()
        desktop.agent.tell(Servicedesk=DUTCH_SERVICEDESK)
        wait_for("the notice", desktop.xfce_log)
        shown = desktop.xfce_log()[0]
        desktop.screenshot("notice-xfce")
        assert (shown["summary"], shown["body"]) == DUTCH, shown
        labels = [shown[f"action-label-{number}"] for number in range(4)]
        assert labels == ["OneDrive", "Teams", "Vraag het de servicedesk", "Datalek melden"], shown
        desktop.agent.tell(Plug="2-1#1", Name=name)
        wait_for("the second", lambda: len(desktop.xfce_log()) == 2)
        body = desktop.xfce_log()[1]["body"]
        assert "&lt;b&gt;x&lt;/b&gt;" in body and "<" not in body and "\u202e" not in body, body
        for number in range(100):
            desktop.agent.tell(Plug=f"3-{number}#1", PerHour=4)
        wait_for("the flood", lambda: len(desktop.xfce_log()) >= 5 and "98 apparaten" in desktop.xfce_log()[-1]["body"])
        several = [shown for shown in desktop.xfce_log() if shown["summary"] == "Meerdere apparaten in één melding"]
        assert len(desktop.xfce_log()) == 4 + len(several) and len(several) <= 3, desktop.xfce_log()


def server_fails(folder):
    """a server that does not take a notice is asked again"""
    with Desktop(folder, server=False) as desktop:
        server = Server(desktop.address("session"), failures=1)
        desktop.agent.tell()
        wait_for("the notice", lambda: server.given)
        assert server.failures == 0 and len(server.given) == 1
        server.close()


def server_late(folder):
    """without a notification server a notice waits for one; the newest of each plug, in order, once"""
    with Desktop(folder, server=False) as desktop:
        for plug, name in (("1-1#1", "first"), ("1-2#1", "second"), ("1-1#1", "first again")):
            desktop.agent.tell(Plug=plug, Name=name)
        stays("it waits", lambda: desktop.notifier.poll() is None)
        desktop.start_screen()
        desktop.start_dunst()
        desktop.shows(2)
        stays("once", lambda: desktop.displayed() == 2)
        names = [entry["body"].split(" · ")[1] for entry in desktop.history()]
        assert names == ["“first again”", "“second”"], names


def server_restart(folder):
    """the notification server is killed and comes back: what was told is not told again, others' notices stay theirs"""
    with Desktop(folder) as desktop:
        desktop.agent.tell()
        desktop.shows(1)
        desktop.stop_dunst(signal.SIGKILL)
        desktop.agent.tell(Plug="1-3#1", Name="meanwhile")
        desktop.start_dunst()
        desktop.shows(1)
        for number in range(5):
            call(desktop.session, SERVER, SERVER_OBJECT, SERVER, "Notify",
                 GLib.Variant("(susssasa{sv}i)", ("mail", 0, "", f"mail {number}", "", [], {}, 0)))
        desktop.shows(6)
        desktop.agent.tell(Name="once more")
        desktop.shows(7)
        titles = [entry["summary"] for entry in desktop.history()]
        assert sorted(titles) == sorted([ENGLISH[0]] * 2 + [f"mail {number}" for number in range(5)]), titles


def agent_restart(folder):
    """the agent restarts, refuses the first tries, and is subscribed to again; its predecessor is a stranger"""
    with Desktop(folder) as desktop:
        desktop.agent.tell()
        desktop.shows(1)
        notifier, old = desktop.agent.subscribers[0], desktop.agent
        call(old.connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "ReleaseName",
             GLib.Variant("(s)", (NAME,)))
        desktop.agent = Agent(desktop.address("system"), refusals=2)
        desktop.agent.subscribed()
        assert desktop.agent.subscribers == [notifier] and desktop.agent.refused == 2, desktop.agent.subscribers
        old.send(notice(Plug="9-9#9", Name="of the old agent"))
        desktop.agent.tell(Plug="1-3#2")
        desktop.shows(2)
        stays("the old agent is not heard", lambda: desktop.displayed() == 2)
        old.close()


def bus_restart(folder):
    """the system bus goes away and comes back"""
    with Desktop(folder) as desktop:
        desktop.agent.close()
        desktop.stop(desktop.buses["system"])
        stays("the notifier stays", lambda: desktop.notifier.poll() is None)
        desktop.start_bus("system")
        desktop.agent = Agent(desktop.address("system"))
        desktop.agent.tell()
        desktop.shows(1)


def only_one(folder):
    """a second notifier leaves at once; the session's end and SIGTERM are no error; without a session bus there is none"""
    with Desktop(folder) as desktop:
        first = desktop.notifier
        desktop.start_notifier()
        assert desktop.notifier.wait(timeout=10) == 0 and first.poll() is None
        desktop.agent.tell()
        desktop.shows(1)
        assert desktop.stop(first) == 0
        desktop.start_notifier()
        wait_for("the next one subscribes", lambda: len(desktop.agent.subscribers) == 2)
        desktop.stop(desktop.buses["session"])
        assert desktop.notifier.wait(timeout=10) == 0
        desktop.start_notifier()
        assert desktop.notifier.wait(timeout=10) == 0
        assert "no notices here" in desktop.log(), desktop.log()


def quiet(folder):
    """idle it does not wake up, and it is small"""
    with Desktop(folder) as desktop:
        desktop.agent.tell()
        desktop.shows(1)
        stays("it settles", lambda: True, 1)
        before = desktop.switches()
        time.sleep(3)
        woken = desktop.switches() - before
        whole, own = desktop.memory()
        print(f"# memory after a notice: {whole} KiB, {own} KiB of it its own; {woken} wake-ups in 3 s", flush=True)
        assert woken == 0, f"{woken} wake-ups in 3 s"
        assert "ASAN_OPTIONS" in os.environ or own < OWN_MEMORY_MAX_KB, f"{own} KiB"
        assert "CRITICAL" not in desktop.log() and "WARNING" not in desktop.log(), desktop.log()


def options(_folder):
    """--help, --version, and what is not understood"""
    def run(*words):
        done = subprocess.run([NOTIFIER, *words], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=20)
        return done.returncode, done.stdout, done.stderr

    assert run("--version") == (0, "lekdicht-notifier 0.1.0\n", ""), run("--version")
    assert run("--help")[0] == 0 and "--version" in run("--help")[1]
    for words in (["--frob"], ["x"], ["--system-bus", "x"]):
        code, out, err = run(*words)
        assert code == 64 and out == "" and err, (words, code, out, err)


def installed(folder):
    """make install puts program, autostart file and Dutch where the desktop looks; make uninstall takes them away"""
    files = ["usr/libexec/lekdicht/lekdicht-notifier", "etc/xdg/autostart/lekdicht-notifier.desktop",
             "usr/share/locale/nl/LC_MESSAGES/lekdicht.mo"]
    root = pathlib.Path(folder)

    def make(target):
        done = subprocess.run(["make", "--no-print-directory", target, f"DESTDIR={root}", f"BUILD={BUILD}"], cwd=ROOT, check=False,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    make("install")
    for name in files:
        assert (root / name).is_file(), name
    entry = (root / files[1]).read_text()
    assert "Exec=/usr/libexec/lekdicht/lekdicht-notifier\n" in entry and "@" not in entry, entry
    make("uninstall")
    for name in files:
        assert not (root / name).exists(), name


def whole_way(folder):
    """the real agent tells the real notifier, on the desktop from which `make run` was started; the code is the event's"""
    user = pwd.getpwnam("nobody")
    home = pathlib.Path(f"/run/user/{user.pw_uid}")
    if os.geteuid() != 0 or home.exists() or any(pathlib.Path("/sys/bus/usb/devices").glob("*")):
        raise Skip("not root, or a machine with USB, where the demonstration would close the real gate")
    pathlib.Path(folder).chmod(0o755)
    home.mkdir(parents=True)
    try:
        with Desktop(folder, session_bus=home / "bus", agent=False) as desktop:
            (home / "bus").chmod(0o777)
            demo = subprocess.Popen([ROOT / "tests/demo/run"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                                    stderr=subprocess.STDOUT, errors="replace", start_new_session=True,
                                    env={**os.environ, **desktop.environment, "BUILD": os.environ.get("BUILD", "build"),
                                         "SUDO_UID": str(user.pw_uid), "DEMO_ONCE": "1", "TMPDIR": folder})
            try:
                wait_for("the notice", lambda: desktop.displayed() or demo.poll() is not None, 120)
                said = demo.communicate(timeout=120)[0]
            finally:
                if demo.poll() is None:
                    os.killpg(demo.pid, signal.SIGINT)
                    demo.communicate(timeout=60)
            entries = desktop.history()
            assert demo.returncode == 0 and len(entries) == 1, (entries, said[-2000:])
            assert entries[0]["summary"] == f"{ENGLISH[0]} (simulated)", entries
            code = re.search(r" (\w{6})  SIMULATED: Device refused", said).group(1)
            assert entries[0]["body"].endswith(f"“Kingston DataTraveler 3.0” · code {code}"), (code, entries)
    finally:
        for path in home.iterdir():
            path.unlink()
        home.rmdir()


class Skip(Exception):
    """Not possible here, and why."""


TESTS = [options, english, dutch, every_kind, every_access, preview, one_each, strangers, hostile, asks, endless, flood, abilities, another_server, server_fails, server_late,
         server_restart, agent_restart, bus_restart, only_one, quiet, installed,
         whole_way]


def main():
    failed = 0
    wanted = [test for test in TESTS if not sys.argv[1:] or test.__name__ in sys.argv[1:]]
    print("1..%d" % len(wanted))
    for number, test in enumerate(wanted, 1):
        try:
            with tempfile.TemporaryDirectory(prefix="lekdicht-notifier-") as folder:
                test(folder)
            print("ok %d - notifier: %s" % (number, test.__doc__), flush=True)
        except Skip as why:
            print("ok %d - notifier: %s # SKIP %s" % (number, test.__doc__, why), flush=True)
        except Exception as problem:  # pylint: disable=broad-except
            failed += 1
            print("not ok %d - notifier: %s" % (number, test.__doc__))
            print("# %s: %s" % (type(problem).__name__, str(problem).replace("\n", "\n# ")), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
