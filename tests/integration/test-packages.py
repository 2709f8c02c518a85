#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Debian packages: built twice, in different places, they are the same byte for byte; lintian finds nothing; every
program has its page, and man and lexgrog read every page; what belongs together is in one package.

How they behave on a laptop is shown by tests/vm/scenarios/packages.py.
"""

import concurrent.futures
import gzip
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/bed"))
sys.path.insert(0, str(ROOT / "tests/documented"))

import where  # noqa: E402
from tapout import Tap  # noqa: E402

PACKAGES = ("lekdicht-agent", "lekdicht-notifier", "lekdicht-collector")
NEEDED = ("dpkg-buildpackage", "dh", "lintian", "man", "lexgrog")
POLICY = "usr/share/lekdicht/policy.ini"
tap = Tap("packages")
check = tap.check


def call(*command, **options):
    return subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False, **options)


def build(folder, **environment):
    """Build the packages into FOLDER; {name: sha256}. What went wrong ends the test."""
    answer = call(ROOT / "debian/make-deb", folder, env={**os.environ, **environment})
    if answer.returncode != 0:
        sys.exit(f"Bail out! {answer.stdout}")
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.deb")}


def check_reproducible(folder):
    # Another place, another depth, another umask, clock and language: nothing of them may be in a package.
    places = (folder / "one", folder / "another/and/deeper")
    surroundings = ({}, {"TZ": "Pacific/Kiritimati", "LANG": "C", "HOME": "/nonexistent"})
    with concurrent.futures.ThreadPoolExecutor() as pool:
        one, other = pool.map(lambda place, around: build(place, **around), places, surroundings)
    wanted = {f"{name}{suffix}" for name in PACKAGES for suffix in ("", "-dbgsym")}
    check("all are built, each with its debug symbols",
          [f"{name} is not there" for name in wanted - {package.split("_")[0] for package in one}])
    check("built twice they are the same, byte for byte", [f"{name} differs" for name in one if one[name] != other.get(name)])


def check_lintian(folder):
    answer = call("lintian", "--allow-root", "--fail-on", "error,warning", *folder.glob("one/*.changes"))
    check("lintian finds neither an error nor a warning", answer.stdout.splitlines() if answer.returncode else [])


def unpack(folder):
    """{package: the directory of its files}"""
    roots = {}
    (folder / "root").mkdir()
    for name in PACKAGES:
        roots[name] = folder / "root" / name
        package = next(folder.glob(f"one/{name}_*.deb"))
        subprocess.run(["dpkg-deb", "--extract", package, roots[name]], check=True)
        subprocess.run(["dpkg-deb", "--control", package, roots[name] / "DEBIAN"], check=True)
    return roots


def check_pages(roots):
    problems, found = [], 0
    for page in sorted(page for root in roots.values() for page in root.glob("usr/share/man/man?/*.gz")):
        found += 1
        plain = page.with_suffix("")
        plain.write_bytes(gzip.decompress(page.read_bytes()))
        answer = subprocess.run(["man", "--warnings", "--encoding=utf8", "--local-file", plain], capture_output=True, text=True, check=False,
                                env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "80"})
        problems += [f"{plain.name}: man says {line}" for line in answer.stderr.splitlines()]
        problems += [] if answer.returncode == 0 else [f"{plain.name}: man ends with {answer.returncode}"]
        answer = call("lexgrog", plain)
        if answer.returncode != 0 or f'"{plain.stem} - ' not in answer.stdout:
            problems.append(f"lexgrog says {answer.stdout.strip()}")
        plain.unlink()
    check("man and lexgrog read every page", problems or ([] if found else ["there is no page"]))

    problems = []
    for root in roots.values():
        pages = {page.name.split(".")[0] for page in root.glob("usr/share/man/man[18]/*.gz")}
        for folder in ("usr/bin", "usr/sbin", "usr/libexec/lekdicht"):
            problems += [f"{path.relative_to(root)} has no page in its package" for path in root.glob(f"{folder}/*")
                         if path.read_bytes()[:4] == b"\x7fELF" and path.name not in pages]
    check("every program has its page", problems)

    path = ":".join(str(root / "usr/share/man") for root in roots.values())
    commands = [command for command in where.IN_TESTS if command.startswith("man ")]
    problems = [f"{command}: {answer.stdout}" for command in commands
                if (answer := call(*command.split(), env={**os.environ, "MANPATH": path, "MANPAGER": "cat"})).returncode]
    check("`man` finds what the README names", problems or ([] if commands else ["it names none"]))


def check_content(roots):
    agent = roots["lekdicht-agent"]
    conffiles = agent / "DEBIAN/conffiles"
    problems = [f"conffiles: {conffiles.read_text()}"] if conffiles.exists() else []
    problems += [f"{path} is in the package" for path in agent.glob("etc/*/*")]
    if "\nmode = audit\n" not in (agent / POLICY).read_text(encoding="utf-8"):
        problems.append(f"{POLICY} does more than look on")
    check("the school's policy belongs to no package; the first one only looks on", problems)

    rules, unit = list(agent.glob("lib/udev/rules.d/60-lekdicht-internal.rules")), list(agent.glob("lib/systemd/system/lekdicht-gate.service"))
    check("the gate's unit and the rule that lets internal disks through come together", [] if rules and unit else [f"{rules} {unit}"])

    seen, problems = {}, []
    for name, root in roots.items():
        for path in root.rglob("*"):
            where = path.relative_to(root)
            if not path.is_dir() and where.parts[0] != "DEBIAN" and seen.setdefault(where, name) != name:
                problems.append(f"{where} is in {seen[where]} and in {name}")
    check("no file is in two packages", problems)

    with tempfile.TemporaryDirectory() as stage:
        answer = call(*os.environ.get("MAKE", "make").split(), "--no-print-directory", "install", "install-collector", f"DESTDIR={stage}",
                      f"BUILD={os.environ.get('BUILD', 'build')}", "UNITDIR=/lib/systemd/system", "UDEVDIR=/lib/udev/rules.d",
                      "MODPROBEDIR=/lib/modprobe.d", cwd=ROOT)
        installed = {path.relative_to(stage) for path in Path(stage).rglob("*") if not path.is_dir()}
    packed = {where.with_suffix("") if where.suffix == ".gz" else where for where in seen}
    missing = installed - packed - {Path("etc/lekdicht/policy.ini")}
    check("what `make install` puts in place is in a package", [answer.stdout] if answer.returncode else [f"{path} is not" for path in missing])


def main():
    missing = [program for program in NEEDED if not shutil.which(program)]
    if missing:
        print(f"1..0 # SKIP there is no {', '.join(missing)} here")
        return
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        check_reproducible(folder)
        check_lintian(folder)
        roots = unpack(folder)
        check_pages(roots)
        check_content(roots)
    sys.exit(tap.end())


if __name__ == "__main__":
    main()
