# SPDX-License-Identifier: GPL-3.0-or-later
"""What test-notifier.py needs around the real notifier: a screen, two private buses, a real notification server (dunst), a
played agent, a played xdg-open, and a look at the screen."""

import os
import pathlib
import signal
import struct
import subprocess
import sys
import time
import zlib

import gi

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib  # noqa: E402

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "bed"))
import privatebus  # noqa: E402

BUILD = pathlib.Path(os.environ.get("BUILD", "build")).resolve()
NOTIFIER = BUILD / "lekdicht-notifier"
NAME, OBJECT = "org.lekdicht.Agent1", "/org/lekdicht/Agent1"
SERVER = "org.freedesktop.Notifications"
SERVER_OBJECT = "/org/freedesktop/Notifications"
BUS_OBJECT = "/org/freedesktop/DBus"
PLACES = [("onedrive", "OneDrive", "https://www.office.com/launch/onedrive"), ("teams", "Teams", "https://teams.microsoft.com/")]
STICK = {"Kind": "device-refused", "Plug": "1-2#1", "DeviceKind": "usb-disk", "Name": "DataTraveler 3.0", "Code": "7Q3XYZ",
         "School": "De Regenboog", "Servicedesk": "Servicedesk, room 1.04, telephone 1234",
         "ServicedeskUrl": "https://servicedesk.school.example/", "LeakReport": "0800 1234, day and night",
         "LeakReportUrl": "mailto:datalek@school.example", "Places": PLACES, "Simulated": False}
DUNSTRC = """[global]
    width = 440
    height = 600
    origin = top-right
    offset = 20x20
    notification_limit = 0
    markup = full
    format = "<b>%%s</b>\\n%%b"
    font = DejaVu Sans 11
    padding = 14
    horizontal_padding = 16
    frame_width = 1
    show_indicators = no
    stack_duplicates = false
    history_length = 2000
    enable_recursive_icon_lookup = true
    icon_theme = Adwaita
    max_icon_size = 48
    ignore_dbusclose = false
    dmenu = %s
[urgency_normal]
    background = "#26323a"
    foreground = "#ffffff"
    timeout = 0
[urgency_low]
    timeout = 0
[urgency_critical]
    background = "#900000"
    timeout = 0
"""
# Xfce's keeps what it showed, if it is told to.
XFCE_CHANNEL = """<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-notifyd" version="1.0">
<property name="notification-log" type="bool" value="true"/><property name="log-level" type="uint" value="1"/>
</channel>
"""
# dunst offers the buttons as lines of a menu; this takes the one that the test wants and keeps what was offered.
MENU = """#!/bin/sh
cat > %(folder)s/offered.new
grep -m 1 -F "$(cat %(folder)s/wanted)" %(folder)s/offered.new
mv %(folder)s/offered.new %(folder)s/offered
"""
XDG_OPEN = """#!/bin/sh
printf '%%s\\n' "$#" "$@" >> %(folder)s/opened.new
cp %(folder)s/opened.new %(folder)s/opened
"""


def pump():
    """What GLib has to do, done."""
    while GLib.MainContext.default().iteration(False):
        pass


def wait_for(what, condition, seconds=20):
    """Until condition() is true; what it gave is returned."""
    deadline = time.monotonic() + seconds
    while True:
        pump()
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.01)


def stays(what, condition, seconds=0.5):
    """condition() is true all that time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        pump()
        assert condition(), what
        time.sleep(0.02)


def connect(address):
    flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
    connection = Gio.DBusConnection.new_for_address_sync(address, flags, None, None)
    connection.set_exit_on_close(False)
    return connection


def call(connection, name, path, interface, method, arguments=None, kind=None):
    return connection.call_sync(name, path, interface, method, arguments, GLib.VariantType(kind) if kind else None,
                                Gio.DBusCallFlags.NO_AUTO_START, 10000, None).unpack()


class Server:
    """A notification server that can only what it is told to, and keeps what it is given."""

    XML = """<node><interface name='org.freedesktop.Notifications'>
    <method name='GetCapabilities'><arg type='as' direction='out'/></method>
    <method name='GetServerInformation'><arg type='s' direction='out'/><arg type='s' direction='out'/>
      <arg type='s' direction='out'/><arg type='s' direction='out'/></method>
    <method name='CloseNotification'><arg type='u' direction='in'/></method>
    <method name='Notify'><arg type='s' direction='in'/><arg type='u' direction='in'/><arg type='s' direction='in'/>
      <arg type='s' direction='in'/><arg type='s' direction='in'/><arg type='as' direction='in'/><arg type='a{sv}' direction='in'/>
      <arg type='i' direction='in'/><arg type='u' direction='out'/></method>
    </interface></node>"""

    def __init__(self, address, abilities=(), failures=0):
        self.abilities = list(abilities)
        self.failures = failures
        self.given = []
        self.closed = []
        self.connection = connect(address)
        self.connection.register_object(SERVER_OBJECT, Gio.DBusNodeInfo.new_for_xml(self.XML).interfaces[0], self.on_call, None,
                                        None)
        request_name(self.connection, SERVER)

    def on_call(self, _connection, _sender, _path, _interface, method, parameters, invocation):
        if method == "GetCapabilities":
            invocation.return_value(GLib.Variant("(as)", (self.abilities,)))
        elif method == "GetServerInformation":
            invocation.return_value(GLib.Variant("(ssss)", ("test", "test", "1", "1.2")))
        elif method == "CloseNotification":
            self.closed.append(parameters.unpack()[0])
            invocation.return_value(None)
        elif self.failures > 0:
            self.failures -= 1
            invocation.return_dbus_error("org.freedesktop.DBus.Error.Failed", "not now")
        else:
            keys = ("application", "replaces", "icon", "title", "body", "actions", "hints", "timeout")
            self.given.append(dict(zip(keys, parameters.unpack())))
            invocation.return_value(GLib.Variant("(u)", (self.given[-1]["replaces"] or len(self.given),)))

    def press(self, number, action):
        self.connection.emit_signal(None, SERVER_OBJECT, SERVER, "ActionInvoked", GLib.Variant("(us)", (number, action)))
        self.connection.flush_sync(None)

    def close(self):
        self.connection.flush_sync(None)
        self.connection.close_sync(None)


def request_name(connection, name):
    call(connection, "org.freedesktop.DBus", BUS_OBJECT, "org.freedesktop.DBus", "RequestName", GLib.Variant("(su)", (name, 4)))


def has_owner(connection, name):
    return call(connection, "org.freedesktop.DBus", BUS_OBJECT, "org.freedesktop.DBus", "NameHasOwner",
                GLib.Variant("(s)", (name,)))[0]


def variant(value):
    """A Python value as D-Bus has it in an a{sv}."""
    if isinstance(value, GLib.Variant):
        return value
    if isinstance(value, bool):
        return GLib.Variant("b", value)
    if isinstance(value, int):
        return GLib.Variant("u", value)
    if isinstance(value, list):
        return GLib.Variant("a(sss)", value)
    return GLib.Variant("s", value)


def notice(**changes):
    """The argument of a signal Notice; a change to None leaves the key out."""
    keys = {**STICK, **changes}
    return GLib.Variant("(a{sv})", ({key: variant(value) for key, value in keys.items() if value is not None},))


class Agent:
    """The name org.lekdicht.Agent1, Subscribe, and whoever called it."""

    XML = "<node><interface name='org.lekdicht.Agent1'><method name='Subscribe'/></interface></node>"

    def __init__(self, address, refusals=0):
        self.subscribers = []
        self.refusals = refusals
        self.refused = 0
        self.connection = connect(address)
        self.connection.register_object(OBJECT, Gio.DBusNodeInfo.new_for_xml(self.XML).interfaces[0], self.on_call, None, None)
        request_name(self.connection, NAME)

    def on_call(self, _connection, sender, _path, _interface, _method, _parameters, invocation):
        if self.refused < self.refusals:
            self.refused += 1
            invocation.return_dbus_error("org.freedesktop.DBus.Error.LimitsExceeded", "too many")
            return
        self.subscribers.append(sender)
        invocation.return_value(None)

    def subscribed(self):
        wait_for("the notifier subscribes", lambda: self.subscribers)

    def send(self, value, path=OBJECT, interface=NAME, name="Notice"):
        """Any signal, to the subscriber."""
        self.subscribed()
        self.connection.emit_signal(self.subscribers[-1], path, interface, name, value)

    def tell(self, **changes):
        """A notice, as the agent sends it; changes are other values than those of STICK."""
        self.send(notice(**changes))

    def close(self):
        if not self.connection.is_closed():
            self.connection.close_sync(None)


class Desktop:
    """A session: screen, buses, server, notifier; language is that of the session."""

    def __init__(self, folder, language=None, server=True, session_bus=None, agent=True):
        """session_bus: the bus's socket, where it is not in the folder; agent: play one, and start the notifier."""
        self.folder = pathlib.Path(folder)
        self.sockets = {"session": pathlib.Path(session_bus or self.folder / "session-bus"), "system": self.folder / "system-bus"}
        self.processes = []
        self.environment = {"PATH": f"{self.folder}:{os.environ['PATH']}", "HOME": str(self.folder), "LC_ALL": "C.UTF-8",
                            "TEXTDOMAINDIR": str(BUILD / "locale"), "XDG_RUNTIME_DIR": str(self.folder)}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                self.environment[name] = os.environ[name]
        if language:
            subprocess.run(["localedef", "-i", language, "-f", "UTF-8", self.folder / f"{language}.UTF-8"], check=True,
                           stdin=subprocess.DEVNULL)
            self.environment.update(LOCPATH=str(self.folder), LC_ALL=f"{language}.UTF-8")
        self.script("menu", MENU)
        self.script("xdg-open", XDG_OPEN)
        (self.folder / "dunstrc").write_text(DUNSTRC % (self.folder / "menu"))
        self.dunst = self.notifier = self.agent = self.session = None
        self.buses = {}
        try:
            for which in ("session", "system"):
                self.start_bus(which)
            self.session = connect(self.address("session"))
            if server:
                self.start_screen()
                self.start_dunst()
            if agent:
                self.agent = Agent(self.address("system"))
                self.start_notifier()
                self.agent.subscribed()
        except BaseException:
            self.close()
            raise

    def script(self, name, text):
        path = self.folder / name
        path.write_text(text % {"folder": self.folder})
        path.chmod(0o755)

    def address(self, which):
        return f"unix:path={self.sockets[which]}"

    def start(self, *command, **more):
        process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, env=self.environment, **more)
        self.processes.append(process)
        return process

    def stop(self, process, number=signal.SIGTERM):
        if process.poll() is None:
            process.send_signal(number)
        self.processes.remove(process)
        return process.wait(timeout=20)

    def start_bus(self, which):
        path = self.sockets[which]
        path.unlink(missing_ok=True)
        self.buses[which] = self.start(*privatebus.command(self.folder / f"{which}.conf", path, kind=which), stderr=subprocess.DEVNULL)
        self.environment[f"DBUS_{which.upper()}_BUS_ADDRESS"] = self.address(which)
        wait_for(f"the {which} bus", path.exists)

    def start_screen(self):
        read, write = os.pipe()
        self.start("Xvfb", "-displayfd", write, "-screen", "0", "1000x1400x24", "-nolisten", "tcp", "-wr", "-fbdir", self.folder,
                   pass_fds=(write,), stderr=subprocess.DEVNULL)
        os.close(write)
        with os.fdopen(read) as pipe:
            number = pipe.readline().strip()
        assert number, "Xvfb did not start"
        self.environment["DISPLAY"] = f":{number}"

    def start_dunst(self):
        self.dunst = self.start("dunst", "-config", self.folder / "dunstrc", "-verbosity", "crit",
                                stderr=subprocess.DEVNULL)
        wait_for("dunst", lambda: has_owner(self.session, SERVER))

    def start_xfce(self):
        """Xfce's notification server, with the settings server that it asks."""
        channels = self.folder / ".config/xfce4/xfconf/xfce-perchannel-xml"
        channels.mkdir(parents=True)
        (channels / "xfce4-notifyd.xml").write_text(XFCE_CHANNEL)
        for program, name in (("xfconf/xfconfd", "org.xfce.Xfconf"), ("notifyd/xfce4-notifyd", SERVER)):
            path = next(pathlib.Path("/usr/lib").glob(f"*/xfce4/{program}"))
            self.start(path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            wait_for(program, lambda wanted=name: has_owner(self.session, wanted))

    def xfce_log(self):
        """What Xfce's server was given, oldest first: a dictionary of strings each."""
        log, path = GLib.KeyFile(), self.folder / ".cache/xfce4/notifyd/log"
        if not path.exists() or path.stat().st_size == 0:
            return []
        log.load_from_file(str(path), GLib.KeyFileFlags.NONE)
        return [{key: log.get_string(group, key) for key in log.get_keys(group)[0]} for group in log.get_groups()[0]]

    def stop_dunst(self, number=signal.SIGTERM):
        self.stop(self.dunst, number)
        wait_for("dunst is gone", lambda: not has_owner(self.session, SERVER))

    def start_notifier(self):
        log = (self.folder / "notifier.log").open("ab")
        with log:
            self.notifier = self.start(NOTIFIER, stdout=log, stderr=log)

    def log(self):
        path = self.folder / "notifier.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def memory(self):
        """Of the notifier, in KiB: all of it, and what nobody shares."""
        status = pathlib.Path(f"/proc/{self.notifier.pid}/smaps_rollup").read_text()
        values = {line.split(":")[0]: int(line.split()[1]) for line in status.splitlines()[1:]}
        return values["Rss"], values["Private_Dirty"] + values["Private_Clean"]

    def switches(self):
        """How often the notifier's threads ran."""
        total = 0
        for task in pathlib.Path(f"/proc/{self.notifier.pid}/task").iterdir():
            for line in (task / "status").read_text().splitlines():
                if "ctxt_switches" in line:
                    total += int(line.split()[1])
        return total

    # ---- what dunst knows ---------------------------------------------------------------------------------------------

    def ask_dunst(self, method, *arguments):
        return call(self.session, SERVER, SERVER_OBJECT, "org.dunstproject.cmd0", method, *arguments)

    def displayed(self):
        values = call(self.session, SERVER, SERVER_OBJECT, "org.freedesktop.DBus.Properties", "GetAll",
                      GLib.Variant("(s)", ("org.dunstproject.cmd0",)))[0]
        return values["displayedLength"] + values["waitingLength"]

    def shows(self, number):
        wait_for(f"{number} notices", lambda: self.displayed() == number)

    def history(self):
        """Everything that is or was on the screen, oldest first, as dunst has it in its JSON history; clears the screen."""
        self.ask_dunst("NotificationCloseAll")
        wait_for("an empty screen", lambda: self.displayed() == 0)
        entries = self.ask_dunst("NotificationListHistory")[0]
        return list(reversed(entries))

    def choose(self, label):
        """Press the button of that label; returns all labels, sorted (dunst's own menu has no order)."""
        (self.folder / "wanted").write_text(label)
        (self.folder / "offered").unlink(missing_ok=True)
        self.ask_dunst("ContextMenuCall")
        wait_for("the menu", (self.folder / "offered").exists)
        lines = (self.folder / "offered").read_text().splitlines()
        return sorted(line[1:].rsplit(" (", 1)[0] for line in lines if line.startswith("#"))

    def opened(self):
        """What xdg-open was called with, one list per call."""
        path = self.folder / "opened"
        words = path.read_text().splitlines() if path.exists() else []
        calls = []
        while words:
            number = int(words[0])
            calls.append(words[1:1 + number])
            words = words[1 + number:]
        return calls

    def screenshot(self, name):
        """The part of the screen that is not white, as BUILD/screenshots/name.png."""
        target = BUILD / "screenshots" / f"{name}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        time.sleep(0.3)  # dunst draws after it has counted
        rows = crop(read_xwd((self.folder / "Xvfb_screen0").read_bytes()))
        target.write_bytes(png(rows))
        return rows

    def close(self):
        if self.agent:
            self.agent.close()
        if self.session and not self.session.is_closed():
            self.session.close_sync(None)
        for process in reversed(self.processes[:]):
            try:
                self.stop(process)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def read_xwd(data):
    """Rows of (red, green, blue) bytes of an X window dump with 32 bits a pixel (XWDFile.h)."""
    header = struct.unpack(">25I", data[:100])
    size, width, height, order, stride, colours = header[0], header[4], header[5], header[7], header[12], header[19]
    assert header[1] == 7 and header[11] == 32, "another kind of X window dump"
    pixels = data[size + colours * 12:]
    rows = []
    for y in range(height):
        row = pixels[y * stride:y * stride + width * 4]
        red, green, blue = (2, 1, 0) if order == 0 else (1, 2, 3)
        rgb = bytearray(width * 3)
        rgb[0::3], rgb[1::3], rgb[2::3] = row[red::4], row[green::4], row[blue::4]
        rows.append(bytes(rgb))
    return rows


def crop(rows, margin=12):
    """Without the white around it."""
    white = b"\xff" * len(rows[0])
    inked = [y for y, row in enumerate(rows) if row != white]
    assert inked, "an empty screen"
    columns = [x for x in range(len(white) // 3) if any(rows[y][3 * x:3 * x + 3] != b"\xff\xff\xff" for y in inked)]
    top, bottom = max(inked[0] - margin, 0), inked[-1] + margin + 1
    left, right = max(columns[0] - margin, 0), columns[-1] + margin + 1
    return [row[3 * left:3 * right] for row in rows[top:bottom]]


def png(rows):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", len(rows[0]) // 3, len(rows), 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows))) +
            chunk(b"IEND", b""))
