#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""tests/demo/run shows what it promises and leaves nothing behind, however it ends.

Only where it plays: on a machine with a USB bus it would close the real gate, and that belongs into the virtual machine.
Prints TAP.
"""

import json
import os
import pathlib
import pty
import pwd
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = (ROOT / os.environ.get("BUILD", "build")).resolve()
RUN = ROOT / "tests/demo/run"
HOST_NAME = "laptop-van-fenna"
GONE_SECONDS = 30               # in which everything has to be given back
INSTALLED = [path for path in ("/usr/libexec/lekdicht/lekdichtd", "/usr/sbin/lekdicht-gate", "/etc/lekdicht", "/run/lekdicht")
             if os.path.exists(path)]


def traces(folder):
    """What the demo of that TMPDIR has left: files, and processes that have it in their environment or command."""
    left = [str(path) for path in pathlib.Path(folder).iterdir()]
    for process in pathlib.Path("/proc").iterdir():
        if not process.name.isdigit() or int(process.name) == os.getpid():
            continue
        try:
            text = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
        except OSError:
            continue
        if os.fsencode(folder) in text:
            left.append(f"process {process.name}")
    return left


def wait_gone(folder):
    end = time.monotonic() + GONE_SECONDS
    while traces(folder):
        assert time.monotonic() < end, f"left behind: {traces(folder)}"
        time.sleep(0.2)


def ours():
    """The environment, without what says whose desktop this is."""
    return {name: value for name, value in os.environ.items() if name not in ("SUDO_UID", "PKEXEC_UID")}


def start(folder, **environment):
    """The demo, on a machine whose name stands in no text by chance."""
    return subprocess.Popen(["unshare", "--uts", "sh", "-c", f'hostname {HOST_NAME}; exec "$0"', RUN], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            errors="replace", env={**ours(), "TMPDIR": folder, **environment}, start_new_session=True)


def shown(folder):
    """it plays one plug, says that it is played, shows verdict, rule and reason, and ends well"""
    process = start(folder)
    out = process.communicate(timeout=120)[0]
    assert process.returncode == 0, (process.returncode, out)
    for part in ("SIMULATED: a USB stick is plugged in", "SIMULATED lekdichtd |", "refused by [storage] usb-disk",
                 "$ lekdicht devices", "Removable storage is SHUT", "Nothing happens to it: it is still on",
                 "On the collector's page", "once, marked as simulated: http://127.0.0.1:", "$ lekdicht events",
                 "SIMULATED: Device refused", "not shown here",
                 "SIMULATED: a sync client is started", "SIMULATED lekdichtd | Dropbox runs (dropbox): flagged by [clients] sync",
                 "clients   sync clients are noticed", "This machine is as it was"):
        assert part in out, (part, out)
    assert "FAILED" not in out and "Traceback" not in out, out
    wait_gone(folder)
    assert not os.path.exists("/run/lekdicht") and not os.path.exists("/etc/lekdicht")


def on_the_page(folder):
    """the simulated refusal is on the collector's page exactly once, marked as simulated, and is the one of the laptop"""
    terminal, its_end = pty.openpty()
    environment = {name: value for name, value in ours().items() if name not in ("CI", "DEMO_ONCE")}
    process = subprocess.Popen([RUN], stdin=its_end, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                               env={**environment, "TMPDIR": folder}, start_new_session=True)
    os.close(its_end)
    said = []
    try:
        for line in process.stdout:         # at a terminal it stays until Ctrl-C
            said.append(line)
            if "Ctrl-C ends it" in line:
                break
        out = "".join(said)
        assert "Have a look" in out, out
        page = re.search(r"^ +(http://127\.0\.0\.1:\d+/)$", out, re.MULTILINE)[1]
        bus = re.search(r"DBUS_SYSTEM_BUS_ADDRESS=(\S+)", out)[1]
        with urllib.request.urlopen(page, timeout=20) as answer:
            text = answer.read().decode()
        rows = [row for row in re.findall(r"<tr>.*?</tr>", text, re.DOTALL) if "Device refused" in row]
        assert len(rows) == 1, (len(rows), text)
        for part in (">simulated<", "[storage] usb-disk", "0951:1666", "Kingston DataTraveler 3.0"):
            assert part in rows[0], (part, rows[0])
        for stranger in ("60A44C413FAEE411B97A00D2", HOST_NAME):
            assert stranger not in text, stranger
        events = subprocess.run([BUILD / "lekdicht", "events", "--json", "--filter", "device.refused"], check=True,
                                env={"DBUS_SYSTEM_BUS_ADDRESS": bus}, stdout=subprocess.PIPE, text=True, timeout=30).stdout
        (event,) = [json.loads(line) for line in events.splitlines()]
        attributes = {item["key"]: item["value"] for item in event["attributes"]}
        assert attributes["lekdicht.simulated"] == {"boolValue": True}, event
        assert f"<dd>{attributes['log.record.uid']['stringValue']}</dd>" in rows[0], (event, rows[0])
    finally:
        process.send_signal(signal.SIGINT)
        out = process.communicate(timeout=60)[0]
        os.close(terminal)
    assert process.returncode == 0 and "This machine is as it was" in out, (process.returncode, out)
    wait_gone(folder)


def on_the_desktop(folder):
    """where the user who runs it has a desktop, the notice is shown there, once, and says that it is simulated"""
    user = pwd.getpwnam("games")
    why_not = out_of_reach(user)
    if why_not:
        raise unittest.SkipTest(why_not)
    os.chmod(folder, 0o711)
    home = pathlib.Path(f"/run/user/{user.pw_uid}")
    home.mkdir(mode=0o700, parents=True)
    played = None
    try:
        os.chown(home, user.pw_uid, user.pw_gid)
        played = subprocess.Popen(["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups",
                                   sys.executable, __file__, "--desktop", f"unix:path={home}/bus"], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True, cwd="/")
        assert played.stdout.readline() == "ready\n", "the played desktop did not start"
        process = start(folder, SUDO_UID=str(user.pw_uid))
        out = process.communicate(timeout=120)[0]
        assert process.returncode == 0 and "The notice is shown on the desktop of games" in out, (process.returncode, out)
        wait_gone(folder)
        played.stdin.close()
        notices = [json.loads(line) for line in played.stdout]
        assert len(notices) == 1 and "simulat" in " ".join(notices[0]).lower() and "DataTraveler" in " ".join(notices[0]), notices
    finally:
        if played:
            played.stdin.close()
            played.wait(timeout=20)
        subprocess.run(["rm", "-r", home], check=True)


def play_desktop(address):
    """Runs in a child, as the user: a session bus and a notification server that prints title and text of each notice."""
    import gi
    gi.require_version("Gio", "2.0")
    from gi.repository import Gio, GLib
    bus = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", "dbus-daemon", "--session", f"--address={address}", "--nofork",
                            "--nopidfile"], stdin=subprocess.DEVNULL)
    path = address.partition("=")[2]
    while not os.path.exists(path) and bus.poll() is None:
        time.sleep(0.02)
    node = Gio.DBusNodeInfo.new_for_xml("""<node><interface name='org.freedesktop.Notifications'>
<method name='GetCapabilities'><arg type='as' direction='out'/></method>
<method name='GetServerInformation'><arg type='s' direction='out'/><arg type='s' direction='out'/><arg type='s' direction='out'/>
<arg type='s' direction='out'/></method>
<method name='CloseNotification'><arg type='u' direction='in'/></method>
<method name='Notify'><arg type='s' direction='in'/><arg type='u' direction='in'/><arg type='s' direction='in'/>
<arg type='s' direction='in'/><arg type='s' direction='in'/><arg type='as' direction='in'/><arg type='a{sv}' direction='in'/>
<arg type='i' direction='in'/><arg type='u' direction='out'/></method></interface></node>""")
    answers = {"GetCapabilities": ("(as)", (["actions", "body", "body-markup"],)), "CloseNotification": ("()", ()),
               "GetServerInformation": ("(ssss)", ("played", "test", "1", "1.2")), "Notify": ("(u)", (1,))}

    def call(_connection, _sender, _path, _interface, method, parameters, invocation):
        if method == "Notify":
            print(json.dumps(parameters.unpack()[3:5]), flush=True)
        invocation.return_value(GLib.Variant(*answers[method]))

    connection = Gio.DBusConnection.new_for_address_sync(
        address, Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)
    connection.register_object("/org/freedesktop/Notifications", node.interfaces[0], call, None, None)
    connection.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName",
                         GLib.Variant("(su)", ("org.freedesktop.Notifications", 0)), None, 0, -1, None)
    print("ready", flush=True)
    loop = GLib.MainLoop()
    GLib.io_add_watch(0, GLib.PRIORITY_DEFAULT, GLib.IO_HUP | GLib.IO_IN, lambda *_: loop.quit())
    loop.run()
    bus.terminate()


def killed(folder):
    """SIGKILL in the middle: the guardian gives everything back"""
    process = start(folder)
    for line in process.stdout:
        if "On the collector's page" in line:
            break
    process.kill()
    process.wait()
    process.stdout.close()
    wait_gone(folder)


def interrupted(folder):
    """Ctrl-C in the middle: everything is given back before it ends"""
    process = start(folder)
    for line in process.stdout:
        if "a USB keyboard is plugged in" in line:
            break
    process.send_signal(signal.SIGINT)
    out = process.communicate(timeout=60)[0]
    assert process.returncode == 0 and "This machine is as it was" in out, (process.returncode, out)
    wait_gone(folder)


def failed(folder):
    """an agent that does not work is a failure, not a good show"""
    build = pathlib.Path(folder, "build")
    (build / "tests/demo").mkdir(parents=True)
    for name in ("lekdicht", "lekdicht-collector", "lekdicht-reporter", "lekdicht-notifier", "tests/demo/lekdicht-gate-demo"):
        (build / name).symlink_to(BUILD / name)
    (build / "tests/demo/lekdichtd-demo").symlink_to("/bin/false")
    process = start(folder, BUILD=str(build))
    out = process.communicate(timeout=120)[0]
    assert process.returncode == 1 and "FAILED: lekdichtd has ended" in out and "all went as it should" not in out, out
    subprocess.run(["rm", "-r", build], check=True)
    wait_gone(folder)


def not_reported(folder):
    """a reporter that does not report is a failure, too"""
    build = pathlib.Path(folder, "build")
    (build / "tests/demo").mkdir(parents=True)
    for name in ("lekdicht", "lekdicht-collector", "tests/demo/lekdicht-gate-demo", "tests/demo/lekdichtd-demo"):
        (build / name).symlink_to(BUILD / name)
    (build / "lekdicht-reporter").symlink_to("/bin/false")
    process = start(folder, BUILD=str(build))
    out = process.communicate(timeout=120)[0]
    assert process.returncode == 1 and "FAILED: the refusal on the collector's page did not come" in out, out
    assert "all went as it should" not in out, out
    subprocess.run(["rm", "-r", build], check=True)
    wait_gone(folder)


def out_of_the_way(folder):
    """an installed lekdicht is left alone"""
    os.mkdir("/run/lekdicht")
    try:
        process = start(folder)
        out = process.communicate(timeout=60)[0]
        assert process.returncode == 1 and "nothing was touched" in out and "SIMULATED" not in out, out
        assert os.listdir("/run/lekdicht") == []
    finally:
        os.rmdir("/run/lekdicht")
    wait_gone(folder)


def out_of_reach(user):
    """Why that user could start nothing of ours, or None: in a clone below /root the demo says so itself."""
    if subprocess.run(["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "test", "-x",
                       BUILD / "lekdicht-notifier"], check=False).returncode != 0:
        return f"{user.pw_name} cannot reach {BUILD}"
    return None


TESTS = [shown, on_the_page, on_the_desktop, killed, interrupted, failed, not_reported, out_of_the_way]


def main():
    if os.geteuid() != 0:
        print("1..0 # SKIP only root can run the demo")
        return 0
    if os.path.isdir("/sys/bus/usb") or INSTALLED:
        print("1..0 # SKIP this machine has a USB bus or a lekdicht of its own")
        return 0
    print(f"1..{len(TESTS)}")
    bad = 0
    for number, test in enumerate(TESTS, 1):
        with tempfile.TemporaryDirectory(prefix="lekdicht-test-demo-") as folder:
            try:
                test(folder)
                print(f"ok {number} - demo: {test.__doc__}", flush=True)
            except unittest.SkipTest as why:
                print(f"ok {number} - demo: {test.__doc__} # SKIP {why}", flush=True)
            except Exception as problem:  # pylint: disable=broad-except
                bad += 1
                print(f"not ok {number} - demo: {test.__doc__}")
                print("# " + f"{type(problem).__name__}: {problem}".replace("\\n", "\n").replace("\n", "\n# "), flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--desktop"]:
        play_desktop(sys.argv[2])
    else:
        sys.exit(main())
