"""What is on a disk: recipes that make small sparse image files on the host."""

import itertools
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from .host import call

MIB = 1 << 20
PARTITION_START = 1 * MIB       # where partitioning tools put the first partition of a stick
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Blank:
    """A disk of zeros. An SD card's size must be a power of two."""
    mib: int = 64

    def create(self, directory):
        """A new image file in DIRECTORY; every call makes another disk."""
        path = Path(directory) / f"disk{next(_numbers)}.img"
        with open(path, "wb") as file:
            file.truncate(self.mib * MIB)
        self.fill(path)
        return path

    def fill(self, path):
        """Nothing to fill in: subclasses do."""


@dataclass(frozen=True)
class Fat(Blank):
    """A stick as it is bought: one FAT partition, with FILES (name -> text) on it."""
    label: str = "STICK"
    files: dict = field(default_factory=lambda: {"cijfers.txt": "persoonsgegevens\n"})

    def fill(self, path):
        call("sfdisk", "--quiet", path, stdin_text=f"start={PARTITION_START // 512}, type=c\n")
        kib = (self.mib * MIB - PARTITION_START) // 1024
        call("mkfs.vfat", "-n", self.label, "--offset", PARTITION_START // 512, path, kib)
        for name, text in self.files.items():
            call("mcopy", "-i", f"{path}@@{PARTITION_START}", "-", f"::{name}", stdin_text=text)


@dataclass(frozen=True)
class Ext4(Blank):
    """A whole disk with ext4 on it and FILES (path -> text) in it, owned by root."""
    label: str = "DISK"
    files: dict = field(default_factory=dict)

    def fill(self, path):
        with tempfile.TemporaryDirectory(dir=path.parent) as content:
            for name, text in self.files.items():
                target = Path(content) / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text)
            call("mke2fs", "-q", "-t", "ext4", "-L", self.label, "-d", content, path)


@dataclass(frozen=True)
class Copy:
    """The disk in the file PATH, which a scenario has made (in a guest, for instance) and keeps."""
    path: Path

    def create(self, directory):
        return self.path
