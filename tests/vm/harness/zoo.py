"""The animals of tests/zoo, plugged into the guest."""

import importlib.util

from .gadget import Interfaces, Keyboard, Other, Storage
from .host import REPO
from .usb import Cd, Disk

FUNCTIONS = {
    "storage": Storage,
    "keyboard": Keyboard,
    "network": lambda: Other("rndis"),
    "mtp": lambda: Interfaces(("06/01/01/MTP",)),
    "ptp": lambda: Interfaces(("06/01/01",)),
    "adb": lambda: Interfaces(("ff/42/01/ADB Interface",)),
    "vendor": lambda: Interfaces(("ff/ff/00",)),
    "charging": lambda: Interfaces(("ff/00/00/Charging only",)),
    "iphone": lambda: Interfaces(("06/01/01/PTP", "ff/fe/02/Apple USB Multiplexor")),
}
# By what other rules know them; else they have the ids of gadgets.
IDS = {"vendor": (0x0fce, 0x0166), "iphone": (0x05ac, 0x12a8)}
LUNS = {"disk": Disk, "cd": Cd}


def _load():
    spec = importlib.util.spec_from_file_location("zoo", REPO / "tests/zoo/zoo.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


zoo = _load()


def animals(scenario, check):
    """The animals that name CHECK of SCENARIO as what tests them; there is at least one."""
    found = [animal for animal in zoo.load() if (scenario, check) in animal.tested_by]
    assert found, f"no file in tests/zoo is tested by {scenario}: {check}"
    return found


class Stall:
    """Where one animal is plugged again and again: always in the same port, behind hubs that stay."""

    def __init__(self, vm, animal):
        self.vm, self.animal, self.recipe = vm, animal, animal.recipe
        self.hubs, self.device, self._port, self._kept = [], None, None, None

    def plug(self):
        """Plug it; the Device, at once."""
        recipe = self.recipe
        if self._kept:
            self.device, self._kept = self._kept, None
            self.device.put_back()
            return self.device
        if recipe.kind == "gadget":
            ids = next((IDS[part] for part in recipe.parts if part in IDS), None)
            self.device = self.vm.gadgets.plug(*(FUNCTIONS[part]() for part in recipe.parts),
                                               **({"vendor": ids[0], "product": ids[1]} if ids else {}))
            return self.device
        while len(self.hubs) < recipe.hubs:
            self.hubs.append(self.vm.usb.hub(port=self.hubs[-1] if self.hubs else None))
        port = self._port or (self.hubs[-1] if self.hubs else None)
        self.device = getattr(self.vm.usb, recipe.kind)(*(LUNS[part]() for part in recipe.parts), port=port)
        self._port = self.device.port if recipe.kind != "gadget" else None
        return self.device

    def pull(self, keep=False):
        """Pull it out and wait until the kernel has let go of it; the hubs stay. KEEP a gadget for the next plug, until clear()."""
        if self.device:
            device, self.device = self.device, None
            if keep and self.recipe.kind == "gadget":
                device.take_out()
                self._kept = device
            else:
                device.unplug()
            device.wait_gone()

    def clear(self):
        """Pull it and its hubs."""
        self.pull()
        if self._kept:
            self._kept.unplug()
            self._kept = None
        while self.hubs:
            self.hubs.pop().unplug()
