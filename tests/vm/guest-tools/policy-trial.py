#!/usr/bin/python3
"""Put wrong policy files in place one after another, and report what lekdicht makes of each.

Reads a JSON list of [prepare, line]: a shell command that makes the file $FILE (which does not
exist before it), and the line that is to be named (0: the file as a whole). Writes a JSON list of
what `policy check` answered and what the running agent says of itself after `systemctl reload`.
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


def status():
    answer = run("lekdicht", "status", "--json")
    return answer["code"], json.loads(answer["out"])


def wait(condition):
    """Until CONDITION(policy of the status), or the time is up; the exit code and the policy."""
    deadline = time.monotonic() + TIMEOUT
    while True:
        code, told = status()
        if condition(told["policy"]) or time.monotonic() > deadline:
            return code, told["policy"]
        time.sleep(POLL)


def reload():
    subprocess.run(["systemctl", "reload", "lekdichtd"], check=False)


def main():
    with open(FILE, "rb") as file:
        good = file.read()
    results = []
    for prepare, line in json.load(sys.stdin):
        remove()
        subprocess.run(["/bin/bash", "-ec", prepare], env={**os.environ, "FILE": FILE}, check=True)
        check = run("lekdicht", "policy", "check", FILE)
        as_json = run("lekdicht", "policy", "check", "--json", FILE)
        reload()
        wanted = f"{FILE}:{line}: " if line else f"{FILE}: "
        code, policy = wait(lambda policy: policy["error"].startswith(wanted))
        results.append({"check": check, "json": as_json, "status": code, "policy": policy, "words": run("lekdicht", "status")["out"]})
        remove()
        with open(FILE, "wb") as file:
            file.write(good)
        os.chmod(FILE, 0o644)
        reload()
        wait(lambda policy: not policy["error"])
    json.dump(results, sys.stdout)


main()
