#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The built lekdicht-reporter on a private bus with a played agent, against a collector that misbehaves on command.

Nothing in it is shortened for the test: timeouts and waits are those of the product, so the tests run side by side.
Prints TAP. BUILD names the directory with the programs (default: build).
"""

import random
import signal
import subprocess
import threading
import time

import reporter_bed
from reporter_bed import (CREDENTIAL, HTML, MEMORY_MAX_KB, NOTES, OK, RESOURCE, TOKEN, answer, arrived, begin, raw, record, reset,
                          retry_date, silent, status_json, trickle, wait_for)

TESTS = []


def test(function):
    TESTS.append(function)
    return function


def slow(function):
    function.slow = True
    return function


@test
def delivers(laptop):
    """450 records arrive once each, as OTLP, and are acknowledged in three steps"""
    collector, agent = begin(laptop, 450)
    laptop.start()
    arrived(laptop, collector, 450)
    assert collector.taken == list(range(1, 451)), "not each exactly once and in order"
    assert agent.said("acknowledge") == [200, 400, 450], agent.said("acknowledge")
    for request in collector.requests:
        assert (request.method, request.path, request.version) == ("POST", "/v1/logs", "HTTP/1.1")
        names = {"content-type": "application/json", "content-encoding": "gzip", "authorization": f"Bearer {CREDENTIAL}",
                 "host": f"127.0.0.1:{collector.port}", "user-agent": "lekdicht-reporter/0.1.0",
                 "content-length": str(len(request.body)), "accept": "application/json"}
        assert request.headers == names, f"other headers than expected: {request.headers}"
        assert request.body[:2] == b"\x1f\x8b", "not gzip"
        assert len(request.json["resourceLogs"]) == 1
        assert request.json["resourceLogs"][0]["resource"] == RESOURCE
        assert request.json["resourceLogs"][0]["scopeLogs"][0]["scope"] == {"name": "lekdicht"}
        uids = [item["attributes"][0]["value"]["stringValue"] for item in request.records]
        assert uids == ["01HF0000000000000000%06d" % seq for seq in request.seqs]
    assert collector.connections == 1, "the connection was not kept while there was work"
    assert laptop.said() == "", "it had something to say although all was well"


@test
def idle(laptop):
    """When all is delivered it sleeps: no connection, no wake-up, no question; a new record wakes it at once"""
    collector, agent = begin(laptop)
    laptop.start()
    arrived(laptop, collector, 3)
    wait_for("the connection closed", lambda: collector.open == 0)
    time.sleep(0.5)
    asked, switches = len(agent.said("events")), laptop.switches()
    time.sleep(4)
    assert len(agent.said("events")) == asked, "it asked although nothing was recorded"
    assert laptop.switches() == switches, "it woke up although nothing was recorded"
    started = time.monotonic()
    agent.record(4)
    wait_for("the new record", lambda: 4 in collector.taken, 5)
    NOTES.append(f"recorded to collector: {(time.monotonic() - started) * 1000:.0f} ms")
    arrived(laptop, collector, 4)


@test
def not_there_yet(laptop):
    """A collector that is not there yet: nothing is acknowledged, all arrives when it is"""
    collector, agent = begin(laptop, 0)
    collector.close()
    agent.record(1, 5)
    laptop.start()
    wait_for("a word about it", lambda: "records are kept" in laptop.said())
    time.sleep(1)
    assert agent.acknowledged == 0
    later = laptop.collector(port=collector.port)
    arrived(laptop, later, 5)
    wait_for("good news", lambda: "records are arriving again" in laptop.said())
    assert laptop.said().count("records are kept") == 1, laptop.said()


def misbehaves(laptop, name, *acts):
    """Each of these answers is no success; the records arrive with the first good one."""
    collector, agent = begin(laptop)
    collector.plan = list(acts)
    laptop.start()
    wait_for("all bad answers", lambda: len(collector.requests) > len(acts), 40)
    arrived(laptop, collector, 3)
    assert agent.said("acknowledge") == [3], f"{name}: {agent.said('acknowledge')}"
    for request in collector.requests:
        assert request.seqs == [1, 2, 3], "a retry brought something else"


@test
def broken_answers(laptop):
    """An answer that breaks off, a reset, an empty one and a half header are no success"""
    misbehaves(laptop, "broken",
               raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{}"), reset, raw(b""), raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"))


@test
def broken_chunks(laptop):
    """A chunked answer without its end, one of HTTP/0.9, and a 204 are no success"""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    misbehaves(laptop, "chunks", raw(head + b"2\r\n{}\r\n"), raw(b"{}"), raw(b"HTTP/1.1 204 X\r\n\r\n"),
               answer(202))


@test
def login_pages(laptop):
    """200 with a web page, or with JSON that no collector writes, is no success"""
    misbehaves(laptop, "pages", HTML, answer(200, b"{}", "text/html"), answer(200, b'{"login":"required"}'),
               answer(200, b"<html>"))


@test
def json_in_the_wrong_place(laptop):
    """A type that stands in a trailer, or in an answer before the answer, does not count"""
    misbehaves(laptop, "headers",
               raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Content-Type\r\n\r\n"
                   b"2\r\n{}\r\n0\r\nContent-Type: application/json\r\n\r\n"),
               raw(b"HTTP/1.1 103 Early Hints\r\nContent-Type: application/json\r\n\r\n"
                   b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"))


@test
def too_long(laptop):
    """Answers without end, in the body and in the headers, are cut off"""
    misbehaves(laptop, "long", answer(200, b"{" + b" " * 70000 + b"}"),
               answer(200, b"{}", X_Long="x" * 20000),
               raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{" + b" " * 5000000))
    assert "the answer is too long" in laptop.said() and "not a collector's" not in laptop.said(), laptop.said()
    assert laptop.memory("VmHWM") < MEMORY_MAX_KB


@test
def server_errors(laptop):
    """500, 502, 504 and 429 are tried again, also 400 that is not a collector's"""
    misbehaves(laptop, "errors", answer(500, b"<html>", "text/html"), answer(502), answer(504), status_json(429),
               answer(400, b"<html>", "text/html"))


@test
def retry_after_seconds(laptop):
    """503 with Retry-After in seconds is honoured"""
    collector, _ = begin(laptop)
    collector.plan = [status_json(503, Retry_After=3)]
    laptop.start()
    arrived(laptop, collector, 3)
    gap = collector.requests[1].at - collector.requests[0].at
    assert 3 <= gap < 6, f"it came back after {gap:.2f} s"


@test
def retry_after_date(laptop):
    """503 with Retry-After as a date is honoured, by the server's clock, which is years off here"""
    collector, _ = begin(laptop)
    collector.plan = [retry_date(3, own_clock_off=-500000000), retry_date(3, own_clock_off=500000000)]
    laptop.start()
    arrived(laptop, collector, 3)
    for first, second in zip(collector.requests, collector.requests[1:]):
        gap = second.at - first.at
        assert 3 <= gap < 8, f"it came back after {gap:.2f} s"


@slow
@test
def silent_server(laptop):
    """A server that says nothing is given up after a time"""
    collector, _ = begin(laptop)
    collector.plan = [silent]
    laptop.start()
    wait_for("the request", lambda: collector.requests)
    arrived(laptop, collector, 3)
    gap = collector.requests[1].at - collector.requests[0].at
    assert 15 < gap < 30, f"after {gap:.1f} s"


@slow
@test
def trickling_server(laptop):
    """A server that keeps the answer trickling is given up after a minute"""
    collector, _ = begin(laptop)
    collector.plan = [trickle]
    laptop.start()
    wait_for("the second attempt", lambda: len(collector.requests) > 1, 90)
    arrived(laptop, collector, 3)
    gap = collector.requests[1].at - collector.requests[0].at
    assert 55 < gap < 70, f"after {gap:.1f} s"


@test
def too_large(laptop):
    """413 halves until it fits, and nothing is lost"""
    collector, agent = begin(laptop, 300)

    def at_most_40(connection, request):
        act = status_json(413) if len(request.seqs) > 40 else OK
        if act is OK:
            collector.taken += request.seqs
        return act(connection, request)

    collector.usual = at_most_40
    laptop.start()
    arrived(laptop, collector, 300)
    assert collector.taken == list(range(1, 301)), "not each exactly once"
    assert [len(request.seqs) for request in collector.requests][:4] == [200, 100, 50, 25]


def refuses_77(collector):
    """Takes everything but one record."""
    def act(connection, request):
        if 77 in request.seqs:
            return status_json(400, "no uid")(connection, request)
        collector.taken += request.seqs
        return OK(connection, request)
    return act


@test
def poison_and_an_old_agent(laptop):
    """An agent that knows no SetAside is told that the record arrived; the others go on"""
    collector, agent = begin(laptop, 80)
    agent.tell("forget")
    collector.usual = refuses_77(collector)
    laptop.start()
    wait_for("all acknowledged", lambda: agent.acknowledged == 80, 40)
    assert 77 in agent.said("acknowledge") and not agent.said("aside"), agent.lines
    assert collector.taken == [seq for seq in range(1, 81) if seq != 77], "not each of the others exactly once"


@test
def not_sendable(laptop):
    """What is too large or no record is set aside unsent, with the reason"""
    collector, agent = begin(laptop, 2)
    agent.tell("record broken", "record {\"x\":\"%s\"}" % (65 * 1024 * "A"), f"record {record(5)}", "signal")
    laptop.start()
    wait_for("all acknowledged", lambda: agent.acknowledged == 5)
    assert collector.taken == [1, 2, 5], collector.taken
    assert [line for line in agent.lines if line.startswith("aside")] == ["aside 3 unreadable", "aside 4 too-large"]


@test
def poison(laptop):
    """One record that the collector refuses is set aside and named; all others arrive"""
    collector, agent = begin(laptop, 120)
    collector.usual = refuses_77(collector)
    laptop.start()
    wait_for("all acknowledged", lambda: agent.acknowledged == 120, 40)
    assert "aside 77 rejected" in agent.lines and 77 not in agent.said("acknowledge"), agent.lines
    assert collector.taken == [seq for seq in range(1, 121) if seq != 77], "not each of the others exactly once"
    assert "record 01HF0000000000000000000077 (seq 77) is set aside: the collector answers 400: no uid" in laptop.said()


@test
def refuses_everything(laptop):
    """A collector that refuses everything, the empty request too, makes it give up nothing"""
    collector, agent = begin(laptop, 4)
    collector.usual = status_json(400, "no host.id")
    laptop.start()
    wait_for("the question with no record", lambda: any(not request.seqs for request in collector.requests), 40)
    time.sleep(3)
    assert agent.acknowledged == 0
    assert len(collector.requests) < 10, "it does not stop asking"
    assert "kept until the enrolment or the collector is put right" in laptop.said()


@test
def wrong_credential(laptop):
    """401 keeps everything, waits long, and no secret is in a log"""
    collector, agent = begin(laptop)
    collector.usual = status_json(401, "unknown credential")
    laptop.start()
    wait_for("a word about it", lambda: "unknown credential" in laptop.said())
    agent.record(4)
    time.sleep(5)
    assert len(collector.requests) == 1, "a wrong credential was tried again and again"
    assert agent.acknowledged == 0
    assert TOKEN not in laptop.said() and CREDENTIAL not in laptop.said()


@test
def redirect(laptop):
    """A redirect is not followed, and no credential goes there"""
    elsewhere = laptop.collector()
    collector, agent = begin(laptop)
    to = f"http://127.0.0.1:{elsewhere.port}/v1/logs"
    collector.plan = [answer(307, Location=to), answer(301, Location=to), answer(200, Refresh=f"0;url={to}")]
    laptop.start()
    wait_for("acknowledged", lambda: agent.acknowledged == 3)
    assert elsewhere.connections == 0, "it was there"


@test
def killed_before_the_acknowledgement(laptop):
    """Killed when the collector has stored the batch and the agent was not told: it is sent again"""
    collector, agent = begin(laptop)
    reporter = laptop.start

    def stop_then_ok(connection, request):
        laptop.reporter.send_signal(signal.SIGSTOP)
        collector.taken += request.seqs
        return OK(connection, request)

    collector.plan = [stop_then_ok]
    reporter()
    wait_for("the batch stored", lambda: collector.taken == [1, 2, 3])
    time.sleep(0.3)
    laptop.kill()
    assert agent.acknowledged == 0
    reporter()
    arrived(laptop, collector, 3)
    assert collector.taken == [1, 2, 3, 1, 2, 3], "the batch was not sent twice"


@test
def acknowledgement_lost(laptop):
    """An acknowledgement that fails, or is lost with the agent: the batch is sent again"""
    collector, agent = begin(laptop)
    agent.tell("fail 1")
    laptop.start()
    arrived(laptop, collector, 3)
    assert agent.said("failed") == [3]
    assert collector.taken == [1, 2, 3, 1, 2, 3]
    agent.tell("lose 1")
    agent.record(4)
    wait_for("the loss", lambda: agent.said("lost") == [4])
    agent.stop()
    agent = laptop.start_agent()   # it has the record still, as 1
    agent.record(1)
    arrived(laptop, collector, 1)
    assert collector.taken == [1, 2, 3, 1, 2, 3, 4, 1]


@test
def killed_at_any_moment(laptop):
    """Killed again and again while records keep coming: all arrive, none is acknowledged too early"""
    collector, agent = begin(laptop, 0)
    chance = random.Random(11)
    for first in range(1, 601, 20):
        laptop.start()
        agent.record(first, first + 19)
        time.sleep(chance.uniform(0.0, 0.12))
        laptop.kill()
        assert set(range(1, agent.acknowledged + 1)) <= set(collector.taken), "acknowledged, but never taken"
    laptop.start()
    arrived(laptop, collector, 600)
    NOTES.append(f"killed 30 times: {len(collector.taken) - 600} of 600 records were sent twice")


@test
def agent_comes_and_goes(laptop):
    """Without an agent it waits; it is there at once when the agent comes, and when it comes back"""
    collector = laptop.collector()
    laptop.enrol(f"http://127.0.0.1:{collector.port}")
    laptop.start()
    wait_for("a word about it", lambda: "the agent cannot be asked" in laptop.said())
    laptop.start_agent().record(1, 2)
    wait_for("the first records", lambda: collector.taken == [1, 2], 10)
    wait_for("acknowledged", lambda: laptop.agent.acknowledged == 2)
    laptop.agent.stop()
    time.sleep(1)
    laptop.start_agent(*(f"record {reporter_bed.record(number)}" for number in (1, 2, 3)))   # and gives no signal
    wait_for("those of the next agent, from the beginning", lambda: collector.taken == [1, 2, 1, 2, 3], 10)


@test
def agent_changes_in_between(laptop):
    """What one agent gave is not acknowledged to the next one"""
    collector, agent = begin(laptop)
    held = threading.Event()

    def hold(connection, request):
        collector.taken += request.seqs
        held.wait(20)
        return OK(connection, request)

    collector.plan = [hold]
    laptop.start()
    wait_for("the batch", lambda: collector.taken == [1, 2, 3])
    agent.stop()
    laptop.start_agent(f"record {reporter_bed.record(1)}")
    held.set()
    wait_for("the next agent's record", lambda: laptop.agent.acknowledged)
    assert laptop.agent.said("acknowledge") == [1], laptop.agent.said("acknowledge")
    assert collector.taken == [1, 2, 3, 1]


@test
def bus_comes_back(laptop):
    """When the bus is gone it waits for the next one"""
    collector, agent = begin(laptop)
    laptop.start()
    arrived(laptop, collector, 3)
    laptop.bus.kill()
    laptop.bus.wait()
    agent.stop()
    wait_for("a word about it", lambda: "the agent cannot be asked" in laptop.said())
    laptop.start_bus()
    laptop.start_agent().record(1)
    wait_for("the record", lambda: collector.taken == [1, 2, 3, 1], 60)
    assert laptop.reporter.poll() is None, "it ended"


@test
def bus_goes_while_it_waits(laptop):
    """The bus goes while it waits for the collector: it sleeps on, and not in circles"""
    collector, agent = begin(laptop)
    collector.plan = [status_json(503, Retry_After=6)]
    laptop.start()
    wait_for("the request", lambda: collector.requests)
    laptop.bus.kill()
    laptop.bus.wait()
    agent.stop()
    time.sleep(1)
    before = laptop.processor_seconds()
    time.sleep(3)
    assert laptop.processor_seconds() - before < 0.1, "it runs in circles"
    laptop.start_bus()
    laptop.start_agent(f"record {reporter_bed.record(1)}")
    wait_for("the record of the next agent", lambda: laptop.agent.acknowledged == 1, 60)
    assert laptop.agent.said("acknowledge") == [1], "the next agent was told of records that it never gave"
    assert collector.taken == [1, 2, 3, 1]


@test
def agent_talks_nonsense(laptop):
    """An agent that answers nonsense: nothing is sent, it goes on when sense returns"""
    collector, agent = begin(laptop, 0)
    for kind in ("type", "order", "resource"):
        agent.tell(f"nonsense {kind}")
        if kind == "type":
            agent.record(1, 3)
            laptop.start()
        asked = len(agent.said("events"))
        agent.tell("signal")
        wait_for(f"a question, answered with {kind}", lambda asked=asked: len(agent.said("events")) > asked, 40)
    time.sleep(0.5)
    assert not collector.requests, "it sent something"
    agent.tell("nonsense none", "signal")
    arrived(laptop, collector, 3)
    assert collector.taken == [1, 2, 3]


@test
def agent_repeats_itself(laptop):
    """An agent that gives what was acknowledged once more: it is not sent again"""
    collector, agent = begin(laptop)
    laptop.start()
    arrived(laptop, collector, 3)
    agent.tell("nonsense repeat", "signal")
    wait_for("a word about it", lambda: "the agent cannot be asked" in laptop.said())
    agent.tell("nonsense none")
    agent.record(4)
    arrived(laptop, collector, 4)
    assert collector.taken == [1, 2, 3, 4]


@test
def gaps_in_seq(laptop):
    """Numbers that are missing in the middle disturb nothing"""
    collector, agent = begin(laptop, 2)
    agent.tell("skip 10", f"record {reporter_bed.record(13)}")
    laptop.start()
    wait_for("acknowledged", lambda: agent.acknowledged == 13)
    assert collector.taken == [1, 2, 13]


# ---- start -----------------------------------------------------------------------------------------------------------

@test
def enrolments_that_are_refused(laptop):
    """It does not start with an enrolment that everybody may read, that is missing, or that has no TLS"""
    def ends_with(status, text):
        process = laptop.start()
        assert process.wait(10) == status, f"it ended with {process.returncode}"
        assert text in laptop.said(), laptop.said()

    ends_with(78, "enrolment: it cannot be opened: No such file or directory")
    laptop.enrol("http://127.0.0.1:1")
    laptop.enrolment.chmod(0o644)
    ends_with(78, "it holds a secret")
    laptop.enrolment.chmod(0o600)
    laptop.enrol("http://lekdicht.school.example")
    ends_with(78, "must begin with https://")
    laptop.enrol("https://lekdicht.school.example", insecure="yes")
    ends_with(78, '"insecure" is not known')
    assert TOKEN not in laptop.said() and CREDENTIAL not in laptop.said()


@test
def words(_laptop):
    """--version, --help, and what is not understood"""
    def run(*arguments):
        done = subprocess.run([reporter_bed.REPORTER, *arguments], capture_output=True, text=True, timeout=10,
                              check=False)
        return done.returncode, done.stdout, done.stderr

    assert run("--version") == (0, "lekdicht-reporter 0.1.0\n", "")
    code, said, errors = run("--help")
    assert code == 0 and "--enrolment FILE" in said and not errors
    assert run("--insecure")[0] == 64
    code, said, errors = run("now")
    assert code == 64 and '"now" is not understood' in errors


if __name__ == "__main__":
    reporter_bed.main(TESTS)
