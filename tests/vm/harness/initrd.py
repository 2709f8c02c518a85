"""Files for the root that must be there before init starts: a cpio archive in front of the initrd.

The kernel unpacks archives one after the other, and takes what follows a compressed one for
padding, so this one comes first. Then scripts/init-bottom/bed-files in the initrd copies what is
below /bed-files to the real root.
"""

import shutil
from pathlib import PurePosixPath

PREFIX = PurePosixPath("bed-files")
DIRECTORY, FILE = 0o040755, 0o100644
ALIGN = 4


def padded(data):
    return data + b"\0" * (-len(data) % ALIGN)


def member(number, name, mode, data=b""):
    """One entry of a cpio archive in the format `newc`: owned by root, at time 0."""
    text = str(name).encode() + b"\0"
    links, unused = 1, 0
    numbers = (number, mode, unused, unused, links, unused, len(data),
               unused, unused, unused, unused, len(text), unused)
    header = b"070701" + b"".join(b"%08X" % value for value in numbers)
    return padded(header + text) + padded(data)


def archive(files):
    """The cpio archive of FILES: absolute path -> text."""
    entries = {}
    for path, text in files.items():
        target = PREFIX / path.lstrip("/")
        for parent in reversed(target.parents[:-1]):
            entries.setdefault(parent, (DIRECTORY, b""))
        entries[target] = (FILE, text.encode())
    members = [member(number, name, mode, data) for number, (name, (mode, data)) in enumerate(entries.items(), 1)]
    return b"".join(members) + member(0, "TRAILER!!!", 0)


def with_files(initrd, files, target):
    """INITRD itself when there are no FILES, else a copy of it at TARGET that brings them."""
    if not files:
        return initrd
    with open(target, "wb") as file, open(initrd, "rb") as rest:
        file.write(archive(files))
        shutil.copyfileobj(rest, file)
    return target
