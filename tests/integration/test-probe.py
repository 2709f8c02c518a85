#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""The built lekdicht-probe on images that cryptsetup, sfdisk and mkfs have made, and on images that wish it ill."""

import os
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bed"))
from tapout import Tap, call  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
PROBE = (Path(os.environ.get("BUILD", ROOT / "build")) / "lekdicht-probe").resolve()
MIB = 1 << 20
SECTOR = 512
ENCRYPTED, PLAIN, TROUBLE = range(3)
EXTENDED_SECTORS = 2        # what the kernel shows of an extended partition
SECONDS = 30                # for one look, on a busy machine
tap = Tap("probe")
check = tap.check


def probe(image, *parts):
    """Exit code and line of lekdicht-probe on IMAGE, told of PARTS."""
    with open(image, "rb") as disk:
        result = subprocess.run(["sh", "-c", 'exec "$0" "$@" 3<&0 0</dev/null', PROBE, *parts], stdin=disk, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, timeout=SECONDS, check=False)
    return result.returncode, result.stdout.strip()


def wanted(answer, words, image, *parts):
    found = probe(image, *parts)
    return [] if found[0] == answer and words in found[1] else [f"{image.name} {parts}: {found}, wanted {answer} and '{words}'"]


def blank(path, mib):
    with open(path, "wb") as file:
        file.truncate(mib * MIB)
    return path


def luks(path, kind, mib=20):
    blank(path, mib)
    call(f"cryptsetup luksFormat --batch-mode --type {kind} --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file - {path}", "geheim")
    return path


def fat(path, mib=20):
    blank(path, mib)
    call(f"mkfs.vfat {path}")
    return path


def disk(path, label, *pieces, sizes=None):
    """A disk with a partition for each of PIECES (an image, or None for an extended one), and what the kernel makes of it."""
    blank(path, 128)
    lines = sizes or "size=20MiB\n" * len(pieces)
    call(f"sfdisk --quiet {path}", f"label: {label}\n{lines}")
    parts = []
    for (start, size), piece in zip(re.findall(r"start= *(\d+), size= *(\d+)", call(f"sfdisk --dump {path}")), pieces):
        parts.append(f"{start}+{size if piece else EXTENDED_SECTORS}")
        if piece:
            call(f"dd if={piece} of={path} bs={SECTOR} seek={start} count={size} conv=notrunc,sparse status=none")
    return path, *parts


def test(folder):
    one, two, plain = luks(folder / "luks1", "luks1"), luks(folder / "luks2", "luks2"), fat(folder / "fat")
    check("a whole disk of LUKS 1 and of LUKS 2", wanted(ENCRYPTED, "the disk is crypto_LUKS", one) +
          wanted(ENCRYPTED, "the disk is crypto_LUKS", two))
    check("a file system, and a disk of zeros", wanted(PLAIN, "the disk is vfat", plain) +
          wanted(PLAIN, "shows no encryption", blank(folder / "zeros", 8)))
    for label in ("dos", "gpt"):
        check(f"each partition counts ({label})",
              wanted(ENCRYPTED, "", *disk(folder / "both", label, one, two)) +
              wanted(PLAIN, "partition 2 is vfat", *disk(folder / "second", label, one, plain)) +
              wanted(PLAIN, "partition 1 is vfat", *disk(folder / "first", label, plain, two)) +
              wanted(PLAIN, "partition 2 shows no encryption", *disk(folder / "empty", label, one, folder / "zeros")))
    sizes = "size=20MiB\ntype=5\nsize=20MiB, type=83\nsize=20MiB, type=83\n"
    check("logical drives count each, what holds them does not",
          wanted(ENCRYPTED, "", *disk(folder / "logical", "dos", one, None, two, one, sizes=sizes)) +
          wanted(PLAIN, "partition 4 is vfat", *disk(folder / "mixed", "dos", one, None, two, plain, sizes=sizes)))
    check("a table that the kernel reads otherwise", wanted(PLAIN, "in two ways", folder / "both", "2048+40960") +
          wanted(PLAIN, "in two ways", folder / "both", "2048+40960", "43008+40961") + wanted(PLAIN, "", folder / "both"))
    test_hostile(folder, one, two, plain)


def test_hostile(folder, one, two, plain):
    both = folder / "two-signs"
    both.write_bytes(one.read_bytes())
    ext = blank(folder / "ext", 20)
    call(f"mke2fs -q -F {ext}")
    with open(both, "r+b") as file:
        file.seek(1024)
        file.write(ext.read_bytes()[1024:2048])
    check("a container with a file system beside it", wanted(PLAIN, "something else", both))
    problems = []
    for kind in (one, two, plain, folder / "both", folder / "logical"):
        whole = kind.read_bytes()[:64 * 1024]
        for size in (0, 1, 5, 6, 7, 511, 512, 513, 4095, 4097, 65535):
            (folder / "cut").write_bytes(whole[:size])
            for parts in ((), ("2048+40960",), ("0+1",)):
                found = probe(folder / "cut", *parts)
                if found[0] not in (ENCRYPTED, PLAIN, TROUBLE) or (parts and found[0] == ENCRYPTED):
                    problems.append(f"{kind.name} of {size} bytes, {parts}: {found}")
    check("images that are cut short", problems)
    problems, dice = [], random.Random(1)
    for _ in range(20):
        (folder / "noise").write_bytes(dice.randbytes(10000))
        problems += wanted(PLAIN, "", folder / "noise")
    check("10,000 bytes of noise", problems)
    problems = []
    for round_ in range(40):
        spoilt = bytearray((folder / "both").read_bytes()[:MIB])
        for _ in range(20):
            spoilt[dice.choice((dice.randrange(440, 512), dice.randrange(4096)))] = dice.randrange(256)
        (folder / "spoilt").write_bytes(spoilt)
        found = probe(folder / "spoilt", "2048+40960", "43008+40960")
        if found[0] not in (PLAIN, TROUBLE):
            problems.append(f"spoilt table {round_}: {found}")
    check("a table that is spoilt, on a disk that is too short", problems)
    usage = [f"{words}: {found}" for words in (["x"], ["1"], ["1+"], ["+1"], ["-1+1"], ["1+0"], ["1+1x"], ["1+99999999999999999999"], ["1+1"] * 129)
             if (found := probe(one, *words))[0] != TROUBLE or "Usage" not in found[1]]
    check("what is no partition is not understood", usage)


def main():
    for program in ("cryptsetup", "sfdisk", "mkfs.vfat", "mke2fs"):
        if subprocess.run(["sh", "-c", f"PATH=$PATH:/sbin:/usr/sbin command -v {program}"], stdout=subprocess.DEVNULL, check=False).returncode:
            print(f"1..0 # SKIP no {program}")
            return 0
    os.environ["PATH"] += ":/sbin:/usr/sbin"
    with tempfile.TemporaryDirectory(prefix="lekdicht-probe-") as folder:
        test(Path(folder))
    return tap.end()


sys.exit(main())
