"""The machine the bed runs on: its paths, its programs, and what is missing."""

import os
import shutil
import subprocess
from pathlib import Path

VM = Path(__file__).resolve().parent.parent
REPO = VM.parent.parent
BUILD = (Path(os.environ.get("LEKDICHT_BUILD", REPO / "build")) / "vm").resolve()  # as the kernel lists what is mounted below it

# Program -> the Debian package that has it, for an error that can be acted on.
PROGRAMS = {
    "qemu-system-x86_64": "qemu-system-x86",
    "mmdebstrap": "mmdebstrap",
    "mke2fs": "e2fsprogs",
    "mkfs.vfat": "dosfstools",
    "mcopy": "mtools",
    "sfdisk": "fdisk",
    "ssh-keygen": "openssh-client",
    "setpriv": "util-linux",
    "make": "make",
    "chroot": "coreutils",
    "cp": "coreutils",
    "mount": "mount",
    "umount": "mount",
}


class BedError(Exception):
    """The bed itself failed: this says nothing about the product."""


def require(program):
    """The full path of PROGRAM, or an error that names its package."""
    path = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if path is None:
        raise BedError(f"{program} is not installed: apt-get install {PROGRAMS.get(program, program)}")
    return path


def require_root():
    if os.geteuid() != 0:
        raise BedError("building the guest needs root: chroot, mounts and other users' files")


def call(*argv, log=None, cwd=None, stdin_text=""):
    """Run a program to its end; on failure raise with what it said.

    Its output goes to the file LOG when there is one, for programs that say a lot.
    """
    argv = [require(str(argv[0])), *map(str, argv[1:])]
    with open(log or os.devnull, "w") as file:
        done = subprocess.run(argv, input=stdin_text, cwd=cwd, text=True,
                              stdout=file if log else subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        said = f"its output is in {log}" if log else done.stdout.strip()
        raise BedError(f"{' '.join(argv[:4])} ended with {done.returncode}; {said}")
    return done.stdout
