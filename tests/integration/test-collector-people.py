#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may see the collector's pages: accounts, sessions, lock-out, forms from elsewhere, and each page for each role.

Uses the daemon and the requests of test-collector.py. Prints TAP.
"""

import contextlib
import http.client
import importlib.util
import os
import pathlib
import pty
import re
import subprocess
import sys
import time
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent


def load(name):
    spec = importlib.util.spec_from_file_location(name.replace("-", "_"), HERE / f"test-{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


doors = load("collector-doors")
bed = doors.bed
expect = bed.expect
PASSWORD = "correct horse & 100% bätterie"
ROLES = {"vera": ("viewer", "De Brug"), "ivo": ("it", None), "petra": ("privacy-officer", None), "arie": ("auditor", None)}


def run(collector, *words, said=PASSWORD + "\n", code=0):
    done = subprocess.run([bed.PROGRAM, "--config", collector.config, *words], input=said, capture_output=True, text=True, timeout=30, check=False)
    expect(done.returncode == code, f"{words}: ended with {done.returncode}: {done.stdout}{done.stderr}")
    expect(PASSWORD not in done.stdout + done.stderr, "a verb shows the password")
    return done


def adduser(collector, name):
    role, site = ROLES[name]
    run(collector, "adduser", name, "--role", role, *(["--site", site] if site else []))


class Browser:
    """Cookies and forms, on plain loopback unless another connection is given."""

    def __init__(self, collector, connect=None, **headers):
        self.connect = connect or (lambda: http.client.HTTPConnection("127.0.0.1", collector.port, timeout=30))
        self.cookies = {}
        self.set = {}
        self.headers = headers

    def ask(self, method, path, fields=None, **headers):
        sent = {**self.headers, **{key.replace("_", "-"): value for key, value in headers.items()}}
        body = None
        if fields is not None:
            body = fields if isinstance(fields, str) else urllib.parse.urlencode(fields)
            sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        status, got, text = doors.speak(self.connect(), method, path, body, {key: value for key, value in sent.items() if value is not None})
        for line in got.get_all("Set-Cookie") or []:
            name, value = line.partition(";")[0].split("=", 1)
            self.set[name] = line
            self.cookies[name] = value
            if "Max-Age=0" in line:
                del self.cookies[name]
        return status, got, text.decode()

    def sign_in(self, name, password=PASSWORD, **headers):
        return self.ask("POST", "/login", {"name": name, "password": password}, **headers)

    def token(self):
        return re.search(r'name="token" value="([0-9a-f]{64})"', self.ask("GET", "/")[2])[1]


def signed_in(collector, name):
    browser = Browser(collector)
    status, headers, text = browser.sign_in(name)
    expect((status, headers["Location"]) == (303, "/"), f"{name} cannot sign in: {status} {text}")
    return browser


def fill(collector):
    """HOST is of De Brug, where the tests enrol; OTHER of another site. Both have an event and a gap."""
    other = collector.admin("token", "add", "De Linde").stdout.strip()
    collector.admin("revoke", bed.OTHER)
    expect(collector.enrol(bed.OTHER, other, "B" * 43)[0] == 200, "the other site's laptop cannot enrol")
    collector.good(bed.request([bed.record(1, device__product__name="stick-of-brug"), bed.record(4, name="lekdicht.device.failed", device__product__name="stick-of-brug")]))
    status = collector.post(bed.request([bed.record(1, device__product__name="stick-of-linde"), bed.record(4, name="lekdicht.device.failed", device__product__name="stick-of-linde")], host=bed.OTHER),
                            token=f"{bed.OTHER}.{'B' * 43}")[0]
    expect(status == 200, "the other site's events are not taken")


# Each page, and what of it each may see: nobody, viewer (of De Brug), it, privacy officer, auditor.
BRUG, LINDE, HERE_BRUG, HERE_LINDE = "stick-of-brug", "stick-of-linde", f"/?laptop={bed.HOST}", f"/?laptop={bed.OTHER}"
GAPS = "Numbers that are not here"
TABLE = (
    #  request                  nobody    viewer                   it                     privacy officer        auditor
    (("GET", "/"),              (303, ()), (200, (bed.HOST, BRUG)), (200, (bed.HOST, bed.OTHER, BRUG, LINDE)), (200, (bed.HOST, bed.OTHER, BRUG, LINDE)),
     (200, (bed.HOST, bed.OTHER))),
    (("GET", HERE_BRUG),        (303, ()), (200, (bed.HOST, BRUG, GAPS)), (200, (bed.HOST, BRUG, GAPS)), (200, (bed.HOST, BRUG, GAPS)), (403, ())),
    (("GET", HERE_LINDE),       (303, ()), (200, (bed.OTHER,)), (200, (bed.OTHER, LINDE, GAPS)), (200, (bed.OTHER, LINDE, GAPS)), (403, ())),
    (("GET", "/?before=9223372036854775807-9"), (303, ()), (200, (bed.HOST, BRUG)), (200, (bed.HOST, bed.OTHER, BRUG, LINDE)),
     (200, (bed.HOST, bed.OTHER, BRUG, LINDE)), (200, (bed.HOST, bed.OTHER))),
    (("GET", f"/?before={time.time_ns() + 10**15}-9"), (303, ()), (200, (bed.HOST, BRUG)), (200, (bed.HOST, bed.OTHER, BRUG, LINDE)),
     (200, (bed.HOST, bed.OTHER, BRUG, LINDE)), (403, ())),
    (("GET", "/attention"),     (303, ()), (200, (bed.HOST, BRUG)), (200, (bed.HOST, bed.OTHER, BRUG, LINDE)), (200, (bed.HOST, bed.OTHER, BRUG, LINDE)),
     (200, (bed.HOST, bed.OTHER))),
    (("GET", "/events"),        (303, ()), (200, (bed.HOST, BRUG)), (200, (bed.HOST, bed.OTHER, BRUG, LINDE)), (200, (bed.HOST, bed.OTHER, BRUG, LINDE)),
     (403, ())),
    (("GET", "/events.csv"),    (303, ()), (403, ()), (200, (bed.HOST, bed.OTHER, BRUG, LINDE)), (200, (bed.HOST, bed.OTHER, BRUG, LINDE)), (403, ())),
    (("GET", "/login"),         *[(200, ())] * 5),
    (("GET", "/style.css"),     *[(200, ())] * 5),
    (("GET", "/other"),         *[(404, ())] * 5),
    (("POST", "/"),             *[(405, ())] * 5),
    (("GET", "/logout"),        *[(405, ())] * 5),
    (("POST", "/logout"),       (303, ()), *[(403, ())] * 4),       # without the token of the session
)


def test_each_page_for_each_role(collector):
    fill(collector)
    for name in ROLES:
        adduser(collector, name)
    browsers = {"nobody": Browser(collector), **{name: signed_in(collector, name) for name in ROLES}}
    for (method, path), *wanted in TABLE:
        for (name, browser), (status, shown) in zip(browsers.items(), wanted, strict=True):
            got, headers, text = browser.ask(method, path, "" if method == "POST" else None)
            expect(got == status, f"{method} {path} for {name}: {got} instead of {status}")
            expect(got != 303 or headers["Location"] == "/login", f"{method} {path} for {name}: sent to {headers['Location']}")
            for words in (bed.HOST, bed.OTHER, BRUG, LINDE, GAPS):
                expect((words in text) == (words in shown), f"{method} {path} for {name}: {'no ' if words in shown else ''}{words}")
    for name, browser in list(browsers.items())[1:]:
        status, headers, _ = browser.ask("POST", "/logout", {"token": browser.token()})
        expect((status, headers["Location"]) == (303, "/login") and "session" not in browser.cookies, f"{name} cannot sign out")
    # Laptops need no account, and an account is no laptop's credential.
    collector.good(bed.request([bed.record(5)]))
    expect(browsers["ivo"].sign_in("ivo")[0] == 303, "ivo cannot sign in again")
    expect(browsers["ivo"].ask("POST", "/v1/logs", "{}", Content_Type="application/json")[0] == 401, "a session sends events")


def test_no_account_no_other_address(collector):
    expect("Not protected by accounts" in collector.page(), "the banner is missing")
    expect(collector.ask("GET", "/login")[0] == 404, "there is a form to sign in before there are accounts")
    cert, key = doors.certificate(collector.folder)
    settings = f"certificate = {cert}\nkey = {key}\n"
    wide = collector.folder / "wide.ini"
    wide.write_text(f"[collector]\nlisten = 0.0.0.0:0\ndatabase = {collector.database}\n{settings}")
    done = subprocess.run([bed.PROGRAM, "--config", wide], check=False, capture_output=True, text=True, timeout=20)
    expect(done.returncode == 1 and "no accounts yet" in done.stderr, f"it listens everywhere without an account: {done}")
    adduser(collector, "ivo")
    status, headers, _ = collector.ask("GET", "/")
    expect((status, headers["Location"]) == (303, "/login"), "it needs a new start to know of the first account")
    expect(collector.ask("GET", "/", None, {"Host": "collector.school.example"})[0] == 303, "with accounts it has no other name")

    port = int(doors.again(collector, f"listen = 0.0.0.0:0\n{settings}", r"https://0\.0\.0\.0:(\d+)/")[1])
    browser = Browser(collector, lambda: http.client.HTTPSConnection("127.0.0.1", port, timeout=30, context=doors.trusting(cert)))
    expect(browser.sign_in("ivo", Origin=f"https://127.0.0.1:{port}")[0] == 303 and browser.ask("GET", "/")[0] == 200, "ivo cannot sign in by TLS")
    for cookie in ("__Host-session", "__Host-known"):
        line = browser.set[cookie]
        expect(all(word in line for word in ("; HttpOnly", "; SameSite=Strict", "; Secure", "; Path=/")) and "Domain" not in line, line)
    said = run(collector, "deluser", "ivo").stderr
    expect("last account" in said, f"nobody is told that it was the last: {said}")
    status = browser.ask("GET", "/", Host="localhost")[0]
    expect(status == 421, f"without accounts, and open to others, a page is {status}")


def test_sessions(collector):
    adduser(collector, "ivo")
    browser = signed_in(collector, "ivo")
    session = browser.cookies["session"]
    line = browser.set["session"]
    expect("; HttpOnly" in line and "; SameSite=Strict" in line and "Secure" not in line, line)
    again = signed_in(collector, "ivo").cookies["session"]
    expect(len(session) == 43 and session != again, "an id comes twice")
    everything = b"".join(path.read_bytes() for path in collector.folder.glob("collector.db*"))
    for what, secret in (("a session's id", session), ("a password", PASSWORD)):
        expect(secret.encode() not in everything and secret not in collector.log.read_text(), f"{what} is kept")
    for value in (session[:-1], session + "x", "", "x" * 43, session.swapcase()):
        browser.cookies["session"] = value
        expect(browser.ask("GET", "/")[0] == 303, f"the session '{value}' is taken")
    browser.cookies["session"] = session
    token = browser.token()
    browser.cookies["session"] = again
    expect(browser.ask("POST", "/logout", {"token": token})[0] == 403, "the token of another session is taken")
    browser.cookies["session"] = session
    expect(browser.ask("POST", "/logout", {"token": token})[0] == 303, "signing out")
    browser.cookies["session"] = session
    expect(browser.ask("GET", "/")[0] == 303, "a session that was ended goes on")
    browser.cookies["session"] = again
    collector.stop()
    collector.start()
    expect(browser.ask("GET", "/")[0] == 200, "a new start of the collector ends sessions")
    run(collector, "passwd", "ivo", said="another password\n")
    expect(browser.ask("GET", "/")[0] == 303, "a new password ends no sessions")
    expect(browser.sign_in("ivo")[0] == 403 and browser.sign_in("ivo", "another password")[0] == 303, "the new password")
    run(collector, "deluser", "ivo")
    expect("Not protected by accounts" in collector.page(), "without accounts it is as before")


def test_forms_from_elsewhere(collector):
    adduser(collector, "ivo")
    here = f"http://127.0.0.1:{collector.port}"
    for status, headers in ((303, {"Origin": here}), (303, {"Sec_Fetch_Site": "same-origin"}), (403, {"Origin": "http://evil.example"}),
                            (403, {"Origin": "null"}), (403, {"Origin": here + "0"}), (403, {"Origin": ""}), (403, {"Sec_Fetch_Site": "cross-site"}),
                            (403, {"Sec_Fetch_Site": "same-site", "Origin": here}), (415, {"Content_Type": "text/plain"}),
                            (415, {"Content_Type": "application/json"}), (415, {"Content_Encoding": "gzip"})):
        browser = Browser(collector)
        got = browser.sign_in("ivo", **headers)[0]
        expect(got == status and ("session" in browser.cookies) == (status == 303), f"{headers}: {got} instead of {status}")
    browser = signed_in(collector, "ivo")
    token = browser.token()
    expect(browser.ask("POST", "/logout", {"token": token}, Origin="http://evil.example")[0] == 403, "signed out from elsewhere")
    expect(browser.ask("GET", "/")[0] == 200, "the session is gone")
    status, headers, text = browser.ask("GET", "/")
    expect("form-action 'self'" in headers["Content-Security-Policy"], "another CSP")
    expect(browser.ask("POST", "/login", "x" * 3000)[0] == 413, "a form that is too large")


def test_lock_out(collector):
    for name in ("ivo", "vera"):
        adduser(collector, name)
    known = signed_in(collector, "ivo")
    known.cookies.pop("session")
    stranger = Browser(collector)
    seen = []
    for number in range(12):
        status, _, text = stranger.sign_in("ivo", f"wrong password {number}")
        seen.append(status)
        expect(status == 403 and "Name or password is wrong." in text or status == 429 and "Too many tries" in text, f"{status} {text}")
    expect(seen == [403] * 10 + [429] * 2, f"twelve wrong tries: {seen}")
    expect(stranger.sign_in("ivo")[0] == 429, "the right password helps who has guessed too often")
    expect(known.sign_in("ivo")[0] == 303, "who tries shuts out the one whose account it is")
    expect(signed_in(collector, "vera"), "who tries shuts out others")
    forged = Browser(collector)
    forged.cookies["known"] = known.cookies["known"][:-1] + ("0" if known.cookies["known"][-1] != "0" else "1")
    expect(forged.sign_in("ivo")[0] == 429, "a browser that is known by a cookie of its own making")
    forged.cookies["known"] = known.cookies["known"]
    expect(forged.sign_in("nobody", "x")[0] == 403, "the mark of one account")

    # From one address, with many names; the school behind the same address goes on.
    seen = [Browser(collector).sign_in(f"name{number}", "wrong password")[0] for number in range(40)]
    expect(seen[0] == 403 and seen[-1] == 429 and 15 <= seen.count(403) <= 30, f"forty names: {seen}")
    expect(known.sign_in("ivo")[0] == 303, "who tries from the same address shuts out a known browser")
    expect(Browser(collector).sign_in("vera")[0] == 429, "the count of the address is not looked at")
    text = collector.log.read_text()
    expect(PASSWORD not in text and "wrong password" not in text, "a password is in the log")


def test_nobody_learns_which_accounts_there_are(collector):
    adduser(collector, "ivo")

    def times(name):
        seen = []
        for number in range(5):
            begun = time.monotonic()
            answer = Browser(collector).sign_in(name, f"wrong password {number}")
            seen.append(time.monotonic() - begun)
        return answer[0], answer[2], min(seen)

    there, not_there = times("ivo"), times("eva")
    expect(there[:2] == not_there[:2], "the answers differ")
    expect(not_there[2] > there[2] / 3, f"a name that there is takes {there[2]:.3f} s, one that there is not {not_there[2]:.3f} s")


def test_events_come_in_while_somebody_tries(collector):
    adduser(collector, "ivo")
    attackers = [subprocess.Popen([sys.executable, "-c", f"""
import http.client
for n in range(25):
    c = http.client.HTTPConnection("127.0.0.1", {collector.port}, timeout=30)
    c.request("POST", "/login", f"name=a{{n}}x{k}&password=x", {{"Content-Type": "application/x-www-form-urlencoded"}})
    c.getresponse().read()
"""], stderr=subprocess.DEVNULL) for k in range(3)]
    for seq in range(1, 60):
        collector.good(bed.request([bed.record(seq)]))
    for attacker in attackers:
        expect(attacker.wait(60) == 0, "who tries gets no answer")
    expect(collector.count() == 59, "events were lost")


def test_behind_a_web_server(collector):
    adduser(collector, "ivo")
    path = collector.folder / "socket"
    doors.again(collector, f"listen = {path}\n", "listening on ")

    def browser(address):
        return Browser(collector, lambda: doors.UnixConnection(path), Host="collector.school.example", **({"X-Real-IP": address} if address else {}))

    one = browser("192.0.2.1")
    expect(one.sign_in("ivo", Origin="https://collector.school.example")[0] == 303 and "Secure" in one.set["__Host-session"], "signing in")
    expect(one.ask("GET", "/")[0] == 200, "the page")
    for address in ("192.0.2.66", "2001:db8:1:1::6"):
        seen = [browser(address).sign_in(f"name{number}{len(address)}", "wrong password")[0] for number in range(35)]
        expect(seen[-1] == 429, f"the address {address} that the web server says is not counted")
    expect(browser("2001:db8:1:1:9::7").sign_in("eva", "x")[0] == 429, "a house has one address and not 2^64")
    expect(browser("2001:db8:1:2::6").sign_in("eva", "x")[0] == 403 and browser("192.0.2.67").sign_in("eva", "x")[0] == 403, "others are shut out")


def test_verbs(collector):
    expect("NAME" in run(collector, "users").stdout, "no list of nobody")
    for words, said, why in ((("adduser", "ivo", "--role", "it"), "short\n", "12 to 256 bytes"), (("adduser", "ivo", "--role", "it"), "", "12 to 256 bytes"),
                             (("adduser", "ivo", "--role", "it"), "x" * 300 + "\n", "12 to 256 bytes"), (("adduser", "ivo"), None, "say by --role"),
                             (("adduser", "ivo", "--role", "root"), None, "say by --role"), (("adduser", "i vo", "--role", "it"), None, "a name has"),
                             (("adduser", "x" * 33, "--role", "it"), None, "a name has"), (("adduser", "ivo", "--role", "viewer"), None, "say which by --site"),
                             (("adduser", "ivo", "--role", "it", "--site", "De Brug"), None, "--site is for a viewer"),
                             (("adduser", "ivo", "--role", "viewer", "--site", "a\tb"), None, "bytes that can be shown"),
                             (("passwd", "eva"), None, "no account of this name"), (("deluser", "eva"), None, "no account of this name")):
        done = run(collector, *words, said=PASSWORD + "\n" if said is None else said, code=1)
        expect(why in done.stderr, f"{words}: {done.stderr}")
    expect(collector.rows("SELECT count(*) FROM accounts") == [(0,)], "what was refused is there")
    for words in (("users", "--role", "it"), ("deluser", "ivo", "--site", "x"), ("token", "list", "--role", "it"), ("adduser", "x", "--days", "3"), ("adduser",)):
        run(collector, *words, code=2)
    run(collector, "adduser", "j.devries", "--role", "it")                              # as the manual has it
    run(collector, "adduser", "els", "--role", "viewer", "--site", "De Esdoorn")
    run(collector, "deluser", "j.devries")
    run(collector, "deluser", "els")
    adduser(collector, "vera")
    expect("there is an account" in run(collector, "adduser", "vera", "--role", "it", code=1).stderr, "the same name twice")
    text = run(collector, "users").stdout
    expect(re.search(r"(?m)^vera +viewer +never +De Brug$", text), text)
    signed_in(collector, "vera")
    text = run(collector, "users").stdout
    expect(re.search(r"(?m)^vera +viewer +20\d\d-\d\d-\d\d +De Brug$", text), text)
    kept = collector.rows("SELECT password FROM accounts")[0][0]
    expect(kept.startswith("$argon2id$"), f"what is kept of a password: {kept[:12]}")


def test_a_password_is_not_seen_on_the_terminal(collector):
    def type_in(first, second):
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv(bed.PROGRAM, [bed.PROGRAM, "--config", str(collector.config), "adduser", "ivo", "--role", "it"])
        shown = b""
        for prompt, words in ((b"Password: ", first), (b"once more: ", second)):
            while prompt not in shown:
                shown += os.read(terminal, 4096)
            os.write(terminal, words.encode() + b"\n")
        with contextlib.suppress(OSError):
            while piece := os.read(terminal, 4096):
                shown += piece
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.close(terminal)
        expect(first.encode() not in shown, "the password is shown")
        return code, shown

    code, shown = type_in("a long password", "another password")
    expect(code == 1 and b"not the same" in shown, f"two passwords that differ: {code} {shown}")
    code, shown = type_in("a long password", "a long password")
    expect(code == 0, f"{code} {shown}")
    expect(Browser(collector).sign_in("ivo", "a long password")[0] == 303, "the password is another")


if __name__ == "__main__":
    bed.PROGRAM = bed.program()
    for name in [name for name in vars(bed) if name.startswith("test_")]:
        delattr(bed, name)
    vars(bed).update({name: value for name, value in globals().items() if name.startswith("test_")})
    bed.main()
