"""The guest's disk: the root tree, the bed's own files, and the product over them."""

import functools
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

from . import cache
from .host import BUILD, REPO, BedError, call, require_root
from .tree import GUEST, lines, tree

LABEL = "bed-root"              # the kernel finds its root by this, whatever bus the disk is on
DISK_SIZE = "2500M"             # sparse; the rest is room for what checks make
SCRATCH = "scratch-"            # what is being built lies in directories of this name
IMAGES_KEPT = 3                 # with the product, without it, and the one before
NOT_ON_LAPTOPS = {"lekdicht-collector.service"}     # it is on the disk for the scenario that starts it
BED_UNITS = ("bed-recorder.service", "bed-agent.service", "bed-network.service")
INSTALL = os.environ.get("LEKDICHT_INSTALL", "make --no-print-directory install install-collector PREFIX=/usr")


def ssh_key():
    """The private key that opens root@guest; a new one for every build directory."""
    with cache.lock("ssh"):
        key = BUILD / "ssh_key"
        if not key.exists():
            aside = BUILD / "ssh_key.new"
            aside.unlink(missing_ok=True)
            call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lekdicht test bed", "-f", aside)
            Path(f"{aside}.pub").rename(BUILD / "ssh_key.pub")
            aside.rename(key)
        return key


@contextmanager
def scratch():
    """A private directory below the build directory: on the same file system, and big enough."""
    path = Path(tempfile.mkdtemp(prefix=SCRATCH, dir=BUILD))
    try:
        yield path
    finally:
        cache.remove(path)


def writable_copy(base, where):
    """BASE with a writable layer over it, in the scratch directory WHERE; without overlayfs, a copy."""
    upper, work, root = layers = [where / name for name in ("upper", "work", "root")]
    for layer in layers:
        layer.mkdir()
    options = f"lowerdir={base},upperdir={upper},workdir={work}"
    try:
        call("mount", "-t", "overlay", "overlay", "-o", options, root)
    except BedError:
        call("cp", "-a", "--reflink=auto", f"{base}/.", root)
    return root


def install_product(stage):
    """Install the product into STAGE the way its users do; it is built first when it has to be."""
    stage.mkdir()
    call(*INSTALL.split(), f"DESTDIR={stage}", cwd=REPO)


def units_to_enable(stage):
    """What a package for laptops would enable: every unit of the product that says where it is wanted."""
    units = (path for path in stage.glob("usr/lib/systemd/system/*") if path.is_file())
    return sorted(unit.name for unit in units if unit.name not in NOT_ON_LAPTOPS and "\n[Install]" in unit.read_text())


def lay_over(source, root):
    """Copy the tree SOURCE over ROOT, owned by root whoever owns the source."""
    call("cp", "-R", "--no-preserve=ownership", "--preserve=mode,links,timestamps", f"{source}/.", root)


def enforce(root):
    """A laptop whose school has ended its weeks of looking on: the policy as installed, in force."""
    policy = root / "etc/lekdicht/policy.ini"
    policy.write_text(policy.read_text().replace("\nmode = audit\n", "\nmode = enforce\n"))


def make_disk(path, stage, key):
    """Make the raw disk image PATH of the root tree, the bed's files, and STAGE when there is one."""
    with scratch() as where:
        root = writable_copy(tree(), where)
        lay_over(GUEST / "files", root)
        ssh = root / "root/.ssh"
        ssh.mkdir(mode=0o700, exist_ok=True)
        shutil.copy(f"{key}.pub", ssh / "authorized_keys")
        units = list(BED_UNITS)
        if stage:
            lay_over(stage, root)
            call("chroot", root, "systemd-sysusers")
            enforce(root)
            units += units_to_enable(stage)
        call("chroot", root, "systemctl", "--quiet", "mask", *lines(GUEST / "masked"))
        call("chroot", root, "systemctl", "--quiet", "enable", *units)
        call("mke2fs", "-q", "-t", "ext4", "-L", LABEL, "-d", root, path, DISK_SIZE)


@functools.cache
def image(product):
    """The path of the guest's disk, with the PRODUCT or without it; made when anything in it changed."""
    require_root()
    key = ssh_key()
    with cache.lock("stage"):
        for stale in BUILD.glob(f"{SCRATCH}*"):     # of a run that was killed: only the lock's holder makes them
            cache.remove(stale)
        return built_image(product, key)


def built_image(product, key):
    with scratch() as where:
        stage = where / "stage" if product else None
        if stage:
            install_product(stage)
        content = cache.digest(tree().name, GUEST / "files", GUEST / "masked", Path(__file__),
                               Path(f"{key}.pub"), *([stage] if stage else []))
        return cache.entry("disk", content, lambda path: make_disk(path, stage, key), keep=IMAGES_KEPT)
