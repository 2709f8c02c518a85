"""What happened reaches the collector: every record once, whoever dies on the way, and nothing that names a person."""

import json
import time

from harness.disks import Fat
from harness.product import Product, kernel_name

MINUTES = 2
PLUGS = 20
SERIAL = "PRIVATE{:04d}"
HOST_NAME = "lokaal-2-14-notebook"
RELAY = "/run/relay"
FATES = ("pass", "lose-answer", "lose-reporter", "lose-collector")
SPOOL = "/var/lib/lekdicht"
STORE = "/var/lib/lekdicht-collector"
ARRIVE_TIMEOUT = 120    # seconds until all is there: a killed reporter is started again after 10, and waits between tries
RECORD_TIMEOUT = 60     # seconds: the spool tries again in growing steps while its disk is full
SMALL = "1M"            # a disk that is soon full


def enrol(vm):
    """A collector in the guest, with the relay in front of it, and a laptop that is enrolled there."""
    if vm.run("systemctl is-active --quiet lekdicht-collector", check=False).code == 0:
        return
    vm.run(f"hostname {HOST_NAME}")
    vm.run("systemctl restart lekdicht-collector")
    vm.run(f"mkdir {RELAY}")
    relay = vm.start(f"exec {Product.of(vm).tool('relay.py')} {RELAY} {' '.join(FATES)}")
    relay.wait_output("ready")
    vm.run("lekdicht-collector token add 'the test bed' | lekdicht enroll http://127.0.0.1:4319 - --label L-0421")
    vm.run("systemctl restart lekdicht-reporter")


def spooled(vm):
    """What `lekdicht events --json` lists: uid -> record."""
    records = [json.loads(line) for line in vm.out("lekdicht events --json -n 1000").splitlines()]
    found = {attribute(record, "log.record.uid"): record for record in records}
    assert len(found) == len(records), "a uid is listed twice"
    return found


def attribute(record, key):
    return next((next(iter(each["value"].values())) for each in record["attributes"] if each["key"] == key), None)


def arrived(vm):
    """What the collector has: rows of (host, uid, seq, clone)."""
    rows = vm.out(f"""python3 -c 'import json, sqlite3; print(json.dumps(sqlite3.connect("file:{STORE}/collector.db?mode=ro", uri=True)
                  .execute("SELECT hex(host), uid, seq, clone FROM events ORDER BY seq").fetchall()))'""".replace("\n", " "))
    return json.loads(rows)


def kept(records):
    """Those that the collector keeps as events: of signs of life it keeps the last alone."""
    return {uid: record for uid, record in records.items() if record["eventName"] != "lekdicht.agent.heartbeat"}


def wait_arrived(vm):
    """Wait until the collector has what the laptop has; both."""
    deadline = time.monotonic() + ARRIVE_TIMEOUT
    while True:
        here, there = spooled(vm), arrived(vm)
        if kept(here).keys() <= {row[1] for row in there}:
            return here, there
        assert time.monotonic() < deadline, f"{len(here)} recorded, {len(there)} arrived after {ARRIVE_TIMEOUT} s"
        time.sleep(1)


def refuse_stick(vm, product, serial):
    """Plug a stick, wait for its refusal, pull it."""
    place = len(product.entries())
    stick = vm.usb.stick(Fat(), serial=serial)
    name = kernel_name(stick.wait_usb())
    product.wait_event("lekdicht.device.refused", place, LEKDICHT_PORT=name)
    stick.unplug()


def check_exactly_once(vm):
    """20 plugs, the reporter killed twice and the collector once in mid-batch: each uid once in spool and collector"""
    product = Product.of(vm)
    product.begin()
    enrol(vm)
    before = set(spooled(vm))
    since = vm.evidence.mark()
    for number in range(PLUGS):
        refuse_stick(vm, product, SERIAL.format(number))
    vm.evidence.assert_no_disk(since)
    here, there = wait_arrived(vm)
    refused = [record for uid, record in here.items() if uid not in before and record["eventName"] == "lekdicht.device.refused"]
    assert len(refused) == PLUGS, f"{PLUGS} plugs, {len(refused)} refusals are recorded"
    seqs = sorted(int(attribute(record, "event.sequence")) for record in here.values())
    assert seqs == list(range(1, len(seqs) + 1)), f"the sequence is not whole: {seqs}"
    assert [row[1] for row in there] == sorted(kept(here), key=lambda uid: int(attribute(here[uid], "event.sequence"))), \
        f"recorded {len(here)}, arrived {len(there)}: {there}"
    audit = vm.out("lekdicht-collector audit")     # which fails when something is not explained
    assert "L-0421" in audit and ", 0 were reported as dropped, 0 are not explained, 0 came under" in audit, audit
    assert len({row[0] for row in there}) == 1 and not any(row[3] for row in there), "taken for two laptops"
    # That the bad moments were there, and one batch went twice.
    requests = [json.loads(line) for line in vm.out(f"cat {RELAY}/requests").splitlines()]
    fates = [request["fate"] for request in requests if request["uids"]]
    assert fates[:len(FATES)] == list(FATES), f"the bed: the requests were {fates}"
    lost = next(request for request in requests if request["fate"] == "lose-answer")
    again = {uid for request in requests if request["fate"] == "pass" and request["status"] == 200 for uid in request["uids"]}
    assert lost["status"] == 200 and set(lost["uids"]) <= again, f"committed and not sent again: {lost}"


def check_page(vm):
    """IT's page names each refusal with rule and reason"""
    page = vm.out("python3 -c 'import urllib.request; print(urllib.request.urlopen(\"http://127.0.0.1:4318/\").read().decode())'")
    here = spooled(vm)
    refused = [record for record in here.values() if record["eventName"] == "lekdicht.device.refused"]
    rule, reason = (attribute(refused[-1], f"lekdicht.{key}") for key in ("rule", "reason"))
    assert rule == "[storage] usb-disk" and reason, f"rule {rule!r}, reason {reason!r}"
    assert page.count(rule) >= PLUGS, f"the page has the rule {page.count(rule)} times"
    assert reason in page, f"the page does not say {reason!r}"


def check_privacy(vm):
    """no byte that is kept or sent has a serial, a user, a host name, an address or a path"""
    vm.run(f"cat {SPOOL}/spool.db* {STORE}/collector.db* {RELAY}/bodies >/tmp/all")
    everything = vm.get("/tmp/all")
    assert everything.count(b"lekdicht.device.refused") >= 3 * PLUGS, "the bed: what is searched has no records"
    names = [SERIAL.format(0)[:-4], "teacher", HOST_NAME, vm.out("cat /etc/machine-id"), "127.0.0.1", "10.0.2.",
             "/dev/", "/sys/", "/home", "/run/", "/var/", "/usr/"]
    found = [name for name in names if name.encode() in everything]
    assert not found, f"found: {found}"


def check_full_disk(vm):
    """a full disk under the spool: sticks stay refused and Status says so; with room again all is recorded, none twice"""
    product = Product.of(vm)
    product.begin()
    product.agent("stop")
    vm.run(f"mount -t tmpfs -o size={SMALL},mode=0700 tmpfs {SPOOL}")
    try:
        product.agent("start")
        vm.wait_for(f"test -s {SPOOL}/spool.db")
        before = set(spooled(vm))
        vm.run(f"dd if=/dev/zero of={SPOOL}/filler bs=4k 2>/dev/null; true")
        since = vm.evidence.mark()
        for number in range(3):
            refuse_stick(vm, product, SERIAL.format(number))
        vm.evidence.assert_no_disk(since)
        said = vm.out("busctl --json=short call org.lekdicht.Agent1 /org/lekdicht/Agent1 org.lekdicht.Agent1 Status")
        assert json.loads(said)["data"][0]["Spool"]["data"] == "failing", f"Status: {said}"
        vm.run(f"rm {SPOOL}/filler")

        def recorded():
            """three refusals are recorded"""
            return sum(record["eventName"] == "lekdicht.device.refused" for uid, record in spooled(vm).items() if uid not in before) == 3
        vm.wait_for(recorded, RECORD_TIMEOUT)
        seqs = sorted(int(attribute(record, "event.sequence")) for record in spooled(vm).values())
        assert seqs == list(range(seqs[0], seqs[0] + len(seqs))), f"the sequence is not whole: {seqs}"
    finally:
        product.agent("stop")
        vm.run(f"umount {SPOOL}")
        product.agent("start")
