"""The gate was opened by command in an earlier boot: it is open in this one too, and says so, until it is closed by command."""

from harness.disks import Fat
from harness.gate import assert_closed, assert_nothing_failed, assert_refuses, removable_disks
from harness.machine import Machine
from harness.present import name_at_boot
from harness.product import Product

KEPT = "/etc/lekdicht/gate.open"
WISH = "by-command\n"      # what `lekdicht-gate open` leaves there: check_what_open_leaves
MACHINE = Machine(files={KEPT: WISH})
REFUSED = "lekdicht.device.refused"
present = {}


def before_power_on(vm):
    present["stick"] = vm.usb.stick(Fat())
    present["UAS disk"] = vm.usb.uas()


def check_open(vm):
    """what was there at boot is open, what is plugged opens, and journal and status say why"""
    agent = Product(vm)
    said = agent.wait_event("lekdicht.gate.opened", 0)
    assert "by command" in said["LEKDICHT_REASON"], said["MESSAGE"]
    status = agent.gate("status", codes=(3,)).out
    assert "gate: open" in status and "wish: by-command" in status, status
    disks = [disk for disk in removable_disks(vm) if len(disk) == 3]
    assert len(disks) == 2, f"of a stick and a UAS disk that were there at boot only {disks} are open"
    stick = vm.usb.stick()
    stick.wait_disk()
    stick.unplug()
    assert_nothing_failed(vm)


def check_closed(vm):
    """closed by command what was open is refused, what is plugged is refused, and the wish is gone"""
    agent = Product(vm)
    place = agent.here()
    agent.gate("close")
    for device in present.values():
        agent.wait_event(REFUSED, place, LEKDICHT_PORT=name_at_boot(vm, device))
    vm.wait_for(lambda: not removable_disks(vm))
    assert_closed(vm)
    vm.run(f"test ! -e {KEPT}")
    assert_refuses(agent)


def check_what_open_leaves(vm):
    """what `lekdicht-gate open` leaves for the next boot is what this laptop was booted with"""
    vm.run("lekdicht-gate open")
    assert vm.get(KEPT).decode() == WISH
    vm.run("lekdicht-gate close")
