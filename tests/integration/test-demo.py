#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""tests/demo/run shows what it promises and leaves nothing behind, however it ends.

Only where it plays: on a machine with a USB bus it would close the real gate, and that belongs into the virtual machine.
Prints TAP.
"""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
RUN = ROOT / "tests/demo/run"
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


def start(folder, **environment):
    return subprocess.Popen([RUN], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            errors="replace", env={**os.environ, "TMPDIR": folder, **environment}, start_new_session=True)


def shown(folder):
    """it plays one plug, says that it is played, shows verdict, rule and reason, and ends well"""
    process = start(folder)
    out = process.communicate(timeout=120)[0]
    assert process.returncode == 0, (process.returncode, out)
    for part in ("SIMULATED: a USB stick is plugged in", "SIMULATED lekdichtd |", "refused by [storage] usb-disk",
                 "$ lekdicht devices", "Removable storage is SHUT", "not there yet", "Nothing happens to it: it is still on",
                 "This machine is as it was"):
        assert part in out, (part, out)
    assert "FAILED" not in out and "Traceback" not in out, out
    wait_gone(folder)
    assert not os.path.exists("/run/lekdicht") and not os.path.exists("/etc/lekdicht")


def killed(folder):
    """SIGKILL in the middle: the guardian gives everything back"""
    process = start(folder)
    for line in process.stdout:
        if "a USB stick is plugged in" in line:
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
    real = (ROOT / os.environ.get("BUILD", "build")).resolve()
    (build / "lekdicht").symlink_to(real / "lekdicht")
    (build / "tests/demo/lekdicht-gate-demo").symlink_to(real / "tests/demo/lekdicht-gate-demo")
    (build / "tests/demo/lekdichtd-demo").symlink_to("/bin/false")
    process = start(folder, BUILD=str(build))
    out = process.communicate(timeout=120)[0]
    assert process.returncode == 1 and "FAILED: lekdichtd has ended" in out and "all went as it should" not in out, out
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


TESTS = [shown, killed, interrupted, failed, out_of_the_way]


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
            except Exception as problem:  # pylint: disable=broad-except
                bad += 1
                print(f"not ok {number} - demo: {test.__doc__}")
                print("# " + f"{type(problem).__name__}: {problem}".replace("\\n", "\n").replace("\n", "\n# "), flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
