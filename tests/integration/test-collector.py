#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real lekdicht-collector, built with AddressSanitizer, spoken to over HTTP by whoever may find it.

Every test has a daemon and a database of its own, and ends with SIGTERM: exit 0, nothing said by a sanitizer (leaks
included), and neither the token nor anything that was sent in the log. What is stored is read with Python's sqlite3.
Prints TAP. COLLECTOR names another binary to test.
"""

import concurrent.futures
import contextlib
import gzip
import http.client
import json
import os
import pathlib
import random
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import zlib

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
HOST = "7d444840-9dc0-41d1-b245-5ffdce74fad2"
OTHER = "0e0b0c0d-1111-4222-8333-444455556666"
SECRET = "a-secret-for-tests_0123456789-abcdefghijklm"
TOKEN = f"{HOST}.{SECRET}"          # the credential of the laptop HOST, as it made it itself
MIB = 1024 * 1024
NOW = time.time_ns()
BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
NO_ANSWER = object()


class Failure(Exception):
    """What was seen, in a plain sentence."""


def expect(condition, said):
    if not condition:
        raise Failure(said)


def program():
    """The sanitized daemon, built when it is not there or old."""
    given = os.environ.get("COLLECTOR")
    if given:
        return given
    target = "build-san/lekdicht-collector"
    subprocess.run([*os.environ.get("MAKE", "make").split(), "--no-print-directory", "-s", "SAN=1", "BUILD=build-san", target],
                   cwd=ROOT, check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    return str(ROOT / target)


def complete(answer):
    """Whether bytes from a server hold a final answer with all of its body ("100 Continue" comes before one)."""
    while answer.startswith(b"HTTP/1.1 1") and b"\r\n\r\n" in answer:
        answer = answer.partition(b"\r\n\r\n")[2]
    head, end, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"(?im)^content-length: *(\d+)\r?$", head)
    return bool(end and length and len(body) >= int(length[1]))


# ---- what a reporter sends -------------------------------------------------------------------------------------------

def uid(random_source=random):
    return "01ARZ3NDEK" + "".join(random_source.choice(BASE32) for _ in range(16))


def attribute(key, value):
    kind = {bool: "boolValue", int: "intValue", str: "stringValue", float: "doubleValue"}[type(value)]
    return {"key": key, "value": {kind: str(value) if kind == "intValue" else value}}


def record(seq, its_uid=None, name="lekdicht.device.refused", when=None, **more):
    attributes = {"log.record.uid": its_uid or uid(), "event.sequence": seq, "lekdicht.device.kind": "usb-disk",
                  "lekdicht.rule": "[storage] usb-disk", "lekdicht.audit": False}
    attributes.update({key.replace("__", "."): value for key, value in more.items()})
    return {"timeUnixNano": str(when or NOW + seq), "observedTimeUnixNano": str(when or NOW + seq), "severityNumber": 13,
            "eventName": name, "attributes": [attribute(key, value) for key, value in attributes.items()]}


def request(records, host=HOST, **more):
    attributes = {"service.name": "lekdicht", "service.version": "0.1.0", "host.id": host, "os.type": "linux", **more}
    return {"resourceLogs": [{"resource": {"attributes": [attribute(key, value) for key, value in attributes.items()]},
                              "scopeLogs": [{"scope": {"name": "lekdicht"}, "logRecords": records}]}]}


def without(key, value):
    """A record that lacks an attribute, or has another value for it."""
    one = record(1)
    one["attributes"] = [item for item in one["attributes"] if item["key"] != key]
    if value is not None:
        one["attributes"].append({"key": key, "value": value})
    return one


def changed(field, value):
    """A record with another value for a field, or without it."""
    one = record(1)
    del one[field]
    if value is not None:
        one[field] = value
    return one


# ---- the daemon --------------------------------------------------------------------------------------------------------

class Collector:
    """A daemon that runs; stop() also looks at how it went."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.database = self.folder / "collector.db"
        self.config = self.folder / "collector.ini"
        self.config.write_text(f"[collector]\nlisten = 127.0.0.1:0\ndatabase = {self.database}\nrequests-per-minute = 1000000\n")
        self.log = self.folder / "log"
        self.process = self.port = None
        self.token = None
        self.start()
        self.let_in()

    def start(self):
        said = self.log.stat().st_size if self.log.exists() else 0
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([PROGRAM, "--config", self.config], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env={**os.environ, "TZ": "UTC",
                                                 "ASAN_OPTIONS": "detect_leaks=1:exitcode=66:allocator_may_return_null=1",
                                                 "UBSAN_OPTIONS": "print_stacktrace=1"})
        until = time.monotonic() + 20
        while time.monotonic() < until:
            found = re.search(r"http://127\.0\.0\.1:(\d+)/", self.log.read_text()[said:])
            if found:
                self.port = int(found.group(1))
                return
            expect(self.process.poll() is None, f"the collector ended at once: {self.log.read_text()}")
            time.sleep(0.02)
        raise Failure("the collector does not say its address")

    def admin(self, *words, code=0):
        """A verb of the same program, on the same database."""
        done = subprocess.run([PROGRAM, "--config", self.config, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=30, check=False, env={**os.environ, "TZ": "UTC"})
        expect(done.returncode == code, f"{words}: ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done

    def let_in(self):
        """The laptops of the tests, which this database does not know yet."""
        self.token = self.admin("token", "add", "De Brug").stdout.strip()
        for host in (HOST, OTHER):
            expect(self.enrol(host)[0] == 200, "the laptops of the tests cannot enrol")

    def enrol(self, host=HOST, token=None, secret=SECRET, **more):
        """POST /v1/enroll: (status, what it says)."""
        body = {"token": token or self.token, "host_id": host, "credential": f"{host}.{secret}", **more}
        status, _, text = self.ask("POST", "/v1/enroll", json.dumps(body), {"Content-Type": "application/json"})
        return status, json.loads(text)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Failure("the collector did not end 20 s after SIGTERM") from None
        said = self.log.read_text()
        expect(code == 0, f"the collector ended with {code}: {said[-3000:]}")
        expect(not re.search(r"Sanitizer|runtime error", said), f"a sanitizer said: {said[-3000:]}")
        for secret in (SECRET, self.token[9:], HOST, "lekdicht.device.refused"):
            expect(secret not in said, f"'{secret}' is in the log")
        expect(not pathlib.Path(f"{self.database}-wal").exists(), "the log of the database was left behind")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def ask(self, method, path, body=None, headers=None, source=None, timeout=30):
        """One request on a connection of its own: (status, headers, body)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout,
                                                source_address=(source, 0) if source else None)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def post(self, body, token=None, **headers):
        """As the laptop that the body is of, or with that credential."""
        if token is None:
            token = f"{OTHER}.{SECRET}" if not isinstance(body, (bytes, bytearray)) and OTHER in json.dumps(body) else TOKEN
        sent = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        sent.update({key.replace("_", "-"): value for key, value in headers.items()})
        if not isinstance(body, (bytes, bytearray)):
            body = json.dumps(body).encode()
        return self.ask("POST", "/v1/logs", body, {key: value for key, value in sent.items() if value is not None})

    def good(self, body, **headers):
        status, got, text = self.post(body, **headers)
        expect(status == 200 and text == b"{}", f"{status} {text!r} instead of 200 {{}}")
        expect(got["Content-Type"] == "application/json", f"a 200 of type {got['Content-Type']}")

    def raw(self, data, timeout=10):
        """Bytes as they are; what comes back until the end, or NO_ANSWER."""
        with socket.create_connection(("127.0.0.1", self.port), timeout) as connection:
            connection.sendall(data)
            answer = b""
            with contextlib.suppress(ConnectionResetError):
                while piece := connection.recv(65536):
                    answer += piece
                    if complete(answer):
                        break
        return answer or NO_ANSWER

    def rows(self, query="SELECT host, uid, seq, clone FROM events ORDER BY id", values=()):
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=10)) as database:
            return database.execute(query, values).fetchall()

    def count(self):
        return self.rows("SELECT count(*) FROM events")[0][0]

    def page(self, query="", status=200):
        got, headers, text = self.ask("GET", "/" + query)
        expect(got == status, f"the page {query} is {got}, not {status}")
        expect(headers["Cache-Control"] == "no-store", "the page may be cached")
        return text.decode()


# ---- tests -------------------------------------------------------------------------------------------------------------

def refused(collector, answer, status, code, what):
    """The right status, a Status of OTLP, and nothing stored."""
    got, headers, text = answer
    expect(got == status, f"{what}: {got} {text!r} instead of {status}")
    expect(headers["Content-Type"] == "application/json", f"{what}: type {headers['Content-Type']}")
    said = json.loads(text)
    expect(set(said) == {"code", "message"} and said["code"] == code, f"{what}: {said} instead of code {code}")
    expect(collector.count() == 0, f"{what}: {collector.count()} events are stored")
    return headers


def test_wrong_method_path_token_type(collector):
    good = json.dumps(request([record(1)])).encode()
    right = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "post"):
        headers = refused(collector, collector.ask(method, "/v1/logs", good, right), 405, 12, method)
        expect(headers["Allow"] == "GET, HEAD, POST", f"{method}: Allow: {headers['Allow']}")
    headers = refused(collector, collector.ask("GET", "/v1/logs", None, right), 405, 12, "GET /v1/logs")
    expect(headers["Allow"] == "POST", f"Allow: {headers['Allow']}")
    headers = refused(collector, collector.ask("POST", "/", good, right), 405, 12, "POST /")
    expect(headers["Allow"] == "GET, HEAD", f"Allow: {headers['Allow']}")
    for path in ("/v1/log", "/v1/logs/", "/V1/logs", "/v1/logs%00", "/v1/%6cogs", "//v1/logs", "/x/../v1/logs", "/v1/traces", "*"):
        refused(collector, collector.ask("POST", path, good, right), 404, 5, path)
    for token in ("", "x", TOKEN[:-1], TOKEN + "x", TOKEN[:-1] + "k", TOKEN.upper(), TOKEN + " ", "x" * 300, "x" * 8000):
        headers = refused(collector, collector.post(good, token), 401, 16, f"token of {len(token)}")
        expect(headers["WWW-Authenticate"] == "Bearer", "401 without WWW-Authenticate")
    for scheme in (None, TOKEN, f"Basic {TOKEN}", f"Bearer{TOKEN}", f"Bearer\t{TOKEN}", f"Token {TOKEN}"):
        refused(collector, collector.post(good, Authorization=scheme), 401, 16, f"{scheme}")
    for kind in (None, "text/plain", "application/x-protobuf", "application/jsonp", "application/json-seq", "json",
                 "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        refused(collector, collector.post(good, Content_Type=kind), 415, 3, f"{kind}")
    for encoding in ("br", "deflate", "zstd", "gzip, gzip", "x-gzip", ""):
        refused(collector, collector.post(good, Content_Encoding=encoding), 415, 3, f"encoding {encoding}")
    collector.good(good)
    expect(collector.count() == 1, "the same body was not stored with everything right")


def test_the_first_fault_is_the_answer(collector):
    """Method, path, token, type, length, body: each request has all the later faults too."""
    large = b"x" * 100
    wrong = {"Authorization": "Bearer wrong", "Content-Type": "text/plain", "Content-Length": "2097152"}
    right = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    for status, code, method, path, headers in (
            (405, 12, "BREW", "/nowhere", wrong),
            (404, 5, "POST", "/nowhere", wrong),
            (401, 16, "POST", "/v1/logs", wrong),
            (415, 3, "POST", "/v1/logs", {**wrong, "Authorization": right["Authorization"]}),
            (413, 8, "POST", "/v1/logs", {**right, "Content-Length": "2097152"}),
            (400, 3, "POST", "/v1/logs", {**right, "Content-Length": "100"})):
        lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Expect: 100-continue"]
        lines += [f"{key}: {value}" for key, value in headers.items()]
        answer = collector.raw("\r\n".join(lines).encode() + b"\r\n\r\n" + (large if status == 400 else b""))
        expect(answer is not NO_ANSWER and f" {status} ".encode() in answer, f"{status}: {answer!r}")
        expect(f'"code":{code},'.encode() in answer, f"{status}: {answer!r}")
        if status != 400:
            expect(b"100 Continue" not in answer, f"{status}: the body was asked for")
    expect(collector.count() == 0, "something was stored")


def test_too_large(collector):
    right = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    for size in (MIB + 1, 2 * MIB, 4 * MIB):
        refused(collector, collector.ask("POST", "/v1/logs", b" " * size, right), 413, 8, f"{size} bytes")
    # Too large even to be read and dropped: an answer at once, and the connection is closed.
    for length in ("4194305", "99999999999999999", "18446744073709551615"):
        answer = collector.raw(f"POST /v1/logs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n"
                               f"Content-Length: {length}\r\n\r\n".encode())
        expect(b" 413 " in answer, f"{length}: {answer!r}")
    # Exactly the limit is read: blanks are not JSON, but they are not too large either.
    refused(collector, collector.ask("POST", "/v1/logs", b" " * MIB, right), 400, 3, "1 MiB of blanks")
    # More than one answer can hold: the reporter is to halve it.
    refused(collector, collector.post(request([record(seq) for seq in range(1, 1002)])), 413, 8, "1001 records")
    collector.good(gzip.compress(json.dumps(request([record(seq) for seq in range(1, 1001)])).encode()), Content_Encoding="gzip")
    expect(collector.count() == 1000, f"{collector.count()} of 1000 records are stored")


def test_no_length(collector):
    def pieces():
        yield json.dumps(request([record(1)])).encode()

    right = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    refused(collector, collector.ask("POST", "/v1/logs", pieces(), right), 411, 3, "chunked")
    head = f"POST /v1/logs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n"
    answer = collector.raw((head + "\r\n").encode())
    expect(b" 411 " in answer, f"neither length nor chunks: {answer!r}")
    answer = collector.raw((head + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n").encode())
    expect(b" 200 " not in answer, f"both length and chunks: {answer!r}")
    for length in ("-1", "+2", "2x", "0x2", "", "2, 2"):
        answer = collector.raw((head + f"Content-Length: {length}\r\n\r\n{{}}").encode())
        expect(answer is NO_ANSWER or b" 400 " in answer or b" 411 " in answer or b" 413 " in answer,
               f"length '{length}': {answer!r}")
    # Chunks without end: at some point nobody reads on.
    with socket.create_connection(("127.0.0.1", collector.port), 30) as connection:
        connection.sendall((head + "Transfer-Encoding: chunked\r\n\r\n").encode())
        sent = 0
        with contextlib.suppress(OSError):
            while sent < 64 * MIB:
                connection.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
                sent += 65536
        expect(sent < 32 * MIB, f"{sent} bytes of chunks without end were taken")
    expect(collector.count() == 0, "something was stored")


def test_gzip(collector):
    good = json.dumps(request([record(1)])).encode()
    packed = gzip.compress(good)
    right = {"Content_Encoding": "gzip"}
    refused(collector, collector.post(gzip.compress(b" " * (100 * MIB)), **right), 413, 8, "a bomb of 100 MiB")
    refused(collector, collector.post(gzip.compress(b"[" * (MIB + 1)), **right), 413, 8, "a byte more than fits")
    refused(collector, collector.post(gzip.compress(good + b" " * (MIB - len(good))), **right), 413, 8, "packed 1000 to 1")
    refused(collector, collector.post(gzip.compress(gzip.compress(good)), **right), 400, 3, "packed twice")
    for what, body in (("cut short", packed[:-1]), ("half", packed[:len(packed) // 2]), ("one byte", packed[:1]), ("nothing", b""),
                       ("something behind it", packed + b"x"), ("two members", packed + packed), ("not packed", good),
                       ("zlib", zlib.compress(good)), ("wrong sum", packed[:-8] + b"\0\0\0\0" + packed[-4:]),
                       ("damaged", packed[:20] + bytes([packed[20] ^ 0xFF]) + packed[21:])):
        refused(collector, collector.post(body, **right), 400, 3, what)
    refused(collector, collector.post(packed), 400, 3, "packed, but nobody says so")
    collector.good(packed, **right)
    collector.good(gzip.compress(json.dumps(request([record(2)])).encode()), Content_Encoding="GZIP")
    collector.good(json.dumps(request([record(3)])).encode(), Content_Encoding="identity")
    expect(collector.count() == 3, f"{collector.count()} events instead of 3")


def test_bodies_that_are_no_request(collector):
    good = json.dumps(request([record(1)]))
    deep = "[" * 17 + "]" * 17
    for what, body in (
            ("empty", ""), ("blanks", "  "), ("cut short", good[:-1]), ("more behind it", good + "{}"), ("not JSON", "lekdicht"),
            ("a string", '"x"'), ("an array", "[]"), ("null", "null"), ("a number", "1"), ("single quotes", "{'a': 1}"),
            ("a trailing comma", '{"a": 1,}'), ("a leading zero", '{"a": 01}'), ("NaN", '{"a": NaN}'), ("a huge number", '{"a": 1e999}'),
            ("a comment", "{} // x"), ("NUL escaped", good.replace("usb-disk", "\\u0000")), ("half a pair", good.replace("usb-disk", "\\ud800")),
            ("a raw line feed", good.replace("usb-disk", "usb\ndisk")), ("duplicate keys", good[:-1] + ', "resourceLogs": []}'),
            ("duplicate keys within", good.replace('"severityNumber": 13', '"severityNumber": 13, "severityNumber": 13')),
            ("an unknown key twice", '{"x": 1, "x": 1}'), ("17 deep", '{"x": ' + deep[1:-1] + "}"), ("100000 deep", "[" * 100000),
            ("a deep unknown", good[:-1] + ', "x": ' + deep + "}"), ("a key of 5000", '{"' + "x" * 5000 + '": 1}'),
            ("a string of 5000", good.replace("usb-disk", "x" * 5000)), ("a value of 1025", good.replace("usb-disk", "x" * 1025)),
            ("65 keys", json.dumps({str(i): i for i in range(65)})), ("a million values", '{"x": [' + "0," * 500000 + "0]}"),
            ("many objects", '{"x": [' + "{}," * 300000 + "{}]}")):
        refused(collector, collector.post(body.encode()), 400, 3, what)
    for what, body in (("invalid UTF-8", good.encode().replace(b"usb-disk", b"\xff")), ("UTF-16", good.encode("utf-16")),
                       ("overlong", good.encode().replace(b"usb-disk", b"\xc0\xaf")), ("a NUL byte", good.encode().replace(b"usb-disk", b"\0")),
                       ("a surrogate", good.encode().replace(b"usb-disk", b"\xed\xa0\x80")), ("a BOM", b"\xef\xbb\xbf" + good.encode())):
        refused(collector, collector.post(body), 400, 3, what)
    collector.good(good.encode())


def test_requests_that_lack_something(collector):
    text, number = {"stringValue": "x"}, {"intValue": "1"}
    bad_records = {
        "no uid": without("log.record.uid", None), "uid of 25": without("log.record.uid", {"stringValue": uid()[:-1]}),
        "uid in lower case": without("log.record.uid", {"stringValue": uid().lower()}), "uid a number": without("log.record.uid", number),
        "uid too large": without("log.record.uid", {"stringValue": "8" + uid()[1:]}),
        "no seq": without("event.sequence", None), "seq 0": without("event.sequence", {"intValue": "0"}),
        "seq negative": without("event.sequence", {"intValue": "-1"}), "seq text": without("event.sequence", text),
        "seq with a tail": without("event.sequence", {"intValue": "1x"}), "seq empty": without("event.sequence", {"intValue": ""}),
        "seq too large": without("event.sequence", {"intValue": "9223372036854775808"}),
        "seq too large, a number": without("event.sequence", {"intValue": 9223372036854775808}),
        "seq a double": without("event.sequence", {"doubleValue": 1.0}), "seq a fraction": without("event.sequence", {"intValue": 1.5}),
        "seq with a sign": without("event.sequence", {"intValue": "+1"}), "seq with a blank": without("event.sequence", {"intValue": " 1"}),
        "no name": changed("eventName", None), "name empty": changed("eventName", ""), "name long": changed("eventName", "x" * 65),
        "name a number": changed("eventName", 5), "name with markup": changed("eventName", "<b>"), "name null": changed("eventName", None),
        "no time": changed("timeUnixNano", None), "time 0": changed("timeUnixNano", "0"), "time negative": changed("timeUnixNano", "-5"),
        "time text": changed("timeUnixNano", "now"), "time too large": changed("timeUnixNano", "9223372036854775808"),
        "severity 25": changed("severityNumber", 25), "severity -1": changed("severityNumber", -1), "severity text": changed("severityNumber", "WARN"),
        "attributes an object": changed("attributes", {}), "an attribute a string": changed("attributes", ["x"]),
        "a record": "x", "a record null": None, "65 attributes": record(1, **{f"x{i}": 1 for i in range(60)}),
        "an attribute twice": {**record(1), "attributes": record(1)["attributes"] + [attribute("lekdicht.rule", "x")]},
        "the uid twice": {**record(1), "attributes": record(1)["attributes"] + [attribute("log.record.uid", uid())]},
        "the seq twice": {**record(1), "attributes": record(1)["attributes"] + [attribute("event.sequence", 5)]},
        "a key of 129": record(1, **{"x" * 129: 1}), "a string that is none": without("lekdicht.rule", {"stringValue": 5}),
        "a bool that is none": without("lekdicht.audit", {"boolValue": "true"}), "no key": {**record(1), "attributes": [{"value": text}]},
        "a value that is none": without("lekdicht.rule", "x"),
    }
    for what, bad in bad_records.items():
        refused(collector, collector.post(request([bad])), 400, 3, what)
        # Whole batch or none: the good ones before and behind are not stored either.
        refused(collector, collector.post(request([record(7), bad, record(8)])), 400, 3, f"{what}, between good ones")
    for what, bad in (("no host.id", None), ("host.id text", "laptop-1"), ("host.id short", HOST[:-1]), ("host.id long", HOST + "0"),
                      ("host.id without dashes", HOST.replace("-", "0")), ("host.id in braces", "{" + HOST[1:-1] + "}"),
                      ("host.id with markup", "<" + HOST[1:])):
        body = request([record(1)], host=bad or "")
        if bad is None:
            body["resourceLogs"][0]["resource"]["attributes"] = []
        refused(collector, collector.post(body), 400, 3, what)
    for what, body in (("resourceLogs an object", {"resourceLogs": {}}), ("a resource a string", {"resourceLogs": ["x"]}),
                       ("no resource", {"resourceLogs": [{"scopeLogs": []}]}),
                       ("scopeLogs an object", {"resourceLogs": [{**request([])["resourceLogs"][0], "scopeLogs": {}}]}),
                       ("logRecords a string", {"resourceLogs": [{**request([])["resourceLogs"][0], "scopeLogs": [{"logRecords": "x"}]}]}),
                       ("17 resources", {"resourceLogs": request([])["resourceLogs"] * 17}),
                       ("the host twice", {"resourceLogs": [{"resource": {"attributes": [attribute("host.id", HOST), attribute("host.id", OTHER)]}}]}),
                       ("a second resource bad", {"resourceLogs": request([record(1)])["resourceLogs"] + request([record(2)], host="x")["resourceLogs"]})):
        refused(collector, collector.post(body), 400, 3, what)


def test_what_the_standard_allows(collector):
    one = record(1)
    one.update(traceId="", body={"stringValue": "x"}, droppedAttributesCount=0, somethingNew={"x": [1, {"y": None}]}, flags=1)
    one["attributes"] += [{"key": "list", "value": {"arrayValue": {"values": [{"stringValue": "x"}]}}}, {"key": "nothing", "value": {}},
                          {"key": "null", "value": None}, {"key": "bytes", "value": {"bytesValue": "AAAA"}},
                          {"key": "double", "value": {"doubleValue": 1.5}}, {"key": "new", "value": {"newValue": 1}}]
    body = request([one])
    body["resourceLogs"][0]["schemaUrl"] = body["resourceLogs"][0]["scopeLogs"][0]["schemaUrl"] = "https://example.org"
    body["new"] = {}
    collector.good(body)
    kept = json.loads(collector.rows("SELECT attributes FROM events")[0][0])
    expect(kept == {"lekdicht.device.kind": "usb-disk", "lekdicht.rule": "[storage] usb-disk", "lekdicht.audit": False, "double": 1.5},
           f"kept: {kept}")

    number = record(2)
    number["timeUnixNano"] = int(number["timeUnixNano"])
    number["attributes"][1]["value"]["intValue"] = 2
    for field in ("severityNumber", "observedTimeUnixNano"):
        del number[field]
    collector.good(request([number]), Content_Type="Application/JSON; charset=utf-8")
    collector.good(request([record(9223372036854775807, when=NOW)], host=HOST.upper()), Authorization=f"bEARER   {TOKEN}")
    collector.good({})
    collector.good({"resourceLogs": []})
    collector.good({"resourceLogs": None})
    collector.good(request([]))
    collector.good({"resourceLogs": request([record(3)])["resourceLogs"] + request([record(4)])["resourceLogs"]})
    collector.good(request([record(1)], host=OTHER))
    got = sorted((host, seq) for host, _, seq, _ in collector.rows())
    expect(got == sorted([(HOST, 1), (HOST, 2), (HOST, 9223372036854775807), (HOST, 3), (OTHER, 1), (HOST, 4)]), f"stored: {got}")
    expect(collector.rows("SELECT first, last FROM received WHERE host = ? ORDER BY first", (HOST,)) ==
           [(1, 4), (9223372036854775807, 9223372036854775807)], "the intervals are not 1 to 4 and the last number")

    # Several on one connection, with "100 Continue", and one after an error.
    connection = http.client.HTTPConnection("127.0.0.1", collector.port, timeout=10)
    for seq, token, status in ((5, TOKEN, 200), (6, "wrong", 401), (7, TOKEN, 200)):
        connection.request("POST", "/v1/logs", json.dumps(request([record(seq)])), {
            "Authorization": f"Bearer {token}", "Content-Type": "application/json", "Expect": "100-continue" if seq == 5 else ""})
        answer = connection.getresponse()
        answer.read()
        expect(answer.status == status, f"request {seq} on one connection: {answer.status}")
    connection.close()
    expect({5, 7} <= {seq for _, _, seq, _ in collector.rows()}, "not both events of one connection are stored")


def test_what_the_agent_writes(collector):
    """Every name and every key of common/event.c, written by it, is taken, and the page has words for each name."""
    build = ROOT / os.environ.get("BUILD", "build")
    sample = subprocess.run([build / "tests/integration/event-sample", HOST], check=True, capture_output=True).stdout
    records = json.loads(sample)["resourceLogs"][0]["scopeLogs"][0]["logRecords"]
    collector.good(sample)
    collector.good(gzip.compress(sample), Content_Encoding="gzip")
    beats = [one for one in records if one["eventName"] == "lekdicht.agent.heartbeat"]
    records = [one for one in records if one not in beats]
    expect(len(beats) == 1 and collector.rows("SELECT count(*) FROM heartbeats") == [(1,)], "the sign of life is not kept as one")
    expect(collector.count() == len(records) > 20, f"{collector.count()} of {len(records)} events are stored")
    for (name, severity, attributes), sent in zip(collector.rows("SELECT name, severity, attributes FROM events ORDER BY seq"), records):
        expect((name, severity) == (sent["eventName"], sent["severityNumber"]), f"{name}, {severity} instead of {sent['eventName']}")
        wanted = {}
        for item in sent["attributes"]:
            (kind, value), = item["value"].items()
            wanted[item["key"]] = int(value) if kind == "intValue" else value
        del wanted["log.record.uid"], wanted["event.sequence"]
        expect(json.loads(attributes) == wanted, f"{name}: {attributes} instead of {wanted}")
    page = collector.page("?laptop=" + HOST)
    shown = re.findall(r'<td title="lekdicht\.[^"]*"[^>]*>([^<]*)</td>', page)
    expect(len(shown) == len(records), f"{len(shown)} of {len(records)} names are on the page")
    expect(not [words for words in shown if words.startswith("lekdicht.")], f"no words for {[words for words in shown if words.startswith('lekdicht.')]}")
    expect(page.count("caf\u00e9 &lt;b&gt;&quot;&amp;&#39;\\ ??[2J") > 10, "the text of an attribute is not on the page as it was written")


def test_nothing_else_is_stored(collector):
    """What a resource says besides host.id and version stays out: not one byte of it is in the files."""
    collector.good(request([record(1)], **{"host.name": "SECRET-NAME", "host.ip": "SECRET-IP", "user.name": "SECRET-USER",
                                           "SECRET-KEY": "SECRET-VALUE"}), User_Agent="SECRET-AGENT", X_Forwarded_For="SECRET-ADDRESS")
    files = [path for path in collector.folder.iterdir() if path.name.startswith("collector.db")]
    expect(len(files) >= 2, "the database has no log while it is open")
    data = b"".join(path.read_bytes() for path in files)
    expect(HOST.encode() in data, "not even the host.id was found: this test reads the wrong bytes")
    expect(b"SECRET" not in data and TOKEN.encode() not in data and b"127.0.0.1" not in data, "something of the resource was stored")
    for path in files:
        expect(path.stat().st_mode & 0o077 == 0, f"{path.name} is open to others")


def test_duplicates_and_clones(collector):
    first, second = uid(), uid()
    body = request([record(1, first), record(2, second)])
    for _ in range(3):
        collector.good(body)
    collector.good(gzip.compress(json.dumps(body).encode()), Content_Encoding="gzip")
    collector.good(request([record(1, first), record(1, first), record(3), record(2, second)]))
    expect([(row[1], row[2]) for row in collector.rows()][:2] == [(first, 1), (second, 2)], "not the two events that were sent")
    expect(collector.count() == 3, f"{collector.count()} events instead of 3")
    expect(collector.rows("SELECT events, clones, highest FROM laptops") == [(3, 0, 3)], "the laptop is counted wrong")
    expect("copied identity" not in collector.page("?laptop=" + HOST), "a duplicate is shown as a clone")
    # Another laptop may have the same uid (it cannot take it away) and has numbers of its own.
    collector.good(request([record(1, first)], host=OTHER))
    expect(collector.count() == 4, "the same uid of another laptop is not stored")
    # The same number with another uid: both are kept, both are marked.
    collector.good(request([record(2), record(4)]))
    expect(sorted((seq, clone) for host, _, seq, clone in collector.rows() if host == HOST) ==
           [(1, 0), (2, 1), (2, 1), (3, 0), (4, 0)], f"marked: {collector.rows()}")
    page = collector.page("?laptop=" + HOST)
    expect(page.count("number came twice: copied identity") == 2, "the page does not show two clones")
    # Within one batch too.
    collector.good(request([record(9), record(9)], host=OTHER))
    expect(collector.rows("SELECT clone FROM events WHERE seq = 9") == [(1,), (1,)], "a clone within one batch is not marked")
    expect(collector.rows("SELECT events, clones FROM laptops WHERE host = ?", (OTHER,)) == [(3, 1)], "clones are counted wrong")


def beat(seq, waiting=3, version=7):
    return record(seq, name="lekdicht.agent.heartbeat", lekdicht__gate="closed", lekdicht__policy__version=version,
                  lekdicht__policy__mode="enforce", lekdicht__queue__waiting=waiting, lekdicht__queue__dropped=0, lekdicht__queue__aside=2)


def test_signs_of_life(collector):
    """They update a row, count as numbers that came, and are no events; one that comes again or late changes nothing"""
    collector.good(request([record(1), beat(2)]))
    collector.good(request([beat(seq, waiting=seq) for seq in range(3, 60)]))
    for _ in range(2):
        collector.good(request([beat(7, version=6), beat(59, version=6)]))
    expect(collector.count() == 1, f"{collector.count()} events instead of 1")
    expect(collector.rows("SELECT host, seq FROM heartbeats") == [(HOST, 59)], f"rows: {collector.rows('SELECT host, seq FROM heartbeats')}")
    expect(collector.rows("SELECT events, clones, highest FROM laptops") == [(1, 0, 59)], "the laptop is counted wrong")
    expect(collector.rows("SELECT first, last FROM received") == [(1, 59)], "their numbers did not come")
    page = collector.page()
    expect("gate closed, policy 7 (enforce), 59 waiting, 2 set aside" in page, "the page does not say how it is")
    expect('<td class="number">0</td>' in page and "number warn" not in page, "the page says that something is missing")
    collector.good(request([beat(62, waiting="<b>")]))
    page = collector.page()
    expect("&lt;b&gt; waiting" in page and "number warn" in page, "the page after a gap")
    collector.good(request([beat(61)]))
    expect(collector.rows("SELECT seq FROM heartbeats") == [(62,)], "one that comes late takes the place of a later one")
    # Another laptop's event under the number of one is a clone all the same.
    collector.good(request([record(59)]))
    expect((59, 1) in collector.rows("SELECT seq, clone FROM events"), "no clone")


def dropped(seq, first, last):
    return record(seq, name="lekdicht.spool.dropped", lekdicht__dropped__count=last - first + 1, lekdicht__dropped__first=first,
                  lekdicht__dropped__last=last)


def test_audit(collector):
    """Each number has come, was reported as dropped, or is not explained; whatever becomes of the events"""
    def audit(code=0):
        return collector.admin("audit", code=code).stdout

    def line(host, here, gone, missing, twice, label=""):
        return f"{host}  {here:9}  {gone:9}  {missing:9}  {twice:9}  {label}\n"

    expect(audit().endswith("0 laptops: 0 records are here, 0 were reported as dropped, 0 are not explained, 0 came under a number that was "
                            "taken\n"), "nothing is not nothing")
    expect(collector.enrol(label="L-0421")[0] == 200, "no label")       # the same credential: answered, and as before
    collector.good(request([record(1), beat(2), record(3)], host=OTHER))
    collector.good(request([record(seq) for seq in range(1, 11)]))
    expect("13 records are here, 0 were reported as dropped, 0 are not explained" in audit(), "what is whole is not")
    collector.good(request([record(31), record(41), record(50)]))
    said = audit(code=1)
    expect(line(HOST, 13, 0, 37, 0) in said and line(OTHER, 3, 0, 0, 0) in said, said)
    expect("    not explained: 11 to 30\n    not explained: 32 to 40\n    not explained: 42 to 49\n" in said, said)

    # In two reports, one of them twice; and reports that cannot be: of what is later, or nothing, or turned around.
    report = dropped(51, 11, 29)
    collector.good(request([report, dropped(52, 30, 40)]))
    collector.good(request([report]))
    collector.good(request([dropped(53, 42, 60), dropped(54, 0, 49), dropped(55, 49, 42), dropped(56, -5, 49)]))
    said = audit(code=1)
    expect(line(HOST, 19, 29, 8, 0) in said and "    not explained: 42 to 49\n" in said, said)
    collector.good(request([record(seq) for seq in (42, 43, 45, 46, 47, 48, 49)]))
    expect("    not explained: 44\n" in audit(code=1), "one number")
    expect('<td class="number warn">1</td>' in collector.page() and "not here: 44." in collector.page("?laptop=" + HOST), "the page")
    collector.good(request([record(44), record(44)]))
    said = audit()
    expect(line(HOST, 27, 29, 0, 1) in said, said)
    expect("56 to" not in said and "0 are not explained, 1 came under" in said, said)

    with contextlib.closing(sqlite3.connect(collector.database)) as database:       # retention, or erasure
        database.execute("DELETE FROM events")
        database.commit()
    expect(audit() == said, "the audit depends on the events")
    collector.stop()
    expect(audit() == said, "it needs the collector to run")
    collector.start()


def test_gaps(collector):
    """Batches in any order, some twice: what is missing is exactly what was not sent."""
    source = random.Random(3)
    numbers = [seq for seq in range(1, 501) if seq not in (1, 100, 200, 201, 202, 499)]
    batches = [numbers[i:i + 20] for i in range(0, len(numbers), 20)]
    uids = {seq: uid(source) for seq in numbers}
    order = batches + source.sample(batches, 5)
    source.shuffle(order)
    for batch in order:
        collector.good(request([record(seq, uids[seq]) for seq in source.sample(batch, len(batch))]))
    expect(collector.rows("SELECT first, last FROM received ORDER BY first") == [(2, 99), (101, 199), (203, 498), (500, 500)],
           f"intervals: {collector.rows('SELECT first, last FROM received ORDER BY first')}")
    expect(collector.count() == len(numbers), f"{collector.count()} events instead of {len(numbers)}")
    page = collector.page("?laptop=" + HOST)
    expect("Numbers that are not here: 1, 100, 200 to 202, 499." in page, f"gaps: {re.findall('<p id=.gaps.*', page)}")
    expect('<td class="number warn">6</td>' in collector.page(), "the list of laptops does not say that 6 are missing")
    collector.good(request([record(seq) for seq in (1, 100, 200, 201, 202, 499)]))
    expect(collector.rows("SELECT first, last FROM received") == [(1, 500)], "the filled gaps are not one interval")
    expect("Every number up to the last one is here." in collector.page("?laptop=" + HOST), "the page still names gaps")


def test_page(collector):
    expect("No laptop has reported yet." in collector.page() and "No events here." in collector.page(), "the empty page says something else")
    script = "<script>document.title='owned'</script>\"'&"
    collector.good(request([record(1, device__product__name=script, lekdicht__simulated=True, **{script: "\u202ex"})]))
    collector.good(request([record(seq, when=NOW + seq) for seq in range(1, 251)], host=OTHER))
    status, headers, _ = collector.ask("GET", "/")
    expect(headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self';"), "another CSP")
    expect(headers["X-Content-Type-Options"] == "nosniff" and headers["Referrer-Policy"] == "same-origin", "headers are missing")
    page = collector.page("?laptop=" + HOST)
    expect("<script" not in page and "&lt;script&gt;document.title=&#39;owned&#39;&lt;/script&gt;&quot;&#39;&amp;" in page, "markup from a device")
    expect("\u202e" not in page, "a character that turns the order is in the page")
    expect("Not protected by accounts: loopback only" in page and ">simulated<" in page, "banner or label is missing")
    expect("Device refused" in page and "[storage] usb-disk" in page, "name or rule is missing")

    # The newest first, in three pages without a hole, and only those of one laptop.
    seen, query = [], f"?laptop={OTHER}"
    for _ in range(3):
        page = collector.page(query)
        seen += [int(seq) for seq in re.findall(r"<dt>number</dt><dd>(\d+)</dd>", page)]
        older = re.search(r'href="/(\?[^"]*before=[^"]*)"', page)
        query = older.group(1).replace("&amp;", "&") if older else None
    expect(query is None and seen == list(range(250, 0, -1)), f"{len(seen)} events over three pages, and then {query}")
    expect(len(re.findall(r"<dt>number</dt>", collector.page())) == 100, "a page has not 100 events")

    # A laptop whose clock is years ahead does not stay on top: it is where it came.
    collector.good(request([record(2, when=NOW + 10**18, device__product__name="from-the-future")]))
    time.sleep(0.01)
    collector.good(request([record(3, when=time.time_ns(), device__product__name="now")]))
    page = collector.page()
    expect(page.index(">now<") < page.index(">from-the-future<"), "the clock of one laptop puts it on top")

    for query in ("?laptop=x", "?laptop=", "?laptop=" + HOST.upper(), "?laptop=" + HOST + "%00", "?laptop='", "?before=x", "?before=1",
                  "?before=-1-1", "?before=1-", "?before=1-1x", "?before=99999999999999999999-1", "?before=1-99999999999999999999", "?before="):
        expect("laptop is not a host.id" in collector.page(query, 400), f"{query} is answered with something else")
    expect("No events here." in collector.page("?laptop=00000000-0000-4000-8000-000000000000"), "a laptop never seen has events")
    collector.page("?before=0-0&x=y&%00=1&laptop=" + HOST)

    status, headers, text = collector.ask("HEAD", "/")
    expect(status == 200 and text == b"" and int(headers["Content-Length"]) > 1000, f"HEAD: {status}")
    status, headers, text = collector.ask("GET", "/style.css")
    expect(status == 200 and headers["Content-Type"].startswith("text/css") and text == (ROOT / "collector/web/style.css").read_bytes(),
           f"the stylesheet: {status}")
    # A web page that makes the browser come here under its own name reads nothing (DNS rebinding).
    for host, wanted in (("localhost", 200), ("localhost:4318", 200), ("LOCALHOST:1", 200), ("127.0.0.1", 200), ("127.5.5.5:80", 200),
                         ("[::1]:4318", 200), ("evil.example", 421), ("localhost.evil.example", 421), ("127.0.0.1.evil.example", 421),
                         ("localhost:evil", 421), ("[::1", 421), ("[::1]evil", 421), ("[::2]", 421), ("1270.0.0.1", 421), ("192.168.1.5", 421),
                         ("", 421), (":80", 421)):
        for path in ("/", "/style.css"):
            status, _, text = collector.ask("GET", path, None, {"Host": host})
            expect(status == wanted, f"Host '{host}': {status} for {path} instead of {wanted}")
            expect(wanted == 200 or b"from-the-future" not in text, "the page is in the refusal")


def test_clients_that_vanish(collector):
    body = json.dumps(request([record(1)])).encode()
    head = (f"POST /v1/logs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode()
    whole = head + body
    for end in list(range(0, len(head), 37)) + list(range(len(head), len(whole), 61)) + [len(whole) - 1]:
        with socket.create_connection(("127.0.0.1", collector.port), 10) as connection:
            connection.sendall(whole[:end])
            if end % 2:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # end by a reset
    expect(collector.count() == 0, "half a request is stored")
    # All sent, gone before the answer: stored, and once when it is sent again.
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", collector.port), 10) as connection:
            connection.sendall(whole)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    collector.good(body)
    expect(collector.count() == 1, f"{collector.count()} events instead of 1")
    # Rubbish instead of HTTP, and heads without end.
    for rubbish in (b"\0" * 1000, b"\x16\x03\x01\x02\x00" + os.urandom(500), b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\r\n" * 500,
                    b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 20000 + b"\r\n", b"GET /" + b"x" * 100000 + b" HTTP/1.1\r\n\r\n",
                    b"POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", os.urandom(5000)):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", collector.port), 10) as connection:
            connection.sendall(rubbish)
            connection.settimeout(0.3)
            answer = connection.recv(100)
            expect(not answer.startswith(b"HTTP/1.1 200"), f"{rubbish[:20]!r} is answered with {answer!r}")
    collector.good(request([record(2)]))


def test_slow_clients(collector):
    """Bytes that drip never make a connection idle; it is ended all the same, and others are served meanwhile."""
    body = json.dumps(request([record(1)])).encode()
    head = (f"POST /v1/logs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode()
    lasted = {}

    def drip(name, first, rest):
        started = time.monotonic()
        with socket.create_connection(("127.0.0.1", collector.port), 60) as connection:
            with contextlib.suppress(OSError):
                connection.sendall(first)
                connection.settimeout(0.5)
                for byte in rest:
                    connection.send(bytes([byte]))
                    with contextlib.suppress(TimeoutError):
                        if not connection.recv(1000):
                            break
                    if time.monotonic() - started > 50:
                        break
        lasted[name] = time.monotonic() - started

    clients = [threading.Thread(target=drip, args=client) for client in (
        ("head", b"", head), ("body", head, body), ("silent", head, b""), ("nothing", b"", b""))]
    for client in clients:
        client.start()
    idle = [socket.create_connection(("127.0.0.1", collector.port), 10) for _ in range(50)]
    for seq in range(100, 110):
        collector.good(request([record(seq)]))
        time.sleep(0.2)
    for client in clients:
        client.join()
    for name in ("head", "body"):
        expect(25 < lasted[name] < 40, f"the client that drips its {name} was ended after {lasted[name]:.0f} s")
    for connection in idle:
        connection.settimeout(10)
        with contextlib.suppress(ConnectionResetError):
            expect(connection.recv(1) == b"", "an idle connection got an answer")
        connection.close()
    expect(collector.count() == 10, f"{collector.count()} events instead of 10")


def test_many_connections(collector):
    """Whoever opens hundreds of connections has a share, not all."""
    held = []
    for _ in range(350):
        held.append(socket.create_connection(("127.0.0.1", collector.port), 10))
    status, _, _ = collector.ask("POST", "/v1/logs", json.dumps(request([record(1)])), {
        "Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}, source="127.0.0.2", timeout=10)
    expect(status == 200, f"{status} for another address")
    closed = 0
    for connection in held:
        connection.settimeout(0.001)
        try:
            closed += connection.recv(1) == b""
        except ConnectionResetError:
            closed += 1
        except TimeoutError:
            pass
        connection.close()
    expect(40 <= closed <= 60, f"{closed} of 350 connections were closed")
    with concurrent.futures.ThreadPoolExecutor(40) as pool:
        results = list(pool.map(lambda seq: collector.post(request([record(seq)]))[0], range(2, 402)))
    expect(results == [200] * 400, f"{results.count(200)} of 400 requests at once were taken")
    expect(collector.count() == 401, f"{collector.count()} events instead of 401")


def load(collector, stopped, source, first, answered, sent):
    """A reporter: batches one after another, until it is stopped or gets no answer."""
    seq = first
    connection = http.client.HTTPConnection("127.0.0.1", collector.port, timeout=10)
    while not stopped.is_set():
        batch = [(seq + i, uid(source)) for i in range(source.randint(1, 60))]
        seq += len(batch)
        body = json.dumps(request([record(number, one) for number, one in batch])).encode()
        sent.append(batch)
        try:
            connection.request("POST", "/v1/logs", body, {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            return
        if answer.status == 200 and text == b"{}":
            answered.append(batch)
        else:
            expect(answer.status == 503, f"{answer.status} {text!r} under load")
            return


def under_load(collector, end, seconds, source):
    """Four reporters, end() after some time; returns (answered, sent)."""
    stopped, answered, sent = threading.Event(), [], []
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(load, collector, stopped, random.Random(source.random()), 1 + 10**9 * source.randint(1, 10**6),
                            answered, sent) for _ in range(4)]
        time.sleep(seconds)
        end()
        stopped.set()
        for job in jobs:
            job.result()
    return answered, sent


def test_killed_under_load(collector):
    """What was answered with 200 is there after SIGKILL, batches are whole or absent, and sending again makes it exact."""
    source = random.Random(5)
    all_sent = []
    answers = resent = 0
    for seconds in (0.4, 0.9, 1.3, 0.6):
        answered, sent = under_load(collector, collector.kill, seconds, source)
        collector.start()
        stored = {row[1] for row in collector.rows()}
        for batch in answered:
            expect(all(one in stored for _, one in batch), f"a batch that was answered lacks {sum(one not in stored for _, one in batch)} events")
        for batch in sent:
            there = sum(one in stored for _, one in batch)
            expect(there in (0, len(batch)), f"{there} of the {len(batch)} events of a batch are stored")
        answers += len(answered)
        resent += len(sent) - len(answered)
        for batch in sent:
            collector.good(request([record(number, one) for number, one in batch]))
        all_sent += [one for batch in sent for _, one in batch]
    expect(answers > 20 and resent >= 4, f"only {answers} answers and {resent} batches cut off: nothing was tried")
    stored = [row[1] for row in collector.rows()]
    expect(sorted(stored) == sorted(all_sent), f"{len(stored)} stored, {len(all_sent)} sent")
    print(f"# {answers} batches answered, {resent} cut off, {len(stored)} events")


def test_stopped_under_load(collector):
    answered, sent = under_load(collector, collector.stop, 1.0, random.Random(6))
    collector.start()
    stored = {row[1] for row in collector.rows()}
    expect(len(answered) > 5, "nothing was answered before the end")
    expect(all(one in stored for batch in answered for _, one in batch), "an answered event is not there")
    whole = sum(all(one in stored for _, one in batch) for batch in sent)
    expect(whole == len(answered), f"{whole} batches are stored, {len(answered)} were answered: a clean end loses no answer")


def test_full_disk(collector):
    """503 while there is no room, the page still works, and afterwards everything is right."""
    collector.stop()
    small = collector.folder / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "lekdicht-test", small], check=False, capture_output=True, text=True)
    if mounted.returncode != 0:
        return f"cannot mount a small tmpfs: {mounted.stderr.strip()}"
    try:
        filler = small / "filler"
        filler.write_bytes(b"x" * 400_000)
        text = collector.config.read_text().replace(str(collector.database), str(small / "collector.db"))
        collector.config.write_text(text)
        collector.database = small / "collector.db"
        collector.start()
        collector.let_in()
        answered, full, seq = [], 0, 1
        while full < 5:
            batch = [(seq + i, uid()) for i in range(50)]
            body = request([record(number, one) for number, one in batch])
            status, headers, text = collector.post(body)
            if status == 200:
                answered.append(body)
                expect(len(answered) < 100, "the disk never gets full")
                seq += 50
                continue
            expect(status == 503 and json.loads(text)["code"] == 14, f"{status} {text!r} on a full disk")
            expect(5 <= int(headers["Retry-After"]) <= 35, f"Retry-After: {headers['Retry-After']}")
            full += 1
            expect(collector.count() == 50 * len(answered), "a refused batch is stored")
            collector.page("?laptop=" + HOST)
        expect(answered, "nothing fitted at all")
        expect(collector.log.read_text().count("nothing can be stored: the disk is full") == 1, "the log does not say once that the disk is full")
        filler.unlink()
        collector.good(body)
        expect("events are stored again" in collector.log.read_text(), "the log does not say that it works again")
        for again in answered:
            collector.good(again)
        expect(collector.count() == 50 * (len(answered) + 1), "the count is wrong afterwards")
        expect(collector.rows("SELECT first, last FROM received") == [(1, seq + 49)], "the numbers are wrong afterwards")
        expect(collector.rows("PRAGMA integrity_check") == [("ok",)], "the database is damaged")
        collector.stop()
    finally:
        if collector.process.poll() is None:
            collector.kill()
        subprocess.run(["umount", small], check=False)
    collector.database = collector.folder / "after.db"
    collector.config.write_text(f"[collector]\nlisten = 127.0.0.1:0\ndatabase = {collector.database}\n")
    collector.start()
    return None


def test_locked_database(collector):
    collector.good(request([record(1)]))
    with contextlib.closing(sqlite3.connect(collector.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        status, headers, text = collector.post(request([record(2)]))
        expect(status == 503 and headers["Retry-After"], f"{status} {text!r} while another program has the database")
        collector.page()
        other.execute("ROLLBACK")
    collector.good(request([record(2)]))
    expect(collector.count() == 2, "the count is wrong afterwards")


def test_ipv6_and_odd_ways_to_ask(collector):
    # A body where none belongs is read and dropped; two requests in one write are two answers.
    status, _, _ = collector.ask("GET", "/", b"x" * 100000)
    expect(status == 200, f"GET with a body: {status}")
    answer = collector.raw(b"GET /style.css HTTP/1.1\r\nHost: localhost\r\n\r\n"
                           b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    expect(answer.count(b"HTTP/1.1 200") == 1, f"the first of two requests: {answer[:200]!r}")
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError as problem:
        return f"no IPv6 here: {problem}"
    config = collector.folder / "six.ini"
    config.write_text(f"[collector]\nlisten = [::1]:0\ndatabase = {collector.database}\n")
    with subprocess.Popen([PROGRAM, "--config", config], stderr=subprocess.PIPE, text=True) as process:
        try:
            port = re.search(r"http://\[::1\]:(\d+)/", process.stderr.readline())
            expect(port, "the address is not said")
            connection = http.client.HTTPConnection("::1", int(port.group(1)), timeout=10)
            connection.request("POST", "/v1/logs", json.dumps(request([record(1)])),
                               {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"})
            status = connection.getresponse().status
            connection.close()
            expect(status == 200, f"{status} over IPv6")
        finally:
            process.terminate()
        expect(process.wait(20) == 0, "the collector on IPv6 ended badly")
    return None


def test_enrolment(collector):
    """A site token lets laptops in, as many and as long as it says; its secret and theirs are kept as hashes"""
    new = "11111111-2222-4333-8444-55555555555{}"
    good = request([record(1)])
    shown = collector.admin("token", "add", "School 2", "--laptops", "2", "--days", "3")
    token = shown.stdout.strip()
    expect(re.fullmatch(r"[0-9a-f]{8}\.[\w-]{43}", token), f"the token is {shown.stdout!r}")
    expect(collector.enrol(new.format(1), token, label="L-0421") == (200, {"host_id": new.format(1)}), "the first is not let in")
    expect(collector.post(request([record(1)], host=new.format(1)), f"{new.format(1)}.{SECRET}")[0] == 200, "its credential does not hold")
    page = collector.page()
    expect(page.count(f'title="{new.format(1)}">L-0421</a>') == 2, "the page does not call it by its label")
    expect(collector.post(good, f"{new.format(1)}.{SECRET}")[0] == 403, "its credential speaks for another laptop")
    for _ in range(3):      # its answer was lost: it counts once
        expect(collector.enrol(new.format(1), token, label="L-0421")[0] == 200, "what was let in is not answered again")
    expect(collector.enrol(new.format(1), token, secret="x" * 43)[0] == 409, "another credential takes its place")
    expect(collector.enrol(new.format(1), token, secret="x" * 43, previous=f"{new.format(1)}.{'y' * 43}")[0] == 409, "with a wrong previous")
    expect(collector.enrol(new.format(1), token, secret="x" * 43, previous=f"{new.format(1)}.{SECRET}")[0] == 200, "with its last one it may")
    expect(collector.post(good, f"{new.format(1)}.{SECRET}")[0] == 401, "the one before still holds")
    expect(collector.enrol(new.format(2), token)[0] == 200, "the second is not let in")
    status, said = collector.enrol(new.format(3), token)
    expect((status, said["code"]) == (403, 7) and "as many" in said["message"], f"the third of two: {status} {said}")
    expect(collector.rows("SELECT host, label FROM labels") == [(new.format(1), "L-0421")], "the labels")
    expect(re.search(token[:8] + r"  used up  \d{4}-\d\d-\d\d       2/2       School 2\n", collector.admin("token", "list").stdout),
           "the list does not say that it is used up")

    # Wrong, revoked, too old. What is wrong with a token learns only who has it.
    for what, wrong in (("another secret", collector.token[:-1] + ("A" if collector.token[-1] != "A" else "B")),
                        ("another id", "00000000" + collector.token[8:])):
        expect(collector.enrol(new.format(4), wrong)[0] == 401, what)
    with contextlib.closing(sqlite3.connect(collector.database)) as database:
        database.execute("UPDATE tokens SET expires = ? WHERE id = ?", (int(time.time()), token[:8]))
        database.commit()
    expect(collector.enrol(new.format(1), token, secret="z" * 43, previous=f"{new.format(1)}.{'x' * 43}")[0] == 403, "with an old token")
    expect("expired" in collector.admin("token", "list").stdout, "the list does not say that it is too old")
    expect("no token of this id" in collector.admin("token", "revoke", "ffffffff", code=1).stderr, "a token that is none is revoked")
    collector.admin("token", "revoke", collector.token[:8])
    status, said = collector.enrol(new.format(4))
    expect(status == 403 and "revoked" in said["message"], f"with a revoked token: {status} {said}")
    collector.good(good)    # who is in stays

    # A laptop: by label or number, once known; nothing of it is taken until it is enrolled anew.
    expect("no laptop" in collector.admin("revoke", "L-9", code=1).stderr, "a laptop that is not there is revoked")
    again = collector.admin("token", "add", "School 2").stdout.strip()
    expect(collector.enrol(new.format(5), again, label="L-0421")[0] == 200, "two laptops cannot have one label")
    expect(new.format(5) in collector.admin("revoke", "L-0421", code=1).stderr, "one of two is revoked")
    for _ in range(2):
        collector.admin("revoke", HOST)
    status, _, text = collector.post(good)
    expect(status == 403 and b"revoked" in text, f"revoked: {status} {text}")
    expect(collector.enrol(HOST, again)[0] == 403, "a revoked credential is let in again")
    expect(collector.enrol(HOST, again, secret="n" * 43)[0] == 200, "it cannot enrol anew")
    expect(collector.post(good, f"{HOST}.{'n' * 43}")[0] == 200 and collector.post(good)[0] == 401, "the wrong one holds")

    files = b"".join(path.read_bytes() for path in collector.folder.iterdir() if path.name.startswith("collector.db"))
    for secret in (SECRET, token[9:], again[9:], "n" * 43):
        expect(secret.encode() not in files, "a secret is in the database")
    expect("token" not in str(collector.rows("SELECT sql FROM sqlite_schema WHERE name IN ('events', 'laptops', 'received')")), "a token beside events")


def test_enrolment_that_is_none(collector):
    right = {"token": collector.token, "host_id": OTHER, "credential": f"{OTHER}.{SECRET}"}
    json_type = {"Content-Type": "application/json"}

    def ask(body, headers=None):
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        return collector.ask("POST", "/v1/enroll", text, json_type if headers is None else headers)

    for what, body in (("nothing", b""), ("no JSON", b"x"), ("a list", []), ("more", {**right, "x": "y"}), ("twice", b'{"token":"x","token":"x"}'),
                       ("deep", b"[" * 100), ("a number", {**right, "label": 5}), ("a NUL", {**right, "label": "a\0b"}),
                       ("a long label", {**right, "label": "x" * 65}), ("a label that turns", {**right, "label": "\u202ex"}),
                       ("no token", {**right, "token": "x"}), ("a token as host", {**right, "token": right["credential"]}),
                       ("another host", {**right, "host_id": HOST}), ("a short credential", {**right, "credential": right["credential"][:-1]}),
                       ("no UUID", {**right, "host_id": "-" * 36, "credential": "-" * 36 + "." + SECRET}),
                       ("another's previous", {**right, "previous": TOKEN})):
        refused(collector, ask(body), 400, 3, what)
    refused(collector, ask({**right, "label": "x" * 3000}), 413, 8, "too large")
    refused(collector, ask(gzip.compress(b" " * 5_000_000), {**json_type, "Content-Encoding": "gzip"}), 413, 8, "a bomb")
    refused(collector, ask(right, {"Content-Type": "text/plain"}), 415, 3, "another type")
    refused(collector, collector.ask("GET", "/v1/enroll"), 405, 12, "GET")
    for missing in right:
        refused(collector, ask({key: value for key, value in right.items() if key != missing}), 400, 3, f"no {missing}")
    expect(ask({**right, "label": "Lokaal 2.14 – \u00e9"})[0] == 200, "what is right is refused")


def test_a_database_of_before(collector):
    """Made by the first form of the collector, with one token for all: what is in it stays, laptops have to enrol"""
    collector.good(request([record(1), record(3)]))
    collector.stop()
    with contextlib.closing(sqlite3.connect(collector.database)) as database:
        database.executescript("DROP TABLE tokens; DROP TABLE credentials; DROP TABLE labels; DROP TABLE heartbeats; DROP TABLE dropped;"
                               "DROP TABLE accounts; DROP TABLE sessions; DROP INDEX events_of_attention;"
                               "PRAGMA user_version = 1;")
    collector.start()
    expect(collector.count() == 2 and collector.rows("PRAGMA user_version") == [(3,)], "the events of before")
    expect(collector.post(request([record(2)]))[0] == 401, "a laptop that has not enrolled")
    collector.let_in()
    collector.good(request([record(2)]))
    expect("3 records are here, 0 were reported as dropped, 0 are not explained" in collector.admin("audit").stdout, "the audit")


def test_settings(collector):
    def ends(what, said, config=None, prepare=None):
        """The daemon must not start, and say why."""
        folder = pathlib.Path(tempfile.mkdtemp(dir=collector.folder))
        text = config or "[collector]\nlisten = 127.0.0.1:0\ndatabase = DIR/c.db\n"
        (folder / "c.ini").write_text(text.replace("DIR", str(folder)))
        if prepare:
            prepare(folder)
        done = subprocess.run([PROGRAM, "--config", folder / "c.ini"], check=False, capture_output=True, text=True, timeout=20)
        expect(done.returncode == 1, f"{what}: exit {done.returncode}: {done.stderr}")
        expect(said in done.stderr, f"{what}: said {done.stderr!r} instead of '{said}'")

    for address in ("localhost:0", "127.0.0.1", "127.0.0.1:", ":4318", "127.1:0", "127.0.0.1:65536", "127.0.0.1:0x50", "127.0.0.1:-1", "[::1]",
                    "::1:4318", "127.0.0.1:000080"):
        ends(address, "c.ini:2: listen is not", f"[collector]\nlisten = {address}\n")
    for address in ("0.0.0.0:4318", "192.168.1.5:4318", "[::]:4318", "128.0.0.1:0", "[::ffff:127.0.0.1]:0"):
        ends(address, "without certificate and key only this machine may connect", f"[collector]\nlisten = {address}\n")
    ends("unknown key", "c.ini:3: not a key", "[collector]\n# x\nport = 5\n")
    ends("other section", "c.ini:2: not in the section", "[colector]\nlisten = 127.0.0.1:0\n")
    ends("twice", "c.ini:3: the key is there twice", "[collector]\nlisten = 127.0.0.1:0\nlisten = 127.0.0.1:0\n")
    ends("continued", "c.ini:3: the key is there twice", "[collector]\ndatabase = /x\n  /y\n")
    ends("no value", "c.ini:2: neither", "[collector]\ndatabase\nport = 5\n")
    ends("relative", "c.ini:2: database is not an absolute path", "[collector]\ndatabase = c.db\n")
    ends("a key of before", "c.ini:2: not a key", "[collector]\ntoken-file = /etc/lekdicht-collector/token\n")
    ends("no such database", "cannot be used", "[collector]\nlisten = 127.0.0.1:0\ndatabase = DIR/no/c.db\n")
    ends("busy port", "Address already in use",
         f"[collector]\nlisten = 127.0.0.1:{collector.port}\ndatabase = DIR/c.db\n")

    def database(folder, statements):
        with contextlib.closing(sqlite3.connect(folder / "c.db")) as other:
            other.executescript(statements)

    ends("not a database", "damaged, or no database", prepare=lambda folder: (folder / "c.db").write_bytes(b"x" * 5000))
    ends("another program's", "another program", prepare=lambda folder: database(folder, "CREATE TABLE x (y);"))
    ends("another program's id", "another program", prepare=lambda folder: database(folder, "PRAGMA application_id = 5;"))
    ends("newer", "newer lekdicht", prepare=lambda folder: database(folder, f"PRAGMA application_id = {0x6C656B64}; PRAGMA user_version = 99;"))

    for options, code, said in ((["--help"], 0, "--config"), (["--version"], 0, "lekdicht-collector 0."), (["--nonsense"], 2, "Usage"),
                                (["x"], 2, "Usage"), (["--config"], 2, "Usage"), (["--config", "/nowhere"], 1, "No such file")):
        done = subprocess.run([PROGRAM, *options], check=False, capture_output=True, text=True, timeout=20)
        expect(done.returncode == code and said in done.stdout + done.stderr, f"{options}: {done}")


def main():
    tests = [(name[5:].replace("_", " "), test) for name, test in globals().items() if name.startswith("test_")]
    if len(sys.argv) > 1:
        tests = [(name, test) for name, test in tests if any(word in name for word in sys.argv[1:])]
    print(f"1..{len(tests)}", flush=True)
    failed = False
    for number, (name, test) in enumerate(tests, 1):
        skip = collector = None
        try:
            with tempfile.TemporaryDirectory(prefix="lekdicht-collector-") as folder:
                collector = Collector(folder)
                try:
                    skip = test(collector)
                    collector.stop()
                finally:
                    if collector.process.poll() is None:
                        collector.kill()
            print(f"ok {number} - {name}" + (f" # SKIP {skip}" if skip else ""), flush=True)
        except Exception as problem:  # pylint: disable=broad-except
            failed = True
            said = str(problem) if isinstance(problem, Failure) else f"{type(problem).__name__}: {problem}"
            line = problem.__traceback__
            while line.tb_next:
                line = line.tb_next
            for text in said.splitlines() or [""]:
                print(f"# {text}")
            print(f"# at {pathlib.Path(line.tb_frame.f_code.co_filename).name}:{line.tb_lineno}")
            print(f"not ok {number} - {name}", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    PROGRAM = program()
    main()
