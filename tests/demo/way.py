# SPDX-License-Identifier: GPL-3.0-or-later
"""The way of an event behind the agent: reporter, collector and its page; and the notice to whoever sits at the desktop.

All of it is the real thing, also when the plug is played; then each event and each notice says that it is simulated. In the
demo everything runs as root and on this machine alone; installed, each program has its own user.
"""

import contextlib
import json
import os
import pathlib
import pwd
import re
import socket
import stat
import subprocess
import time
import urllib.request

from stage import BUILD, Failed, say, until

PORT = 4318                     # as in the collector's settings, when nobody has it
ARRIVE_SECONDS = 20             # from recorded to the page; milliseconds when all is well


def free_port():
    for port in (PORT, 0):
        with contextlib.closing(socket.socket()) as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return probe.getsockname()[1]
    raise Failed("no port is free on 127.0.0.1")


def start_collector(stage):
    """On loopback, with SQLite in the demo's folder and a site token made for this run. Returns the page's address."""
    home = stage.folder / "collector"
    home.mkdir(mode=0o700)
    config, program = home / "collector.ini", BUILD / "lekdicht-collector"
    config.write_text(f"[collector]\nlisten = 127.0.0.1:{free_port()}\ndatabase = {home}/collector.db\n", encoding="utf-8")
    stage.token = subprocess.run([program, "--config", config, "token", "add", "demo", "--laptops", "1", "--days", "1"], check=True,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    stage.start("collector", [program, "--config", config], lambda text: text.removeprefix("lekdicht-collector: "), mark=False)
    return stage.wait_line("collector", "the page is ")[1].rsplit(" ", 1)[1]


def start_reporter(stage, address):
    """This machine enrols at that collector as a laptop does, but that the file is in the demo's folder."""
    subprocess.run([BUILD / "lekdicht", "enroll", address.rstrip("/"), "-", "--label", "demo", "--file", stage.folder / "enrolment"],
                   check=True, input=stage.token, text=True)
    stage.start("reporter", [BUILD / "lekdicht-reporter", "--enrolment", stage.folder / "enrolment", "--credential",
                             stage.folder / "credential"],
                lambda text: text.removeprefix("lekdicht-reporter: "), mark=False)


def read_page(address):
    with urllib.request.urlopen(address, timeout=10) as answer:
        return answer.read().decode()


def recorded(stage, name):
    """The uids of the recorded events of that name."""
    code, out = stage.ask("events", "--json", "-n", "1000", "--filter", name)
    if code != 0:
        raise Failed(f"lekdicht events: exit {code}: {out}")
    return [attribute["value"]["stringValue"] for line in out.splitlines() for attribute in json.loads(line)["attributes"]
            if attribute["key"] == "log.record.uid"]


def follow_refusal(stage, address, since):
    """The one refusal that was recorded stands on the page, once, and marked as played if it was. Says how long it took."""
    uids = until(lambda: recorded(stage, "device.refused"), "the record of the refusal")
    if len(uids) != 1:
        raise Failed(f"{len(uids)} refusals were recorded instead of one")

    def on_page():
        page = read_page(address)
        return page if uids[0] in page else None
    page = until(on_page, "the refusal on the collector's page", ARRIVE_SECONDS)
    took = time.monotonic() - since
    rows = [row for row in re.findall(r"<tr>.*?</tr>", page, re.DOTALL) if f"<dd>{uids[0]}</dd>" in row]
    if len(rows) != 1 or "[storage] usb-disk" not in rows[0]:
        raise Failed(f"the refusal is on the page {len(rows)} times, or without its rule")
    if stage.simulated and ">simulated<" not in rows[0]:
        raise Failed("the page does not say that the refusal is simulated")
    say(f"\n  On the collector's page within {1000 * took:.0f} ms of the plug, once"
        f"{', marked as simulated' if stage.simulated else ''}: {address}")


# ---- the desktop ----------------------------------------------------------------------------------------------------------

def desktop_user():
    """Whose desktop this was started from: a passwd entry, or None."""
    with contextlib.suppress(KeyError, ValueError):
        return pwd.getpwuid(int(os.environ.get("SUDO_UID") or os.environ.get("PKEXEC_UID") or "0"))
    return None


def desktop():
    """The user at a desktop that can show notices, or None."""
    user = desktop_user()
    if not user or user.pw_uid == 0:
        return None
    bus = pathlib.Path(f"/run/user/{user.pw_uid}/bus")
    try:
        if not stat.S_ISSOCK(bus.stat().st_mode):
            return None
    except OSError:
        return None
    for method, wanted in (("NameHasOwner", "boolean true"), ("ListActivatableNames", "org.freedesktop.Notifications")):
        words = ["string:org.freedesktop.Notifications"] if method == "NameHasOwner" else []
        asked = subprocess.run([*become(user), "dbus-send", f"--bus=unix:path={bus}", "--print-reply",
                                "--dest=org.freedesktop.DBus", "/", f"org.freedesktop.DBus.{method}", *words], check=False,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        if asked.returncode == 0 and wanted in asked.stdout:
            return user
    return None


def become(user):
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--init-groups"]


def start_notifier(stage, user):
    """As the user of the desktop, who may enter the demo's folder for that; what is secret there stays root's. Returns
    what that user cannot reach, or None: it runs."""
    stage.folder.chmod(0o711)
    for way, where in (("-w", stage.folder / "bus"), ("-x", BUILD / "lekdicht-notifier")):
        if subprocess.run([*become(user), "test", way, where], check=False).returncode != 0:
            return where
    # A plug before the notifier has subscribed would not be told.
    stage.start("monitor", ["dbus-monitor", "--address", stage.environment["DBUS_SYSTEM_BUS_ADDRESS"],
                            "type='method_call',member='Subscribe'"], lambda text: None)
    stage.wait_line("monitor", "NameAcquired")
    kept = ("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "LANG", "LANGUAGE", "LC_MESSAGES")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    environment |= {"LC_ALL": os.environ.get("LC_ALL", ""), "HOME": user.pw_dir, "XDG_RUNTIME_DIR": f"/run/user/{user.pw_uid}",
                    "DBUS_SESSION_BUS_ADDRESS": f"unix:path=/run/user/{user.pw_uid}/bus", "TEXTDOMAINDIR": f"{BUILD}/locale"}
    stage.start("notifier", [*become(user), BUILD / "lekdicht-notifier"], lambda text: text, mark=False, environment=environment)
    stage.wait_line("monitor", "member=Subscribe")
    return None
