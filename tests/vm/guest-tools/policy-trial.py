#!/usr/bin/python3
"""Put wrong policy files in place one after another, and report what lekdicht makes of each.

Reads a JSON list of [prepare, line, reason]: a shell command that makes the file $FILE (which does
not exist before it), the line that is to be named (0: the file as a whole), and a part of the
reason. Writes a JSON list of what `policy check` answered and what the running agent says of itself
after `systemctl reload`; at the end the file is what it was.
"""

import json
import os
import shutil
import subprocess
import sys
import time

FILE = "/etc/lekdicht/policy.ini"
TIMEOUT = 20        # seconds until the agent has looked at the file
POLL = 0.05


def run(*argv):
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", check=False)
    return {"code": done.returncode, "out": done.stdout, "err": done.stderr}


def remove():
    if os.path.isdir(FILE) and not os.path.islink(FILE):
        shutil.rmtree(FILE)
    elif os.path.lexists(FILE):
        os.unlink(FILE)


def wait(condition):
    """Ask the agent until CONDITION(policy of its status), or the time is up; what it told last."""
    deadline = time.monotonic() + TIMEOUT
    while True:
        told = json.loads(run("lekdicht", "status", "--json")["out"])["policy"]
        if condition(told) or time.monotonic() > deadline:
            return told
        time.sleep(POLL)


def reload():
    subprocess.run(["systemctl", "reload", "lekdichtd"], check=False)


def main():
    with open(FILE, "rb") as file:
        good = file.read()
    results = []
    for prepare, line, reason in json.load(sys.stdin):
        remove()
        subprocess.run(["/bin/bash", "-ec", prepare], env={**os.environ, "FILE": FILE}, check=True)
        check = run("lekdicht", "policy", "check", FILE)
        reload()
        place = f"{FILE}:{line}: " if line else f"{FILE}: "
        policy = wait(lambda policy: policy["error"].startswith(place) and reason in policy["error"])
        results.append({"check": check, "policy": policy})
    results[-1]["status"] = run("lekdicht", "status")
    remove()
    with open(FILE, "wb") as file:
        file.write(good)
    os.chmod(FILE, 0o644)
    reload()
    wait(lambda policy: not policy["error"])
    json.dump(results, sys.stdout)


main()
