"""The SD slot of a laptop: cards that are put in and taken out while it runs."""

import re

from . import block
from .disks import Blank
from .plugged import DETECT_TIMEOUT, Plugged

SLOT = "drive1-card"        # of Machine(drives=(Drive("sd"), ...)): the slot has to be its first drive


class Card(Plugged):
    """A card in the slot."""

    def __init__(self, slot, undo):
        super().__init__("card", r"^/devices/pci.*/mmc_host/mmc\d+/", slot.evidence)
        self.slot, self.undo = slot, undo

    def wait_card(self):
        """Wait until the kernel has found it; the event."""
        return self.wait_add("mmc")

    def wait_gone(self, timeout=DETECT_TIMEOUT):
        """Wait until the kernel has let go of it; the event."""
        def test(event):
            return event.action == "remove" and event.subsystem == "mmc" and re.search(self.path, event.devpath)
        return self.evidence.wait(test, self.since, timeout, "the removal of the card")

    def unplug(self):
        """Take it out."""
        self.slot.empty(self)


class Slot:
    """The SD slot of one guest. The card of power-on is in it until remove() is called."""

    def __init__(self, qmp, evidence, directory):
        self.qmp, self.evidence, self._directory = qmp, evidence, directory

    def remove(self):
        """Take out what is in it since power-on."""
        self.qmp.execute("blockdev-remove-medium", id=SLOT)

    def insert(self, image=Blank()):
        """Put a card in."""
        node, undo = block.add(self.qmp, image.create(self._directory))
        card = Card(self, undo)
        self.qmp.execute("blockdev-insert-medium", id=SLOT, node_name=node)
        return card

    def empty(self, card):
        self.qmp.execute("blockdev-remove-medium", id=SLOT)
        for command, arguments in card.undo:
            self.qmp.execute(command, **arguments)
