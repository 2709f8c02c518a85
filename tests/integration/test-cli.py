#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The built `lekdicht` on a private bus, against an agent that is played by this file.

The agent here answers what each test wants, also what the real one never would: other types, other keys, nothing at
all. Prints TAP. BUILD names the directory with the programs (default: build).
"""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

import gi

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib  # noqa: E402

NAME = "org.lekdicht.Agent1"
PATH = "/org/lekdicht/Agent1"
LEKDICHT = pathlib.Path(os.environ.get("BUILD", "build"), "lekdicht").resolve()
SILENT = "no answer"
SINCE = 1763712902000000

XML = """<node><interface name='org.lekdicht.Agent1'>
<method name='Status'><arg type='%s' direction='out'/></method>
<method name='ListDevices'><arg type='%s' direction='out'/></method>
<method name='Explain'><arg type='s' direction='in'/><arg type='a{sv}' direction='out'/></method>
<method name='SetGate'><arg type='s' direction='in'/></method>
</interface></node>"""

STATUS = """{'Version': <'9.9.9'>, 'Mode': <'enforce'>, 'Gate': <'closed'>, 'Wish': <'closed'>,
  'Buses': <{'scsi': 'closed', 'mmc': 'closed', 'memstick': 'closed'}>, 'PolicySource': <'file'>,
  'PolicyVersion': <uint32 7>, 'PolicyError': <''>, 'Since': <uint64 %d>, 'Devices': <uint32 2>,
  'Refused': <uint32 5>, 'Busy': <uint32 1>}""" % SINCE

STICK = """{'Id': <'1-2'>, 'Kind': <'usb-disk'>, 'Vendor': <'0951'>, 'Product': <'1666'>, 'Name': <'DataTraveler'>,
  'State': <'refused'>, 'Rule': <'[storage] usb-disk'>, 'Reason': <'refused by [storage] usb-disk'>,
  'Since': <uint64 %d>, 'Audit': <false>, 'Nodes': <@as []>, 'Serial': <true>}""" % SINCE

CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=%s</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/></policy>
</busconfig>"""


def play_agent(address, scenario):
    """Runs in a child: the agent's name on the bus, answers from scenario, a line on stdout for each call."""
    status_type = scenario.get("status-type", "a{sv}")
    list_type = scenario.get("list-type", "aa{sv}")
    node = Gio.DBusNodeInfo.new_for_xml(XML % (status_type, list_type))

    def call(_connection, _sender, _path, _interface, method, parameters, invocation):
        interactive = bool(invocation.get_message().get_flags() & Gio.DBusMessageFlags.ALLOW_INTERACTIVE_AUTHORIZATION)
        print(method, parameters.print_(False), "interactive" if interactive else "", flush=True)
        answer = scenario.get(method)
        if answer == SILENT:
            return
        if isinstance(answer, list):
            invocation.return_dbus_error(answer[0], answer[1])
            return
        kind = {"Status": "(%s)" % status_type, "ListDevices": "(%s)" % list_type, "Explain": "(a{sv})"}.get(method)
        value = GLib.Variant.parse(GLib.VariantType(kind), "(%s,)" % answer, None, None) if kind else None
        invocation.return_value(value)

    connection = Gio.DBusConnection.new_for_address_sync(
        address,
        Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)
    connection.register_object(PATH, node.interfaces[0], call, None, None)
    connection.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName",
                         GLib.Variant("(su)", (NAME, 0)), None, 0, -1, None)
    print("ready", flush=True)
    GLib.MainLoop().run()


class Bed:
    """A private bus, at most one agent on it, and runs of the command."""

    def __init__(self, folder):
        self.socket = folder / "bus"
        self.address = "unix:path=%s" % self.socket
        (folder / "bus.conf").write_text(CONFIG % self.socket)
        self.bus = subprocess.Popen(["dbus-daemon", "--config-file=%s" % (folder / "bus.conf"), "--nofork", "--nopidfile"])
        self.agent = None
        for _ in range(100):
            if self.socket.exists():
                return
            time.sleep(0.05)
        raise RuntimeError("no private bus within 5 s")

    def start(self, **scenario):
        self.stop()
        self.agent = subprocess.Popen([sys.executable, __file__, "--agent", self.address, json.dumps(scenario)],
                                      stdout=subprocess.PIPE, text=True)
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

    def run(self, *words, address=None, stdout=subprocess.PIPE):
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC",
                       "DBUS_SYSTEM_BUS_ADDRESS": address or self.address}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                environment[name] = os.environ[name]
        done = subprocess.run([LEKDICHT, *words], stdout=stdout, stderr=subprocess.PIPE, env=environment, timeout=60,
                              stdin=subprocess.DEVNULL)
        return done.returncode, (done.stdout or b"").decode(), done.stderr.decode()


def usage(bed):
    """what is not understood: 2, and how to say it"""
    for words in ([], ["nix"], ["gate"], ["gate", "ajar"], ["policy"], ["status", "x"], ["status", "--frob"],
                  ["gate", "open", "--json"], ["policy", "check"], ["policy", "check", ""], ["policy", "explain"],
                  ["policy", "explain", "1-2", "1-3"], ["status", "--", "--json"]):
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
    for words in (["status"], ["devices"], ["gate", "open"], ["gate", "close"], ["policy", "explain", "1-2"]):
        code, out, err = bed.run(*words, address="unix:path=/nonexistent/bus")
        assert code == 3 and out == "" and "system bus" in err and "Meanwhile" in err, (words, code, out, err)
    code, out, err = bed.run("status", "--json", address="unix:path=/nonexistent/bus")
    assert code == 3 and json.loads(out)["error"] == "no-system-bus" and err == "", (code, out, err)


def no_agent(bed):
    """no agent: 3, what holds, how to start it"""
    for words in (["status"], ["devices"], ["gate", "open"], ["gate", "close"], ["policy", "explain", "1-2"]):
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
        "policy": {"source": "file", "version": 7, "error": ""}, "devices": 2, "refused": 5, "busy": 1, "well": True,
        "problems": []}, out


def status_wrong(bed):
    """status: what nobody decided is 1; a gate that somebody opened is 0"""
    for old, new, code, text in (
            ("'Gate': <'closed'>", "'Gate': <'partly'>", 1, "PARTLY"),
            ("'Gate': <'closed'>", "'Gate': <'open'>", 1, "nobody decided"),
            ("'Gate': <'closed'>, 'Wish': <'closed'>", "'Gate': <'open'>, 'Wish': <'open'>", 0, "an administrator opened"),
            ("'PolicyError': <''>", "'PolicyError': <'policy.ini:3: no\\u001b'>", 1, "policy.ini:3: no\\u001b"),
            ("'PolicySource': <'file'>", "'PolicySource': <'built-in'>", 1, "built-in rules")):
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


def explain(bed):
    """policy explain: plain words, JSON, and the names that would have been understood"""
    bed.start(Explain=STICK)
    code, out, err = bed.run("policy", "explain", "1-2")
    assert code == 0 and out.startswith('1-2 is a USB stick or disk, USB 0951:1666, and calls itself "DataTraveler".'), out
    assert "refused by [storage] usb-disk" in out and "serial = ITS-SERIAL" in out, out
    assert json.loads(bed.run("policy", "explain", "--json", "1-2")[1])["rule"] == "[storage] usb-disk"
    assert any(re.match(r"Explain \('1-2',\)", call) for call in bed.stop())
    bed.start(Explain=["org.lekdicht.Error.UnknownDevice", "no storage device 9-9"], ListDevices="[%s]" % STICK)
    code, out, err = bed.run("policy", "explain", "9-9")
    assert code == 1 and "no storage device 9-9" in err and "Plugged in: 1-2" in err, (code, err)
    code, out, err = bed.run("policy", "explain", b"\xff\xfe")
    assert code == 1 and "no such device" in err, (code, err)


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


def not_allowed(bed):
    """not allowed: 4, and who may"""
    for error in ("org.freedesktop.DBus.Error.AccessDenied", "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired"):
        denied = [error, "not authorised"]
        bed.start(Status=denied, ListDevices=denied, SetGate=denied, Explain=denied)
        for words in (["status"], ["devices"], ["gate", "open"], ["gate", "close"], ["policy", "explain", "1-2"]):
            code, out, err = bed.run(*words)
            assert code == 4 and out == "" and "Only an administrator may" in err, (words, code, out, err)
        code, out, err = bed.run("devices", "--json")
        assert code == 4 and json.loads(out)["error"] == "not-allowed", (code, out)


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
    bed.start(Status=STATUS)
    with open("/dev/full", "w", encoding="ascii") as full:
        for words in (["status"], ["status", "--json"], ["help"]):
            code, _, err = bed.run(*words, stdout=full)
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


TESTS = [usage, no_bus, no_agent, status_well, status_wrong, another_agent, devices, explain, gate, not_allowed, hung_agent,
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
