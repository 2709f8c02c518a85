"""Things that take long to build are built once, aside, and take their place whole.

A cache entry is `<kind>-<hash of what it is made from>`. It appears by one rename, so that what
exists is complete, whenever and however its builder died. A lock keeps two runs from building one
entry twice; older entries of a kind are removed when a new one is there.
"""

import fcntl
import hashlib
import os
import shutil
from contextlib import contextmanager
from pathlib import Path

from .host import BUILD, call

KEY_LENGTH = 16


def digest(*sources):
    """One hash over SOURCES: strings, files, and trees with their modes and links."""
    state = hashlib.sha256()
    for source in sources:
        if isinstance(source, Path):
            for path in [source, *sorted(source.rglob("*"))]:
                if "__pycache__" in path.parts:
                    continue
                state.update(f"{path.relative_to(source)}\0{path.lstat().st_mode:o}\0".encode())
                if path.is_symlink():
                    state.update(os.readlink(path).encode())
                elif path.is_file():
                    state.update(path.read_bytes())
        else:
            state.update(str(source).encode())
        state.update(b"\0\0")
    return state.hexdigest()[:KEY_LENGTH]


@contextmanager
def lock(name):
    """One process or thread at a time in the section NAME."""
    BUILD.mkdir(parents=True, exist_ok=True)
    with open(BUILD / f"{name}.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def remove(path):
    """Remove PATH and all below it, but nothing that a builder who was killed left mounted there."""
    with open("/proc/self/mounts") as mounts:
        below = [mount.split()[1] for mount in mounts]
    for mount in sorted((mount for mount in below if Path(mount).is_relative_to(path)), reverse=True):
        call("umount", mount)
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def entry(kind, key, build, keep=1):
    """The cached KIND for KEY; when there is none, BUILD(path) makes it.

    KEEP entries of the kind survive a new one: the newest, this one among them.
    """
    with lock(kind):
        path = BUILD / f"{kind}-{key}"
        if path.exists():
            os.utime(path)
            return path
        aside = BUILD / f"{kind}.new"
        remove(aside)
        build(aside)
        aside.rename(path)
        os.utime(path)
        old = sorted(BUILD.glob(f"{kind}-*"), key=lambda entry: entry.stat().st_mtime, reverse=True)
        for stale in old[keep:]:
            remove(stale)
        return path
