"""A stick that is for some users only: it opens and closes as they come to the screen and leave it, by a real logind."""

import json
import re

from harness import teacher
from harness.disks import Copy, Fat
from harness.product import VERDICT_TIMEOUT, Product, allow, kernel_name

MINUTES = 2
FOLLOWS = "phones"
SERIAL = "EXM0000001"
GROUP, CANDIDATE = "exam-candidates", "kandidaat"
EXAM = f"{allow('exam', serial=SERIAL)}users = @{GROUP}\n"
CLIENT_TIMEOUT = 60     # seconds on a laptop that QEMU emulates: 2 of patience, and a child that looks into the home
# Programs with a client's path, which stay: a shell that sleeps, and has an rclone's arguments.
START_DROPBOX = ("mkdir -p ~/.dropbox-dist/dropbox-lnx.x86_64-1.2.3 && cp /bin/sleep ~/.dropbox-dist/dropbox-lnx.x86_64-1.2.3/dropbox && "
                 "(setsid ~/.dropbox-dist/dropbox-lnx.x86_64-1.2.3/dropbox 600 </dev/null >/dev/null 2>&1 &)")
START_RCLONE = ("mkdir -p ~/bin ~/.config/rclone && cp /bin/bash ~/bin/rclone && "
                r"printf '[g]\ntype = drive\n' > ~/.config/rclone/rclone.conf && "
                "(setsid ~/bin/rclone -c 'sleep 600; :' mount g:x /mnt </dev/null >/dev/null 2>&1 &)")
LOGIN_TIMEOUT = 120     # seconds for a login at a console of a laptop that QEMU emulates


def seat_image(vm):
    """The stick's disk, one for all checks."""
    if not hasattr(vm, "exam_image"):
        vm.exam_image = Copy(Fat().create(vm.directory))
    return vm.exam_image


def session_of(vm, user):
    """What logind calls USER's session at the seat; "" while there is none."""
    return vm.out(f"loginctl list-sessions --no-legend | awk '$3 == \"{user}\" && $4 == \"seat0\" {{ print $1 }}'")


def come(vm, user):
    """USER's session comes to the front."""
    session = session_of(vm, user)
    vm.run(f"loginctl activate {session}")
    vm.wait_for(f"grep -qx ACTIVE={session} /run/systemd/seats/seat0 && grep -qx STATE=active /run/systemd/sessions/{session}", LOGIN_TIMEOUT)


def log_in(vm, number, user):
    """USER logs in at another console, as "switch user" lets one; teacher is in front."""
    vm.put(f"/etc/systemd/system/getty@tty{number}.service.d/autologin.conf",
           f"[Service]\nExecStart=\nExecStart=-/sbin/agetty --autologin {user} --noclear %I $TERM\n")
    vm.run(f"systemctl daemon-reload; systemctl start getty@tty{number}.service")
    vm.wait_for(lambda: session_of(vm, user), LOGIN_TIMEOUT)
    come(vm, teacher.NAME)


def candidate(vm):
    """There is a user in the group, who is logged in; teacher is in front."""
    if vm.run(f"id {CANDIDATE}", check=False).code != 0:
        vm.run(f"groupadd {GROUP} && useradd --create-home --shell /bin/bash --groups {GROUP} {CANDIDATE} && "
               f"passwd --delete {CANDIDATE}")
    log_in(vm, 2, CANDIDATE)


def disk_of(vm, stick, since):
    """The node of the disk that the stick got after the place SINCE."""
    event = vm.evidence.wait(lambda event: event.adds("block", stick.path), since, what="the disk of the stick, opened again")
    return "/dev/" + re.search(r"/block/(sd[a-z]+)", event.devpath).group(1)


def check_comes_and_goes(vm):
    """shut for teacher, open when somebody of the group comes to the front, shut when that one leaves it, open again, shut at the logout"""
    product = Product.of(vm)
    candidate(vm)
    product.begin(EXAM)
    since, place = vm.evidence.mark(), product.here()
    stick = vm.usb.stick(seat_image(vm), serial=SERIAL)
    name = product.wait_refused(stick)
    vm.evidence.assert_no_disk(since)
    reason = product.devices()[name]["reason"]
    assert "[device exam] is for its users" in reason, f"why it is shut: {reason}"
    for leave in (lambda: come(vm, teacher.NAME), lambda: vm.run("systemctl stop getty@tty2.service")):
        again = vm.evidence.here()
        come(vm, CANDIDATE)
        disk = disk_of(vm, stick, again)
        product.wait_granted(disk)
        product.wait_state(name, "allowed")
        assert vm.run(f"blkid -p {disk}1", check=False).code == 0, "its file system cannot be read"
        leave()
        product.wait_state(name, "refused")
        vm.wait_for("! ls -d /sys/block/sd* 2>/dev/null", VERDICT_TIMEOUT)
    product.assert_equals_sys()
    said = " ".join(entry["MESSAGE"] for entry in product.events(place))
    assert "opened by [device exam] for its users" in said, f"the agent said: {said}"
    uids = [vm.out(f"id -u {user}") for user in (CANDIDATE, teacher.NAME)]
    for word in (CANDIDATE, teacher.NAME, GROUP, *(f"uid {uid}" for uid in uids)):
        assert word not in said, f"the journal names {word}: {said}"


def check_plugged_by_them(vm):
    """plugged in while one of the group is in front it opens, and a mounted one is shut when it is unmounted, not before"""
    product = Product.of(vm)
    candidate(vm)
    product.begin(EXAM)
    come(vm, CANDIDATE)
    stick = vm.usb.stick(seat_image(vm), serial=SERIAL)
    other = vm.usb.stick(Fat(), serial="EXM0000002")
    disk, name = product.wait_open(stick), kernel_name(stick.wait_usb())
    product.wait_refused(other)
    vm.run(f"mount {disk}1 /mnt && echo answers >/mnt/answers && exec 3</mnt/answers && sync")
    writer = vm.start("exec 3>/mnt/more; echo open; until [ -e /tmp/exam-ends ]; do sleep 0.1; done; echo end >&3; exec 3>&-; umount /mnt; echo closed")
    writer.wait_output("open\n")
    come(vm, teacher.NAME)
    product.wait_state(name, "busy")
    assert vm.run(f"test -b {disk}", check=False).code == 0, "the disk was cut off under an open file"
    vm.run("touch /tmp/exam-ends")
    writer.wait_output("closed\n")
    product.wait_state(name, "refused", timeout=90)


def check_root_and_nobody(vm):
    """root at the screen is of no group, whatever /etc/group says, nor is nobody"""
    product = Product.of(vm)
    candidate(vm)
    vm.run(f"usermod -aG {GROUP} root")
    product.begin(EXAM)
    stick = vm.usb.stick(seat_image(vm), serial=SERIAL)
    name = product.wait_refused(stick)
    log_in(vm, 3, "root")
    come(vm, "root")
    product.wait_quiet()
    assert product.devices()[name]["state"] == "refused", f"open for root: {product.devices()[name]}"
    vm.run("systemctl stop getty@tty3.service")
    vm.wait_for("! grep -qs ^ACTIVE= /run/systemd/seats/seat0", LOGIN_TIMEOUT)
    product.wait_quiet()
    assert product.devices()[name]["state"] == "refused", f"open for nobody: {product.devices()[name]}"
    # The control: it was only they.
    come(vm, CANDIDATE)
    product.wait_state(name, "allowed")
    come(vm, teacher.NAME)
    product.wait_state(name, "refused")


def clients(vm):
    """What `lekdicht clients --json` lists: client -> its row."""
    return {row["client"]: row for row in json.loads(vm.out("lekdicht clients --json"))["clients"]}


def check_clients(vm):
    """lekdicht-watch in its unit: a client of teacher's is found as it starts, and rclone's service in teacher's home; one is ended"""
    product = Product.of(vm)
    product.begin()
    place = product.here()
    vm.wait_for("lekdicht status --json | grep -q '\"clients\": \"events\"'", CLIENT_TIMEOUT)
    assert vm.out("systemctl show -P User lekdicht-watch").strip() == "lekdicht-watch"
    for command in (START_DROPBOX, START_RCLONE):
        result = teacher.run(vm, command)
        assert result.code == 0, f"cannot be started: {result}"
    for client in ("dropbox", "rclone"):
        product.wait_event("lekdicht.client.running", place, timeout=CLIENT_TIMEOUT, LEKDICHT_CLIENT=client)
    found = clients(vm)
    assert found["dropbox"]["verdict"] == "flag", found
    assert found["rclone"]["service"] == "google-drive", found
    said = vm.out("journalctl -b -o cat -u lekdicht-watch -u lekdichtd")
    assert "g:x" not in said and "/home/teacher" not in said, "the journal has what is teacher's"
    # Its unit lets it do that, too: a child that is teacher sends the signal.
    product.set_policy("[service dropbox]\nverdict = stop\n")
    product.wait_event("lekdicht.client.stopped", place, timeout=CLIENT_TIMEOUT, LEKDICHT_CLIENT="dropbox")
    assert vm.run("pgrep -u teacher dropbox", check=False).code == 1, "dropbox was not ended"
    vm.run("pgrep -u teacher rclone && pkill -u teacher rclone")
    vm.wait_for("! lekdicht clients --json | grep -q '\"running\": true'", CLIENT_TIMEOUT)
