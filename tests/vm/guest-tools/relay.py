#!/usr/bin/env python3
"""Between the reporter and the collector: passes requests on, or has one of the two die at the worst moment.

relay.py DIRECTORY FATE...     the fates of the requests with records, in order; what comes later is passed on

    pass            the collector's answer goes back
    lose-reporter   the reporter is killed while it waits; the collector hears nothing
    lose-answer     the collector has committed and answered; the reporter is killed before it hears of it
    lose-collector  the collector is killed when half of the body has arrived

Writes to DIRECTORY: `requests`, a line of JSON each {fate, status, uids}, and `bodies`, the headers and bodies that were sent,
unzipped.
"""

import gzip
import http.client
import http.server
import json
import socket
import subprocess
import sys
from pathlib import Path

HERE, COLLECTOR = ("127.0.0.1", 4319), ("127.0.0.1", 4318)
TIMEOUT = 30            # seconds for an answer of the collector
HEADERS = ("Authorization", "Content-Type", "Content-Encoding")
NOT_OURS = ("Host", "Authorization")    # the address of this machine, and the credential


def kill(unit):
    subprocess.run(["systemctl", "kill", "--signal=KILL", unit], check=True)


def uids(body):
    """The uid of each record in a request; an enrolment has none."""
    attributes = (attribute for resource in json.loads(body).get("resourceLogs", []) for scope in resource["scopeLogs"]
                  for record in scope["logRecords"] for attribute in record["attributes"])
    return [attribute["value"]["stringValue"] for attribute in attributes if attribute["key"] == "log.record.uid"]


class Relay(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    directory, fates = None, None

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        text = gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body
        carried = uids(text)
        fate = self.fates.pop(0) if carried and self.fates else "pass"
        headers = {name: self.headers[name] for name in HEADERS if name in self.headers}
        status = None
        with open(self.directory / "bodies", "ab") as bodies:
            sent = "".join(f"{name}: {value}\n" for name, value in self.headers.items() if name not in NOT_OURS)
            bodies.write(sent.encode() + text + b"\n")
        try:
            if fate == "lose-reporter":
                kill("lekdicht-reporter.service")
            elif fate == "lose-collector":
                self.send_half(headers, body)
            else:
                status, answer = self.pass_on(headers, body)
                if fate == "lose-answer":
                    kill("lekdicht-reporter.service")
                else:
                    self.answer(status, answer)
        except OSError:
            pass                    # the collector is away: so is its answer
        self.close_connection = fate != "pass" or status is None
        with open(self.directory / "requests", "a") as requests:
            print(json.dumps({"fate": fate, "status": status, "uids": carried}), file=requests)

    def pass_on(self, headers, body):
        connection = http.client.HTTPConnection(*COLLECTOR, timeout=TIMEOUT)
        connection.request("POST", self.path, body, headers)
        response = connection.getresponse()
        return response.status, response.read()

    def send_half(self, headers, body):
        head = "".join(f"{name}: {value}\r\n" for name, value in {**headers, "Host": "collector", "Content-Length": len(body)}.items())
        with socket.create_connection(COLLECTOR, TIMEOUT) as connection:
            connection.sendall(f"POST {self.path} HTTP/1.1\r\n{head}\r\n".encode() + body[:len(body) // 2])
            kill("lekdicht-collector.service")

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


Relay.directory, Relay.fates = Path(sys.argv[1]), sys.argv[2:]
server = http.server.ThreadingHTTPServer(HERE, Relay)
print("ready", flush=True)
server.serve_forever()
