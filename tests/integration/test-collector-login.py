#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signing in and out of the collector's page in headless Chromium: makes accounts and hands over to browser/collector-login.mjs.

The driver is that of test-collector-page.py. Prints TAP.
"""

import importlib.util
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def load(name):
    spec = importlib.util.spec_from_file_location(name.replace("-", "_"), HERE / f"test-{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main():
    page, people = load("collector-page"), load("collector-people")
    people.bed.PROGRAM = str(page.BUILD / "lekdicht-collector")
    modules = page.driver()
    with tempfile.TemporaryDirectory(prefix="lekdicht-login-") as folder:
        collector = people.bed.Collector(folder)
        try:
            people.fill(collector)
            for name in people.ROLES:
                people.adduser(collector, name)
            code = subprocess.run(["node", HERE / "browser/collector-login.mjs", f"http://127.0.0.1:{collector.port}/", page.BUILD / "screenshots",
                                   modules, people.PASSWORD], check=False, stdin=subprocess.DEVNULL, timeout=180).returncode
            collector.stop()
        finally:
            if collector.process.poll() is None:
                collector.kill()
    sys.exit(code)


if __name__ == "__main__":
    main()
