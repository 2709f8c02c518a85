#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The built lekdicht-reporter and the built lekdicht-collector: events as lekdichtd writes them, on a private bus, all
the way into the collector's database. Prints TAP. BUILD names the directory with the programs (default: build).
"""

import random
import re
import sqlite3
import subprocess
import time

import reporter_bed
from reporter_bed import NOTES, TOKEN, wait_for

COLLECTOR = (reporter_bed.BUILD / "lekdicht-collector").resolve()
TESTS = []


def test(function):
    TESTS.append(function)
    return function


class Collector:
    """The real one, with a database of its own; the port stays when it starts again."""

    def __init__(self, laptop):
        self.folder = laptop.folder
        self.database = self.folder / "collector.db"
        (self.folder / "token").write_text(TOKEN + "\n")
        (self.folder / "token").chmod(0o600)
        self.process, self.port = None, 0
        self.start()
        laptop.ends.append(self.kill)
        laptop.enrol(f"http://127.0.0.1:{self.port}")

    def start(self):
        config, log = self.folder / "collector.ini", self.folder / "collector.log"
        config.write_text(f"[collector]\nlisten = 127.0.0.1:{self.port}\ndatabase = {self.database}\n"
                          f"token-file = {self.folder}/token\n")
        with open(log, "w", encoding="utf-8") as output:
            self.process = subprocess.Popen([COLLECTOR, "--config", config], stdout=output, stderr=output)
        found = wait_for("the collector", lambda: re.search(r"http://127\.0\.0\.1:(\d+)/", log.read_text()))
        self.port = int(found.group(1))

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stored(self, what="seq"):
        """That column of all events, in the order of seq."""
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)
        try:
            return [row[0] for row in connection.execute(f"SELECT {what} FROM events ORDER BY seq")]
        finally:
            connection.close()


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
    """With another token nothing is stored, and nothing is acknowledged"""
    collector, agent = Collector(laptop), laptop.start_agent()
    laptop.enrol(f"http://127.0.0.1:{collector.port}", token=TOKEN[::-1])
    events(agent, 3)
    laptop.start()
    wait_for("a word about it", lambda: "the collector answers 401" in laptop.said())
    time.sleep(1)
    assert agent.acknowledged == 0 and collector.stored() == []


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
