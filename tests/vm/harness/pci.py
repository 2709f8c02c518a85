"""Disks that are plugged into a PCIe slot while the guest runs, as Thunderbolt storage is."""

from . import block
from .disks import Blank
from .host import BedError
from .machine import SLOTS
from .plugged import Plugged

PULL_TIMEOUT = 60       # seconds: the guest itself lets go of a card


class Card(Plugged):
    """A disk in a PCIe slot."""

    def __init__(self, pci, slot, undo):
        super().__init__(f"card{slot}", rf"^/devices/pci0000:00/0000:00:{SLOTS[slot]:02x}\.0/", pci.evidence)
        self.pci, self.slot, self.undo = pci, slot, undo

    def unplug(self):
        """Pull it out, with the guest's consent."""
        self.pci.pull(self)


class Pci:
    """The PCIe slots of one guest."""

    def __init__(self, qmp, evidence, directory):
        self.qmp, self.evidence, self._directory = qmp, evidence, directory
        self._plugged = {}      # slot -> Card

    def nvme(self, image=Blank(), serial="BED-NVME"):
        """An external NVMe disk."""
        return self._plug("nvme", image, serial)

    def virtio(self, image=Blank(), serial="BED-VIRTIO"):
        """A disk on a bus that no gate minds: to make something on an image, for instance."""
        return self._plug("virtio-blk-pci", image, serial)

    def pull(self, card):
        block.remove(self.qmp, card.name, card.undo, PULL_TIMEOUT)
        del self._plugged[card.slot]

    def _plug(self, driver, image, serial):
        slot = next((slot for slot in SLOTS if slot not in self._plugged), None)
        if slot is None:
            raise BedError("no PCIe slot is free: unplug a card first")
        node, undo = block.add(self.qmp, image.create(self._directory))
        card = self._plugged[slot] = Card(self, slot, undo)
        self.qmp.execute("device_add", driver=driver, id=card.name, bus=f"slot{slot}", drive=node, serial=serial)
        return card
