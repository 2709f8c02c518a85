"""The guest's root tree: Debian, without the product, built once per recipe by mmdebstrap."""

import functools
import re
import shlex
import subprocess
from pathlib import Path

from . import cache
from .host import BUILD, VM, BedError, call, require, require_root

GUEST = VM / "guest"
TREES_KEPT = 2          # a run that began with the recipe before this one still boots from its tree
RECIPE = ("packages", "excludes", "customize", "initramfs")
SUITE_WITHOUT_SOURCES = "bookworm"      # what the product is made for, when the host is not Debian
DEBIAN_KEYRING = "debian-archive-keyring"
# The host's apt settings that say how to reach an archive; its other settings are its own affair.
REACH = re.compile(r"^Acquire::(http|https|Retries|Check-Valid-Until|Check-Date)\b")


def lines(path):
    """The entries of a list file: one a line, # comments."""
    stripped = (line.split("#")[0].strip() for line in path.read_text().splitlines())
    return [line for line in stripped if line]


def is_debian(text):
    """Whether the apt source in TEXT is Debian's own, so that no third party's comes along."""
    signed = re.search(r"signed-by[:=]\s*(\S+)", text, re.IGNORECASE)
    if signed:
        return DEBIAN_KEYRING in signed.group(1)
    return re.search(r"\bmain\b", text) is not None and "/debian" in text


def debian_sources(apt=Path("/etc/apt")):
    """The host's apt source files that carry Debian, as mmdebstrap takes them."""
    candidates = [apt / "sources.list", *sorted(apt.glob("sources.list.d/*.list")),
                  *sorted(apt.glob("sources.list.d/*.sources"))]
    found = []
    for path in candidates:
        active = "\n".join(lines(path)) if path.is_file() else ""
        if active and is_debian(active):
            found.append(path)
    return found


def debian_suite():
    release = Path("/etc/os-release").read_text()
    codename = re.search(r"^VERSION_CODENAME=(\w+)", release, re.MULTILINE)
    return codename.group(1) if codename else SUITE_WITHOUT_SOURCES


def apt_options():
    dump = subprocess.run(["apt-config", "dump"], capture_output=True, text=True).stdout
    return [line for line in dump.splitlines() if REACH.match(line) and '""' not in line]


def bootstrap(target):
    """Build the tree at TARGET; takes a minute or two, most of it unpacking."""
    require_root()
    sources = debian_sources()
    argv = [require("mmdebstrap"), "--variant=minbase", "--format=directory",
            "--include=" + ",".join(lines(GUEST / "packages")),
            "--customize-hook=" + shlex.quote(str(GUEST / "customize")) + ' "$1"']
    argv += [f"--aptopt={option}" for option in apt_options()]
    argv += [f"--dpkgopt=path-exclude={pattern}" for pattern in lines(GUEST / "excludes")]
    argv += [debian_suite() if sources else SUITE_WITHOUT_SOURCES, target, *sources]
    call(*argv, log=BUILD / "mmdebstrap.log")
    for name in ("vmlinuz", "initrd-most.img", "initrd-lean.img"):
        if not (target / "boot" / name).is_file():
            raise BedError(f"the guest's tree has no /boot/{name}")


@functools.cache
def tree():
    """The path of the root tree; built first when the recipe has changed."""
    recipe = cache.digest(*(GUEST / part for part in RECIPE), Path(__file__))
    return cache.entry("tree", recipe, bootstrap, keep=TREES_KEPT)
