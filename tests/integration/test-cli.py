#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The built `lekdicht` on a private bus, against an agent that is played by this file.

The agent here answers what each test wants, also what the real one never would: other types, other keys, nothing at
all. Prints TAP. BUILD names the directory with the programs (default: build).
"""

import json
import os
import pathlib
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

import gi

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib  # noqa: E402

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "bed"))
import privatebus  # noqa: E402

NAME = "org.lekdicht.Agent1"
PATH = "/org/lekdicht/Agent1"
LEKDICHT = pathlib.Path(os.environ.get("BUILD", "build"), "lekdicht").resolve()
SILENT = "no answer"
SINCE = 1763712902000000

XML = """<node><interface name='org.lekdicht.Agent1'>
<method name='Status'><arg type='%s' direction='out'/></method>
<method name='ListDevices'><arg type='%s' direction='out'/></method>
<method name='ListClients'><arg type='aa{sv}' direction='out'/></method>
<method name='Explain'><arg type='s' direction='in'/><arg type='a{sv}' direction='out'/></method>
<method name='SetGate'><arg type='s' direction='in'/></method>
<method name='Grant'><arg type='s' direction='in'/><arg type='s' direction='in'/><arg type='u' direction='in'/><arg type='s' direction='in'/><arg type='b' direction='in'/><arg type='t' direction='out'/></method>
<method name='Revoke'><arg type='s' direction='in'/></method>
<method name='Recent'><arg type='u' direction='in'/><arg type='s' direction='in'/><arg type='a(ts)' direction='out'/></method>
<signal name='Recorded'/>
</interface></node>"""

STATUS = """{'Version': <'9.9.9'>, 'Mode': <'enforce'>, 'Gate': <'closed'>, 'Wish': <'closed'>,
  'Buses': <{'scsi': 'closed', 'mmc': 'closed', 'memstick': 'closed'}>, 'PolicySource': <'file'>,
  'PolicyVersion': <uint32 7>, 'PolicyError': <''>, 'Since': <uint64 %d>, 'Devices': <uint32 2>,
  'Refused': <uint32 5>, 'Busy': <uint32 1>, 'Clients': <'events'>, 'Spool': <'ok'>, 'SpoolQueue': <uint32 3>,
  'SpoolDropped': <uint64 0>, 'SetAside': <uint32 0>}""" % SINCE

STICK = """{'Id': <'1-2'>, 'Kind': <'usb-disk'>, 'Vendor': <'0951'>, 'Product': <'1666'>, 'Name': <'DataTraveler'>,
  'State': <'refused'>, 'Rule': <'[storage] usb-disk'>, 'Reason': <'refused by [storage] usb-disk'>,
  'Since': <uint64 %d>, 'Audit': <false>, 'Nodes': <@as []>, 'Serial': <true>}""" % SINCE

ALLOW = ["allow", "1-2", "--for", "2h", "--reason", "les"]


CLIENT = """{'Client': <'rclone'>, 'Label': <'rclone'>, 'Service': <'google-drive'>, 'Category': <'sync'>,
  'Evidence': <'program'>, 'Verdict': <'flag'>, 'Rule': <'[clients] sync'>, 'Reason': <'flagged by [clients] sync'>,
  'Running': <true>, 'Since': <uint64 %d>, 'Pids': <[uint32 4711, 4712]>}""" % SINCE


def play_agent(address, scenario):
    """Runs in a child: the agent's name on the bus, answers from scenario, a line on stdout for each call."""
    status_type = scenario.get("status-type", "a{sv}")
    list_type = scenario.get("list-type", "aa{sv}")
    node = Gio.DBusNodeInfo.new_for_xml(XML % (status_type, list_type))

    records = [tuple(record) for record in scenario.get("records", [])]

    def recent(n, prefix):
        """The last n whose names begin so, as the real one does."""
        fitting = [(seq, text) for seq, text in records if f'"eventName":"{prefix}' in text or not prefix]
        return GLib.Variant("(a(ts))", (fitting[-n:],))

    def call(_connection, _sender, _path, _interface, method, parameters, invocation):
        interactive = bool(invocation.get_message().get_flags() & Gio.DBusMessageFlags.ALLOW_INTERACTIVE_AUTHORIZATION)
        print(method, parameters.print_(False), "interactive" if interactive else "", flush=True)
        answer = scenario.get(method)
        if answer == SILENT:
            return
        if isinstance(answer, list):
            invocation.return_dbus_error(answer[0], answer[1])
            return
        if method == "Recent":
            invocation.return_value(recent(*parameters.unpack()))
            return
        kind = {"Grant": "(t)", "Status": "(%s)" % status_type, "ListDevices": "(%s)" % list_type, "ListClients": "(aa{sv})", "Explain": "(a{sv})"}.get(method)
        value = GLib.Variant.parse(GLib.VariantType(kind), "(%s,)" % answer, None, None) if kind else None
        invocation.return_value(value)

    connection = Gio.DBusConnection.new_for_address_sync(
        address,
        Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)
    connection.register_object(PATH, node.interfaces[0], call, None, None)
    connection.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName",
                         GLib.Variant("(su)", (NAME, 0)), None, 0, -1, None)
    print("ready", flush=True)

    lines = b""

    def hear(channel, _condition):
        """Lines of JSON on stdin: what was recorded just now."""
        nonlocal lines
        chunk = os.read(channel, 65536)
        *whole, lines = (lines + chunk).split(b"\n")
        for line in whole:
            records.extend(tuple(record) for record in json.loads(line))
            connection.emit_signal(None, PATH, NAME, "Recorded", None)
        return bool(chunk)

    GLib.io_add_watch(sys.stdin.fileno(), GLib.PRIORITY_DEFAULT, GLib.IO_IN | GLib.IO_HUP, hear)
    GLib.MainLoop().run()


class Bed:
    """A private bus, at most one agent on it, and runs of the command."""

    def __init__(self, folder):
        self.socket = folder / "bus"
        self.address = "unix:path=%s" % self.socket
        self.bus = subprocess.Popen(privatebus.command(folder / "bus.conf", self.socket))
        self.agent = None
        for _ in range(100):
            if self.socket.exists():
                return
            time.sleep(0.05)
        raise RuntimeError("no private bus within 5 s")

    def start(self, **scenario):
        self.stop()
        self.agent = subprocess.Popen([sys.executable, __file__, "--agent", self.address, json.dumps(scenario)],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.agent.stdout.readline() == "ready\n", "the played agent did not start"

    def stop(self):
        """Ends the agent; returns the calls that it got."""
        if not self.agent:
            return []
        self.agent.send_signal(signal.SIGCONT)
        self.agent.terminate()
        calls = self.agent.communicate()[0].splitlines()
        self.agent = None
        return calls

    def close(self):
        self.stop()
        self.bus.terminate()
        self.bus.wait()

    def record(self, *records):
        """The agent records these, and says so."""
        self.agent.stdin.write(json.dumps(records) + "\n")
        self.agent.stdin.flush()

    def environment(self, address=None):
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC",
                       "DBUS_SYSTEM_BUS_ADDRESS": address or self.address}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                environment[name] = os.environ[name]
        return environment

    def run(self, *words, address=None, stdout=subprocess.PIPE, before=()):
        done = subprocess.run([*before, LEKDICHT, *words], stdout=stdout, stderr=subprocess.PIPE, timeout=60,
                              env=self.environment(address), stdin=subprocess.DEVNULL)
        return done.returncode, (done.stdout or b"").decode(), done.stderr.decode()


def usage(bed):
    """what is not understood: 2, and how to say it"""
    for words in ([], ["nix"], ["gate"], ["gate", "ajar"], ["policy"], ["status", "x"], ["status", "--frob"],
                  ["gate", "open", "--json"], ["policy", "check"], ["policy", "check", ""], ["policy", "explain"],
                  ["policy", "explain", "1-2", "1-3"], ["learn"], ["learn", "1-2", "1-3"], ["learn", ""],
                  ["allow", "1-2"], ["allow", "1-2", "--for", "2h"], ["allow", "1-2", "--reason", "x"],
                  ["allow", "--for", "2h", "--reason", "x"], ["allow", "1-2", "--for", "2h", "--reason", ""],
                  *(["allow", "1-2", "--reason", "x", "--for", time] for time in ("2", "h", "2d", "0m", "-1h", "1h30m", "10001h", " 2h")),
                  ["revoke"], ["revoke", "1-2", "--for", "2h"],
                  ["learn", "--json", "1-2"], ["audit-report", "x"], ["audit-report", "-n", "7"], ["status", "--", "--json"]):
        code, out, err = bed.run(*words)
        assert code == 2 and out == "" and "lekdicht" in err, (words, code, out, err)
    code, out, err = bed.run("\x1b[2Jnix")
    assert "\x1b" not in err, err
    for words in (["help"], ["--help"], ["-h"]):
        code, out, err = bed.run(*words)
        assert code == 0 and "lekdicht policy check FILE [--json]" in out and err == "", (code, out, err)
    code, out, err = bed.run("status", "--help")
    assert code == 0 and out.startswith("lekdicht status [--json]\n"), out
    code, out, err = bed.run("--version")
    assert code == 0 and re.fullmatch(r"lekdicht \d+\.\d+\.\d+\n", out), out


def no_bus(bed):
    """no system bus: 3, says so, and --json is one document"""
    for words in (["status"], ["devices"], ["gate", "open"], ["gate", "close"], ["policy", "explain", "1-2"], ["events"],
                  ["events", "--follow"], ["learn", "1-2"], ["audit-report"], ALLOW, ["revoke", "1-2"]):
        code, out, err = bed.run(*words, address="unix:path=/nonexistent/bus")
        assert code == 3 and out == "" and "system bus" in err and "Meanwhile" in err, (words, code, out, err)
    code, out, err = bed.run("status", "--json", address="unix:path=/nonexistent/bus")
    assert code == 3 and json.loads(out)["error"] == "no-system-bus" and err == "", (code, out, err)


def no_agent(bed):
    """no agent: 3, what holds, how to start it"""
    for words in (["status"], ["devices"], ["gate", "open"], ["gate", "close"], ["policy", "explain", "1-2"], ["events"],
                  ["events", "--follow"], ["learn", "1-2"], ["audit-report"], ALLOW, ["revoke", "1-2"]):
        code, out, err = bed.run(*words)
        assert code == 3 and out == "" and "lekdichtd) is not running" in err, (words, code, out, err)
        assert "Meanwhile" in err and "systemctl start lekdichtd" in err, err
    assert "lekdicht-gate open" in bed.run("gate", "open")[2]
    code, out, err = bed.run("devices", "--json")
    answer = json.loads(out)
    assert code == 3 and answer["error"] == "agent-not-running" and set(answer["kernel"]["buses"]) == {"scsi", "mmc", "memstick"}


def status_well(bed):
    """status: all well is 0, in words and in JSON"""
    bed.start(Status=STATUS)
    code, out, err = bed.run("status")
    assert code == 0 and err == "", (code, err)
    assert out.splitlines()[0] == "Removable storage is SHUT; only what the policy allows opens.", out
    assert "scsi closed, mmc closed, memstick closed" in out and "version 7" in out and "lekdichtd 9.9.9" in out, out
    assert "1 being opened or shut" in out, out
    code, out, err = bed.run("status", "--json")
    assert code == 0, code
    assert json.loads(out) == {
        "version": "9.9.9", "since": "2025-11-21T08:15:02.000000Z", "gate": "closed", "wish": "closed",
        "buses": {"scsi": "closed", "mmc": "closed", "memstick": "closed"}, "mode": "enforce",
        "policy": {"source": "file", "version": 7, "error": ""}, "devices": 2, "refused": 5, "busy": 1,
        "clients": "events", "spool": {"state": "ok", "waiting": 3, "dropped": 0, "set_aside": 0}, "well": True,
        "problems": []}, out


def status_wrong(bed):
    """status: what nobody decided is 1; a gate that somebody opened is 0"""
    for old, new, code, text in (
            ("'Gate': <'closed'>", "'Gate': <'partly'>", 1, "PARTLY"),
            ("'Gate': <'closed'>", "'Gate': <'open'>", 1, "nobody decided"),
            ("'Gate': <'closed'>, 'Wish': <'closed'>", "'Gate': <'open'>, 'Wish': <'open'>", 0, "an administrator opened"),
            ("'PolicyError': <''>", "'PolicyError': <'policy.ini:3: no\\u001b'>", 1, "policy.ini:3: no\\u001b"),
            ("'PolicySource': <'file'>", "'PolicySource': <'built-in'>", 1, "built-in rules"),
            ("'Spool': <'ok'>", "'Spool': <'failing'>", 1, "cannot be stored"),
            ("'Spool': <'ok'>", "'Spool': <'absent'>", 1, "no database"),
            ("'SpoolDropped': <uint64 0>", "'SpoolDropped': <uint64 9>", 0, "9 could not be recorded"),
            ("'SetAside': <uint32 0>", "'SetAside': <uint32 2>", 0, "2 are of a kind")):
        bed.start(Status=STATUS.replace(old, new))
        got, out, err = bed.run("status")
        assert got == code and text in out and "\x1b" not in out, (new, got, out, err)
        got, out, err = bed.run("status", "--json")
        assert got == code and json.loads(out)["well"] == (code == 0), (new, got, out)


def another_agent(bed):
    """an agent that says more, less, or something else"""
    bed.start(Status=STATUS.replace("{'Version'", "{'Weather': <[(1, 'fine')]>, 'Version'"))
    assert bed.run("status")[0] == 0
    bed.start(Status="@a{sv} {}")
    code, out, err = bed.run("status")
    assert code == 1 and "does not say whether" in out, (code, out)
    for old, new, key in (("<uint32 7>", "<'seven'>", "PolicyVersion"), ("<'closed'>", "<true>", "Gate"),
                          ("<{'scsi': 'closed', 'mmc': 'closed', 'memstick': 'closed'}>", "<['scsi']>", "Buses")):
        bed.start(Status=STATUS.replace(old, new))
        code, out, err = bed.run("status")
        assert code == 1 and out == "" and "not understood" in err and key in err, (new, code, out, err)
    for kind, text in (("s", "'all is well'"), ("as", "['a']"), ("a{ss}", "{'Gate': 'closed'}")):
        bed.start(Status=text, ListDevices="[%s]" % text, **{"status-type": kind, "list-type": "a" + kind})
        for verb in ("status", "devices"):
            code, out, err = bed.run(verb)
            assert code == 1 and out == "" and "not understood" in err, (kind, verb, code, out, err)
    bed.start(Explain=STICK.replace("<@as []>", "<['sda']>, 'Nodes': <['sdb']>"))
    assert bed.run("policy", "explain", "1-2")[0] == 1


def devices(bed):
    """devices: a table, JSON, none, and one that calls itself an escape sequence"""
    hostile = STICK.replace("'1-2'", "'1-3.1'").replace("DataTraveler", "\\u001b[2J\\u202egpj\\u65e5\"\\\\")
    hostile = hostile.replace("<@as []>", "<['sda', 'sda1']>")
    bed.start(ListDevices="[%s, %s]" % (STICK, hostile))
    code, out, err = bed.run("devices")
    assert code == 0 and err == "", (code, err)
    lines = out.splitlines()
    assert len(lines) == 3 and lines[0].startswith("DEVICE") and "\x1b" not in out and "\u202e" not in out, out
    assert lines[1].index("refused by") == lines[0].index("WHY") and "sda, sda1" in lines[2], out
    code, out, err = bed.run("devices", "--json")
    found = json.loads(out)["devices"]
    assert code == 0 and "\x1b" not in out and "\u202e" not in out, out
    assert [device["id"] for device in found] == ["1-2", "1-3.1"], found
    assert found[1]["name"] == '\x1b[2J\u202egpj\u65e5"\\' and found[1]["nodes"] == ["sda", "sda1"], found
    assert found[0]["serial"] is True and found[0]["audit"] is False and found[0]["since"] == "2025-11-21T08:15:02.000000Z"
    bed.start(ListDevices="@aa{sv} []")
    assert bed.run("devices")[:2] == (0, "No removable storage is plugged in.\n")
    assert json.loads(bed.run("devices", "--json")[1]) == {"devices": []}
    many = 300
    bed.start(ListDevices="[%s]" % ", ".join([STICK] * many))
    assert len(bed.run("devices")[1].splitlines()) == many + 1


def clients(bed):
    """clients: a table, JSON, none, one that is only set up, and one whose name is an escape sequence"""
    linked = CLIENT.replace("'Running': <true>", "'Running': <false>").replace("'program'", "'linked'")
    hostile = CLIENT.replace("'Label': <'rclone'>", "'Label': <'\\u001b[2J\\u202e'>").replace("<true>", "<false>")
    bed.start(ListClients="[%s, %s, %s]" % (CLIENT, linked, hostile))
    code, out, err = bed.run("clients")
    assert code == 0 and err == "" and "\x1b" not in out and "\u202e" not in out, (code, out, err)
    lines = out.splitlines()
    assert len(lines) == 4 and lines[0].split()[:5] == ["CLIENT", "SERVICE", "KIND", "STATE", "SINCE"], out
    state = lines[0].index("STATE")
    assert [line[state:].split("  ")[0] for line in lines[1:3]] == ["runs", "set up"] and "ended" in lines[3], out
    assert lines[1].endswith("flagged by [clients] sync"), out
    code, out, err = bed.run("clients", "--json")
    assert code == 0 and json.loads(out)["clients"][0] == {
        "client": "rclone", "label": "rclone", "service": "google-drive", "category": "sync", "evidence": "program",
        "verdict": "flag", "rule": "[clients] sync", "reason": "flagged by [clients] sync", "running": True,
        "since": "2025-11-21T08:15:02.000000Z", "pids": [4711, 4712]}, out
    bed.start(ListClients="@aa{sv} []")
    assert bed.run("clients")[:2] == (0, "No sync, chat or backup client was found.\n")
    assert json.loads(bed.run("clients", "--json")[1]) == {"clients": []}
    bed.start(ListClients=["org.freedesktop.DBus.Error.AccessDenied", "no"])
    assert bed.run("clients")[0] == 4


def clients_check(bed):
    """clients check: good, bad with file and line, and a file that is not there; without the agent"""
    code, out, err = bed.run("clients", "check", str(pathlib.Path(__file__).resolve().parents[2] / "policy/clients.ini"))
    assert code == 0 and "good: version 1" in out and err == "", (code, out, err)
    with tempfile.NamedTemporaryFile("w", suffix=".ini", encoding="utf-8") as file:
        file.write("[catalogue]\nversion = 1\n[client box]\nlabel = Box\nservice = box\ncategory = sync\nexec = V /usr/bin/box\n")
        file.flush()
        code, out, err = bed.run("clients", "check", file.name)
    assert code == 1 and f'{file.name}:7: unknown key "exec"; did you mean "exe"?\n' in out, (code, out, err)
    assert out.endswith("nothing of it would be used\n"), out
    code, out, err = bed.run("clients", "check", "/nonexistent")
    assert code == 1 and "/nonexistent" in out + err, (code, out, err)
    assert bed.run("clients", "check")[0] == 2


def explain(bed):
    """policy explain: plain words, JSON, and the names that would have been understood"""
    bed.start(Explain=STICK)
    code, out, err = bed.run("policy", "explain", "1-2")
    assert code == 0 and out.startswith('1-2 is a USB stick or disk, USB 0951:1666, and calls itself "DataTraveler".'), out
    assert "refused by [storage] usb-disk" in out and out.endswith("\n  sudo lekdicht learn 1-2\n"), out
    assert json.loads(bed.run("policy", "explain", "--json", "1-2")[1])["rule"] == "[storage] usb-disk"
    assert any(re.match(r"Explain \('1-2',\)", call) for call in bed.stop())
    bed.start(Explain=["org.lekdicht.Error.UnknownDevice", "no storage device 9-9"], ListDevices="[%s]" % STICK)
    code, out, err = bed.run("policy", "explain", "9-9")
    assert code == 1 and "no storage device 9-9" in err and "Plugged in: 1-2" in err, (code, err)
    code, out, err = bed.run("policy", "explain", b"\xff\xfe")
    assert code == 1 and "no such device" in err, (code, err)


def explain_client(bed):
    """policy explain: a client by its name, by a process, in JSON, and what is neither"""
    unknown = ["org.lekdicht.Error.UnknownDevice", "no such device"]
    bed.start(Explain=unknown, ListDevices="[%s]" % STICK, ListClients="[%s]" % CLIENT)
    for word in ("rclone", "4712"):
        code, out, err = bed.run("policy", "explain", word)
        assert code == 0 and out.startswith("rclone is a sync client, and reaches google-drive.\n"), (word, code, out, err)
        assert "PID      4711, 4712\n" in out and "why      flagged by [clients] sync\n" in out, out
    code, out, err = bed.run("policy", "explain", "--json", "4711")
    assert code == 0 and [row["client"] for row in json.loads(out)["clients"]] == ["rclone"], (code, out, err)
    code, out, err = bed.run("policy", "explain", "471")
    assert code == 1 and out == "" and "no client was found in process 471" in err, (code, out, err)
    code, out, err = bed.run("policy", "explain", "--json", "471")
    assert code == 1 and json.loads(out) == {"clients": []}, (code, out, err)
    code, out, err = bed.run("policy", "explain", "dropbox")
    assert code == 1 and "no such device" in err and "Plugged in: 1-2" in err, (code, out, err)
    assert "Explain ('4712',)" not in "\n".join(bed.stop())
    bed.start(Explain=unknown, ListDevices="[%s]" % STICK, ListClients=["org.freedesktop.DBus.Error.AccessDenied", "no"])
    assert bed.run("policy", "explain", "4711")[0] == 4
    assert bed.run("policy", "explain", "rclone")[0] == 1


def gate(bed):
    """gate open and close: the right word, a password may be asked for, and its errors"""
    bed.start(SetGate="")
    code, out, err = bed.run("gate", "open")
    assert code == 0 and "The gate is open" in out, (code, out, err)
    code, out, err = bed.run("gate", "close")
    assert code == 0 and "The gate is closed" in out, (code, out, err)
    assert bed.stop() == ["SetGate ('open',) interactive", "SetGate ('closed',) interactive"]
    bed.start(SetGate=["org.lekdicht.Error.GateFailed", "scsi: drivers_autoprobe reads 1\x1b"])
    code, out, err = bed.run("gate", "close")
    assert code == 1 and out == "" and "scsi: drivers_autoprobe reads 1\\u001b" in err, (code, out, err)


def allow(bed):
    """allow and revoke: what is asked for, until when, a password may be asked for, and its errors"""
    bed.start(Grant=str(SINCE + 7200 * 10**6), Revoke="", ListDevices="[%s]" % STICK)
    code, out, err = bed.run(*ALLOW)
    assert code == 0 and "1-2 opens until 2025-11-21 10:15:02" in out and "not after a reboot" in out, (code, out, err)
    code, out, err = bed.run("allow", "--keep", "--read-only", "--reason=les 4", "--for=45m", "1-2")
    assert code == 0 and "opens for reading until" in out and "also after a reboot" in out, (code, out, err)
    code, out, err = bed.run("revoke", "1-2")
    assert code == 0 and "The grant is over" in out, (code, out, err)
    code, out, err = bed.run("allow", "1-2", "--for", "2h", "--reason", b"\xff\xfe")
    assert code == 2 and "UTF-8" in err, (code, out, err)
    assert bed.stop() == ["Grant ('1-2', 'allow', 120, 'les', false) interactive",
                          "Grant ('1-2', 'read-only', 45, 'les 4', true) interactive", "Revoke ('1-2',) interactive"]
    bed.start(Grant=["org.lekdicht.Error.GrantFailed", "mode = audit\x1b"], ListDevices="[%s]" % STICK,
              Revoke=["org.lekdicht.Error.UnknownDevice", "no grant is held by a device called 1-2"])
    code, out, err = bed.run(*ALLOW)
    assert code == 1 and out == "" and "mode = audit\\u001b" in err, (code, out, err)
    code, out, err = bed.run("revoke", "1-2")
    assert code == 1 and out == "" and "Plugged in: 1-2" in err, (code, out, err)


def not_allowed(bed):
    """not allowed: 4, and who may"""
    for error in ("org.freedesktop.DBus.Error.AccessDenied", "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired"):
        denied = [error, "not authorised"]
        bed.start(Status=denied, ListDevices=denied, SetGate=denied, Explain=denied, Recent=denied,
                  Grant=denied, Revoke=denied)
        for words in (["status"], ["devices"], ["gate", "open"], ["gate", "close"], ["policy", "explain", "1-2"], ["events"],
                      ["events", "--follow"], ["learn", "1-2"], ["audit-report"], ALLOW, ["revoke", "1-2"]):
            code, out, err = bed.run(*words)
            assert code == 4 and out == "" and "Only an administrator may" in err, (words, code, out, err)
        code, out, err = bed.run("devices", "--json")
        assert code == 4 and json.loads(out)["error"] == "not-allowed", (code, out)


def event(seq, name="lekdicht.device.refused", **attributes):
    """What Recent gives of one event."""
    attributes = {"log.record.uid": "01ARZ3NDEKTSV4RRFF%08d" % seq, **attributes}
    return seq, json.dumps({"timeUnixNano": str((SINCE + seq) * 1000), "eventName": name, "attributes": [
        {"key": key.replace("__", "."), "value": {"stringValue": value}} for key, value in attributes.items()]},
        separators=(",", ":"))


def events(bed):
    """events: a table, JSON lines, the last N, of one name, none, and nothing that steers a terminal"""
    known = [event(1, "lekdicht.agent.started"), event(2, device__product__name="Stick", lekdicht__reason="refused by X"),
             event(5, device__product__name="\u202egpj\x1b[2J\x9b" + 10000 * "A"), event(6, "lekdicht.gate.opened")]
    bed.start(records=known)
    code, out, err = bed.run("events")
    lines = out.splitlines()
    assert code == 0 and err == "" and len(lines) == 5, (code, out, err)
    assert lines[0].split() == ["WHEN", "CODE", "WHAT", "DEVICE", "WHY"], lines[0]
    assert "Agent started" in lines[1] and '000002  Device refused  "Stick"' in lines[2] and "refused by X" in lines[2], out
    assert "Gate opened" in lines[4] and len(lines[3]) < 400, out
    for stranger in ("\x1b", "\u202e", "\x9b"):
        assert stranger not in out, repr(out)
    code, out, err = bed.run("events", "--json")
    assert code == 0 and err == "" and out.isascii() and "\x1b" not in out, (code, out, err)
    assert [json.loads(line) for line in out.splitlines()] == [json.loads(text) for _, text in known], out
    assert [json.loads(line)["eventName"] for line in bed.run("events", "--json", "-n", "1")[1].splitlines()] == \
        ["lekdicht.gate.opened"]
    for words in (["--filter", "device"], ["--filter=lekdicht.device"], ["--filter", "device.refused"]):
        assert len(bed.run("events", "--json", *words)[1].splitlines()) == 2, words
    assert len(bed.run("events", "--json", "--filter", "lekdicht")[1].splitlines()) == 4
    assert bed.run("events", "--filter", "grant")[:2] == (0, "Nothing of that name has been recorded.\n")
    assert bed.run("events", "--filter", "grant", "--json")[:2] == (0, "")
    calls = bed.stop()
    assert calls[0] == "Recent (20, '') interactive", calls[0]
    for words in (["-n", "0"], ["-n", "1001"], ["-n", "-1"], ["-n", "x"], ["-n"], ["-n", "1 "], ["--filter", ""],
                  ["--filter", 49 * "x"], ["--filter", "Device"], ["--filter", "\x1b[2J"], ["--filter"], ["--follow=1"], ["x"]):
        code, out, err = bed.run("events", *words)
        assert code == 2 and out == "" and "usage: lekdicht events" in err, (words, code, out, err)
    bed.start()
    assert bed.run("events")[:2] == (0, "Nothing has been recorded yet.\n")
    bed.start(records=[(1, "nonsense"), event(2)])
    for words in ([], ["--json"]):
        code, out, err = bed.run("events", *words)
        assert code == 1 and "event 1 is not understood" in err and "efused" in out, (words, code, out, err)


def as_user():
    """Words before a command that make it somebody who is not root."""
    return ["unshare", "--user", "--map-user=1000", "--"]


def as_root(folder, **attributes):
    """Words before a command that make it root, with a /sys that has the stick at 1-2 with these attributes."""
    device = folder / "sys/devices/pci0/1-2"
    links = folder / "sys/bus/usb/devices"
    device.mkdir(parents=True, exist_ok=True)
    links.mkdir(parents=True, exist_ok=True)
    if not (links / "1-2").is_symlink():
        (links / "1-2").symlink_to("../../../devices/pci0/1-2")
    for name, value in {"uevent": b"", "idVendor": b"0951\n", "idProduct": b"1666\n", **attributes}.items():
        (device / name).write_bytes(value)
    return ["unshare", "--user", "--map-root-user", "--mount", "--", "sh", "-c",
            'mount --bind "$0" /sys && exec "$@"', str(folder / "sys")]


def assert_appends(bed, folder, out, exceptions=1):
    """What was printed, put with >> behind a policy whose last line is not ended, is good."""
    policy = folder / "policy.ini"
    policy.write_text("[policy]\nversion = 7" + out)
    code, said, err = bed.run("policy", "check", policy)
    count = "%d exception%s" % (exceptions, "" if exceptions == 1 else "s")
    assert (code, said) == (0, "%s: good: version 7, enforce, %s\n" % (policy, count)), (said, err, out)


def learn(bed):
    """learn: a section that goes through policy check, with the serial for root, and nothing else on stdout"""
    bed.start(Explain=STICK, ListDevices="[%s]" % STICK)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        code, out, err = bed.run("learn", "1-2", before=as_root(folder, serial=b"60A44C413FAEE411B97A00D2\n"))
        assert code == 0 and re.fullmatch(
            '\n# USB stick or disk, calls itself "DataTraveler"\n\\[device datatraveler\\]\nvendor = 0951\nproduct = 1666\n'
            "serial = 60A44C413FAEE411B97A00D2\naccess = allow\nreason = learned on [-0-9]{10}\n", out), (code, out, err)
        assert_appends(bed, folder, out)
        code, out, err = bed.run("learn", "1-2", before=as_user())
        assert code == 0 and "serial =" not in out and "# No serial, so every device of this model opens" in out, (code, out, err)
        assert "every device of its model opens" in err and "only root is told" in err, err
        assert_appends(bed, folder, out)
        for serial in (b"0\n", b"0123456789ABCDEF\n", b"", b"AB12\n[storage]\nusb-disk = allow\n", b"AB12 ; 34", b"[x]=;#", b"\xff\xfe1234",
                       126 * b"AZ"[:1], b"".join(b"%d" % (n % 7) for n in range(126)), 126 * "\u65e5\u672c".encode(), b"AB12\x1b[2J34"):
            code, out, err = bed.run("learn", "1-2", before=as_root(folder, serial=serial))
            assert code == 0 and "\x1b" not in out + err, (serial, code, out, err)
            assert ("serial = " in out) != ("No serial, so every device" in out), (serial, out)
            assert_appends(bed, folder, out)
        code, out, err = bed.run("learn", "1-2", before=as_root(folder, idProduct=b"1667\n"))
        assert (code, out) == (1, "") and "another one took its place" in err, (code, out, err)
        for called in ("a]\\n[storage]\\nusb-disk = allow", "; x = #", "\\u001b[2J\\u202e", "\u65e5", 126 * "X", ""):
            bed.start(Explain=STICK.replace("DataTraveler", called))
            code, out, err = bed.run("learn", "1-2", before=as_user())
            assert code == 0 and "\x1b" not in out and "\u202e" not in out, (called, code, out, err)
            assert_appends(bed, folder, out)
        for old, new in (("usb-disk", "zip-drive"), ("1666", "16\\n66"), ("1666", "")):
            bed.start(Explain=STICK.replace(old, new))
            code, out, err = bed.run("learn", "1-2", before=as_user())
            assert (code, out) == (1, "") and "no exception for it can be written" in err, (new, code, out, err)
    bed.start(Explain=["org.lekdicht.Error.UnknownDevice", "no storage device 9-9"], ListDevices="[%s]" % STICK)
    code, out, err = bed.run("learn", "9-9")
    assert (code, out) == (1, "") and "no storage device 9-9" in err and "Plugged in: 1-2" in err, (code, out, err)


def audit_report(bed):
    """audit-report: what was let through, with lines that go through policy check; none, cut, and in enforce mode"""
    passed = {"lekdicht__device__kind": "usb-disk", "device__vendor__id": "0951", "device__product__id": "1666",
              "lekdicht__audit": "true", "lekdicht__rule": "[storage] usb-disk"}
    known = [event(1, device__product__name="DataTraveler", **passed), event(2, device__product__name="Old", **passed),
             event(3, device__product__name="DataTraveler", **passed), event(4, "lekdicht.gate.opened"),
             event(5, device__product__name="Refused", **{**passed, "lekdicht__audit": "false"})]
    audit = STATUS.replace("<'enforce'>", "<'audit'>")
    bed.start(Status=audit, ListDevices="[%s]" % STICK, records=known)
    code, out, err = bed.run("audit-report")
    assert code == 0 and err == "" and "is in audit mode" in out and "Refused" not in out, (code, out, err)
    assert re.search(r"\n2 +2025-11-21 +2025-11-21 +USB stick or disk +0951:1666 +DataTraveler +\[storage\] usb-disk +-\n1 ", out), out
    assert "sudo lekdicht learn 1-2\n" in out, out
    with tempfile.TemporaryDirectory() as name:
        assert_appends(bed, pathlib.Path(name), out[out.index("All of a model:") + len("All of a model:"):], 2)
        answer = json.loads(bed.run("audit-report", "--json")[1])
        assert_appends(bed, pathlib.Path(name), "".join(group["section"] for group in answer["would_refuse"]), 2)
    assert [(group["name"], group["times"], group["present"]) for group in answer["would_refuse"]] == \
        [("DataTraveler", 2, ["1-2"]), ("Old", 1, [])], answer
    assert answer["mode"] == "audit" and answer["read"] == 4 and answer["cut"] is False, answer
    assert "Recent (1000, 'lekdicht.device') interactive" in bed.stop()
    bed.start(Status=STATUS, ListDevices=["org.freedesktop.DBus.Error.AccessDenied", "no"], records=known)
    code, out, err = bed.run("audit-report")
    assert code == 0 and "is in enforce mode" in out and "DataTraveler" in out, (code, out, err)
    bed.start(Status=audit, ListDevices="@aa{sv} []", records=[])
    code, out, err = bed.run("audit-report")
    assert code == 0 and "No event of a device is recorded" in out and "Nothing was let through" in out, (code, out, err)
    many = [event(seq, device__product__name="\u202e\x1b[2J%d" % seq, **passed) for seq in range(1, 1002)]
    bed.start(Status=audit, ListDevices="@aa{sv} []")
    bed.record(*many)
    for _ in range(100):
        if "1001" in bed.run("events", "-n", "1")[1]:
            break
        time.sleep(0.1)
    code, out, err = bed.run("audit-report")
    assert code == 0 and "Only the last 1000 events" in out and "\x1b" not in out and "\u202e" not in out, (code, out[:500], err)
    with tempfile.TemporaryDirectory() as name:
        assert_appends(bed, pathlib.Path(name), out[out.index("All of a model:") + len("All of a model:"):], 1000)
    bed.start(Status=audit, ListDevices="@aa{sv} []", records=[(1, '"eventName":"lekdicht.device'), event(2, **passed)])
    code, out, err = bed.run("audit-report")
    assert code == 1 and "event 1 is not understood" in err and "0951:1666" in out, (code, out, err)


class Follower:
    """`lekdicht events --follow`, and the lines that it has said."""

    def __init__(self, bed, *words):
        self.process = subprocess.Popen([LEKDICHT, "events", "--follow", *words], stdin=subprocess.DEVNULL, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=bed.environment())
        self.lines = queue.Queue()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def expect(self, *parts):
        """The next lines hold these, one each."""
        for part in parts:
            line = self.lines.get(timeout=20)
            assert line is not None and part in line, (part, line)

    def quiet(self):
        time.sleep(0.3)
        assert self.lines.empty(), self.lines.get()

    def close(self):
        self.process.terminate()
        return self.process.wait(timeout=20)


def events_follow(bed):
    """events --follow: what comes appears once, also 40 at once, over a restart of the agent, and Ctrl-C ends it"""
    bed.start(records=[event(1), event(2)])
    follower = Follower(bed)
    try:
        follower.expect("WHEN", "000001", "000002")
        bed.record(event(3, device__product__name="Stick"))
        follower.expect("000003")
        bed.record()                            # a signal for nothing
        bed.record(*[event(seq) for seq in range(4, 44)])
        follower.expect(*["%06d" % seq for seq in range(4, 44)])
        bed.stop()
        follower.expect("has stopped; waiting")
        bed.start(records=[event(43), event(44)])
        follower.expect("000044")
        follower.quiet()
        bed.record(event(45))
        follower.expect("000045")
    finally:
        code = follower.close()
    assert code == -signal.SIGTERM, code
    bed.start(records=[event(1)])
    follower = Follower(bed, "--json", "-n", "1", "--filter", "device")
    try:
        follower.expect('{"timeUnixNano"')
        bed.record(event(2, "lekdicht.gate.opened"))
        follower.quiet()
        bed.record(event(3))
        follower.expect("00000003")
    finally:
        follower.close()
    bed.start(records=[])
    follower = Follower(bed)
    try:
        follower.quiet()
        bed.record(event(1))
        follower.expect("WHEN", "000001")
    finally:
        follower.close()


def hung_agent(bed):
    """an agent that hangs is said so within seconds, also where a password may take minutes"""
    bed.start()
    bed.agent.send_signal(signal.SIGSTOP)
    begin = time.monotonic()
    code, out, err = bed.run("gate", "close")
    assert code == 1 and "does not answer" in err and "Meanwhile" in err, (code, out, err)
    assert 5 < time.monotonic() - begin < 30


def full_disk(bed):
    """an answer that cannot be written is an error"""
    bed.start(Status=STATUS, Explain=STICK, ListDevices="[%s]" % STICK, records=[event(1)])
    before = as_user() if os.getuid() == 0 else ()
    with open("/dev/full", "w", encoding="ascii") as full:
        for words in (["status"], ["status", "--json"], ["events"], ["events", "--json"], ["events", "--follow"], ["learn", "1-2"],
                      ["audit-report"], ["audit-report", "--json"], ["help"]):
            code, _, err = bed.run(*words, stdout=full, before=before)
            assert code == 1 and "cannot write the answer" in err, (words, code, err)


def policy_check(bed):
    """policy check: FILE:LINE: reason without an agent, a link, a FIFO, a name with an escape"""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        good = folder / "good.ini"
        good.write_text("[policy]\nversion = 7\n")
        assert bed.run("policy", "check", good)[:2] == (0, "%s: good: version 7, enforce, 0 exceptions\n" % good)
        bad = folder / "-b\x1bad.ini"
        bad.write_text("[policy]\nversion = 7\nwish = you were here\n")
        code, out, err = bed.run("policy", "check", "--", bad)
        assert code == 1 and re.search(r"/-b\\u001bad\.ini:3: .*wish", out) and "\x1b" not in out, (code, out, err)
        answer = json.loads(bed.run("policy", "check", "--json", bad)[1])
        assert answer["good"] is False and answer["errors"][0]["line"] == 3 and answer["file"] == str(bad), answer
        (folder / "link.ini").symlink_to(good)
        os.mkfifo(folder / "fifo.ini")
        for path in (folder / "link.ini", folder / "fifo.ini", folder, folder / "none.ini"):
            code, out, err = bed.run("policy", "check", path)
            assert code == 1 and str(path) in out, (path, code, out, err)


def enroll(bed):
    """enroll writes a file that the reporter reads, for root and its group alone, and nothing that it would refuse"""
    folder = pathlib.Path(tempfile.mkdtemp(dir=bed.socket.parent))
    path, token, school = folder / "enrolment", "0123abcd." + "s" * 43, "https://lekdicht.school.example"
    code, out, err = bed.run("enroll", school, token, "--label", "L-0421", "--ca-file", "/etc/lekdicht/ca.pem", "--file", path)
    assert (code, out, err) == (0, "", ""), (code, out, err)
    text, mode = path.read_text(encoding="utf-8"), path.stat().st_mode & 0o777
    attempt = re.search(r"^attempt = ([0-9a-f]{32})$", text, re.MULTILINE)
    assert mode == 0o640 and attempt and f"[collector]\nurl = {school}\ntoken = {token}\nlabel = L-0421\n" in text, (mode, text)
    assert bed.run("enroll", school, token, "--file", path)[0] == 0
    assert attempt.group(1) not in path.read_text(encoding="utf-8"), "the same attempt twice"

    before = path.read_text(encoding="utf-8")
    for words, why in ((["http://lekdicht.school.example", token], "https://"), ([school, "short"], "fewer than 32"),
                       ([school + "/?x", token], "a path with characters"), ([school, token, "--label", "x\nproxy = http://y"], "more than one line"),
                       ([school, token, "--label", "x ; y"], "line of its own"), ([school, token, "--label", "\u202ex"], "cannot be shown"),
                       ([school, token, "--label", "x" * 65], "64 characters"), ([school, "x" * 129], "no token"),
                       ([school, token, "--ca-file", "ca.pem"], "from the root")):
        code, out, err = bed.run("enroll", *words, "--file", path)
        assert code == 2 and out == "" and why in err and token not in err, (words, code, err)
    for words in ([], [school], [school, token, "x"], [school, token, "--lable", "x"]):
        assert bed.run("enroll", *words)[0] == 2, words
    code, _, err = bed.run("enroll", school, token, "--file", "enrolment")
    assert code == 2 and "./enrolment" in err, (code, err)
    assert path.read_text(encoding="utf-8") == before, "what was refused was written"
    if os.geteuid() == 0:
        code, out, err = bed.run("enroll", school, token, before=("setpriv", "--reuid=65534", "--clear-groups"))
        assert code == 4 and "only root" in err, (code, err)


TESTS = [usage, enroll, no_bus, no_agent, status_well, status_wrong, another_agent, devices, clients, clients_check, explain, explain_client, gate, allow, events, events_follow, learn,
         audit_report, not_allowed, hung_agent,
         full_disk, policy_check]


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        bed = Bed(pathlib.Path(name))
        try:
            print("1..%d" % len(TESTS))
            for number, test in enumerate(TESTS, 1):
                try:
                    test(bed)
                    print("ok %d - cli: %s" % (number, test.__doc__), flush=True)
                except Exception as problem:  # pylint: disable=broad-except
                    failed += 1
                    print("not ok %d - cli: %s" % (number, test.__doc__))
                    print("# %s: %s" % (type(problem).__name__, str(problem).replace("\n", "\n# ")), flush=True)
                finally:
                    bed.stop()
        finally:
            bed.close()
    return 1 if failed else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--agent"]:
        play_agent(sys.argv[2], json.loads(sys.argv[3]))
    else:
        sys.exit(main())
