#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The built lekdicht-reporter and the built lekdicht-collector, and the command `lekdicht` between them: laptops enrol, and
events as lekdichtd writes them, on a private bus, go all the way into the collector's database. Prints TAP. BUILD names the directory with the programs (default: build).
"""

import json
import random
import re
import sqlite3
import subprocess
import time

import reporter_bed
from reporter_bed import HOST, NOTES, RESOURCE, Laptop, wait_for

COLLECTOR = (reporter_bed.BUILD / "lekdicht-collector").resolve()
COMMAND = (reporter_bed.BUILD / "lekdicht").resolve()
CLONE = "6e0f7c1e-5f0e-4d2c-9d0b-0f5cbe3a2f12"     # host.id that lekdichtd gives itself on another machine
TESTS = []


def test(function):
    TESTS.append(function)
    return function


class Collector:
    """The real one, with a database of its own; the port stays when it starts again."""

    def __init__(self, laptop):
        self.folder = laptop.folder
        self.database = self.folder / "collector.db"
        self.config = self.folder / "collector.ini"
        self.process, self.port = None, 0
        self.start()
        laptop.ends.append(self.kill)
        self.token = self.verb("token", "add", "De Brug").stdout.strip()
        self.enroll(laptop)

    def verb(self, *words):
        return subprocess.run([COLLECTOR, "--config", self.config, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=True)

    def audit(self):
        """The last line of it; what is not explained is an error."""
        return self.verb("audit").stdout.splitlines()[-1]

    def enroll(self, laptop, label="L-0421", token=None):
        """As root does it on the laptop."""
        subprocess.run([COMMAND, "enroll", f"http://127.0.0.1:{self.port}", "-", "--label", label, "--file", laptop.enrolment],
                       input=token or self.token, text=True, check=True)

    def start(self):
        log = self.folder / "collector.log"
        self.config.write_text(f"[collector]\nlisten = 127.0.0.1:{self.port}\ndatabase = {self.database}\n")
        with open(log, "w", encoding="utf-8") as output:
            self.process = subprocess.Popen([COLLECTOR, "--config", self.config], stdout=output, stderr=output)
        found = wait_for("the collector", lambda: re.search(r"http://127\.0\.0\.1:(\d+)/", log.read_text()))
        self.port = int(found.group(1))

    def kill(self):
        self.process.kill()
        self.process.wait()

    def ask(self, query):
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    def stored(self, what="seq", host=HOST):
        """That column of all events of a laptop, in the order of seq."""
        return [row[0] for row in self.ask(f"SELECT {what} FROM events WHERE host = '{host}' ORDER BY seq")]


def events(agent, number, name="DataTraveler"):
    agent.tell(*(f"event {name}" for _ in range(number)), "signal")


@test
def the_whole_way(laptop):
    """300 events are stored once each, in order, also one of a device that calls itself <script>"""
    collector, agent = Collector(laptop), laptop.start_agent()
    events(agent, 299)
    events(agent, 1, "<script>alert(1)</script>")
    laptop.start()
    wait_for("all acknowledged", lambda: agent.acknowledged == 300)
    assert collector.stored() == list(range(1, 301))
    assert len(set(collector.stored("uid"))) == 300
    assert collector.audit().startswith("1 laptops: 300 records are here, 0 were reported as dropped, 0 are not explained"), collector.audit()
    assert "<script>alert(1)</script>" in collector.stored("attributes")[-1]
    assert laptop.said() == "", laptop.said()


@test
def both_are_killed(laptop):
    """Reporter and collector are killed again and again: each event is stored exactly once"""
    collector, agent = Collector(laptop), laptop.start_agent()
    chance, total = random.Random(3), 0
    for turn in range(20):
        laptop.start()
        events(agent, 25)
        total += 25
        time.sleep(chance.uniform(0.0, 0.1))
        if turn % 4 == 3:
            collector.kill()
            collector.start()
        laptop.kill()
        assert collector.stored()[:agent.acknowledged] == list(range(1, agent.acknowledged + 1)), "told too early"
    laptop.start()
    wait_for("all acknowledged", lambda: agent.acknowledged == total, 60)
    assert collector.stored() == list(range(1, total + 1))
    assert len(set(collector.stored("uid"))) == total
    assert f"{total} records are here, 0 were reported as dropped, 0 are not explained, 0 came under" in collector.audit()


@test
def a_record_it_cannot_take(laptop):
    """A record that this collector refuses is set aside; it takes the empty request and all the others"""
    collector, agent = Collector(laptop), laptop.start_agent()
    events(agent, 30)
    agent.tell('record {"eventName":"lekdicht.device.refused","attributes":[]}')
    events(agent, 30)
    laptop.start()
    wait_for("all acknowledged", lambda: agent.acknowledged == 61, 40)
    assert collector.stored() == [seq for seq in range(1, 62) if seq != 31]
    assert "record ? (seq 31) is set aside: the collector answers 400: " in laptop.said(), laptop.said()


@test
def another_token(laptop):
    """With a token that is none nothing is stored, and nothing is acknowledged; with a right one all of it is"""
    collector, agent = Collector(laptop), laptop.start_agent()
    collector.enroll(laptop, token="00000000." + "x" * 43)
    events(agent, 3)
    laptop.start()
    wait_for("a word about it", lambda: "the collector answers 401: there is no such token" in laptop.said())
    time.sleep(1)
    assert agent.acknowledged == 0 and collector.stored() == []
    laptop.kill()
    collector.enroll(laptop)
    laptop.start()
    wait_for("all acknowledged", lambda: agent.acknowledged == 3)


@test
def revoked_and_enrolled_anew(laptop):
    """A revoked laptop keeps its events, also over a restart; enrolled anew it brings them, as the same laptop"""
    collector, agent = Collector(laptop), laptop.start_agent()
    events(agent, 5)
    laptop.start()
    wait_for("all acknowledged", lambda: agent.acknowledged == 5)
    first = laptop.credential.read_text()
    assert laptop.credential.stat().st_mode & 0o777 == 0o600 and first.endswith(" accepted\n")
    assert collector.ask("SELECT host, label FROM labels") == [(HOST, "L-0421")]

    collector.verb("revoke", "L-0421")
    events(agent, 5)
    wait_for("a word about it", lambda: "403: this laptop was revoked; enrol it anew" in laptop.said())
    laptop.kill()
    laptop.start()      # with the same enrolment it does not come back, although its token still holds
    wait_for("a word about it", lambda: laptop.said().count("this laptop was revoked") == 2)
    assert agent.acknowledged == 5 and collector.stored() == [1, 2, 3, 4, 5]
    assert laptop.credential.read_text() == first, "it has made itself another credential"

    laptop.kill()
    collector.enroll(laptop, "L-0422")
    laptop.start()
    wait_for("all acknowledged", lambda: agent.acknowledged == 10)
    assert collector.stored() == list(range(1, 11)) and collector.stored("clone") == [0] * 10
    assert collector.ask("SELECT label FROM labels") == [("L-0422",)]
    assert collector.ask("SELECT used FROM tokens") == [(1,)], "a laptop that comes back is counted twice"


@test
def enrolled_again_in_place(laptop):
    """Enrolled once more without having been revoked, it shows who it was; a stranger with its number does not get in"""
    collector, agent = Collector(laptop), laptop.start_agent()
    events(agent, 2)
    laptop.start()
    wait_for("all acknowledged", lambda: agent.acknowledged == 2)
    laptop.kill()
    collector.enroll(laptop)
    events(agent, 2)
    laptop.start()
    wait_for("all acknowledged", lambda: agent.acknowledged == 4)
    laptop.kill()
    laptop.credential.unlink()      # now nothing shows that it is the one
    events(agent, 2)
    laptop.start()
    wait_for("a word about it", lambda: "409: this laptop is enrolled already; revoke it first" in laptop.said())
    assert agent.acknowledged == 4


@test
def copied_disk(laptop):
    """Of a laptop that is copied with all it has, the copy enrols as another; with the same number it is shown as a clone"""
    collector, agent = Collector(laptop), laptop.start_agent()
    events(agent, 3)
    laptop.start()
    wait_for("all acknowledged", lambda: agent.acknowledged == 3)

    copy = Laptop(laptop.certificates)
    try:
        copy.enrolment.touch(0o600)
        copy.enrolment.write_bytes(laptop.enrolment.read_bytes())
        copy.credential.write_bytes(laptop.credential.read_bytes())
        other = json.dumps(RESOURCE).replace(HOST, CLONE)   # as lekdichtd does on a machine with another machine-id
        its_agent = copy.start_agent("resource " + other)
        events(its_agent, 2)
        copy.start()
        wait_for("all of the copy acknowledged", lambda: its_agent.acknowledged == 2)
        events(agent, 1)
        wait_for("all acknowledged", lambda: agent.acknowledged == 4)
        assert collector.stored() == [1, 2, 3, 4] and collector.stored(host=CLONE) == [1, 2]
        assert collector.ask("SELECT sum(clone) FROM events") == [(0,)]
        assert copy.credential.read_text() != laptop.credential.read_text()
        assert collector.ask("SELECT laptops, used FROM tokens") == [(100, 2)]

        # Not even the machine-id differs: then the same number comes twice, with two uids.
        copy.kill()
        copy.credential.write_bytes(laptop.credential.read_bytes())
        its_agent.tell("resource " + json.dumps(RESOURCE))
        events(its_agent, 1)
        copy.start()
        wait_for("all of the copy acknowledged", lambda: its_agent.acknowledged == 3)
        assert "2 laptops: 6 records are here, 0 were reported as dropped, 0 are not explained, 1 came under" in collector.audit()
        assert (3, 1) in collector.ask(f"SELECT seq, clone FROM events WHERE host = '{HOST}'")
        assert collector.ask(f"SELECT count(*) FROM events WHERE host = '{HOST}' AND seq = 3") == [(2,)]
    finally:
        copy.close()


@test
def many(laptop):
    """10,000 events that have piled up are delivered"""
    collector, agent = Collector(laptop), laptop.start_agent()
    agent.tell(*(["event DataTraveler"] * 10000))
    laptop.start()
    started = time.monotonic()
    wait_for("all acknowledged", lambda: agent.acknowledged == 10000, 60)
    NOTES.append(f"10,000 events in {time.monotonic() - started:.2f} s; the reporter took "
                 f"{laptop.processor_seconds():.2f} s of processor time and {laptop.memory('VmHWM')} kB")
    assert collector.stored("count(*)") == [10000]


if __name__ == "__main__":
    reporter_bed.main(TESTS)
