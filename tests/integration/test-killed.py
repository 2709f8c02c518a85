#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real agent, the real lekdicht-reporter and the real lekdicht-collector, of which one is killed (SIGKILL) at a random
moment, some hundred times, while events come. What was ever seen on the laptop's disk is at the collector, once, under its
number; each number came or was reported as dropped; and batches really were sent twice, or nothing was tried.
Prints TAP. BUILD names the directory with the programs (default: build). LEKDICHT_SEED and LEKDICHT_ROUNDS repeat a run.
"""

import collections
import http.client
import importlib
import json
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time

import reporter_bed
from reporter_bed import NOTES, wait_for

whole_way = importlib.import_module("test-reporter-collector")

AGENT = (reporter_bed.BUILD / "tests/integration/killable-agent").resolve()
ROUNDS = int(os.environ.get("LEKDICHT_ROUNDS", "300"))
SEED = int(os.environ.get("LEKDICHT_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)


class Agent:
    """lekdichtd with a spool in a folder; it lives through its processes."""

    def __init__(self, laptop):
        self.address, self.folder = laptop.address, laptop.folder / "agent"
        self.seen = {}      # seq: uid, of all that was on the disk at some kill
        for name in ("run/lekdicht", "etc", "lib", "sys/bus", "sys/class", "sys/devices", "dev", "run/udev/data"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "gate").write_text("#!/bin/sh\nexit 0\n", encoding="ascii")
        (self.folder / "gate").chmod(0o755)
        self.process = None
        laptop.ends.append(self.kill)

    def start(self):
        environment = {"DBUS_SYSTEM_BUS_ADDRESS": self.address, "UMOCKDEV_DIR": str(self.folder),
                       "LD_PRELOAD": "libumockdev-preload.so.0", "PATH": os.environ["PATH"]}
        with open(self.folder / "log", "a", encoding="utf-8") as log:
            self.process = subprocess.Popen([AGENT, self.folder], stdout=subprocess.PIPE, stderr=log, env=environment)
        assert self.process.stdout.readline() == b"ready\n", (self.folder / "log").read_text(encoding="utf-8")
        self.process.stdout.close()

    def event(self):
        self.process.send_signal(signal.SIGHUP)

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()

    def look(self):
        """Note what is on the disk: a copy of it, as SQLite finds it after a crash."""
        copy = pathlib.Path(tempfile.mkdtemp(prefix="lekdicht-killed-"))
        try:
            for name in ("spool.db", "spool.db-wal"):
                if (self.folder / "lib" / name).exists():
                    shutil.copy(self.folder / "lib" / name, copy / name)
            connection = sqlite3.connect(copy / "spool.db")
            for seq, text in connection.execute("SELECT seq, record FROM event WHERE name <> 'lekdicht.agent.heartbeat'"):
                found = [item["value"]["stringValue"] for item in json.loads(text)["attributes"] if item["key"] == "log.record.uid"]
                assert self.seen.setdefault(seq, found[0]) == found[0], f"the number {seq} was given to two events"
            connection.close()
        finally:
            shutil.rmtree(copy)


class Relay(reporter_bed.Collector):
    """Between reporter and collector; counts how often each number passes."""

    def __init__(self, collector):
        super().__init__()
        self.collector, self.passed, self.usual = collector, collections.Counter(), self.forward

    def forward(self, connection, request):
        self.passed.update(request.seqs)
        onward = http.client.HTTPConnection("127.0.0.1", self.collector.port, timeout=20)
        try:
            onward.request(request.method, request.path, request.body,
                           {name: value for name, value in request.headers.items() if name != "content-length"})
            got = onward.getresponse()
            return reporter_bed.answer(got.status, got.read())(connection, request)
        except (OSError, http.client.HTTPException):
            return False    # killed meanwhile: it looks to the reporter as it is
        finally:
            onward.close()


def any_of_three_is_killed(laptop):
    """Agent, reporter and collector are killed at random: recorded is stored, each once"""
    chance = random.Random(SEED)
    collector, agent = whole_way.Collector(laptop), Agent(laptop)
    relay = Relay(collector)
    laptop.ends.append(relay.close)
    subprocess.run([whole_way.COMMAND, "enroll", f"http://127.0.0.1:{relay.port}", "-", "--file", laptop.enrolment],
                   input=collector.token, text=True, check=True)
    agent.start()
    laptop.start()
    killed = collections.Counter()
    for _ in range(ROUNDS):
        for _ in range(chance.randrange(1, 6)):
            agent.event()
            time.sleep(chance.uniform(0.0, 0.015))
        who = chance.choice(("agent", "agent", "reporter", "reporter", "collector"))
        killed[who] += 1
        if who == "agent":
            agent.kill()
            agent.look()
            agent.start()
        elif who == "reporter":
            laptop.kill()
            laptop.start()
        else:
            collector.kill()
            collector.start()
    agent.event()
    time.sleep(0.2)
    agent.kill()
    agent.look()
    agent.start()
    laptop.kill()
    laptop.start()

    def stored():
        return dict(collector.ask("SELECT seq, uid FROM events"))

    try:
        wait_for("all that was recorded", lambda: agent.seen.items() <= stored().items(), 60)
    except AssertionError as error:
        there = stored()
        lost = [seq for seq, uid in agent.seen.items() if there.get(seq) != uid]
        raise AssertionError(f"seed {SEED}: {len(lost)} of {len(agent.seen)} recorded events are not stored: {lost[:10]}") from error
    rows = collector.ask("SELECT seq, uid, clone FROM events")
    assert len({row[1] for row in rows}) == len({row[0] for row in rows}) == len(rows), f"seed {SEED}: something is there twice"
    assert not any(row[2] for row in rows), f"seed {SEED}: a number came with two uids"
    assert "0 are not explained" in collector.audit(), f"seed {SEED}: {collector.audit()}"
    again = sum(times > 1 for times in relay.passed.values())
    assert again > 0, f"seed {SEED}: nothing was sent twice: nothing was tried"
    NOTES.append(f"seed {SEED}: killed {dict(killed)}; {len(agent.seen)} events recorded, {len(rows)} stored, {again} sent more than once")


if __name__ == "__main__":
    reporter_bed.main([any_of_three_is_killed])
