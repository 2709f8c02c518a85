"""Sticks that the guest makes with its own programs while the gate is open, and that keep what is written to them."""

from .disks import Blank, Copy
from .product import Product

STICK_MIB = 96


class Lab:
    """What the checks of a scenario share. A subclass says what its sticks are:

    STICKS = {name: shell command}      makes the file systems on $disk
    PUT_AWAY = "shell command"          takes down what stands on a stick, before it is pulled
    """

    STICKS = {}
    PUT_AWAY = "true"

    def __init__(self, vm):
        self.vm, self.product = vm, Product.of(vm)
        self.images = {name: Blank(STICK_MIB).create(vm.directory) for name in self.STICKS}
        self.product.begin()
        self.product.agent("stop")
        self.product.gate("open", "--until-reboot")
        for name, make in self.STICKS.items():
            stick = self.plug(name)
            vm.run(f"disk={stick.wait_disk()}; {make}")
            self.pull(stick)
        self.product.gate("close")
        self.product.agent("start")

    @classmethod
    def of(cls, vm):
        """The one of this VM."""
        labs = vm.__dict__.setdefault("labs", {})
        if cls not in labs:
            labs[cls] = cls(vm)
        return labs[cls]

    @staticmethod
    def serial(name):
        """The serial number of the stick NAME."""
        return f"LAB-{name}"

    def plug(self, name):
        return self.vm.usb.stick(Copy(self.images[name]), serial=self.serial(name))

    def pull(self, stick):
        """Take it out as people do: nothing is mounted any more, and what waits is written."""
        self.vm.run(f"sync; for m in $(findmnt -rno TARGET | grep -E '^/(media|mnt)'); do umount $m; done; {self.PUT_AWAY}", check=False)
        stick.unplug()
        stick.wait_gone()
