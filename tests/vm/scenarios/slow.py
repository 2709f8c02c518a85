"""A stick so slow that it keeps the kernel waiting for seconds holds up nobody but itself."""

from harness.disks import Fat
from harness.product import Product, allow, kernel_name

SERIAL = "SLOW000001"
ALLOWED = allow("slow", serial=SERIAL)
BYTES_PER_SECOND = 256
PROMISE = 1.0           # seconds from the event of its interface to a refused stick
ANSWER = 2.0            # seconds in which Status is answered
PROBE_TIMEOUT = 60
END_TIMEOUT = 180       # seconds until the slow one is through
GATE_AT_WORK = "pgrep -x lekdicht-gate >/dev/null"


def agent_life(vm):
    return vm.out("systemctl show -p MainPID -p NRestarts -p ActiveState lekdichtd")


def refuse_meanwhile(vm, product):
    """Plug a stick that is refused, and measure it by the kernel's clock."""
    place = product.here()
    stick = vm.usb.stick(Fat())
    added = stick.wait_add("usb", DEVTYPE="usb_interface").time
    name = kernel_name(stick.wait_usb())
    gone = vm.evidence.wait(lambda event: event.action == "remove" and event.env.get("DEVTYPE") == "usb_interface"
                            and event.devpath.endswith(f"/{name}:1.0"), stick.since, what="the end of its interface")
    verdict = product.wait_event("lekdicht.device.refused", place, LEKDICHT_PORT=name)
    for what, moment in (("deauthorised", gone.time), ("in the journal", product.moment(verdict))):
        assert moment - added < PROMISE, f"it was {what} after {moment - added:.2f} s"
    stick.unplug()
    return f"{gone.time - added:.3f} s to deauthorised"


def assert_answers(vm):
    """The agent answers while the gate is at work."""
    start, code, end = vm.out("cut -d' ' -f1 /proc/uptime; lekdicht status >/dev/null; echo $?; cut -d' ' -f1 /proc/uptime").split()
    assert code == "0", f"lekdicht status ended with {code}"
    assert float(end) - float(start) < ANSWER, f"lekdicht status took {float(end) - float(start):.1f} s"


def check_probe(vm):
    """while the kernel waits for an allowed slow stick another is refused within 1 s, Status answers, the watchdog is calm"""
    product = Product.of(vm)
    product.begin(ALLOWED)
    life = agent_life(vm)
    slow = vm.usb.stick(Fat(), serial=SERIAL, bytes_per_second=BYTES_PER_SECOND)
    slow.wait_scsi()
    vm.wait_for(GATE_AT_WORK, PROBE_TIMEOUT)
    began = vm.uptime()
    for _ in range(2):
        refuse_meanwhile(vm, product)
        assert_answers(vm)
    name = kernel_name(slow.wait_usb())
    assert vm.run(GATE_AT_WORK, check=False).code == 0, f"the bed: the slow stick was through after {vm.uptime() - began:.1f} s"
    assert product.devices()[name]["state"] == "pending", f"the slow stick is {product.devices()[name]['state']}"
    assert_answers(vm)
    vm.wait_for(f"! {GATE_AT_WORK}", END_TIMEOUT)
    took = vm.uptime() - began
    assert took > 3, f"the bed: the slow stick kept the kernel waiting for {took:.1f} s only"
    product.wait_state(name, "allowed", END_TIMEOUT)
    assert agent_life(vm) == life, f"the agent's life changed: {life} became {agent_life(vm)}"
    vm.evidence.assert_kernel_calm()


def check_refused_while_blocking(vm):
    """a slow stick that is refused while the kernel waits for it holds up nobody, and is refused in the end"""
    product = Product.of(vm)
    product.begin(ALLOWED)
    life = agent_life(vm)
    slow = vm.usb.stick(Fat(), serial=SERIAL, bytes_per_second=BYTES_PER_SECOND)
    slow.wait_scsi()
    vm.wait_for(GATE_AT_WORK, PROBE_TIMEOUT)
    product.set_policy()
    refuse_meanwhile(vm, product)
    assert_answers(vm)
    name = kernel_name(slow.wait_usb())
    product.wait_state(name, "refused", END_TIMEOUT)
    vm.wait_for(f"! {GATE_AT_WORK}", END_TIMEOUT)
    assert vm.out(f"cat /sys/bus/usb/devices/{name}/authorized") == "0", "it is authorised"
    assert agent_life(vm) == life, f"the agent's life changed: {life} became {agent_life(vm)}"
    product.assert_equals_sys()
    vm.evidence.assert_kernel_calm()


def check_pulled_while_blocking(vm):
    """a slow stick that is pulled while the kernel waits for it leaves no gate at work and nothing behind"""
    product = Product.of(vm)
    product.begin(ALLOWED)
    slow = vm.usb.stick(Fat(), serial=SERIAL, bytes_per_second=BYTES_PER_SECOND)
    slow.wait_scsi()
    vm.wait_for(GATE_AT_WORK, PROBE_TIMEOUT)
    slow.unplug()
    vm.wait_for(f"! {GATE_AT_WORK}", END_TIMEOUT)
    product.assert_equals_sys()
    left = vm.out("ls /run/lekdicht/grant")
    assert not left, f"grants are left: {left}"
    vm.evidence.assert_kernel_calm()
