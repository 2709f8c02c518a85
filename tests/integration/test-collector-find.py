#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking for events on the collector's page, and the table for a spreadsheet.

Uses the daemon and the requests of test-collector.py and the accounts of test-collector-people.py. Prints TAP.
"""

import contextlib
import csv
import importlib.util
import io
import pathlib
import re
import sqlite3
import time
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent


def load(name):
    spec = importlib.util.spec_from_file_location(name.replace("-", "_"), HERE / f"test-{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


people = load("collector-people")
bed = people.bed
expect = bed.expect
DAY = 86400 * 10**9


def found(browser, path="/events", **wanted):
    """The numbers of the events on all pages of that search, newest first; and how many pages there were."""
    query, seen, pages = urllib.parse.urlencode(wanted), [], 0
    while query is not None:
        status, _, text = browser.ask("GET", f"{path}?{query}")
        expect(status == 200, f"{wanted}: {status} {text[:200]}")
        seen += [int(seq) for seq in re.findall(r"<dt>number</dt><dd>(\d+)</dd>", text)]
        older = re.search(r'href="/events\?([^"]*before=[^"]*)"', text)
        query = older[1].replace("&amp;", "&") if older else None
        pages += 1
        expect(pages < 50, "the pages do not end")
    return seen, pages


def table(browser, **wanted):
    status, headers, text = browser.ask("GET", "/events.csv?" + urllib.parse.urlencode(wanted))
    expect(status == 200 and headers["Content-Type"].startswith("text/csv") and "attachment" in headers["Content-Disposition"], f"{status} {text[:200]}")
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def test_each_filter(collector):
    fill = [bed.record(1, when=bed.NOW - 3 * DAY), bed.record(2, name="lekdicht.client.running", lekdicht__client="rclone", lekdicht__service="google-drive"),
            bed.record(3, lekdicht__device__kind="sd-card"), bed.record(4, its_uid="01ARZ3NDEK0000000000QZ7XK4")]
    fill[2]["attributes"] = [item for item in fill[2]["attributes"] if item["value"] != {"stringValue": "usb-disk"}]
    fill.append(bed.record(5))
    for item in fill[4]["attributes"]:
        if item["key"] == "lekdicht.rule":
            item["value"] = {"stringValue": "[device lokaal-2.14]"}
    collector.enrol(bed.HOST)
    collector.good(bed.request(fill))
    other = collector.admin("token", "add", "De Linde").stdout.strip()
    third = "11111111-2222-4333-8444-555555555555"
    expect(collector.enrol(third, other, "C" * 43, label="L-0421")[0] == 200, "a laptop of the other site")
    expect(collector.post(bed.request([bed.record(9)], host=third), token=f"{third}.{'C' * 43}")[0] == 200, "its event")
    browser = people.Browser(collector)
    day = lambda ns: time.strftime("%Y-%m-%d", time.gmtime(ns // 10**9))        # noqa: E731
    everything = {1, 2, 3, 4, 5, 9}
    for wanted, seqs in (({}, everything), ({"name": "lekdicht.client.running"}, {2}), ({"name": "lekdicht.gate.opened"}, set()), ({"kind": "sd-card"}, {3}),
                         ({"rule": "[device lokaal-2.14]"}, {5}), ({"client": "rclone"}, {2}), ({"client": "google-drive"}, {2}), ({"code": "QZ7XK4"}, {4}),
                         ({"code": "qz7xk4"}, {4}), ({"code": "QZ7XK5"}, set()), ({"site": "De Linde"}, {9}), ({"site": "De Brug"}, everything - {9}),
                         ({"site": "nowhere"}, set()), ({"laptop": "L-0421"}, {9}), ({"laptop": third}, {9}), ({"laptop": bed.HOST}, everything - {9}),
                         ({"to": day(bed.NOW - 2 * DAY)}, {1}), ({"from": day(bed.NOW - 2 * DAY)}, everything - {1}),
                         ({"from": day(bed.NOW - 3 * DAY), "to": day(bed.NOW - 3 * DAY)}, {1}), ({"from": day(bed.NOW - 5 * DAY), "to": day(bed.NOW - 4 * DAY)}, set()),
                         ({"site": "De Brug", "client": "rclone", "name": "lekdicht.client.running"}, {2}), ({"rule": "' OR 1=1 --"}, set()), ({"rule": "%"}, set())):
        seen, _ = found(browser, **wanted)
        expect(sorted(seen) == sorted(seqs), f"{wanted}: {seen} instead of {seqs}")
        rows = table(browser, **wanted)
        expect(len(rows) == len(seqs) + 1 and all(len(row) == len(rows[0]) for row in rows), f"{wanted}: the table has {len(rows)} lines")
    for query in ("from=x", "to=2026-02-30", "rule=" + "x" * 200, "rule=%zz", "rule=%00", "before=x"):
        status = browser.ask("GET", "/events?" + query)[0]
        expect(status == 400, f"{query}: {status}")
    text = browser.ask("GET", "/events?rule=%22%3E%3Cscript%3Ealert(1)%3C/script%3E")[2]
    expect("<script" not in text and 'value="&quot;&gt;&lt;script&gt;' in text, "what was looked for is markup")


def test_pages_and_a_needle(collector):
    """60,000 events: no holes between pages, and one that is far back is found in a few bounded looks."""
    with contextlib.closing(sqlite3.connect(collector.database, timeout=20)) as database:
        database.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000) INSERT INTO events"
                         " (host, uid, seq, time, received, shown, name, severity, clone, attributes)"
                         " SELECT ?, printf('01ARZ3NDEK%016d', i), i, ? + i, ? + i, ? + i, iif(i = 7, 'lekdicht.gate.opened', 'lekdicht.device.refused'), 13, 0,"
                         " iif(i % 300 = 0, '{\"lekdicht.rule\":\"x\"}', '{}') FROM n", (bed.HOST, bed.NOW, bed.NOW, bed.NOW))
        database.commit()
    browser = people.Browser(collector)
    seen, pages = found(browser, rule="x")
    expect(seen == list(range(60000, 0, -300)), f"{len(seen)} events on {pages} pages, or not in order")
    text = browser.ask("GET", "/events?name=lekdicht.gate.opened")[2]
    expect("None among the newest of these" in text, "a look is not bounded, or does not say so")
    seen, pages = found(browser, name="lekdicht.gate.opened")
    expect(seen == [7] and pages <= 4, f"the needle: {seen} after {pages} pages")
    rows = table(browser, rule="x")
    expect(len(rows) == 201 and len({row[3] for row in rows}) == 201, f"the table has {len(rows)} lines")
    rows = table(browser)
    expect(len(rows) == 10002 and "not in this table" in rows[-1][0], f"a table that is cut off says nothing: {len(rows)} {rows[-1]}")


def test_a_table_calculates_nothing(collector):
    names = ['=cmd|"/C calc"!A0', "+1", "-2+3", "@SUM(A1)", "\t=1", ' =HYPERLINK("http://evil.example")', 'plain "quoted", with comma', "two\r\nlines"]
    collector.good(bed.request([bed.record(seq, device__product__name=name) for seq, name in enumerate(names, 1)]))
    rows = table(people.Browser(collector))
    column = rows[0].index("device.product.name")
    for row in rows[1:]:
        for field in row:
            expect(not re.match(r"\s*[=+\-@|%]", field) and not re.search(r"[\x00-\x1f]", field), f"a cell that is calculated: {field!r}")
    expect(sorted(row[column] for row in rows[1:] if not row[column].startswith("'")) == ['plain "quoted", with comma', "two\ufffd\ufffdlines"], "plain names")


def test_what_needs_attention(collector):
    browser = people.Browser(collector)
    expect("None: all were heard of lately" in browser.ask("GET", "/attention")[2], "the empty page says something else")
    collector.good(bed.request([bed.record(1), bed.record(2)]))
    collector.good(bed.request([bed.record(1)], host=bed.OTHER))
    text = browser.ask("GET", "/attention")[2]
    expect("None: all were heard of lately" in text and "Nothing: no policy was refused" in text, "laptops that are well need attention")

    def change(statement, *values):
        with contextlib.closing(sqlite3.connect(collector.database, timeout=20)) as database:
            database.execute(statement, values)
            database.commit()

    def laptops():
        return re.findall(r'<tr><td><a href="/\?laptop=([0-9a-f-]+)".*?</tr>', browser.ask("GET", "/attention")[2], re.S)

    change("UPDATE laptops SET last_seen = ? WHERE host = ?", time.time_ns() - 9 * DAY, bed.HOST)
    expect(laptops() == [bed.HOST] and "silent for 9 days" in browser.ask("GET", "/attention")[2], "a silent laptop")
    change("UPDATE laptops SET last_seen = ? WHERE host = ?", time.time_ns() - 6 * DAY, bed.HOST)
    expect(not laptops(), "six days are not silence")
    collector.good(bed.request([bed.record(5)], host=bed.OTHER))
    expect(laptops() == [bed.OTHER] and "3 records are not here" in browser.ask("GET", "/attention")[2], "a gap")
    collector.good(bed.request([bed.record(6, name="lekdicht.spool.dropped", lekdicht__dropped__first=2, lekdicht__dropped__last=4,
                                           lekdicht__dropped__count=3)], host=bed.OTHER))
    text = browser.ask("GET", "/attention")[2]
    expect("not here" not in text and not laptops(), "what was reported as dropped is a gap")
    expect(len(re.findall(r"<dt>number</dt>", text)) == 1, "records that were dropped are no news")
    collector.good(bed.request([bed.record(2)]))
    expect(laptops()[-1] == bed.HOST and "copied identity: 1 events came twice" in browser.ask("GET", "/attention")[2], f"a copy: {laptops()}")
    collector.admin("revoke", bed.HOST)
    expect(bed.HOST not in laptops(), "a laptop that was revoked needs attention")
    for seq, name in enumerate(("policy.rejected", "gate.drift", "device.drift", "device.failed", "identity.cloned"), 7):
        collector.good(bed.request([bed.record(seq, name="lekdicht." + name)], host=bed.OTHER))
    collector.good(bed.request([bed.record(12, name="lekdicht.gate.drift", when=time.time_ns() - 31 * DAY)], host=bed.OTHER))
    seen = [int(seq) for seq in re.findall(r"<dt>number</dt><dd>(\d+)</dd>", browser.ask("GET", "/attention")[2])]
    expect(sorted(seen) == [6, 7, 8, 9, 10, 11], f"what should not have happened: {seen}")
    with contextlib.closing(sqlite3.connect(collector.database)) as database:
        plan = str(database.execute("EXPLAIN QUERY PLAN SELECT * FROM events WHERE name IN ('lekdicht.policy.rejected', 'lekdicht.gate.drift',"
                                    " 'lekdicht.device.drift', 'lekdicht.device.failed', 'lekdicht.spool.dropped', 'lekdicht.identity.cloned')"
                                    " AND shown >= 1 ORDER BY shown DESC, id DESC LIMIT 9").fetchall())
    expect("events_of_attention" in plan, f"it is not looked up in its index: {plan}")


def test_a_viewer_looks_only_at_the_own_site(collector):
    people.fill(collector)
    for name in people.ROLES:
        people.adduser(collector, name)
    for name, status, words in (("vera", 200, {people.BRUG}), ("ivo", 200, {people.BRUG, people.LINDE}), ("petra", 200, {people.BRUG, people.LINDE}), ("arie", 403, set())):
        browser = people.signed_in(collector, name)
        for query in ("", "?site=De+Linde", f"?laptop={bed.OTHER}"):
            got, _, text = browser.ask("GET", "/events" + query)
            wanted = words - {people.BRUG} if query else words
            expect(got == status and {word for word in (people.BRUG, people.LINDE) if word in text} == wanted, f"{name} {query}: {got}")
        got, _, text = browser.ask("GET", "/events.csv")
        wanted = set() if name == "vera" else words
        expect(got == (200 if wanted else 403) and {word for word in (people.BRUG, people.LINDE) if word in text} == wanted, f"the table for {name}: {got}")
    nobody = people.Browser(collector)
    expect([nobody.ask("GET", path)[0] for path in ("/events", "/events.csv")] == [303, 303], "who is not signed in")


if __name__ == "__main__":
    bed.PROGRAM = bed.program()
    for name in [name for name in vars(bed) if name.startswith("test_")]:
        delattr(bed, name)
    vars(bed).update({name: value for name, value in globals().items() if name.startswith("test_")})
    bed.main()
