# SPDX-License-Identifier: GPL-3.0-or-later
"""What test-reporter.py needs around the real reporter: a private bus with a played agent, a collector that misbehaves
on command, certificates of all kinds, and a proxy."""

import concurrent.futures
import email.utils
import gzip
import json
import os
import pathlib
import queue
import re
import shutil
import signal
import socket
import socketserver
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "bed"))
import privatebus  # noqa: E402

BUILD = pathlib.Path(os.environ.get("BUILD", "build"))
REPORTER = (BUILD / "lekdicht-reporter").resolve()
AGENT = (BUILD / "tests/integration/reporter-agent").resolve()
AT_ONCE = 6                   # tests, which mostly wait
MEMORY_MAX_KB = 16 * 1024     # all of it; most are pages of libcurl's forty libraries, shared with other programs
OWN_MEMORY_MAX_KB = 4 * 1024  # what nobody shares
NOTES = []                    # figures to print at the end
TOKEN = "token-for-tests-0123456789-ABCDEFGH"
HOST = "6e0f7c1e-5f0e-4d2c-9d0b-0f5cbe3a2f11"
CREDENTIAL = HOST + "." + "credential-for-tests_0123456789-ABCDEFGHIJK"
RESOURCE = {"attributes": [{"key": "service.name", "value": {"stringValue": "lekdicht"}},
                           {"key": "host.id", "value": {"stringValue": HOST}}]}


def wait_for(what, condition, seconds=20):
    """Until condition() is true; what it gave is returned."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


def record(number, **more):
    """A LogRecord as the agent would render it, on one line."""
    attributes = [{"key": "log.record.uid", "value": {"stringValue": "01HF0000000000000000%06d" % number}},
                  {"key": "event.sequence", "value": {"intValue": str(number)}}]
    return json.dumps({"timeUnixNano": "1700000000000000000", "severityNumber": 13,
                       "eventName": "lekdicht.device.refused", "attributes": attributes, **more}, separators=(",", ":"))


# ---- the collector: what it may do with a request --------------------------------------------------------------------

def answer(status, body=b"{}", content_type="application/json", **headers):
    """One well-formed answer."""
    def act(connection, _request):
        lines = [f"HTTP/1.1 {status} X", f"Content-Type: {content_type}", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        return True
    return act


OK = answer(200)
HTML = answer(200, b"<html>Welcome to our hotel. Log in to go on.</html>", "text/html")


def status_json(status, message="no", **headers):
    return answer(status, json.dumps({"code": 3, "message": message}).encode(), **headers)


def raw(data):
    """Exactly these bytes, then the end of the connection."""
    def act(connection, _request):
        connection.sendall(data)
        return False
    return act


def reset(connection, _request):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def silent(connection, _request):
    """Nothing, until the other side has had enough."""
    connection.settimeout(100)
    try:
        connection.recv(1)
    except OSError:
        pass
    return False


def trickle(connection, _request):
    """A good answer, but for its end: a few blanks now and then, for ever."""
    try:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{}")
        for _ in range(200):
            connection.sendall(b"    ")
            time.sleep(0.5)
    except OSError:
        pass
    return False


def retry_date(seconds, own_clock_off=0):
    """503 with Retry-After as a date, `seconds` from what the server takes for now."""
    def act(connection, request):
        now = time.time() + own_clock_off
        return status_json(503, Date=email.utils.formatdate(now, usegmt=True),
                           Retry_After=email.utils.formatdate(now + seconds, usegmt=True))(connection, request)
    return act


class Skip(Exception):
    """This machine cannot run the test."""


class Request:
    def __init__(self, line, headers, body):
        self.method, self.path, self.version = line.split(" ")
        self.headers, self.body, self.at = headers, body, time.monotonic()
        self.text = gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
        self.json = json.loads(self.text)
        # An enrolment brings none.
        self.records = self.json["resourceLogs"][0]["scopeLogs"][0]["logRecords"] if self.path == "/v1/logs" else []
        self.seqs = [int(entry["value"]["intValue"]) for item in self.records for entry in item["attributes"]
                     if entry["key"] == "event.sequence"]


class Collector:
    """Listens on 127.0.0.1; `plan` holds what is done with the next requests, then `usual`."""

    def __init__(self, tls=None, port=0):
        self.requests, self.taken, self.plan, self.usual = [], [], [], OK
        self.connections = self.open = 0
        self.lock = threading.Lock()
        outer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                with outer.lock:
                    outer.connections += 1
                    outer.open += 1
                try:
                    self.request.settimeout(100)
                    connection = tls.wrap_socket(self.request, server_side=True) if tls else self.request
                    while outer.serve(connection):
                        pass
                    connection.close()
                except (OSError, ValueError):
                    pass
                finally:
                    with outer.lock:
                        outer.open -= 1

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = allow_reuse_address = True

        self.server = Server(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def serve(self, connection):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = connection.recv(1)
            if not byte:
                return False
            head += byte
        line, *rest = head.decode("latin-1").strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, value in (item.split(":", 1) for item in rest)}
        body = b""
        while len(body) < int(headers.get("content-length", "0")):
            more = connection.recv(65536)
            if not more:
                return False
            body += more
        request = Request(line, headers, body)
        with self.lock:
            self.requests.append(request)
            act = self.plan.pop(0) if self.plan else self.usual
            if act is OK:
                self.taken += request.seqs
        return act(connection, request)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Proxy:
    """CONNECT and nothing else; keeps what it was told."""

    def __init__(self):
        self.heads = []
        outer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                head = b""
                while not head.endswith(b"\r\n\r\n"):
                    byte = self.request.recv(1)
                    if not byte:
                        return
                    head += byte
                outer.heads.append(head.decode())
                host, port = head.split()[1].decode().rsplit(":", 1)
                with socket.create_connection((host, int(port))) as far:
                    self.request.sendall(b"HTTP/1.1 200 Connection established\r\nRetry-After: 3000\r\n\r\n")
                    back = threading.Thread(target=self.copy, args=(far, self.request), daemon=True)
                    back.start()
                    self.copy(self.request, far)
                    back.join(5)

            @staticmethod
            def copy(source, target):
                try:
                    while data := source.recv(65536):
                        target.sendall(data)
                    target.shutdown(socket.SHUT_WR)
                except OSError:
                    pass

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = allow_reuse_address = True

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


# ---- certificates ----------------------------------------------------------------------------------------------------

class Certificates:
    """Two authorities, and under the first one server certificates: good, wrong name, expired, not valid yet."""

    CA = """[ca]\ndefault_ca=d\n[d]\ndatabase={0}/index\nserial={0}/serial\nnew_certs_dir={0}\ndefault_md=sha256
policy=p\nunique_subject=no\nrand_serial=yes\n[p]\ncommonName=supplied\n"""

    def __init__(self, folder):
        self.folder = folder
        self.ca = self.authority("ca")
        self.other_ca = self.authority("other")
        self.good = self.server("good", "ca", "IP:127.0.0.1,DNS:localhost")
        self.wrong_name = self.server("wrong-name", "ca", "DNS:lekdicht.school.example,IP:127.0.0.2")
        self.name_in_cn_only = self.server("cn-only", "ca", "DNS:lekdicht.school.example", cn="127.0.0.1")
        self.expired = self.server("expired", "ca", "IP:127.0.0.1", "20200101000000Z", "20210101000000Z")
        self.not_yet = self.server("not-yet", "ca", "IP:127.0.0.1", "20900101000000Z", "20910101000000Z")
        self.others = self.server("others", "other", "IP:127.0.0.1")
        self.own = self.self_signed("own")

    def openssl(self, *words):
        subprocess.run(["openssl", *map(str, words)], cwd=self.folder, check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def authority(self, name):
        place = self.folder / name
        place.mkdir()
        (place / "index").touch()
        (place / "ca.conf").write_text(self.CA.format(place))
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", 30,
                     "-subj", f"/CN=Test authority {name}", "-keyout", f"{name}/key.pem", "-out", f"{name}/ca.pem",
                     "-addext", "basicConstraints=critical,CA:TRUE")
        return place / "ca.pem"

    def server(self, name, authority, names, start="20230101000000Z", end="20990101000000Z", cn="collector"):
        (self.folder / f"{name}.ext").write_text(f"subjectAltName={names}\nextendedKeyUsage=serverAuth\n")
        self.openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                     "-subj", f"/CN={cn}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        self.openssl("ca", "-batch", "-notext", "-config", f"{authority}/ca.conf", "-cert", f"{authority}/ca.pem",
                     "-keyfile", f"{authority}/key.pem", "-startdate", start, "-enddate", end,
                     "-extfile", f"{name}.ext", "-in", f"{name}.csr", "-out", f"{name}.crt")
        return self.context(name)

    def self_signed(self, name):
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", 30,
                     "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", f"{name}.key",
                     "-out", f"{name}.crt")
        return self.context(name)

    def context(self, name, newest=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / f"{name}.crt", self.folder / f"{name}.key")
        if newest:
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = newest
        return context


# ---- a laptop: bus, agent, reporter ----------------------------------------------------------------------------------

class Agent:
    """Has `lines` obeyed before it is seen on the bus."""

    def __init__(self, address, *lines):
        self.process = subprocess.Popen([AGENT], env={"DBUS_SYSTEM_BUS_ADDRESS": address}, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, bufsize=1)
        self.lines = []
        self.ready = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()
        self.tell("resource " + json.dumps(RESOURCE), *lines, "appear")
        assert self.ready.get(timeout=10), "the played agent did not start"

    def read(self):
        for line in self.process.stdout:
            if line == "ready\n":
                self.ready.put(True)
            else:
                self.lines.append(line.strip())
        self.ready.put(False)

    def tell(self, *lines):
        self.process.stdin.write("".join(line + "\n" for line in lines))
        self.process.stdin.flush()

    def record(self, first, last=None):
        self.tell(*(f"record {record(number)}" for number in range(first, (last or first) + 1)), "signal")

    def said(self, word):
        """The numbers behind each line that begins with word."""
        return [int(line.split()[1]) for line in list(self.lines) if line.split()[0] == word]

    @property
    def acknowledged(self):
        return max(self.said("acknowledge"), default=0)

    def stop(self):
        self.process.kill()
        self.process.wait()


class Laptop:
    def __init__(self, certificates):
        self.certificates = certificates
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lekdicht-reporter-"))
        self.socket = self.folder / "bus"
        self.address = f"unix:path={self.socket}"
        self.enrolment = self.folder / "enrolment"
        self.credential = self.folder / "credential"
        self.log = self.folder / "log"
        self.log.touch()
        self.bus = self.agent = self.reporter = None
        self.wrapper = []   # what starts the reporter
        self.ends = []
        self.start_bus()

    def start_bus(self):
        self.socket.unlink(missing_ok=True)
        self.bus = subprocess.Popen([*privatebus.command(self.folder / "bus.conf", self.socket), "--print-address=1"],
                                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert self.bus.stdout.readline().strip(), "no private bus"   # said when it listens
        self.bus.stdout.close()

    def start_agent(self, *lines):
        self.agent = Agent(self.address, *lines)
        return self.agent

    def collector(self, **how):
        collector = Collector(**how)
        self.ends.append(collector.close)
        return collector

    def enrol(self, url, token=TOKEN, accepted=True, **more):
        """accepted: that collector has let this laptop in already."""
        lines = ["[collector]", f"url = {url}", f"token = {token}"]
        lines += [f"{name.replace('_', '-')} = {value}" for name, value in more.items()]
        self.enrolment.touch(0o600)
        self.enrolment.write_text("\n".join(lines) + "\n")
        if accepted:
            self.credential.write_text(f"{token[:8]}/ {CREDENTIAL} - accepted\n")

    def start(self, **environment):
        """The reporter, with what it says on stderr going into the log."""
        with open(self.log, "a", encoding="utf-8") as log:
            self.reporter = subprocess.Popen([*self.wrapper, REPORTER, "--enrolment", self.enrolment, "--credential",
                                              self.credential], stderr=log,
                                             env={"DBUS_SYSTEM_BUS_ADDRESS": self.address, "PATH": os.environ["PATH"],
                                                  **environment})
        return self.reporter

    def kill(self):
        if self.reporter and self.reporter.poll() is None:
            self.reporter.send_signal(signal.SIGKILL)
        if self.reporter:
            self.reporter.wait()

    def said(self):
        return self.log.read_text(encoding="utf-8")

    def memory(self, name):
        """VmHWM, RssAnon ... of the reporter, in kB."""
        status = pathlib.Path(f"/proc/{self.reporter.pid}/status").read_text(encoding="ascii")
        return int(re.search(rf"^{name}:\s+(\d+)", status, re.MULTILINE).group(1))

    def switches(self):
        """How often the reporter has gone to sleep."""
        status = pathlib.Path(f"/proc/{self.reporter.pid}/status").read_text(encoding="ascii")
        return int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", status, re.MULTILINE).group(1))

    def processor_seconds(self):
        fields = pathlib.Path(f"/proc/{self.reporter.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self):
        self.kill()
        if self.agent:
            self.agent.stop()
        for end in self.ends:
            end()
        self.bus.kill()
        self.bus.wait()
        shutil.rmtree(self.folder)


# ---- tests -----------------------------------------------------------------------------------------------------------

def begin(laptop, records=3, **how):
    """Collector, agent with records and reporter, all well."""
    collector = laptop.collector(**how)
    laptop.enrol(f"http://127.0.0.1:{collector.port}")
    agent = laptop.start_agent()
    if records:
        agent.record(1, records)
    return collector, agent


def arrived(laptop, collector, upto):
    """All records up to that are acknowledged; each of them was taken by the collector."""
    wait_for(f"record {upto} acknowledged", lambda: laptop.agent.acknowledged >= upto, 60)
    assert set(range(1, upto + 1)) <= set(collector.taken), "acknowledged, but the collector never took it"


def run_one(function, certificates):
    laptop = None
    started = time.monotonic()
    try:
        laptop = Laptop(certificates)
        function(laptop)
        return function, None, time.monotonic() - started
    except Skip as why:
        return function, why, 0
    except Exception as error:  # pylint: disable=broad-except
        said = laptop.said() if laptop else ""
        what = traceback.format_exc() if not isinstance(error, AssertionError) or not str(error) else str(error)
        line = traceback.extract_tb(error.__traceback__)
        return function, f"{what} (line {[frame.lineno for frame in line]})\nthe reporter said:\n{said}", 0
    finally:
        if laptop:
            laptop.close()


def main(tests):
    """Runs them side by side, the long ones first, and prints TAP in order; names as arguments choose."""
    wanted = [function for function in tests if not sys.argv[1:] or function.__name__ in sys.argv[1:]]
    folder = pathlib.Path(tempfile.mkdtemp(prefix="lekdicht-certificates-"))
    failed = 0
    print(f"1..{len(wanted)}", flush=True)
    try:
        certificates = Certificates(folder)
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            slow_first = sorted(wanted, key=lambda function: not hasattr(function, "slow"))
            results = pool.map(run_one, slow_first, [certificates] * len(slow_first))
            for number, (function, fault, seconds) in enumerate(results, 1):
                what = f"{number} - {function.__doc__}"
                if isinstance(fault, Skip):
                    print(f"ok {what} # SKIP {fault}", flush=True)
                    continue
                print(f"not ok {what}" if fault else f"ok {what}", flush=True)
                for line in (fault or "").splitlines():
                    print(f"# {line}")
                if seconds > 10:
                    print(f"# {seconds:.0f} s")
                failed += bool(fault)
    finally:
        shutil.rmtree(folder)
    for note in NOTES:
        print(f"# {note}")
    sys.exit(1 if failed else 0)
