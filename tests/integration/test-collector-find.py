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
