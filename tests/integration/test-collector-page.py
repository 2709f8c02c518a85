#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collector's page in headless Chromium: fills a database by HTTP, then hands over to browser/collector-page.mjs.

The driver (playwright-core, pinned with its checksum) is installed into BUILD/browser once; pictures go to
BUILD/screenshots. npm is installed only when there is none: where Node.js does not come from Debian it brings its own, and
the two packages exclude each other. Prints TAP.
"""

import importlib.util
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
BUILD = HERE.parent.parent / os.environ.get("BUILD", "build")
NAME = """<script>document.title="owned"</script><img src=x onerror="document.title='owned'">"""


def driver():
    """Install the driver as the lock file has it; answers the folder."""
    folder = BUILD / "browser"
    lock = HERE / "browser/package-lock.json"
    if not shutil.which("npm"):
        subprocess.run([HERE.parent.parent / ".ci/install-packages", "npm"], check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    if not (folder / "package-lock.json").exists() or (folder / "package-lock.json").read_bytes() != lock.read_bytes():
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(HERE / "browser/package.json", folder)
        (folder / "package-lock.json").unlink(missing_ok=True)
        shutil.copy(lock, folder / "package-lock.json")
        done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, check=False,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode != 0:
            (folder / "package-lock.json").unlink()
            sys.exit(f"npm ci failed: {done.stderr}")
    return folder


def main():
    spec = importlib.util.spec_from_file_location("collector", HERE / "test-collector.py")
    helper = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(helper)
    helper.PROGRAM = str(BUILD / "lekdicht-collector")
    modules = driver()
    with tempfile.TemporaryDirectory(prefix="lekdicht-page-") as folder:
        collector = helper.Collector(folder)
        try:
            collector.good(helper.request([
                helper.record(seq, device__vendor__id="0951", device__product__id="1666", device__product__name="DataTraveler",
                              lekdicht__reason="refused by [storage] usb-disk")
                for seq in range(1, 121) if seq not in (4, 50, 51, 52)] + [
                    helper.record(121, device__product__name=NAME, lekdicht__simulated=True)]))
            collector.good(helper.request([helper.record(1, name="lekdicht.agent.started", when=helper.NOW + 500),
                                           helper.record(2, when=helper.NOW + 600), helper.record(2, when=helper.NOW + 700)],
                                          host=helper.OTHER))
            audit = helper.record(3, when=helper.NOW + 800)
            audit["attributes"][-1]["value"]["boolValue"] = True
            collector.good(helper.request([audit], host=helper.OTHER))
            code = subprocess.run(["node", HERE / "browser/collector-page.mjs", f"http://127.0.0.1:{collector.port}/",
                                   BUILD / "screenshots", modules], check=False, stdin=subprocess.DEVNULL, timeout=180).returncode
            collector.stop()
        finally:
            if collector.process.poll() is None:
                collector.kill()
    sys.exit(code)


if __name__ == "__main__":
    main()
