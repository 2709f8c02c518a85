#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways into the collector but for plain loopback: TLS of its own, a Unix socket, nginx in front; and how often.

Uses the daemon and the requests of test-collector.py. Prints TAP.
"""

import contextlib
import http.client
import importlib.util
import json
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
import warnings

HERE = pathlib.Path(__file__).resolve().parent


def load_helper():
    spec = importlib.util.spec_from_file_location("collector", HERE / "test-collector.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


warnings.simplefilter("ignore", DeprecationWarning)     # of TLS 1.1, which is what is asked for
bed = load_helper()
expect = bed.expect


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=20)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def speak(connection, method, path, body=None, headers=None):
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def again(collector, settings, said=None):
    """Start it anew with other settings; said: what the journal has when it is there (not a port of plain HTTP)."""
    collector.process.terminate()
    collector.process.wait(20)
    collector.config.write_text(f"[collector]\ndatabase = {collector.database}\n{settings}")
    if not said:
        collector.start()
        return None
    with open(collector.log, "ab") as log:
        collector.process = subprocess.Popen([bed.PROGRAM, "--config", collector.config], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if found := re.search(said, collector.log.read_text()):
            return found
        expect(collector.process.poll() is None, f"the collector ended at once: {collector.log.read_text()}")
        time.sleep(0.02)
    raise bed.Failure(f"the collector does not say {said}")


def certificate(folder, name="collector"):
    """A certificate of its own for 127.0.0.1: the paths of certificate and key."""
    paths = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1,DNS:collector.school.example", "-keyout", paths[1],
                    "-out", paths[0]], check=True, stdin=subprocess.DEVNULL, capture_output=True)
    paths[1].chmod(0o600)
    return paths


def events(seqs):
    body = json.dumps(bed.request([bed.record(seq) for seq in seqs]))
    return "POST", "/v1/logs", body, {"Content-Type": "application/json", "Authorization": f"Bearer {bed.TOKEN}"}


def trusting(path):
    return ssl.create_default_context(cafile=path)


def test_tls(collector):
    cert, key = certificate(collector.folder)
    port = int(again(collector, f"listen = 127.0.0.1:0\ncertificate = {cert}\nkey = {key}\n", r"https://127\.0\.0\.1:(\d+)/")[1])

    def connection(context):
        return http.client.HTTPSConnection("127.0.0.1", port, timeout=20, context=context)

    status, _, text = speak(connection(trusting(cert)), *events([1, 2]))
    expect((status, text) == (200, b"{}") and collector.count() == 2, f"events by TLS: {status} {text}")
    status, _, text = speak(connection(trusting(cert)), "GET", "/")
    expect(status == 200 and b"</html>" in text, f"the page by TLS: {status}")
    together = connection(trusting(cert))       # suspended and resumed, on one connection
    for seq in range(3, 30):
        together.request(*events([seq]))
        answer = together.getresponse()
        expect((answer.status, answer.read()) == (200, b"{}"), f"event {seq}: {answer.status}")
    together.close()
    expect(collector.count() == 29, "events were lost")

    with contextlib.suppress(ssl.SSLError):
        speak(connection(ssl.create_default_context()), "GET", "/")
        raise bed.Failure("a certificate that nobody trusts is taken: the test proves nothing")
    for version, good in ((ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_3, True)):
        context = trusting(cert)
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
        try:
            status = speak(connection(context), "GET", "/")[0]
        except (ssl.SSLError, ConnectionResetError):
            status = None
        expect((status == 200) == good, f"{version.name}: {status}")
    with socket.create_connection(("127.0.0.1", port), 20) as plain:      # no plain HTTP beside it
        plain.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        with contextlib.suppress(ConnectionResetError):
            expect(b"HTTP/1.1" not in plain.recv(4096), "plain HTTP is answered where TLS is spoken")


def test_tls_that_cannot_be(collector):
    cert, key = certificate(collector.folder)
    other = certificate(collector.folder, "other")
    empty = collector.folder / "empty"
    empty.write_text("")
    open_key = collector.folder / "open.key"
    shutil.copy(key, open_key)
    open_key.chmod(0o644)
    damaged = collector.folder / "damaged"
    damaged.write_text(key.read_text().replace("M", "N"))
    damaged.chmod(0o600)
    for settings, said in ((f"certificate = {cert}\n", "belong together"), (f"key = {key}\n", "belong together"),
                           ("certificate = x\n", "not an absolute path"), (f"certificate = {cert}\nkey = /nowhere\n", "No such file"),
                           (f"certificate = {empty}\nkey = {key}\n", "is no PEM file"), (f"certificate = {cert}\nkey = {open_key}\n", "everybody can read"),
                           (f"certificate = {cert}\nkey = {other[1]}\n", "a certificate and its key?"),
                           (f"certificate = {cert}\nkey = {damaged}\n", "a certificate and its key?")):
        config = collector.folder / "wrong.ini"
        config.write_text(f"[collector]\nlisten = 127.0.0.1:0\ndatabase = {collector.folder}/x.db\n{settings}")
        done = subprocess.run([bed.PROGRAM, "--config", config], check=False, capture_output=True, text=True, timeout=20)
        expect(done.returncode == 1 and said in done.stderr, f"{settings}: {done.returncode} {done.stderr}")
        expect("PRIVATE" not in done.stderr, "the key is in the log")


def test_unix_socket(collector):
    path = collector.folder / "socket"
    again(collector, f"listen = {path}\n", "listening on ")
    status, _, text = speak(UnixConnection(path), *events([1]))
    expect((status, text) == (200, b"{}") and collector.count() == 1, f"events by the socket: {status} {text}")
    status, _, text = speak(UnixConnection(path), "GET", "/", None, {"Host": "localhost"})
    expect(status == 421 and b"usb-disk" not in text, f"who is behind a web server is shown the page: {status}")
    collector.kill()                            # leaves the file behind
    expect(path.is_socket(), "there is no file to be left behind")
    again(collector, f"listen = {path}\n", "(?s)listening on .*listening on ")
    expect(speak(UnixConnection(path), *events([2]))[0] == 200, "the file that was left behind is in the way")


NGINX = """
daemon off; master_process off; pid FOLDER/nginx.pid; error_log stderr;
events {}
http {
    access_log off;
    client_body_temp_path FOLDER/body; proxy_temp_path FOLDER/proxy; fastcgi_temp_path FOLDER/f; uwsgi_temp_path FOLDER/u; scgi_temp_path FOLDER/s;
EXAMPLE
}
"""


def example():
    """The server block of the manual, as it is printed there."""
    page = (HERE.parent.parent / "docs/man/lekdicht-collector.8").read_text(encoding="utf-8")
    return re.search(r"^(server \{.*?^\})$", page, re.M | re.S)[1].replace("\\e", "\\")


def test_nginx_in_front(collector):
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin:" + bed.os.environ.get("PATH", ""))
    if not nginx:
        return "nginx is not installed"
    cert, key = certificate(collector.folder)
    path = collector.folder / "socket"
    again(collector, f"listen = {path}\n", "listening on ")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    text = example()
    for what, here in (("listen 443", f"listen 127.0.0.1:{port}"), ("/etc/ssl/certs/collector.pem", str(cert)),
                       ("/etc/ssl/private/collector.key", str(key)), ("/run/lekdicht-collector/socket", str(path))):
        expect(what in text, f"the manual's example has no '{what}'")
        text = text.replace(what, here)
    config = collector.folder / "nginx.conf"
    config.write_text(NGINX.replace("EXAMPLE", text).replace("FOLDER", str(collector.folder)))
    log = open(collector.folder / "nginx.log", "wb")
    server = subprocess.Popen([nginx, "-c", config, "-p", collector.folder], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        until = time.monotonic() + 20
        while True:
            try:
                status, _, text = speak(http.client.HTTPSConnection("127.0.0.1", port, timeout=20, context=trusting(cert)), *events([1, 2]))
                break
            except ConnectionRefusedError:
                expect(server.poll() is None and time.monotonic() < until, (collector.folder / "nginx.log").read_text())
                time.sleep(0.05)
        expect((status, text) == (200, b"{}") and collector.count() == 2, f"events through nginx: {status} {text}")
        status = speak(http.client.HTTPSConnection("127.0.0.1", port, timeout=20, context=trusting(cert)), "GET", "/")[0]
        expect(status == 421, f"the page through nginx, without accounts: {status}")
    finally:
        server.terminate()
        server.wait(20)
        log.close()
    return None


def test_one_laptop_that_runs_wild(collector):
    again(collector, "listen = 127.0.0.1:0\nrequests-per-minute = 30\n")
    answers = [collector.post(bed.request([bed.record(seq)])) for seq in range(1, 61)]
    good = [status for status, _, _ in answers].count(200)
    expect(30 <= good <= 45, f"{good} of 60 requests were taken")
    status, headers, text = answers[-1]
    expect(status == 429 and int(headers["Retry-After"]) >= 1 and json.loads(text)["code"] == 8, f"{status} {text}")
    expect(collector.count() == good, "what was refused is stored, or the other way round")
    collector.good(bed.request([bed.record(1)], host=bed.OTHER))        # another one notices nothing
    status = collector.post(bed.request([bed.record(9)]), token=f"{bed.HOST}.{'x' * 43}")[0]
    expect(status == 401, f"who shows a wrong credential learns how busy a laptop is: {status}")


if __name__ == "__main__":
    bed.PROGRAM = bed.program()
    # The runner is the other file's; the tests are these.
    for name in [name for name in vars(bed) if name.startswith("test_")]:
        delattr(bed, name)
    vars(bed).update({name: value for name, value in globals().items() if name.startswith("test_")})
    bed.main()
